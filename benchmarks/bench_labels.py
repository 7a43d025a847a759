"""Measures how well the audit of labels finds labels that were flipped.

    make bench-labels

Flips 5, 10 and 20 % of the labels of scikit-learn's digits and of drawn images (their scenes, and
their objects as patches), at random or to the most similar class; with and without planted near
duplicates that share the wrong label. The peer is cleanlab's ``find_label_issues`` on the plain
probabilities of the nearest neighbors, of which all vote. Its number of neighbors is tuned on a
seed of its own. Differences have a paired 95 % interval over the seeds. It writes
``benchmarks/results/labels.json`` and ``labels.md``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from report import at_least, at_most, circumstances, header, save_json, table, targets_lines
from scipy.stats import t
from workspace import CACHE, ROOT, open_workspace, run_step

DATA = ("digits", "objects", "scenes")
SEEDS = tuple(range(501, 511))
TUNING_SEED = 500
PACKAGES = ("cleanlab", "scikit-learn", "numpy", "scipy")


def main() -> None:
    options = _options()
    data: dict[str, Any] = {**circumstances(options.seeds[0], PACKAGES), "data": {}}
    open_workspace()
    for name in options.data:
        data["data"][name] = run_step(
            "measure",
            "label_steps.py",
            name=name,
            folder=CACHE / f"labels-{options.images}",
            n=options.images,
            seeds=list(options.seeds),
            tuning_seed=TUNING_SEED,
        )
        # Results of several runs may be put together.
        data["data"][name]["commit"] = data["commit"]
        print(name, flush=True)
    data["comparisons"] = comparisons_of(data["data"])
    data["targets"] = targets_of(data)
    save_json(options.output, data)
    options.output.with_suffix(".md").write_text("\n".join(page_of(data)))
    print("\n".join(targets_lines(data["targets"])))


def paired(first: Sequence[float], second: Sequence[float]) -> list[float]:
    """The mean difference with its 95 % interval (Student's t)."""
    differences = np.subtract(first, second)
    mean, n = float(differences.mean()), len(differences)
    error = float(differences.std(ddof=1) / np.sqrt(n)) if n > 1 else float("inf")
    width = float(t.ppf(0.975, n - 1)) * error if n > 1 else float("inf")
    return [mean, mean - width, mean + width]


def comparisons_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the means of each condition, and the differences to the peer."""
    rows = []
    for name, measured in data.items():
        runs = measured["runs"]
        conditions = dict.fromkeys((r["planted"], r["kind"], r["rate"]) for r in runs)
        for condition in conditions:
            some = [r for r in runs if (r["planted"], r["kind"], r["rate"]) == condition]
            of = {key: [run[key] for run in some] for key in some[0]}
            suggested = [value for value in of["suggested_right"] if value is not None]
            rows.append(
                {
                    "data": name,
                    **dict(zip(("planted", "kind", "rate"), condition, strict=True)),
                    "k": float(np.mean(of["k"])),
                    **{
                        key: float(np.mean(of[key]))
                        for key in ("auroc", "peer_auroc", "precision", "peer_precision")
                    },
                    "auroc_difference": paired(of["auroc"], of["peer_auroc"]),
                    "precision_difference": paired(of["precision"], of["peer_precision"]),
                    "suggested_right": float(np.mean(suggested)) if suggested else None,
                    "calibration_error": float(np.mean(of["calibration_error"])),
                    "true_rate": float(np.mean(of["true_rate"])),
                    "estimated_rate": np.mean(of["estimated_rate"], axis=0).tolist(),
                    "covered": float(np.mean(of["covered"])),
                    "conclusive": float(np.mean(of["conclusive"])),
                    "pairs_covered": sum(of["pairs_covered"]) / max(1, sum(of["pairs"])),
                }
            )
    return rows


def targets_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the targets and whether they are met."""
    rows = data["comparisons"]
    plain = [row for row in rows if not row["planted"]]
    planted = [row for row in rows if row["planted"]]
    measures = ("auroc_difference", "precision_difference")
    # Worse is an interval below zero.
    worse = sum(row[measure][2] < 0 for row in plain for measure in measures)
    better = sum(row[measure][1] > 0 for row in planted for measure in measures)
    return [
        at_most("conditions in which the peer is better, interval below 0", worse, 0),
        at_least("conditions with copies in which the audit is better", better, 2 * len(planted)),
        at_least("smallest coverage of the noise rate", min(r["covered"] for r in rows), 0.9),
        at_least("smallest share of conclusive audits", min(r["conclusive"] for r in rows), 1),
        at_most("largest calibration error", max(r["calibration_error"] for r in rows), 0.05),
    ]


def page_of(data: dict[str, Any]) -> list[str]:
    """Returns the results as lines of Markdown."""
    lines = [*header("Audit of labels", data), *targets_lines(data["targets"])]
    for name, measured in data["data"].items():
        lines += [
            f"## {name}: {measured['n']:,} labels, {measured['classes']} classes",
            "",
            f"Measured at commit {measured['commit'] or 'unknown'}.",
            f"The peer votes by {measured['peer_neighbors']} neighbors, with copies by "
            f"{measured['peer_neighbors_planted']}. AUROC by chance is 0.5, the precision by "
            "chance the share of flips; the best possible value of both is 1.",
            "",
        ]
        rows = [row for row in data["comparisons"] if row["data"] == name]
        lines += table(
            ("flips", "AUROC", "peer", "difference", "precision", "peer", "difference"),
            [
                (
                    _condition(row),
                    f"{row['auroc']:.4f}",
                    f"{row['peer_auroc']:.4f}",
                    _difference(row["auroc_difference"]),
                    f"{row['precision']:.3f}",
                    f"{row['peer_precision']:.3f}",
                    _difference(row["precision_difference"]),
                )
                for row in rows
            ],
        )
        lines += table(
            (
                "flips",
                "true rate",
                "estimate",
                "covered",
                "pairs",
                "calibration",
                "suggestions",
                "conclusive",
            ),
            [
                (
                    _condition(row),
                    f"{row['true_rate']:.1%}",
                    "{:.1%} ({:.1%} to {:.1%})".format(*row["estimated_rate"]),
                    f"{row['covered']:.0%}",
                    f"{row['pairs_covered']:.0%}",
                    f"{row['calibration_error']:.3f}",
                    "–" if row["suggested_right"] is None else f"{row['suggested_right']:.1%}",
                    f"{row['conclusive']:.0%}",
                )
                for row in rows
            ],
        )
    return lines


def _condition(row: dict[str, Any]) -> str:
    return f"{row['rate']:.0%} {row['kind']}{', copies' if row['planted'] else ''}"


def _difference(values: Sequence[float]) -> str:
    return "{:+.4f} ({:+.4f} to {:+.4f})".format(*values)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", nargs="+", choices=DATA, default=list(DATA))
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    parser.add_argument("--images", type=int, default=600, help="of the drawn data set")
    parser.add_argument(
        "--output", type=Path, default=ROOT / "benchmarks" / "results" / "labels.json"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
