"""The ratios, targets and page of tables of ``bench_index.py``."""

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
# At 100,000 vectors, the minimum of the other backend's value divided by this index's.
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
    "sklearn searches exactly, but FiftyOne subtracts the mean from the indexed vectors and not "
    "from a query vector, so its ranking is not by cosine."
)
MIN_RECALL = 0.99
_COMPARED_AT, _LARGE = 100_000, 1_000_000


def compare(data: dict[str, Any]) -> None:
    """Adds ``ratios`` (the other backend's value divided by this index's) and ``targets``."""
    data["ratios"] = {
        size: {
            other: {
                what: ratio
                for what, path in _COMPARED.items()
                if (ratio := _ratio(value_at(backends[other], *path), _ours(backends, path)))
            }
            for other in NAMES
            if other != "faiss" and other in backends
        }
        for size, backends in data["sizes"].items()
    }
    data["targets"] = [*_ratio_targets(data), *_large_targets(data), *_exact_targets(data)]


def _ours(backends: dict[str, Any], path: tuple[str, ...]) -> Any:
    return value_at(backends, "faiss", *path)


def _ratio(other: float | None, ours: float | None) -> float | None:
    if not other or not ours:
        return None
    # Memory may shrink, and a ratio to a negative number is meaningless.
    return round(other / ours, 3) if ours > 0 else None


def _ratio_targets(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        at_least(
            f"{_COMPARED_AT:,}: {NAMES[other]} / this index, {what}",
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
        at_least(f"{_LARGE:,}: recall@10", value_at(ours, "warm", "recall"), MIN_RECALL),
        at_most(f"{_LARGE:,}: open, ms", None if open_s is None else 1000 * open_s, 300),
        at_most(
            f"{_LARGE:,}: memory growth / vector bytes",
            None if growth is None else round(growth / vector_bytes, 3),
            1.3,
        ),
    ]


def _exact_targets(data: dict[str, Any]) -> list[dict[str, Any]]:
    # In smaller indexes, looking up the results in the database takes most of the time.
    return [
        at_most(f"{int(size):,}: exact search / fastest of FAISS and NumPy", times_of["ratio"], 1.3)
        for size, times_of in data["exact"].items()
        if "ratio" in times_of and int(size) >= _COMPARED_AT
    ]


# -- the page ------------------------------------------------------------------------------------


def write_page(data: dict[str, Any], path: Path) -> None:
    """Writes the page of tables."""
    lines = header("Index benchmark", data)
    for size, backends in data["sizes"].items():
        lines += _size_lines(int(size), backends, data)
    lines += _exact_lines(data["exact"])
    if "real" in data:
        lines += _real_lines(data["real"])
    lines += targets_lines(data["targets"])
    path.write_text("\n".join(lines).rstrip() + "\n")


def _milliseconds(value: float | None) -> str:
    return seconds(None if value is None else value / 1000)


def _rows() -> list[tuple[str, tuple[str, ...], Callable[[Any], str], str | None]]:
    """Returns the label, path in the report, format and ratio name of each row."""
    rows: list[tuple[str, tuple[str, ...], Callable[[Any], str], str | None]] = [
        ("build and save", ("build_s",), seconds, "build"),
        ("peak memory growth, build", ("peak_growth_bytes",), megabytes, None),
        ("on disk", ("disk_bytes",), megabytes, "disk"),
        ("open to first result", ("open_s",), seconds, "open"),
        ("query, p50", ("warm", "p50_ms"), _milliseconds, "query"),
        ("query, p95", ("warm", "p95_ms"), _milliseconds, None),
        ("recall@10", ("warm", "recall"), lambda value: number(value, 4), None),
        ("sort_by_similarity with ids, p50", ("sort", "p50_ms"), _milliseconds, "sort"),
        ("sort_by_similarity with ids, p95", ("sort", "p95_ms"), _milliseconds, None),
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
        ("without mapped files", ("queries_growth", "private"), megabytes, None),
    ]


def _size_lines(size: int, measured: dict[str, Any], data: dict[str, Any]) -> list[str]:
    backends = [backend for backend in NAMES if backend in measured]
    others = [backend for backend in backends if backend != "faiss"]
    head = ["", *(NAMES[b] for b in backends), *(f"{NAMES[b]} / this index" for b in others)]
    rows = [
        [
            label,
            *(show(value_at(measured[backend], *path)) for backend in backends),
            *(times(value_at(data["ratios"], str(size), other, ratio or "")) for other in others),
        ]
        for label, path, show, ratio in _rows()
    ]
    notes = [f"{NAMES[b]}: {measured[b]['error']}" for b in backends if "error" in measured[b]]
    if (value_at(measured, "sklearn", "warm", "recall") or 1) < MIN_RECALL:
        notes.append(_SKLEARN_NOTE)
    lines = [f"## {size:,} x {data['dim']}", "", *table(head, rows)]
    return lines + [line for note in notes for line in (note, "")]


def _exact_lines(exact: dict[str, Any]) -> list[str]:
    rows = [
        [
            f"{int(size):,}",
            *(_milliseconds(ways[way]["p50_ms"]) for way in ("ours", "faiss", "numpy", "lookup")),
            times(ways["ratio"]),
        ]
        for size, ways in exact.items()
        if "ratio" in ways
    ]
    columns = ("this index", "faiss.knn", "NumPy", "database lookup")
    return [
        "## Exact search",
        "",
        "One query, 10 results, p50. Only this index looks up its results in the database; "
        "its time includes the lookup.",
        "",
        *table(("vectors", *columns, "this index / fastest"), rows),
    ]


def _real_lines(real: dict[str, Any]) -> list[str]:
    if "error" in real:
        return ["## Real embeddings", "", real["error"], ""]
    rows = [
        [
            index_type,
            seconds(value_at(measured, "build_s")),
            _milliseconds(value_at(measured, "pictures", "p50_ms")),
            number(value_at(measured, "pictures", "recall"), 4),
            _milliseconds(value_at(measured, "texts", "p50_ms")),
            number(value_at(measured, "texts", "recall"), 4),
        ]
        for index_type, measured in real["types"].items()
    ]
    queries = ("images, p50", "images, recall@10", "texts, p50", "texts, recall@10")
    return [
        f"## Real embeddings: {real['size']:,} images x {real['dim']}, {real['model']}",
        "",
        *table(("index type", "build", *queries), rows),
    ]
