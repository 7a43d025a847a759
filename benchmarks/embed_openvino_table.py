"""Measures, concludes and prints the part of ``bench_embed.py`` about OpenVINO."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from report import at_least, number, seconds, table, times, value_at
from vectors import cosines
from workspace import run_step, try_step

# How many times faster than FiftyOne's loop, end to end.
WANTED = {"openvino-bfloat16": 2.5, "openvino-int8": 4.0}
CALIBRATION_IMAGES = 96
_CLOSE = {"openvino-bfloat16": 0.999, "openvino-int8": 0.99}
_PART_OF_BOUND = 0.85

openvino_step = partial(run_step, script="embed_openvino.py")


def calibrate(images: dict[str, Any], network: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Quantizes the network; the result says what it takes and how it agrees with float32."""
    few = {**images, "n": min(images["n"], CALIBRATION_IMAGES)}
    given = {**few, **network, "quantized": folder / "int8"}
    return try_step("calibrate", script="embed_openvino.py", **given)


class EngineRuns:
    """The runs of OpenVINO on one set of images, one round after the other.

    Args:
        name: the dataset
        images: the folder of its images and their number
        network: the architecture and the checkpoint
        folder: where the network in int8 is, and for the vectors
    """

    def __init__(
        self, name: str, images: dict[str, Any], network: dict[str, Any], folder: Path
    ) -> None:
        self._name, self._images, self._folder = name, images, folder
        self._network = {**network, "quantized": folder / "int8"}
        self._runs: dict[str, list[dict[str, Any]]] = {precision: [] for precision in WANTED}

    def run(self) -> None:
        """Runs each precision once, end to end and its parts."""
        for precision, runs in self._runs.items():
            given = {"precision": precision, **self._network}
            whole = openvino_step(
                "end_to_end", name=self._name, vectors_file=self._file(precision), **given
            )
            runs.append({**whole, **openvino_step("parts", **self._images, **given)})
            print(f"  {precision}: {whole['rate']:.1f}", flush=True)

    def result(self, others: np.ndarray) -> dict[str, Any]:
        """Returns medians of each precision, and cosines to the vectors of FiftyOne."""
        return {
            precision: {
                "runs": runs,
                **{key: median(run[key] for run in runs) for key in runs[0]},
                **cosines(np.load(self._file(precision)), others),
            }
            for precision, runs in self._runs.items()
        }

    def _file(self, precision: str) -> Path:
        return self._folder / f"{precision}-{self._name}.npy"


def conclude_engines(result: dict[str, Any]) -> None:
    """Adds ratios and bounds to the engines of one set of images."""
    for engine in result.get("engines", {}).values():
        engine["ratio"] = engine["rate"] / result["rates"]["theirs"]
        engine["bound"] = 1 / (1 / engine["network"] + 1 / engine["decode"])
        engine["part_of_bound"] = engine["rate"] / engine["bound"]


def engine_targets(sets: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the targets of every precision and set."""
    targets = []
    for name, result in sets.items():
        for precision, ratio in WANTED.items():
            value = partial(value_at, result, "engines", precision)
            what = f"{name}, {precision}"
            targets += [
                at_least(f"{what}: ours / FiftyOne's", value("ratio"), ratio),
                at_least(f"{what}: fraction of the bound", value("part_of_bound"), _PART_OF_BOUND),
                at_least(
                    f"{what}: minimum cosine to FiftyOne's",
                    value("min_cosine"),
                    _CLOSE[precision],
                ),
            ]
    return targets


def engine_lines(data: dict[str, Any]) -> list[str]:
    """Returns the lines of the section about OpenVINO."""
    rows = [
        [
            f"{name}, {precision}",
            *(f"{engine[key]:,.1f}" for key in ("rate", "network", "decode", "bound")),
            f"{100 * engine['part_of_bound']:.0f} %",
            times(engine["ratio"]),
            number(engine["min_cosine"], 5),
            seconds(engine["first_s"]),
        ]
        for name, result in data["sets"].items()
        for precision, engine in result.get("engines", {}).items()
    ]
    if not rows:
        return []
    head = (
        "", "end to end", "network alone", "decoding alone", "bound", "fraction of the bound",
        "ours / FiftyOne's", "minimum cosine to FiftyOne's", "first images",
    )  # fmt: skip
    return [
        "## OpenVINO, images per second",
        "",
        f"The same network and images, batches of 16. {_calibration_line(data['calibration'])}",
        "",
        *table(head, rows),
    ]


def _calibration_line(calibration: dict[str, Any]) -> str:
    if "error" in calibration:
        return f"int8 was not measured: {calibration['error']}."
    return (
        f"Calibrating int8 with {calibration['images']} images took "
        f"{calibration['seconds']:.0f} s; recall@10 against float32 is "
        f"{calibration['recall']:.3f} (with random weights, neighbors are nearly arbitrary), and "
        f"cosines are {calibration['min_cosine']:.4f} or more."
    )
