"""Ratios, targets and the page of tables of ``bench_index.py``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from report import (
    at_least,
    at_most,
    header,
    megabytes,
    number,
    seconds,
    table,
    targets_lines,
    times,
    value_at,
)

NAMES = {"faiss": "this index", "sklearn": "sklearn", "lancedb": "LanceDB"}
_COMPARED: dict[str, tuple[str, ...]] = {
    "build": ("build_s",),
    "open": ("open_s",),
    "query": ("warm", "p50_ms"),
    "sort": ("sort", "p50_ms"),
    "view 50 % first": ("views", "0.5", "first_s"),
    "view 50 %": ("views", "0.5", "p50_ms"),
    "view 5 % first": ("views", "0.05", "first_s"),
    "view 5 %": ("views", "0.05", "p50_ms"),
    "view 0.5 % first": ("views", "0.005", "first_s"),
    "view 0.5 %": ("views", "0.005", "p50_ms"),
    "memory": ("queries_growth", "rss"),
    "disk": ("disk_bytes",),
}
# At 100,000 vectors: the other's value divided by ours is at least this.
_WANTED = (
    ("sklearn", "build", 25),
    ("sklearn", "open", 150),
    ("sklearn", "query", 20),
    ("sklearn", "view 50 %", 10),
    ("sklearn", "memory", 10),
    ("lancedb", "build", 1),
    ("lancedb", "open", 3),
    ("lancedb", "query", 50),
    ("lancedb", "view 50 %", 100),
)
_SKLEARN_NOTE = (
    "sklearn searches exactly, but FiftyOne subtracts the vectors' mean from them and not from a "
    "query that is a vector or a text, so its answers are not those of the cosine."
)
ENOUGH = 0.99
_COMPARED_AT, _LARGE = 100_000, 1_000_000


def compare(data: dict[str, Any]) -> None:
    """Adds ``ratios`` (the other's value divided by ours) and ``targets`` to the report."""
    data["ratios"] = {
        size: {
            other: {
                what: ratio
                for what, path in _COMPARED.items()
                if (ratio := _ratio(value_at(found[other], *path), _ours(found, path)))
            }
            for other in NAMES
            if other != "faiss" and other in found
        }
        for size, found in data["sizes"].items()
    }
    data["targets"] = [*_ratio_targets(data), *_large_targets(data), *_exact_targets(data)]


def _ours(found: dict[str, Any], path: tuple[str, ...]) -> Any:
    return value_at(found, "faiss", *path)


def _ratio(other: float | None, ours: float | None) -> float | None:
    if not other or not ours:
        return None
    # Memory may have shrunk, which no ratio can say.
    return round(other / ours, 3) if ours > 0 else None


def _ratio_targets(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        at_least(
            f"{_COMPARED_AT:,}: {NAMES[other]} / ours, {what}",
            value_at(data["ratios"], str(_COMPARED_AT), other, what),
            limit,
        )
        for other, what, limit in _WANTED
    ]


def _large_targets(data: dict[str, Any]) -> list[dict[str, Any]]:
    ours = value_at(data["sizes"], str(_LARGE), "faiss")
    open_s, growth = value_at(ours, "open_s"), value_at(ours, "queries_growth", "rss")
    vector_bytes = 4 * _LARGE * data["dim"]
    return [
        at_most(f"{_LARGE:,}: query p50, ms", value_at(ours, "warm", "p50_ms"), 5),
        at_least(f"{_LARGE:,}: recall@10", value_at(ours, "warm", "recall"), ENOUGH),
        at_most(f"{_LARGE:,}: open, ms", None if open_s is None else 1000 * open_s, 300),
        at_most(
            f"{_LARGE:,}: memory growth / vector bytes",
            None if growth is None else round(growth / vector_bytes, 3),
            1.3,
        ),
    ]


def _exact_targets(data: dict[str, Any]) -> list[dict[str, Any]]:
    # Below that, a query takes less time than looking its answers up in the database.
    return [
        at_most(f"{int(size):,}: exact search / fastest of FAISS and NumPy", found["ratio"], 1.3)
        for size, found in data["exact"].items()
        if "ratio" in found and int(size) >= _COMPARED_AT
    ]


# -- the page ------------------------------------------------------------------------------------


def write_page(data: dict[str, Any], path: Path) -> None:
    """Writes the page of tables."""
    lines = header("Index benchmark", data)
    for size, found in data["sizes"].items():
        lines += _size_lines(int(size), found, data)
    lines += _exact_lines(data["exact"])
    if "real" in data:
        lines += _real_lines(data["real"])
    lines += targets_lines(data["targets"])
    path.write_text("\n".join(lines).rstrip() + "\n")


def _milliseconds(value: float | None) -> str:
    return seconds(None if value is None else value / 1000)


def _rows() -> list[tuple[str, tuple[str, ...], Callable[[Any], str], str | None]]:
    """Label, place in the report, how to show it, and the name of its ratio."""
    rows: list[tuple[str, tuple[str, ...], Callable[[Any], str], str | None]] = [
        ("build and save", ("build_s",), seconds, "build"),
        ("peak memory growth, build", ("peak_growth_bytes",), megabytes, None),
        ("on disk", ("disk_bytes",), megabytes, "disk"),
        ("open to first answer", ("open_s",), seconds, "open"),
        ("query, p50", ("warm", "p50_ms"), _milliseconds, "query"),
        ("query, p95", ("warm", "p95_ms"), _milliseconds, None),
        ("recall@10", ("warm", "recall"), lambda value: number(value, 4), None),
        ("sort_by_similarity and ids, p50", ("sort", "p50_ms"), _milliseconds, "sort"),
        ("sort_by_similarity and ids, p95", ("sort", "p95_ms"), _milliseconds, None),
    ]
    for share, label in (("0.5", "50 %"), ("0.05", "5 %"), ("0.005", "0.5 %")):
        view = f"view {label}"
        rows += [
            (f"{view}, first", ("views", share, "first_s"), seconds, f"{view} first"),
            (f"{view}, p50", ("views", share, "p50_ms"), _milliseconds, view),
            (f"{view}, p95", ("views", share, "p95_ms"), _milliseconds, None),
            (f"{view}, recall@10", ("views", share, "recall"), lambda v: number(v, 4), None),
        ]
    return [
        *rows,
        ("memory growth, opened", ("open_growth", "rss"), megabytes, None),
        ("memory growth, 100 queries", ("queries_growth", "rss"), megabytes, "memory"),
        ("of that, no mapped files", ("queries_growth", "private"), megabytes, None),
    ]


def _size_lines(size: int, found: dict[str, Any], data: dict[str, Any]) -> list[str]:
    backends = [backend for backend in NAMES if backend in found]
    others = [backend for backend in backends if backend != "faiss"]
    head = ["", *(NAMES[one] for one in backends), *(f"{NAMES[one]} / ours" for one in others)]
    rows = [
        [
            label,
            *(show(value_at(found[one], *path)) for one in backends),
            *(times(value_at(data["ratios"], str(size), one, ratio or "")) for one in others),
        ]
        for label, path, show, ratio in _rows()
    ]
    notes = [f"{NAMES[b]}: {found[b]['error']}" for b in backends if "error" in found[b]]
    if (value_at(found, "sklearn", "warm", "recall") or 1) < ENOUGH:
        notes.append(_SKLEARN_NOTE)
    lines = [f"## {size:,} x {data['dim']}", "", *table(head, rows)]
    return lines + [line for one in notes for line in (one, "")]


def _exact_lines(exact: dict[str, Any]) -> list[str]:
    rows = [
        [
            f"{int(size):,}",
            *(_milliseconds(found[way]["p50_ms"]) for way in ("ours", "faiss", "numpy", "lookup")),
            times(found["ratio"]),
        ]
        for size, found in exact.items()
        if "ratio" in found
    ]
    head = ("vectors", "this index", "faiss.knn", "NumPy", "of ours, lookup", "ours / fastest")
    return [
        "## Exact search",
        "",
        "One query, ten answers, p50. Only this index looks its answers up in the database.",
        "",
        *table(head, rows),
    ]


def _real_lines(real: dict[str, Any]) -> list[str]:
    if "error" in real:
        return ["## Real embeddings", "", real["error"], ""]
    rows = [
        [
            index_type,
            seconds(value_at(found, "build_s")),
            _milliseconds(value_at(found, "pictures", "p50_ms")),
            number(value_at(found, "pictures", "recall"), 4),
            _milliseconds(value_at(found, "texts", "p50_ms")),
            number(value_at(found, "texts", "recall"), 4),
        ]
        for index_type, found in real["types"].items()
    ]
    asked = ("pictures, p50", "pictures, recall@10", "texts, p50", "texts, recall@10")
    return [
        f"## Real embeddings: {real['size']:,} pictures x {real['dim']}, {real['model']}",
        "",
        *table(("index type", "build", *asked), rows),
    ]
