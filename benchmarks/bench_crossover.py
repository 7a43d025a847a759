"""Finds where one index type overtakes another, to choose what ``index_type="auto"`` takes.

    python benchmarks/bench_crossover.py --sizes 5000 25000 100000 400000 --dims 64 512 1024

For each size and dimension, builds an index of each type over clustered vectors through FiftyOne's
own calls, opens it in a fresh process, and asks it with held-out queries one by one: median and
95th percentile, recall@10 against NumPy, the same within a view of 5 %, seconds to build and to
open, and bytes on disk. Writes JSON, and a page of tables next to it (``--table-only`` does just
that). It needs ``pip install -e '.[bench]'``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from report import circumstances, header, number, save_json, seconds, summary, table, value_at
from vectors import Mixture, Truth
from workspace import ROOT, open_workspace, run_step, try_step

INDEX_TYPES = ("flat", "sqfp16", "sq8", "ivf_sq8", "hnsw")
SHARE = 0.05
K = 10
# An index type comes into question from this recall on.
ENOUGH = 0.99


def main() -> None:
    options = _options()
    page = options.output.with_suffix(".md")
    if options.table_only:
        write_page(json.loads(options.output.read_text()), page)
        return
    data = {**circumstances(options.seed), "found": []}
    folder = open_workspace()
    for size in options.sizes:
        ids, u = folder / "ids.npy", folder / "u.npy"
        name = f"size-{size}"
        run_step("make_dataset", name=name, n=size, ids_file=ids, u_file=u, seed=options.seed)
        for dim in options.dims:
            print(f"{size:,} x {dim}", flush=True)
            files = {kind: folder / f"{kind}.npy" for kind in ("vectors", "queries")}
            truth = _make_vectors(size, dim, files, np.load(ids), np.load(u), options)
            for index_type in options.types:
                found = measure(name, index_type, files, truth, options)
                data["found"].append({"size": size, "dim": dim, "type": index_type, **found})
                save_json(options.output, data)
                write_page(data, page)
        run_step("delete_dataset", name=name)
    print(f"Wrote {options.output} and {page.name}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    sizes = [5_000, 10_000, 25_000, 50_000, 100_000, 200_000, 400_000]
    parser.add_argument("--sizes", type=int, nargs="+", default=sizes)
    parser.add_argument("--dims", type=int, nargs="+", default=[64, 512, 1024])
    parser.add_argument("--types", nargs="+", default=list(INDEX_TYPES))
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--budget", type=float, default=20, help="seconds for one kind of query")
    parser.add_argument("--seed", type=int, default=51)
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/crossover.json")
    parser.add_argument("--table-only", action="store_true", help="only write the page of tables")
    return parser.parse_args()


def _make_vectors(
    size: int,
    dim: int,
    files: dict[str, Path],
    ids: np.ndarray,
    u: np.ndarray,
    options: argparse.Namespace,
) -> Truth:
    mixture = Mixture(size, dim, options.seed)
    # A mapped file must not be overwritten while the last truth still reads it.
    files["vectors"].unlink(missing_ok=True)
    vectors = mixture.write(files["vectors"])
    queries = mixture.queries(options.queries)
    np.save(files["queries"], queries)
    return Truth.of(vectors, ids, queries, {"all": np.ones(size, bool), "view": u < SHARE}, K)


def measure(
    name: str, index_type: str, files: dict[str, Path], truth: Truth, options: argparse.Namespace
) -> dict[str, Any]:
    """Builds, opens and asks one index, then deletes it."""
    run = {"name": name, "backend": "faiss", "key": index_type}
    config = {"metric": "cosine", "index_type": index_type}
    found = try_step("build", **run, vectors_file=files["vectors"], config=config)
    if "error" in found:
        return found
    asked = try_step(
        "open_index",
        **run,
        query_files={"held-out": files["queries"]},
        sort=False,
        shares=[SHARE],
        budget_s=options.budget,
    )
    try_step("delete_index", name=name, key=index_type)
    if "error" in asked:
        return {**found, "error": asked["error"]}
    warm, view = asked["warm"]["held-out"], asked["views"][str(SHARE)]
    found |= {
        "open_s": asked["open_s"],
        "query": {
            **summary(warm["times_ms"]),
            "recall": round(truth.recall(warm["answers"], "all"), 5),
        },
        "view": {
            **summary(view["times_ms"]),
            "first_s": view["first_s"],
            "recall": round(truth.recall(view["answers"], "view", first=1), 5),
        },
    }
    print(
        f"  {index_type}: build {found['build_s']:.2f} s, query {found['query']['p50_ms']:.2f} ms, "
        f"recall {found['query']['recall']:.4f}",
        flush=True,
    )
    return found


# -- the page ------------------------------------------------------------------------------------

_PARTS: tuple[tuple[str, Callable[[dict[str, Any]], str]], ...] = (
    ("One query, p50", lambda one: _milliseconds(value_at(one, "query", "p50_ms"))),
    ("Recall@10", lambda one: number(value_at(one, "query", "recall"), 4)),
    ("One query in a view of 5 %, p50", lambda one: _milliseconds(value_at(one, "view", "p50_ms"))),
    ("Recall@10 in a view of 5 %", lambda one: number(value_at(one, "view", "recall"), 4)),
    ("Build and save", lambda one: seconds(value_at(one, "build_s"))),
    ("Open to first answer", lambda one: seconds(value_at(one, "open_s"))),
)


def write_page(data: dict[str, Any], path: Path) -> None:
    """Writes a table of every measure for each dimension."""
    lines = header("Index types by size and dimension", data)
    types = list(dict.fromkeys(one["type"] for one in data["found"]))
    for dim in dict.fromkeys(one["dim"] for one in data["found"]):
        here = [one for one in data["found"] if one["dim"] == dim]
        for place, (title, show) in enumerate(_PARTS):
            # Which type is best is a question of the query's time only.
            lines += [f"## {dim} dimensions: {title[0].lower()}{title[1:]}", ""]
            lines += table(
                ("vectors", *types, *(["fastest with enough recall"] if place == 0 else [])),
                [
                    [f"{size:,}", *(show(_one(here, size, one)) for one in types)]
                    + ([_fastest(here, size)] if place == 0 else [])
                    for size in dict.fromkeys(one["size"] for one in here)
                ],
            )
    lines += [f"Enough recall is {ENOUGH} or more.", ""]
    failed = sorted({f"{one['type']}: {one['error']}" for one in data["found"] if "error" in one})
    lines += [line for one in failed for line in (one, "")]
    path.write_text("\n".join(lines).rstrip() + "\n")


def _one(found: list[dict[str, Any]], size: int, index_type: str) -> dict[str, Any]:
    right = (one for one in found if one["size"] == size and one["type"] == index_type)
    return next(right, {})


def _fastest(found: list[dict[str, Any]], size: int) -> str:
    good = [
        one
        for one in found
        if one["size"] == size and (value_at(one, "query", "recall") or 0) >= ENOUGH
    ]
    return min(good, key=lambda one: one["query"]["p50_ms"])["type"] if good else "–"


def _milliseconds(value: float | None) -> str:
    return seconds(None if value is None else value / 1000)


if __name__ == "__main__":
    main()
