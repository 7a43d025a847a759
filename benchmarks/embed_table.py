"""Computes the ratios, targets and tables of ``bench_embed.py``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from embed_openvino_table import conclude_engines, engine_lines, engine_targets
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
    """Adds ratios and bounds to every set of images, and ``targets`` to the report."""
    for result in data["sets"].values():
        if "rates" in result:
            rates = result["rates"]
            model = max(rates["one_worker"], rates["workers"])
            bound = 1 / (1 / model + 1 / rates["decode"])
            result["ratio"] = rates["ours"] / rates["theirs"]
            result["bound"], result["part_of_bound"] = bound, rates["ours"] / bound
            conclude_engines(result)
    for result in data["gpu"].values():
        if "rate" in result:
            result["part_of_model"] = result["rate"] / result["model"]
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
                f"{name}: minimum cosine to FiftyOne's", value_at(sets, name, "min_cosine"), _CLOSE
            )
            for name in _WANTED
        ),
        *(
            at_least(
                f"{name}: fraction of the bound",
                value_at(sets, name, "part_of_bound"),
                _PART_OF_BOUND,
            )
            for name in _WANTED
        ),
        *engine_targets(sets),
        at_most("memory of four times as many images / memory", _memory_ratio(data), _CONSTANT),
        *(
            at_least(
                f"{name} on a GPU: fraction of the network alone",
                value_at(gpu, name, "part_of_model"),
                _PART_ON_GPU,
            )
            for name in GPU_ARCHITECTURES
        ),
    ]


def _memory_ratio(data: dict[str, Any]) -> float | None:
    grown = [run.get("peak_growth_bytes") for run in data.get("memory", ())]
    return grown[1] / grown[0] if len(grown) == 2 and all(grown) else None


# -- the page ------------------------------------------------------------------------------------


def write_page(data: dict[str, Any], path: Path) -> None:
    """Writes the page of tables."""
    lines = header("Embedding benchmark", data)
    if any("rates" in result for result in data["sets"].values()):
        lines += [*_set_lines(data), *engine_lines(data), *_settings_lines(data)]
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


def _kilobytes(value: float | None) -> str:
    return "–" if value is None else f"{value / 1000:,.0f} kB"


_SET_ROWS: tuple[tuple[str, tuple[str, ...], Callable[[Any], str]], ...] = (
    ("ours", ("rates", "ours"), _rate),
    ("FiftyOne's", ("rates", "theirs"), _rate),
    ("ours / FiftyOne's", ("ratio",), times),
    ("network alone, one worker with all threads", ("rates", "one_worker"), _rate),
    ("network alone, one worker per thread", ("rates", "workers"), _rate),
    ("decoding alone", ("rates", "decode"), _rate),
    ("bound: 1 / (1 / network + 1 / decoding)", ("bound",), _rate),
    ("ours, fraction of the bound", ("part_of_bound",), _percent),
    ("cosine to FiftyOne's, minimum", ("min_cosine",), _cosine),
    ("cosine to FiftyOne's, mean", ("mean_cosine",), _cosine),
    ("cosine of two different images, mean", ("cosine_of_others",), _cosine),
    (
        "size of a JPEG",
        ("bytes",),
        lambda value: "–" if value is None else f"{value / 1000:,.0f} kB",
    ),
)


def _set_lines(data: dict[str, Any]) -> list[str]:
    sets = data["sets"]
    rows = [
        [label, *(show(value_at(result, *path)) for result in sets.values())]
        for label, path, show in _SET_ROWS
    ]
    rows += [
        [
            f"first images, {whose}, including setup",
            *(seconds(_first_s(result, way)) for result in sets.values()),
        ]
        for way, whose in (("ours", "ours"), ("theirs", "FiftyOne's"))
    ]
    run = next(result["runs"]["ours"][-1] for result in sets.values() if "runs" in result)
    return [
        "## End to end, images per second",
        "",
        f"{ARCHITECTURE} with random weights, {data['images']:,} JPEGs of each size, medians of "
        f"{data['rounds']} alternating processes. Ours uses {run['precision']}, batches of "
        f"{run['batch_size']} and {run['workers']} workers; FiftyOne uses float32.",
        "",
        *table(("", *sets), rows),
    ]


def _first_s(result: dict[str, Any], way: str) -> float | None:
    runs = value_at(result, "runs", way)
    return runs[-1]["first_s"] if runs else None


def _settings_lines(data: dict[str, Any]) -> list[str]:
    sets = {
        name: result["settings"] for name, result in data["sets"].items() if "settings" in result
    }
    tried = next(iter(sets.values()))
    rows = [
        [
            f"batch_size {_setting(row['batch_size'])}, num_workers {_setting(row['num_workers'])}",
            *(_rate(settings[position]["rate"]) for settings in sets.values()),
        ]
        for position, row in enumerate(tried)
    ]
    return [
        "## FiftyOne's settings, images per second",
        "",
        "Measured with a quarter of the images; ours is compared with the fastest setting.",
        "",
        *table(("", *sets), rows),
    ]


def _setting(value: int | None) -> str:
    return "by default" if value is None else str(value)


def _ceiling_lines(ceiling: dict[str, Any]) -> list[str]:
    if "error" in ceiling:
        return ["## Limit of the processor", "", ceiling["error"], ""]
    gflop = ceiling["gflop_an_image"]
    rows = [
        [name, f"{rate:,.0f}", _rate(rate / gflop)] for name, rate in ceiling["products"].items()
    ]
    return [
        "## Limit of the processor",
        "",
        f"An image needs {gflop:.2f} GFLOP. The limit assumes the rate of a product of two large "
        "square matrices.",
        "",
        *table(("precision", "GFLOP/s of a product", "limit, images per second"), rows),
    ]


def _memory_lines(memory: list[dict[str, Any]]) -> list[str]:
    rows = [
        [f"{run['images']:,}", megabytes(run["peak_growth_bytes"])]
        for run in memory
        if "error" not in run
    ]
    return [
        f"## Memory, {LARGE}",
        "",
        "The maximum that memory grew beyond the loaded network during embedding.",
        "",
        *table(("images", "growth"), rows),
    ]


# -- alternatives --------------------------------------------------------------------------------


def _tries_lines(tries: dict[str, Any]) -> list[str]:
    if not tries:
        return []
    lines = [f"## Alternatives, {LARGE}, images per second", ""]
    lines += _result_lines(
        tries.get("batches"),
        ("batch size", "workers", "network alone", "end to end"),
        lambda result: (
            str(result["batch_size"]),
            str(result["workers"]),
            _rate(result["model"]),
            _rate(result["rate"]),
        ),
    )
    lines += _result_lines(
        tries.get("drafts"),
        ("minimum size of decoded JPEGs", "decoding alone", "end to end", "minimum cosine", "mean"),
        lambda result: (
            "full" if result["margin"] is None else f"{result['margin']} x the network's side",
            _rate(result["decode"]),
            _rate(result["rate"]),
            _cosine(result["min_cosine"]),
            _cosine(result["mean_cosine"]),
        ),
    )
    networks = tries.get("networks", {})
    rows = [
        [
            kind,
            *(_rate(result.get(way)) for way in ("one_worker", "workers")),
            times(result.get("times_bfloat16")),
            _cosine(result.get("min_cosine")),
            seconds(result.get("first_s")),
        ]
        for kind, result in networks.items()
    ]
    head = (
        "network alone",
        "one worker",
        "one worker per thread",
        "better of the two / bfloat16's",
        "minimum cosine to float32",
        "first batch",
    )
    lines += table(head, rows) if rows else []
    failed = (
        f"{kind}: {result['error']}" for kind, result in networks.items() if "error" in result
    )
    return lines + [line for message in failed for line in (message, "")]


def _result_lines(
    tried: dict[str, Any] | None,
    head: tuple[str, ...],
    row: Callable[[dict[str, Any]], tuple[str, ...]],
) -> list[str]:
    if tried is None:
        return []
    if "error" in tried:
        return [tried["error"], ""]
    return table(head, [row(result) for result in tried["results"]])


# -- on a GPU ------------------------------------------------------------------------------------


def _gpu_lines(gpu: dict[str, Any]) -> list[str]:
    lines = [f"## On a GPU, {SMALL}, images per second", ""]
    if not gpu:
        return [*lines, "Not measured.", ""]
    rows = [
        [
            name,
            str(result.get("gpu", "–")),
            *(_rate(result.get(way)) for way in ("model", "decode", "rate")),
            _percent(result.get("part_of_model")),
            _cosine(result.get("min_cosine")),
        ]
        for name, result in gpu.items()
    ]
    head = ("", "GPU", "network alone", "decoding alone", "ours", "fraction", "minimum cosine")
    failed = (f"{name}: {result['error']}" for name, result in gpu.items() if "error" in result)
    return [*lines, *table(head, rows), *(line for message in failed for line in (message, ""))]
