"""Measures the verdicts that tell copies of an image from look-alikes.

    make bench-duplicates
    python benchmarks/bench_duplicates.py --stamps /usr/share/tuxpaint/stamps

In drawn datasets with planted edits and hard negatives: how many of the edits of each kind are
called copies, how many of the hard negatives, and the time of a pair. The threshold was fitted on
the calibration seed, and the script fits it again. With ``--stamps``, the same in the photographs
of Debian's package ``tuxpaint-stamps-default``, whose folders hold similar things. It writes
``benchmarks/results/duplicates.json`` and ``duplicates.md``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from report import at_least, at_most, circumstances, header, save_json, table, targets_lines
from workspace import CACHE, ROOT, open_workspace, run_step

CALIBRATION_SEED = 900
SEEDS = (901, 902, 903)
PACKAGES = ("opencv-python-headless", "pillow", "numpy")
SCRIPT = "verdict_steps.py"
EDIT_KINDS = ("crop", "color", "jpeg", "flip", "resize", "overlay")
POSITIVE = (*EDIT_KINDS, "exact copy")
HARD = ("same background", "new background", "edit of the original")
OTHERS = ("one small thing moved", "another image of the scene")
PHOTOGRAPHS = 120


def main() -> None:
    options = _options()
    data: dict[str, Any] = {**circumstances(options.seeds[0], PACKAGES), "verdicts": {}}
    if options.stamps:
        # Where the files are on this machine does not matter.
        data["command"] = data["command"].replace(str(options.stamps), options.stamps.name)
    open_workspace()
    data["calibration"] = run_step("calibrate", SCRIPT, **_dataset(options, CALIBRATION_SEED))
    print(data["calibration"], flush=True)
    for seed in options.seeds:
        data["verdicts"][str(seed)] = run_step("measure", SCRIPT, **_dataset(options, seed))
        print(seed, flush=True)
    if options.stamps:
        folder = options.stamps.resolve()
        data["photographs"] = run_step(
            "measure_photos", SCRIPT, folder=folder, count=PHOTOGRAPHS, seed=7
        )
    data["targets"] = targets_of(data)
    save_json(options.output, data)
    options.output.with_suffix(".md").write_text("\n".join(page_of(data)))
    print("\n".join(targets_lines(data["targets"])))


def _dataset(options: argparse.Namespace, seed: int) -> dict[str, Any]:
    return {"folder": CACHE / f"planted-{seed}-{options.images}", "n": options.images, "seed": seed}


def targets_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the targets and whether they are met."""
    counts = _merged(data["verdicts"].values())
    positive, right = (sum(counts[kind][i] for kind in POSITIVE) for i in (0, 1))
    hard, wrong = (sum(counts[kind][i] for kind in HARD) for i in (0, 1))
    false = wrong + sum(counts[kind][1] for kind in OTHERS)
    medians = [measured["pair_ms"]["p50"] for measured in data["verdicts"].values()]
    return [
        *(at_least(f"{kind}: called copies", _share(counts[kind]), 0.9) for kind in EDIT_KINDS),
        at_least("all copies: called copies", right / positive, 0.97),
        at_least("pairs called copies that are", right / max(right + false, 1), 0.97),
        at_most("hard negatives called copies", wrong / max(hard, 1), 0.01),
        at_most("milliseconds for a pair, features known", max(medians), 15),
    ]


def page_of(data: dict[str, Any]) -> list[str]:
    """Returns the results as lines of Markdown."""
    counts, calibration = _merged(data["verdicts"].values()), data["calibration"]
    measured = list(data["verdicts"].values())
    times = (
        max(m["pair_ms"]["p50"] for m in measured),
        max(m["pair_ms"]["p95"] for m in measured),
        max(m["features_ms"] for m in measured),
    )
    confidences = ", ".join(f"{m['confidence']['mean']:.3f}" for m in measured)
    shares = ", ".join(f"{m['confidence']['right']:.3f}" for m in measured)
    lines = [
        *header("Verdicts on pairs of images", data),
        *targets_lines(data["targets"]),
        f"## Drawn images, {len(measured)} seeds",
        "",
        *_kinds_table(counts),
        f"A pair takes {times[0]:.1f} ms of processor time (median; 95th percentile "
        f"{times[1]:.1f} ms) once the features of both images are known; those of an image take "
        f"{times[2]:.1f} ms.",
        "",
        f"Mean confidence of each seed: {confidences}; share of right verdicts: {shares}.",
        "",
        "## Calibration",
        "",
        f"On seed {CALIBRATION_SEED}, {calibration['copies']} copies and "
        f"{calibration['look_alikes']} look-alikes: the doubt at which both are equally likely is "
        f"{calibration['even_doubt']:.4f}, and the slope of the log-odds is "
        f"{calibration['slope']:.2f}. 99 % of the copies have a doubt below "
        f"{calibration['doubt_of_copies_p99']:.4f}, and 99 % of the look-alikes one above "
        f"{calibration['doubt_of_look_alikes_p1']:.4f}.",
        "",
    ]
    if "photographs" in data:
        count = data["photographs"]["photographs"]
        lines += [f"## {count} photographs", "", *_kinds_table(data["photographs"]["kinds"])]
    return lines


def _kinds_table(counts: dict[str, list[int]]) -> list[str]:
    rows = [
        (kind, f"{pairs:,}", f"{called:,}", f"{called / pairs:.3f}")
        for kind, (pairs, called) in counts.items()
    ]
    return table(("kind of pair", "pairs", "called copies", "share"), rows)


def _merged(parts: Any) -> dict[str, list[int]]:
    """Returns the numbers of pairs and of copies by kind, over all seeds."""
    merged = {kind: [0, 0] for kind in (*POSITIVE, *HARD, *OTHERS)}
    for part in parts:
        for kind, (pairs, called) in part["kinds"].items():
            merged[kind] = [merged[kind][0] + pairs, merged[kind][1] + called]
    return merged


def _share(counts: list[int]) -> float | None:
    return counts[1] / counts[0] if counts[0] else None


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--images", type=int, default=800, help="drawn images of each seed")
    parser.add_argument("--stamps", type=Path, help="folder of folders of PNGs")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/duplicates.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
