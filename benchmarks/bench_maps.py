"""Measures UMAP from our neighbor graph beside umap-learn, which finds its own neighbors.

    make bench-maps
    python benchmarks/bench_maps.py --sizes 20000

The vectors are those of ``Mixture``, in a store on disk for this project and in memory for
umap-learn, and scikit-learn's digits. Both compile before they are timed, and use all cores. Our
time is that of the principal components and of the layout; the neighbor graph, which an index
builds once and keeps for all of its services, stands beside it. The trustworthiness is measured at
the same points, from the same neighbors. The maps of the digits have a seed each, on one thread.

It writes ``benchmarks/results/maps.json`` and ``maps.md``.
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
    times,
)
from workspace import ROOT, open_workspace, run_step

SCRIPT = "map_steps.py"
PACKAGES = ("umap-learn", "numba", "pynndescent", "numpy", "faiss-cpu")


def main() -> None:
    options = _options()
    folder = open_workspace() / "maps"
    data: dict[str, Any] = {**circumstances(options.seeds[0], PACKAGES), "runs": []}
    for size in options.sizes:
        data["runs"].append(_measure(folder, size, options.dim, options.seeds[0], [None]))
        print(data["runs"][-1], flush=True)
    data["digits"] = _measure(folder, 0, 64, options.seeds[0], options.seeds)
    data["targets"] = targets_of(data)
    save_json(options.output, data)
    options.output.with_suffix(".md").write_text("\n".join(page_of(data)))
    print("\n".join(targets_lines(data["targets"])))


def _measure(
    folder: Path, size: int, dim: int, seed: int, seeds: list[int | None]
) -> dict[str, Any]:
    """Makes maps of one store with several seeds."""
    folder.mkdir()
    made = run_step("make", SCRIPT, folder=folder, n=size, dim=dim, seed=seed)
    metric = made["metric"]
    measured = {**made, "graph": run_step("graph", SCRIPT, folder=folder, metric=metric)}
    measured["maps"] = [
        {
            "seed": own,
            "ours": run_step("ours", SCRIPT, folder=folder, metric=metric, seed=own),
            "umap_learn": run_step("umap_learn", SCRIPT, folder=folder, metric=metric, seed=own),
            "quality": run_step("quality", SCRIPT, folder=folder, metric=metric),
        }
        for own in seeds
    ]
    shutil.rmtree(folder)
    return measured


def targets_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The targets and whether they are met."""
    targets = []
    for run in data["runs"]:
        (only,) = run["maps"]
        name = f"{run['size']:,} x {run['dim']}: "
        theirs, own = only["umap_learn"]["total_s"], only["ours"]["total_s"]
        targets += [
            at_least(f"{name}times faster than umap-learn, from the graph", theirs / own, 2),
            at_least(
                f"{name}times faster, with the build of the graph",
                theirs / (own + run["graph"]["build_s"]),
                1,
            ),
            at_least(f"{name}trustworthiness, share of umap-learn's", _share(only), 0.95),
        ]
    shares = [_share(own) for own in data["digits"]["maps"]]
    apart = {
        pair: float(np.mean([own["quality"]["ours"][pair] for own in data["digits"]["maps"]]))
        for pair in ("3_and_8", "0_and_1")
    }
    return [
        *targets,
        at_least("digits: trustworthiness, share of umap-learn's, least", min(shares), 0.95),
        at_most(
            "digits: 3 to 8, share of 0 to 1, mean over seeds",
            apart["3_and_8"] / apart["0_and_1"],
            1,
        ),
    ]


def _share(made: dict[str, Any]) -> float:
    quality = made["quality"]
    return float(quality["ours"]["trustworthiness"] / quality["umap_learn"]["trustworthiness"])


def page_of(data: dict[str, Any]) -> list[str]:
    """The page of tables."""
    lines = [*header("Maps", data), *targets_lines(data["targets"])]
    head = ("vectors", "graph, once", "components", "layout", "together", "umap-learn", "faster",
            "trustworthiness", "its", "neighbors kept", "its")  # fmt: skip
    rows = []
    for run in [*data["runs"], data["digits"]]:
        for made in run["maps"]:
            ours, theirs = made["ours"], made["umap_learn"]
            quality, its = made["quality"]["ours"], made["quality"]["umap_learn"]
            seed = "" if made["seed"] is None else f", seed {made['seed']}"
            rows.append(
                (
                    f"{run['size']:,} x {run['dim']}{seed}",
                    seconds(run["graph"]["build_s"]),
                    seconds(ours["components_s"]),
                    seconds(ours["layout_s"]),
                    seconds(ours["total_s"]),
                    seconds(theirs["total_s"]),
                    times(theirs["total_s"] / ours["total_s"]),
                    number(quality["trustworthiness"], 4),
                    number(its["trustworthiness"], 4),
                    number(quality["neighbors_kept"]),
                    number(its["neighbors_kept"]),
                )
            )
    apart = [
        (
            str(made["seed"]),
            *(
                number(made["quality"][name][pair], 2)
                for name in ("ours", "umap_learn")
                for pair in ("3_and_8", "0_and_1")
            ),
        )
        for made in data["digits"]["maps"]
    ]
    lines += table(head, rows)
    lines += ["Distances of the centers of digits, in standard deviations of the map:", ""]
    return lines + table(("seed", "3 and 8", "0 and 1", "umap-learn: 3 and 8", "0 and 1"), apart)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="*", default=[100_000])
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--seeds", type=int, nargs="+", default=[51, 52, 53])
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/maps.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
