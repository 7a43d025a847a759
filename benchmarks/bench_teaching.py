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
from pathlib import Path
from typing import Any

import numpy as np
from report import at_least, at_most, circumstances, header, save_json, table, targets_lines
from workspace import CACHE, ROOT, open_workspace, run_step

SEEDS = tuple(range(601, 606))
RANDOM_SEEDS = 40
PACKAGES = ("torch", "faiss-cpu", "scikit-learn", "numpy")


def main() -> None:
    options = _options()
    data: dict[str, Any] = circumstances(options.seeds[0], PACKAGES)
    open_workspace()
    common = {"folder": CACHE / f"teaching-{options.images}", "images": options.images}
    for name, params in (
        ("drawn", {**common, "seeds": options.seeds}),
        ("refused", {**common, "seeds": options.random_seeds}),
        ("digits", {"seeds": options.seeds}),
        ("compressed", {"folder": CACHE, "seed": options.seeds[0]}),
    ):
        data[name] = run_step(name, "teaching_steps.py", **params)
        print(name, flush=True)
    data["targets"] = targets_of(data)
    save_json(options.output, data)
    options.output.with_suffix(".md").write_text("\n".join(page_of(data)))
    print("\n".join(targets_lines(data["targets"])))


def targets_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the targets and whether they are met."""
    clip = [run for run in data["drawn"]["runs"] if run["embedder"] == "clip"]
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
    drawn, refused, digits = data["drawn"], data["refused"], data["digits"]
    lines = [*header("Taught indexes", data), *targets_lines(data["targets"])]
    lines += [
        "## Drawn images",
        "",
        f"Learned from 200 pairs of {drawn['images']:,} images of one thing, measured on as many "
        f"of another seed: means over {len(drawn['seeds'])} seeds, with the smallest and the "
        "largest gain. A perfect order has the mAP@R 1.",
        "",
        *table(
            ("rule", "chance", "before", "after", "gain", "text before", "text after", "kept", "s"),
            [_drawn_row(drawn["runs"], *key) for key in _keys(drawn["runs"])],
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


def _drawn_row(runs: list[dict[str, Any]], embedder: str, rule: str) -> tuple[str, ...]:
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
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    parser.add_argument("--random-seeds", type=int, default=RANDOM_SEEDS)
    parser.add_argument("--images", type=int, default=300, help="of each drawn data set")
    parser.add_argument(
        "--output", type=Path, default=ROOT / "benchmarks" / "results" / "teaching.json"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
