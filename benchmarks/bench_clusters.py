"""Measures k-means beside scikit-learn's MiniBatchKMeans.

    make bench-clusters
    python benchmarks/bench_clusters.py --size 20000 --clusters 30

The vectors are those of ``Mixture``, in a store on disk for this project and in memory for
scikit-learn. The inertia of both is computed with the means of their clusters. The time of the
service with five seeds, the stability and the confidences stands beside that of one run.

It writes ``benchmarks/results/clusters.json`` and ``clusters.md``.
"""

from __future__ import annotations

import argparse
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

SCRIPT = "cluster_steps.py"
PACKAGES = ("faiss-cpu", "scikit-learn", "numpy")


def main() -> None:
    options = _options()
    folder = open_workspace() / "clusters"
    folder.mkdir()
    data: dict[str, Any] = {**circumstances(options.seeds[0], PACKAGES), "runs": []}
    data |= {"size": options.size, "dim": options.dim, "clusters": options.clusters}
    run_step("make", SCRIPT, folder=folder, n=options.size, dim=options.dim, seed=options.seeds[0])
    for seed in options.seeds:
        run = {
            "seed": seed,
            "ours": run_step("ours", SCRIPT, folder=folder, k=options.clusters, seed=seed, seeds=5),
            "sklearn": run_step("sklearn", SCRIPT, folder=folder, k=options.clusters, seed=seed),
        }
        data["runs"].append(run)
        print(run, flush=True)
    shutil.rmtree(folder)
    data["targets"] = targets_of(data)
    save_json(options.output, data)
    options.output.with_suffix(".md").write_text("\n".join(page_of(data)))
    print("\n".join(targets_lines(data["targets"])))


def targets_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The targets and whether they are met."""
    runs = data["runs"]
    faster = [run["sklearn"]["fit_s"] / run["ours"]["once_s"] for run in runs]
    inertia = [run["ours"]["inertia"] / run["sklearn"]["inertia"] for run in runs]
    return [
        at_least("times faster than MiniBatchKMeans, median", float(np.median(faster)), 3),
        at_most("inertia, share of MiniBatchKMeans's, largest", max(inertia), 1),
    ]


def page_of(data: dict[str, Any]) -> list[str]:
    """The page of tables."""
    rows = [
        (
            str(run["seed"]),
            seconds(run["ours"]["once_s"]),
            number(run["ours"]["inertia"], 1),
            seconds(run["ours"]["stability_s"]),
            number(run["ours"]["agreement"]),
            seconds(run["sklearn"]["fit_s"]),
            number(run["sklearn"]["inertia"], 1),
        )
        for run in data["runs"]
    ]
    head = ("seed", "one run", "inertia", "five seeds and stability", "agreement",
            "MiniBatchKMeans", "its inertia")  # fmt: skip
    title = f"{data['clusters']} clusters of {data['size']:,} x {data['dim']} vectors"
    lines = [*header(title, data), *targets_lines(data["targets"])]
    return [*lines, *table(head, rows), ""]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=300_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--clusters", type=int, default=100)
    parser.add_argument("--seeds", type=int, nargs="+", default=[51, 52, 53])
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/clusters.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
