"""Measures whether explanations of matches point to the right thing, and whether to trust them.

    make bench-explanations
    python benchmarks/bench_explanations.py --seeds 61 --drawings 20 --pairs 10

1. Texts that name a thing in a drawing of the demo's world, whose box is known and smaller than a
   third of the picture: how much of the map is in the box, compared with the box's share of the
   area (chance) and with the best map that the network's grid of 3 x 3 patches allows, one cell
   alone.
2. The nearest neighbors of drawings, by networks with trained and with random weights and by
   classical embedders: how often removing what the map marks lowers the score more than random
   maps do, and how many get a badge. Networks with random weights must get none.

Nothing was fitted to these seeds. It writes ``benchmarks/results/explanations.json`` and ``.md``,
and takes about 20 minutes.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from report import at_least, at_most, circumstances, header, number, save_json, table, targets_lines
from workspace import ROOT, open_workspace, run_step

SCRIPT = "explanation_steps.py"
PACKAGES = ("torch", "open_clip_torch", "timm", "numpy", "scikit-image")
SEEDS = [61, 62]
RANDOM = ("CLIP ResNet-50, random", "ViT, random", "EfficientNet-Lite0, random")
OTHERS = ("demo", "colorhist", "hog")


def main() -> None:
    options = _options()
    data: dict[str, Any] = {**circumstances(options.seeds[0], PACKAGES), "seeds": {}}
    models = [*OTHERS, *RANDOM]
    weights = None
    if options.weights:
        weights = str(options.weights.resolve())
        data["command"] = data["command"].replace(str(options.weights), options.weights.name)
        models.insert(1, "EfficientNet-Lite0")
    open_workspace()
    for seed in options.seeds:
        things = run_step("find_things", SCRIPT, seed=seed, n=options.drawings)
        print(seed, json.dumps(things), flush=True)
        pairs = {}
        for model in models:
            pairs[model] = run_step(
                "match_pairs", SCRIPT, model=model, seed=seed, n=options.pairs, weights=weights
            )
            print(seed, model, json.dumps(pairs[model]), flush=True)
        data["seeds"][str(seed)] = {"things": things, "pairs": pairs}
    data["targets"] = targets_of(data)
    save_json(options.output, data)
    options.output.with_suffix(".md").write_text("\n".join(page_of(data)))
    print("\n".join(targets_lines(data["targets"])))


def targets_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The targets and whether they are met, on the worst seed."""
    measured = list(data["seeds"].values())
    things = [own["things"] for own in measured]
    targets = [
        at_most("largest error of an exact sum", max(t["largest_error"] for t in things), 1e-4)
    ]
    for method in things[0]["methods"]:
        own = [t["methods"][method] for t in things]
        named = f"text, {method}: "
        targets += [
            at_least(f"{named}share in the box / share of area", min(m["ratio"] for m in own), 2),
            at_least(
                f"{named}share in the box / best on the grid",
                min(t["methods"][method]["share"] / t["best_cell"] for t in things),
                0.8,
            ),
            at_least(f"{named}deletion beats random", min(m["beats_random"] for m in own), 0.95),
        ]
    for model in measured[0]["pairs"]:
        for method in measured[0]["pairs"][model]["methods"]:
            rows = [own["pairs"][model]["methods"][method] for own in measured]
            if "random" in model:
                most = max(row["badge"] for row in rows)
                targets.append(at_most(f"{model}, {method}: badges", most, 0))
            elif model == "demo":
                smallest = min(row["beats_random"] for row in rows)
                targets.append(at_least(f"pairs, {method}: deletion beats random", smallest, 0.95))
    return targets


def page_of(data: dict[str, Any]) -> list[str]:
    """The page of tables."""
    lines = [*header("Explanations of matches", data), *targets_lines(data["targets"])]
    lines += [
        "## Texts that name a thing (chance: ratio 1)",
        "",
        "`in the box` is the share of the map's sum; `ratio` divides it by the box's share of the "
        "area. The best map on the grid of the network is one cell alone.",
        "",
    ]
    rows = []
    for seed, measured in data["seeds"].items():
        things = measured["things"]
        best = (number(things["best_cell"]), number(things["best_cell_ratio"], 2))
        rows.append((f"{seed}, best on the grid", *best, "–", "–", "–", "–"))
        rows += [
            (
                f"{seed}, {method}",
                number(own["share"]),
                number(own["ratio"], 2),
                number(own["twice"]),
                number(own["not_others"]),
                number(own["beats_random"]),
                number(own["badge"]),
            )
            for method, own in things["methods"].items()
        ]
    head = ("seed, method", "in the box", "ratio", "ratio of 2 or more", "twice any other thing",
            "deletion beats random", "badge")  # fmt: skip
    lines += table(head, rows)
    lines += ["## Nearest neighbors, by model", ""]
    rows = [
        (
            f"{seed}, {model}, {method}",
            number(own["beats_random"]),
            number(own["beaten"]),
            number(own["deletion_gain"]),
            number(own["insertion_gain"]),
            number(own["badge"]),
            number(pairs["mean_remainder"], 4),
        )
        for seed, measured in data["seeds"].items()
        for model, pairs in measured["pairs"].items()
        for method, own in pairs["methods"].items()
    ]
    head = ("seed, model, method", "deletion beats random", "random maps beaten", "deletion gain",
            "insertion gain", "badge", "mean remainder of pairs")  # fmt: skip
    return lines + table(head, rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--drawings", type=int, default=100, help="texts that name a thing")
    parser.add_argument("--pairs", type=int, default=20, help="nearest neighbors for each model")
    parser.add_argument("--weights", type=Path, help="weights of timm's tf_efficientnet_lite0")
    parser.add_argument(
        "--output", type=Path, default=ROOT / "benchmarks/results/explanations.json"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
