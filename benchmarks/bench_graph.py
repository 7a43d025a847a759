"""Measures the neighbor graph and the near-duplicate join.

    make bench-graph
    python benchmarks/bench_graph.py --sizes 300000 1000000

The vectors are those of ``Mixture``; one of 50 is a near duplicate of another. For each size, the
script builds the graph of the 15 nearest neighbors, measures its recall on rows that no tuning
used, adds 1 % of the rows and updates it, and finds all pairs within a distance. Beside it, in the
same run, stand a float32 product of all pairs and FAISS's batched IVF search at the same recall;
both are measured on some rows and extrapolated to all. FiftyOne's ``find_duplicates`` runs on
20,000 vectors.

Sizes above ``--compared`` are measured without the comparisons, and ``--add`` keeps the sizes of
an earlier run. It writes ``benchmarks/results/graph.json`` and ``graph.md``. A million vectors take
6 GB of disk.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from report import (
    at_least,
    at_most,
    circumstances,
    header,
    number,
    save_json,
    seconds,
    table,
    targets_lines,
)
from workspace import ROOT, open_workspace, run_step

SCRIPT = "graph_steps.py"
THRESH = 0.01
GIB = 2**30


def main() -> None:
    options = _options()
    folder = open_workspace()
    data: dict[str, Any] = {**circumstances(options.seed), "dim": options.dim, "sizes": {}}
    data["thresh"] = THRESH
    if options.add:
        data["sizes"] = json.loads(options.output.read_text())["sizes"]
    for size in options.sizes:
        data["sizes"][str(size)] = _measure(folder / str(size), size, options)
        save_json(options.output, data)
        print(size, data["sizes"][str(size)], flush=True)
        shutil.rmtree(folder / str(size))
    if options.fiftyone:
        data["fiftyone"] = run_step(
            "fiftyone_duplicates", SCRIPT, n=options.fiftyone, dim=options.dim, seed=options.seed,
            thresh=THRESH,
        )  # fmt: skip
    data["exponent"] = _exponent(data["sizes"])
    data["targets"] = targets_of(data)
    save_json(options.output, data)
    options.output.with_suffix(".md").write_text("\n".join(page_of(data)))
    print("\n".join(targets_lines(data["targets"])))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 300_000, 1_000_000])
    parser.add_argument("--compared", type=int, default=300_000, help="largest size compared")
    parser.add_argument("--add", action="store_true", help="keep the sizes of the output")
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--seed", type=int, default=51)
    parser.add_argument("--fiftyone", type=int, default=20_000, help="vectors for FiftyOne, or 0")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/graph.json")
    return parser.parse_args()


def _measure(folder: Path, size: int, options: argparse.Namespace) -> dict[str, Any]:
    folder.mkdir()
    run_step("make", SCRIPT, folder=folder, n=size, dim=options.dim, seed=options.seed)
    measured: dict[str, Any] = {"graph": run_step("graph", SCRIPT, folder=folder)}
    if size <= options.compared:
        measured["exact"] = run_step("exact", SCRIPT, folder=folder)
        recall = measured["graph"]["recall"]
        measured["ivf"] = run_step("ivf", SCRIPT, folder=folder, recall=recall)
    measured["join"] = run_step("join", SCRIPT, folder=folder, thresh=THRESH, rows=2_000)
    measured["update"] = run_step(
        "update", SCRIPT, folder=folder, dim=options.dim, seed=options.seed
    )
    return measured


def _exponent(sizes: dict[str, Any]) -> float | None:
    """The slope of the logarithm of the time of the join over that of the number of vectors."""
    if len(sizes) < 2:
        return None
    logs = np.log([(int(n), values["join"]["join_s"]) for n, values in sizes.items()])
    return float(np.polyfit(logs[:, 0], logs[:, 1], 1)[0])


def targets_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The targets, for the sizes that were measured."""
    targets = []
    for size, values in data["sizes"].items():
        name, graph, join = f"{int(size):,} vectors: ", values["graph"], values["join"]
        if "exact" in values:
            targets += [
                at_least(
                    f"{name}graph, times faster than all pairs",
                    values["exact"]["exact_s"] / graph["build_s"],
                    10,
                ),
                at_least(
                    f"{name}graph, times faster than FAISS's IVF search",
                    values["ivf"]["search_s"] / graph["build_s"],
                    2,
                ),
                at_least(
                    f"{name}join, times faster than all pairs",
                    values["exact"]["join_s"] / join["join_s"],
                    15,
                ),
            ]
        targets += [
            at_least(f"{name}recall of the graph", graph["recall"], 0.97),
            at_least(f"{name}recall of the pairs", join["recall"], 0.999),
            at_most(f"{name}join, GiB of memory", join["memory_bytes"] / GIB, 4),
            at_most(
                f"{name}update after adding 1 %, share of a build",
                values["update"]["update_s"] / graph["build_s"], 0.05,
            ),
        ]  # fmt: skip
    if data["exponent"] is not None:
        targets.append(at_most("exponent of the join", data["exponent"], 1.4))
    if "fiftyone" in data:
        values = data["fiftyone"]
        ratio = values["fiftyone_s"] / values["ours_s"]
        targets.append(at_least("times faster than FiftyOne's find_duplicates", ratio, 20))
        differing = values["differing_from_numpy"]
        targets.append(at_most("pairs that differ from those of NumPy", differing, 0))
    return targets


def page_of(data: dict[str, Any]) -> list[str]:
    """The page of tables."""
    lines = header("The neighbor graph and the near-duplicate join", data)
    lines += targets_lines(data["targets"])
    head = ("vectors", "graph, s", "recall", "memory, GiB", "all pairs, s", "IVF search, s",
            "update, s", "join, s", "pairs", "memory, GiB", "all pairs, s")  # fmt: skip
    rows = [
        (
            f"{int(size):,}",
            seconds(values["graph"]["build_s"]),
            number(values["graph"]["recall"], 4),
            number(values["graph"]["memory_bytes"] / GIB, 2),
            _compared(values, "exact", "exact_s"),
            _compared(values, "ivf", "search_s"),
            seconds(values["update"]["update_s"]),
            seconds(values["join"]["join_s"]),
            f"{values['join']['pairs']:,}",
            number(values["join"]["memory_bytes"] / GIB, 2),
            _compared(values, "exact", "join_s"),
        )
        for size, values in data["sizes"].items()
    ]
    return lines + table(head, rows)


def _compared(values: dict[str, Any], step: str, name: str) -> str:
    return seconds(values[step][name]) if step in values else "–"


if __name__ == "__main__":
    main()
