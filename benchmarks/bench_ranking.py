"""Measures the ranking of several terms: its recall of the exhaustive order, and its time.

    make bench-ranking
    python benchmarks/bench_ranking.py --sizes 200000

A query of several terms is ranked by a function of the similarities to each term; see
``brain/retrieval/ranking.py``. For each kind of combination, the script compares the results of
``search()`` with the order of all vectors by float64 scores: the fraction of the best 25, 100 and
500 that are among as many results. The time is compared with that of as many float32 products of
the matrix with a vector as the query has vectors, in the same process and in random order. The
vectors are in memory before.

It writes ``benchmarks/results/ranking.json`` and ``ranking.md``. A million vectors take 10 GB of
memory.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from report import at_least, at_most, circumstances, header, number, save_json, table, targets_lines
from vectors import Mixture
from workspace import ROOT, open_workspace, run_step

# The largest time in milliseconds at 200,000 vectors, and the largest ratio at a million.
MAX_MS, MAX_RATIO = 150, 1.5
MIN_RECALL = 0.99


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[200_000, 1_000_000])
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--queries", type=int, default=12, help="queries of each kind")
    parser.add_argument("--seed", type=int, default=51)
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/ranking.json")
    options = parser.parse_args()
    folder = open_workspace()
    data: dict[str, Any] = {**circumstances(options.seed), "dim": options.dim, "sizes": {}}
    for size in options.sizes:
        print(f"{size:,} vectors", flush=True)
        files = {name: folder / f"{name}.npy" for name in ("vectors", "ids", "u")}
        Mixture(size, options.dim, options.seed).write(files["vectors"])
        name = f"ranking-{size}"
        run_step(
            "make_dataset", name=name, n=size, ids_file=files["ids"], u_file=files["u"], seed=51
        )
        run_step(
            "build",
            name=name,
            backend="faiss",
            key="faiss",
            vectors_file=files["vectors"],
            config={"metric": "cosine"},
        )
        data["sizes"][str(size)] = run_step(
            "measure",
            script="ranking_steps.py",
            name=name,
            queries=options.queries,
            seed=options.seed,
        )
        print(json.dumps(data["sizes"][str(size)]), flush=True)
        run_step("delete_dataset", name=name)
    data["targets"] = targets_of(data)
    save_json(options.output, data)
    options.output.with_suffix(".md").write_text("\n".join(page_of(data)))
    print("\n".join(targets_lines(data["targets"])))


def targets_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The targets for each size."""
    targets = []
    for size, kinds in data["sizes"].items():
        named = f"{int(size):,} vectors: "
        worst = min(kind["recall"]["100"] for kind in kinds.values())
        targets.append(at_least(f"{named}recall of the best 100, worst kind", worst, MIN_RECALL))
        if int(size) <= 200_000:
            slowest = max(kind["search_ms"] for kind in kinds.values())
            targets.append(at_most(f"{named}slowest kind, p50 in ms", slowest, MAX_MS))
        else:
            ratio = max(kind["search_ms"] / kind["products_ms"] for kind in kinds.values())
            targets.append(at_most(f"{named}slowest kind, times the products", ratio, MAX_RATIO))
    return targets


def page_of(data: dict[str, Any]) -> list[str]:
    """The page of tables."""
    lines = header("Ranking several terms", data)
    lines += targets_lines(data["targets"])
    head = ("query", "recall of best 25", "100", "500", "p50, ms", "as many products, ms")
    for size, kinds in data["sizes"].items():
        lines += [f"## {int(size):,} vectors", ""]
        rows = [
            (
                name,
                *(number(kind["recall"][k], 4) for k in ("25", "100", "500")),
                number(kind["search_ms"], 1),
                number(kind["products_ms"], 1),
            )
            for name, kind in kinds.items()
        ]
        lines += table(head, rows)
    return lines


if __name__ == "__main__":
    main()
