"""Measures scores and selections: outliers, typicality, and what a selection covers.

    make bench-understanding
    python benchmarks/bench_understanding.py --stamps DIR --weights FILE

Hides twenty photographs among drawings, without and with a saved copy of each, and compares the
outlier score with FiftyOne's uniqueness. Ranks the centers and the borders of scenes by typicality,
beside FiftyOne's representativeness. Selects 200 of 3,000 drawings, beside twenty random choices.
The thresholds were chosen on other seeds. ``--stamps`` is the folder of Debian's package
``tuxpaint-stamps-default``, and ``--weights`` those of timm's ``tf_efficientnet_lite0``; without
them, the photographs are parts of scikit-learn's two, and the model is ``colorhist``. It writes
``benchmarks/results/understanding.json`` and ``understanding.md``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from report import at_least, circumstances, header, number, save_json, table, targets_lines
from workspace import ROOT, open_workspace, run_step

SEEDS = (910, 911, 912)
PACKAGES = ("fiftyone", "fiftyone-brain", "faiss-cpu", "numpy", "scikit-learn", "timm")
SCRIPT = "understanding_steps.py"
DEMO_MODEL = str(ROOT / "demo" / "model")


def main() -> None:
    options = _options()
    data: dict[str, Any] = {**circumstances(options.seeds[0], PACKAGES), "seeds": {}}
    models = ["colorhist"]
    for given in filter(None, (options.stamps, options.weights)):
        # Where the files are on this machine does not matter.
        data["command"] = data["command"].replace(str(given), given.name)
    if options.weights:
        models.append(f"timm/tf_efficientnet_lite0/{options.weights.resolve()}")
    stamps = options.stamps.resolve() if options.stamps else None
    open_workspace()
    for seed in options.seeds:
        data["seeds"][str(seed)] = _measured(options, models, stamps, seed)
    data["targets"] = targets_of(data)
    save_json(options.output, data)
    options.output.with_suffix(".md").write_text("\n".join(page_of(data)))
    print("\n".join(targets_lines(data["targets"])))


def _measured(
    options: argparse.Namespace, models: list[str], stamps: Path | None, seed: int
) -> dict[str, Any]:
    """Runs the steps of a seed, and prints the result of each."""
    drawings, model = options.drawings, DEMO_MODEL
    steps: dict[str, tuple[str, dict[str, Any]]] = {
        "outliers": (
            "find_outliers",
            {"models": models, "drawings": drawings, "stamps": stamps},
        ),
        "centers": ("rank_centers", {"model": model, "n": drawings}),
        "selection": ("select", {"model": model, "n": options.images, "count": 200}),
    }
    measured = {}
    for name, (step, params) in steps.items():
        measured[name] = run_step(step, SCRIPT, seed=seed, **params)
        print(seed, name, measured[name], flush=True)
    return measured


def targets_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the targets and whether they are met, on the worst seed."""
    measured = list(data["seeds"].values())
    targets = []
    for model in measured[0]["outliers"]:
        for kind, name in (("plain", "photographs"), ("copied", "photographs with copies")):
            worst = min(own["outliers"][model][kind]["auroc"] for own in measured)
            targets.append(at_least(f"AUROC of {name}, {model}", worst, 0.95))
    worst = min(own["centers"]["typicality"] for own in measured)
    targets.append(at_least("AUROC of centers above borders", worst, 0.95))
    for name, what in (("pairs", "pairs of object and scene"), ("probe", "AUROC of a probe")):
        gains = [
            own["selection"]["selected"][name] - own["selection"]["random"][name]["mean"]
            for own in measured
        ]
        targets.append(at_least(f"{what}: selected minus random", min(gains), 0))
    return targets


def page_of(data: dict[str, Any]) -> list[str]:
    """Returns the results as lines of Markdown."""
    lines = [*header("Scores and selections", data), *targets_lines(data["targets"])]
    lines += ["## Twenty photographs among drawings (AUROC; chance is 0.5, the best is 1)", ""]
    rows = [
        (
            f"{seed}, {model}, {'with copies' if kind == 'copied' else 'without copies'}",
            number(own["auroc"]),
            number(own["uniqueness_auroc"]),
            str(own["unusual"]),
            str(own["drawings_among_them"]),
            f"{own['expected']:.1f} (up to {own['expected_high']:.1f})",
        )
        for seed, measured in data["seeds"].items()
        for model, kinds in measured["outliers"].items()
        for kind, own in kinds.items()
    ]
    head = ("seed", "outlier score", "uniqueness", "stand out", "drawings", "expected by chance")
    lines += table(head, rows)
    lines += ["## Centers above borders of scenes (AUROC; chance is 0.5, the best is 1)", ""]
    centers = [
        (seed, *(number(value) for value in measured["centers"].values()))
        for seed, measured in data["seeds"].items()
    ]
    lines += table(("seed", "typicality", "FiftyOne's representativeness"), centers)
    lines += ["## Selections of 200 drawings", ""]
    selections = [
        (
            f"{seed}, {name}",
            number(own["selected"][name]),
            f"{own['random'][name]['mean']:.3f} ± {own['random'][name]['half_width']:.3f}",
            number(own["all"][name]),
        )
        for seed, measured in data["seeds"].items()
        for own in [measured["selection"]]
        for name in ("pairs", "probe")
    ]
    return lines + table(("seed", "selected", "random, mean of 20", "all drawings"), selections)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--drawings", type=int, default=600, help="among the photographs")
    parser.add_argument("--images", type=int, default=3000, help="drawings to select from")
    parser.add_argument("--stamps", type=Path, help="folder of folders of PNGs")
    parser.add_argument("--weights", type=Path, help="weights of timm's tf_efficientnet_lite0")
    parser.add_argument(
        "--output", type=Path, default=ROOT / "benchmarks/results/understanding.json"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
