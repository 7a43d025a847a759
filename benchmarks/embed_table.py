"""Ratios, targets and the page of tables of ``bench_embed.py``."""

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

ARCHITECTURE = "ViT-B-32"
GPU_ARCHITECTURES = ("ViT-B-32", "ViT-L-14")
LARGE, SMALL = "1280x960", "224x224"
_WANTED = {LARGE: 3.3, SMALL: 2.8}
_CLOSE = 0.999
_PART_OF_BOUND = 0.85
_PART_ON_GPU = 0.8
# Four times as many images may take this many times the memory.
_CONSTANT = 1.2


def conclude(data: dict[str, Any]) -> None:
    """Adds ratios and bounds to every set of pictures, and ``targets`` to the report."""
    for found in data["sets"].values():
        if "rates" in found:
            rates = found["rates"]
            model = max(rates["one_lane"], rates["lanes"])
            bound = 1 / (1 / model + 1 / rates["decode"])
            found["ratio"] = rates["ours"] / rates["theirs"]
            found["bound"], found["part_of_bound"] = bound, rates["ours"] / bound
    for found in data["gpu"].values():
        if "rate" in found:
            found["part_of_model"] = found["rate"] / found["model"]
    data["targets"] = _targets(data)


def _targets(data: dict[str, Any]) -> list[dict[str, Any]]:
    sets, gpu = data["sets"], data["gpu"]
    return [
        *(
            at_least(f"{name}: ours / FiftyOne's", value_at(sets, name, "ratio"), limit)
            for name, limit in _WANTED.items()
        ),
        *(
            at_least(
                f"{name}: least cosine to FiftyOne's", value_at(sets, name, "min_cosine"), _CLOSE
            )
            for name in _WANTED
        ),
        *(
            at_least(
                f"{name}: part of the bound",
                value_at(sets, name, "part_of_bound"),
                _PART_OF_BOUND,
            )
            for name in _WANTED
        ),
        at_most("memory of four times as many images / memory", _memory_ratio(data), _CONSTANT),
        *(
            at_least(
                f"{name} on a GPU: part of the network alone",
                value_at(gpu, name, "part_of_model"),
                _PART_ON_GPU,
            )
            for name in GPU_ARCHITECTURES
        ),
    ]


def _memory_ratio(data: dict[str, Any]) -> float | None:
    grown = [one.get("peak_growth_bytes") for one in data.get("memory", ())]
    return grown[1] / grown[0] if len(grown) == 2 and all(grown) else None


# -- the page ------------------------------------------------------------------------------------


def write_page(data: dict[str, Any], path: Path) -> None:
    """Writes the page of tables."""
    lines = header("Embedding benchmark", data)
    if any("rates" in found for found in data["sets"].values()):
        lines += [*_set_lines(data), *_settings_lines(data)]
    if "ceiling" in data:
        lines += [*_ceiling_lines(data["ceiling"]), *_memory_lines(data["memory"])]
    lines += _tries_lines(data["tries"])
    lines += _gpu_lines(data["gpu"])
    lines += targets_lines(data["targets"])
    path.write_text("\n".join(lines).rstrip() + "\n")


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"


def _cosine(value: float | None) -> str:
    return number(value, 5)


_SET_ROWS: tuple[tuple[str, tuple[str, ...], Callable[[Any], str]], ...] = (
    ("ours", ("rates", "ours"), _rate),
    ("FiftyOne's", ("rates", "theirs"), _rate),
    ("ours / FiftyOne's", ("ratio",), times),
    ("network alone, one lane of all threads", ("rates", "one_lane"), _rate),
    ("network alone, a lane a thread", ("rates", "lanes"), _rate),
    ("decoding alone", ("rates", "decode"), _rate),
    ("bound: 1 / (1 / network + 1 / decoding)", ("bound",), _rate),
    ("ours, part of the bound", ("part_of_bound",), _percent),
    ("cosine to FiftyOne's, least", ("min_cosine",), _cosine),
    ("cosine to FiftyOne's, mean", ("mean_cosine",), _cosine),
    ("cosine of two different images, mean", ("cosine_of_others",), _cosine),
    ("a JPEG", ("bytes",), lambda value: "–" if value is None else f"{value / 1000:,.0f} kB"),
)


def _set_lines(data: dict[str, Any]) -> list[str]:
    sets = data["sets"]
    rows = [
        [label, *(show(value_at(found, *path)) for found in sets.values())]
        for label, path, show in _SET_ROWS
    ]
    rows += [
        [
            f"first images, {whose}, with what is done once",
            *(seconds(_first_s(found, way)) for found in sets.values()),
        ]
        for way, whose in (("ours", "ours"), ("theirs", "FiftyOne's"))
    ]
    run = next(found["runs"]["ours"][-1] for found in sets.values() if "runs" in found)
    return [
        "## End to end, images a second",
        "",
        f"{ARCHITECTURE} with random weights, {data['images']:,} JPEGs of each size, medians of "
        f"{data['rounds']} processes in turns. Ours chose {run['precision']}, batches of "
        f"{run['batch_size']} and {run['lanes']} lanes; FiftyOne computes in float32.",
        "",
        *table(("", *sets), rows),
    ]


def _first_s(found: dict[str, Any], way: str) -> float | None:
    runs = value_at(found, "runs", way)
    return runs[-1]["first_s"] if runs else None


def _settings_lines(data: dict[str, Any]) -> list[str]:
    sets = {name: found["settings"] for name, found in data["sets"].items() if "settings" in found}
    tried = next(iter(sets.values()))
    rows = [
        [
            f"batch_size {_chosen(one['batch_size'])}, num_workers {_chosen(one['num_workers'])}",
            *(_rate(settings[place]["rate"]) for settings in sets.values()),
        ]
        for place, one in enumerate(tried)
    ]
    return [
        "## FiftyOne's settings, images a second",
        "",
        "With a quarter of the images; the fastest is the one that ours is compared with.",
        "",
        *table(("", *sets), rows),
    ]


def _chosen(value: int | None) -> str:
    return "by default" if value is None else str(value)


def _ceiling_lines(ceiling: dict[str, Any]) -> list[str]:
    if "error" in ceiling:
        return ["## The processor's limit", "", ceiling["error"], ""]
    gflop = ceiling["gflop_an_image"]
    rows = [
        [name, f"{rate:,.0f}", _rate(rate / gflop)] for name, rate in ceiling["products"].items()
    ]
    return [
        "## The processor's limit",
        "",
        f"An image takes {gflop:.2f} GFLOP; if all of it ran like a product of two large square "
        "matrices:",
        "",
        *table(("precision", "GFLOP/s of a product", "images a second at most"), rows),
    ]


def _memory_lines(memory: list[dict[str, Any]]) -> list[str]:
    rows = [
        [f"{one['images']:,}", megabytes(one["peak_growth_bytes"])]
        for one in memory
        if "error" not in one
    ]
    return [
        f"## Memory, {LARGE}",
        "",
        "The most that it grew beyond the loaded float32 network while it embedded.",
        "",
        *table(("images", "growth"), rows),
    ]


# -- what was tried ------------------------------------------------------------------------------


def _tries_lines(tries: dict[str, Any]) -> list[str]:
    if not tries:
        return []
    lines = [f"## What was tried, {LARGE}, images a second", ""]
    lines += _found_lines(
        tries.get("batches"),
        ("batch size", "lanes", "network alone", "end to end"),
        lambda one: (
            str(one["batch_size"]),
            str(one["lanes"]),
            _rate(one["model"]),
            _rate(one["rate"]),
        ),
    )
    lines += _found_lines(
        tries.get("drafts"),
        ("decoded JPEGs have at least", "decoding alone", "end to end", "least cosine", "mean"),
        lambda one: (
            "all pixels" if one["spare"] is None else f"{one['spare']} x the network's side",
            _rate(one["decode"]),
            _rate(one["rate"]),
            _cosine(one["min_cosine"]),
            _cosine(one["mean_cosine"]),
        ),
    )
    networks = tries.get("networks", {})
    rows = [
        [
            kind,
            *(_rate(one.get(way)) for way in ("one_lane", "lanes")),
            times(one.get("times_bfloat16")),
            _cosine(one.get("min_cosine")),
            seconds(one.get("first_s")),
        ]
        for kind, one in networks.items()
    ]
    head = (
        "network alone",
        "one lane",
        "a lane a thread",
        "better of the two / bfloat16's",
        "least cosine to float32",
        "first batch",
    )
    lines += table(head, rows) if rows else []
    failed = (f"{kind}: {one['error']}" for kind, one in networks.items() if "error" in one)
    return lines + [line for one in failed for line in (one, "")]


def _found_lines(
    tried: dict[str, Any] | None,
    head: tuple[str, ...],
    row: Callable[[dict[str, Any]], tuple[str, ...]],
) -> list[str]:
    if tried is None:
        return []
    if "error" in tried:
        return [tried["error"], ""]
    return table(head, [row(one) for one in tried["found"]])


# -- on a GPU ------------------------------------------------------------------------------------


def _gpu_lines(gpu: dict[str, Any]) -> list[str]:
    lines = [f"## On a GPU, {SMALL}, images a second", ""]
    if not gpu:
        return [*lines, "Not measured.", ""]
    rows = [
        [
            name,
            str(one.get("gpu", "–")),
            *(_rate(one.get(way)) for way in ("model", "decode", "rate")),
            _percent(one.get("part_of_model")),
            _cosine(one.get("min_cosine")),
        ]
        for name, one in gpu.items()
    ]
    head = ("", "GPU", "network alone", "decoding alone", "ours", "part", "least cosine to float32")
    failed = (f"{name}: {one['error']}" for name, one in gpu.items() if "error" in one)
    return [*lines, *table(head, rows), *(line for one in failed for line in (one, ""))]
