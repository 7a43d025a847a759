"""Measures one query and many queries at once, beside FAISS's own search at equal recall.

    make bench-batch
    python benchmarks/bench_batch.py --sizes 100000 --types auto

For each size and index type, one process measures, on the same vectors and queries and in random
order, so that noise affects all of them equally:

- the total time of 1 to 1,000 queries (``_kneighbors``, k = 10) without the lookup of the results
  in the database, and of FAISS's own search with the same index file and ``IndexRefineFlat``, with
  the smallest ``nprobe`` that reaches the same recall; FAISS keeps the vectors in memory
- the time of one query with and without the lookup in the database
- the time of one query with the fastest of FAISS's own types, up to 100,000 vectors

The script writes ``benchmarks/results/batch.json`` and ``batch.md``; BENCH_ARGS='--sizes 100000'
makes a short run. A million vectors take 8 GB of memory.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from report import at_least, at_most, circumstances, header, number, save_json, table, targets_lines
from vectors import Mixture, Truth
from workspace import ROOT, open_workspace, run_step

COUNTS = (1, 2, 3, 4, 6, 8, 12, 15, 16, 17, 24, 32, 64, 128, 256, 257, 512, 1_000)
K = 10
MIN_RECALL = 0.99


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000, 100_000, 1_000_000])
    parser.add_argument("--types", nargs="+", default=["auto"], help="index types")
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each total time")
    parser.add_argument("--seed", type=int, default=51)
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/batch.json")
    options = parser.parse_args()
    folder = open_workspace()
    data: dict[str, Any] = {**circumstances(options.seed), "dim": options.dim, "sizes": {}}
    for size in options.sizes:
        print(f"{size:,} vectors", flush=True)
        data["sizes"][str(size)] = measure(size, folder, options)
    data["targets"] = targets_of(data)
    save_json(options.output, data)
    options.output.with_suffix(".md").write_text("\n".join(page_of(data)))
    print("\n".join(targets_lines(data["targets"])))


def measure(size: int, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Measures each index type on vectors of one size."""
    files = {name: folder / f"{name}.npy" for name in ("vectors", "queries", "ids", "u")}
    mixture = Mixture(size, options.dim, options.seed)
    vectors = mixture.write(files["vectors"])
    np.save(files["queries"], mixture.queries(max(COUNTS)))
    name = f"batch-{size}"
    run_step("make_dataset", name=name, n=size, ids_file=files["ids"], u_file=files["u"], seed=51)
    checked = 200
    truth = Truth.of(
        vectors,
        np.load(files["ids"]),
        np.load(files["queries"])[:checked],
        {"all": np.ones(size, bool)},
        K,
    )
    measured = {}
    for index_type in options.types:
        run_step(
            "build",
            name=name,
            backend="faiss",
            key="faiss",
            vectors_file=files["vectors"],
            config={"metric": "cosine", "index_type": index_type},
        )
        result = run_step(
            "measure",
            script="batch_steps.py",
            name=name,
            queries_file=files["queries"],
            counts=COUNTS,
            rounds=options.rounds,
            own_types=size <= 100_000,
        )
        for name_of_way in result["recalls"]:
            answers = result["recalls"][name_of_way][:checked]
            result["recalls"][name_of_way] = truth.recall(answers, "all")
        measured[index_type] = result
        run_step("delete_index", name=name, key="faiss")
        print(json.dumps(result), flush=True)
    run_step("delete_dataset", name=name)
    for file in files.values():
        file.unlink()
    return measured


def targets_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The targets for the default type."""
    targets = []
    for size, types in data["sizes"].items():
        result = types.get("auto")
        if result is None:
            continue
        named = f"{int(size):,} vectors: "
        totals = {int(count): times["ours"] for count, times in result["totals_ms"].items()}
        steps = [totals[n] / totals[n - 1] for n in totals if n - 1 in totals and n > 1]
        targets.append(
            at_most(f"{named}largest factor from n to n + 1 queries", max(steps[1:]), 1.5)
        )
        targets.append(at_least(f"{named}recall@10", result["recalls"]["ours"], MIN_RECALL))
        if "faiss" in result["totals_ms"]["1000"]:
            last = result["totals_ms"]["1000"]
            ratio = last["ours"] / last["faiss"]
            targets.append(at_most(f"{named}1,000 queries, times FAISS's own time", ratio, 3))
            extra = result["one_ms"]["without lookup"] - result["one_ms"]["faiss refined"]
            targets.append(at_most(f"{named}one query, ms beyond FAISS's own time", extra, 0.3))
        if result.get("own_types"):
            fastest = min(own["p50_ms"] for own in result["own_types"].values())
            ratio = result["one_ms"]["without lookup"] / fastest
            targets.append(at_most(f"{named}one query, times FAISS's fastest type", ratio, 4))
            targets.append(
                at_most(f"{named}one query with lookup, ms", result["one_ms"]["with lookup"], 2)
            )
    return targets


def page_of(data: dict[str, Any]) -> list[str]:
    """The page of tables."""
    lines = header("One query and many at once", data)
    lines += targets_lines(data["targets"])
    for size, types in data["sizes"].items():
        for index_type, result in types.items():
            lines += [f"## {int(size):,} vectors, `{index_type}`: {result['factory']}", ""]
            recalls = ", ".join(f"{name} {value:.4f}" for name, value in result["recalls"].items())
            lines += [f"Recall@10 on held-out queries: {recalls}.", ""]
            rows = [
                (f"{int(count):,}", number(times["ours"], 2), number(times.get("faiss"), 2))
                for count, times in result["totals_ms"].items()
            ]
            lines += table(("queries", "this index, ms", "FAISS's own, ms"), rows)
            ones = [(name, number(value, 3)) for name, value in result["one_ms"].items()]
            own = [
                (f"FAISS {name}, recall@10 {own['recall']:.3f}", number(own["p50_ms"], 3))
                for name, own in (result["own_types"] or {}).items()
            ]
            lines += table(("one query", "p50, ms"), ones + own)
    return lines


if __name__ == "__main__":
    main()
