"""Measures the exact tree beside exact search and inverted lists, by dimension.

    make bench-tree
    python benchmarks/bench_tree.py --size 100000 --dims 2 8 32

For each dimension, vectors of two kinds: uniform noise, and the clustered ``Mixture`` of the other
benchmarks, whose variance is in few dimensions. Exact search, the tree and ``ivf_sq8``, which
``auto`` chooses, answer held-out queries one by one through the store, as a search in the App does:
the median time, recall@10 against NumPy, and the time to open the tree, which is that to build it.
Beside it scikit-learn's own ``NearestNeighbors`` with the method that it chooses, on the same
vectors. There are fewer vectors of many dimensions, so that all fit into ``VALUES`` values.

It writes ``benchmarks/results/tree.json`` and ``tree.md``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from report import circumstances, header, number, save_json, seconds, table
from workspace import ROOT, open_workspace, run_step

PACKAGES = ("faiss-cpu", "scikit-learn", "numpy")
KINDS = ("uniform", "clustered")
VALUES = 12_800_000


def main() -> None:
    options = _options()
    folder = open_workspace()
    data: dict[str, Any] = {**circumstances(options.seed, PACKAGES), "size": options.size}
    data["rows"] = []
    for dim in options.dims:
        size = min(options.size, VALUES // dim)
        for kind in KINDS:
            row = run_step(
                "measure", "tree_steps.py", folder=folder, kind=kind, size=size, dim=dim,
                seed=options.seed,
            )  # fmt: skip
            data["rows"].append({"dim": dim, "size": size, "kind": kind, **row})
            print(data["rows"][-1], flush=True)
    save_json(options.output, data)
    options.output.with_suffix(".md").write_text("\n".join(page_of(data)))


def page_of(data: dict[str, Any]) -> list[str]:
    """The page of tables."""
    lines = header("An exact tree beside exact search and inverted lists", data)
    lines += ["Milliseconds per query, and recall@10 below 1 in parentheses.", ""]
    types = list(data["rows"][0]["types"])
    for kind in KINDS:
        rows = []
        for row in data["rows"]:
            if row["kind"] != kind:
                continue
            cells = [_cell(row["types"][name]) for name in types]
            tree = row["types"]["tree"]
            peer = f"{row['sklearn_ms']:.3g} ({row['sklearn_method']})"
            known = (str(row["dim"]), f"{row['size']:,}")
            rows.append((*known, *cells, peer, seconds(tree["open_s"])))
        head = ("dimensions", "vectors", *types, "scikit-learn", "to open the tree")
        lines += [f"## {kind.capitalize()} vectors", "", *table(head, rows), ""]
    return lines


def _cell(measured: dict[str, float]) -> str:
    time = f"{measured['median_ms']:.3g}"
    recall = measured["recall"]
    return time if recall == 1 else f"{time} ({number(recall)})"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=200_000)
    parser.add_argument("--dims", type=int, nargs="+", default=[2, 8, 16, 64, 512])
    parser.add_argument("--seed", type=int, default=51)
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/tree.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
