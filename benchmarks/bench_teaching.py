"""Measures what projections learn, what they refuse, and how well vectors can be compressed.

    make bench-teaching

- *Drawn images*: "color matters" and "scene matters", each from 200 pairs (100 of each kind) of
  images of one thing; mAP@R on images that were drawn from another seed, before and after. With the
  demo's CLIP, and with color histograms, which see colors only. Everything that is tuned was tuned
  on other seeds.
- *Random pairs*: 200 random pairs, called alike or unlike by chance, over many seeds.
- *Digits*: scikit-learn's digits with parity and magnitude (0 to 4, 5 to 9) as labels that are
  learned together, on a held-out half.
- *Compressions* of clustered vectors with a structure like CLIP embeddings.

It writes ``benchmarks/results/teaching.json`` and ``teaching.md``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from report import at_least, at_most, circumstances, header, save_json, table, targets_lines
from workspace import CACHE, ROOT, open_workspace, run_step

SEEDS = tuple(range(601, 604))
RANDOM_SEEDS = 20
STEPS = ("images_of_rules", "refused", "digits", "compressed")
PACKAGES = ("torch", "faiss-cpu", "scikit-learn", "numpy")


def main() -> None:
    options = _options()
    # Results of several runs may be put together.
    data = json.loads(options.output.read_text()) if options.output.exists() else {}
    data |= circumstances(options.seeds[0], PACKAGES)
    open_workspace()
    folder = CACHE / f"teaching-{options.images}"
    common = {"folder": folder, "images": options.images}
    params: dict[str, dict[str, Any]] = {
        "images_of_rules": {**common, "seeds": options.seeds},
        "refused": {**common, "seeds": options.random_seeds},
        "digits": {"seeds": options.seeds},
        "compressed": {"folder": folder, "seed": options.seeds[0]},
    }
    for step in options.steps:
        measured = run_step(step, "teaching_steps.py", **params[step])
        data[step] = {**measured, "commit": data["commit"]}
        print(step, flush=True)
        save_json(options.output, data)
    if all(step in data for step in params):
        data["targets"] = targets_of(data)
        save_json(options.output, data)
        options.output.with_suffix(".md").write_text("\n".join(page_of(data)))
        print("\n".join(targets_lines(data["targets"])))


def targets_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the targets and whether they are met."""
    clip = [run for run in data["images_of_rules"]["runs"] if run["embedder"] == "clip"]
    gains = {
        rule: [run["after"] - run["before"] for run in clip if run["rule"] == rule]
        for rule in ("color", "scene")
    }
    digits = data["digits"]["runs"]
    return [
        *(
            at_least(f"smallest gain of mAP@R, {rule} matters, CLIP", min(values), 0.15)
            for rule, values in gains.items()
        ),
        at_least("smallest share of runs that were kept", _share(clip, "kept"), 1),
        at_most("largest loss of precision@10 by text", max(r["text_loss"] for r in clip), 0.02),
        at_most("share of random pairs that were kept", data["refused"]["kept_share"], 0.05),
        *(
            at_least(
                f"smallest gain of mAP@R of {rule}, digits, learned together",
                min(run[rule]["after"] - run[rule]["before"] for run in digits),
                0.0,
            )
            for rule in ("parity", "magnitude")
        ),
        at_least(
            "runs of drawn images whose index a fresh process finds by text",
            _share(clip, "found_by_text"),
            1,
        ),
    ]


def _share(runs: list[dict[str, Any]], name: str) -> float:
    return float(np.mean([run[name] for run in runs]))


def page_of(data: dict[str, Any]) -> list[str]:
    """Returns the results as lines of Markdown."""
    taught, refused, digits = data["images_of_rules"], data["refused"], data["digits"]
    lines = [*header("Taught indexes", data), *targets_lines(data["targets"])]
    lines += [
        "## Drawn images",
        "",
        f"Learned from 200 pairs of {taught['images']:,} images of one thing, measured on as many "
        f"of another seed: means over {len(taught['seeds'])} seeds, with the smallest and the "
        "largest gain. A perfect order has the mAP@R 1.",
        "",
        *table(
            ("rule", "chance", "before", "after", "gain", "text before", "text after", "kept", "s"),
            [_row(taught["runs"], *key) for key in _keys(taught["runs"])],
        ),
        "## Random pairs",
        "",
        f"{refused['count']} times 200 random pairs: {refused['kept']} were kept "
        f"({refused['kept_share']:.1%}). The intervals of 95 % would allow 2.5 % by chance.",
        "",
        "## Digits",
        "",
        "Parity and magnitude are learned together from one half, and measured on the other half. "
        "Joint ideal: vectors that hold nothing but both labels, with equal weights.",
        "",
        *table(
            ("rule", "chance", "before", "after", "alone", "joint ideal"),
            [
                (
                    rule,
                    *(
                        f"{np.mean([run[rule][name] for run in digits['runs']]):.3f}"
                        for name in ("chance", "before", "after", "alone", "joint_ideal")
                    ),
                )
                for rule in ("parity", "magnitude")
            ],
        ),
        "## Compressions",
        "",
        f"{data['compressed']['summary']}",
        "",
        data["compressed"]["table"],
        "",
    ]
    return lines


def _keys(runs: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((run["embedder"], run["rule"]) for run in runs))


def _row(runs: list[dict[str, Any]], embedder: str, rule: str) -> tuple[str, ...]:
    some = [run for run in runs if (run["embedder"], run["rule"]) == (embedder, rule)]
    gains = [run["after"] - run["before"] for run in some]
    texts = ["–", "–"]
    if some[0]["text_before"] is not None:
        texts = [f"{np.mean([r[n] for r in some]):.3f}" for n in ("text_before", "text_after")]
    return (
        f"{rule} matters, {embedder}",
        f"{np.mean([run['chance'] for run in some]):.3f}",
        f"{np.mean([run['before'] for run in some]):.3f}",
        f"{np.mean([run['after'] for run in some]):.3f}",
        f"{np.mean(gains):+.3f} ({min(gains):+.3f} to {max(gains):+.3f})",
        *texts,
        f"{sum(run['kept'] for run in some)} of {len(some)}",
        f"{np.mean([run['seconds'] for run in some]):.1f}",
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=list(STEPS))
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    parser.add_argument("--random-seeds", type=int, default=RANDOM_SEEDS)
    parser.add_argument("--images", type=int, default=300, help="of each drawn data set")
    parser.add_argument(
        "--output", type=Path, default=ROOT / "benchmarks" / "results" / "teaching.json"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
