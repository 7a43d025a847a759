"""Measures which index type is fastest at which size, to choose ``index_type="auto"``.

    python benchmarks/bench_crossover.py --sizes 5000 25000 100000 400000 --dims 64 512 1024

For each size and dimension, the script builds an index of each type over clustered vectors through
FiftyOne's own calls, opens it in a fresh process, and runs held-out queries one by one. It measures
the median and 95th percentile of a query, recall@10 against NumPy, the same in a view of 5 % of the
dataset, the seconds to build and to open, and the bytes on disk. It writes JSON and a page of
tables (``--table-only`` writes only the page). It requires ``pip install -e '.[bench]'``.
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
# An index type with a lower recall is never called the fastest.
MIN_RECALL = 0.99


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
                result = measure(name, index_type, files, truth, options)
                data["found"].append({"size": size, "dim": dim, "type": index_type, **result})
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
    parser.add_argument("--budget", type=float, default=20, help="seconds per kind of query")
    parser.add_argument("--seed", type=int, default=51)
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/crossover.json")
    parser.add_argument("--table-only", action="store_true", help="write only the page of tables")
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
    # The last Truth maps the old file, so that file must be replaced, not overwritten.
    files["vectors"].unlink(missing_ok=True)
    vectors = mixture.write(files["vectors"])
    queries = mixture.queries(options.queries)
    np.save(files["queries"], queries)
    return Truth.of(vectors, ids, queries, {"all": np.ones(size, bool), "view": u < SHARE}, K)


def measure(
    name: str, index_type: str, files: dict[str, Path], truth: Truth, options: argparse.Namespace
) -> dict[str, Any]:
    """Builds and opens an index, times queries, and deletes it."""
    run = {"name": name, "backend": "faiss", "key": index_type}
    config = {"metric": "cosine", "index_type": index_type}
    result = try_step("build", **run, vectors_file=files["vectors"], config=config)
    if "error" in result:
        return result
    opened = try_step(
        "open_index",
        **run,
        query_files={"held-out": files["queries"]},
        sort=False,
        shares=[SHARE],
        budget_s=options.budget,
    )
    try_step("delete_index", name=name, key=index_type)
    if "error" in opened:
        return {**result, "error": opened["error"]}
    warm, view = opened["warm"]["held-out"], opened["views"][str(SHARE)]
    result |= {
        "open_s": opened["open_s"],
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
        f"  {index_type}: build {result['build_s']:.2f} s, "
        f"query {result['query']['p50_ms']:.2f} ms, recall {result['query']['recall']:.4f}",
        flush=True,
    )
    return result


# -- the page ------------------------------------------------------------------------------------

_PARTS: tuple[tuple[str, Callable[[dict[str, Any]], str]], ...] = (
    ("one query, p50", lambda row: _milliseconds(value_at(row, "query", "p50_ms"))),
    ("recall@10", lambda row: number(value_at(row, "query", "recall"), 4)),
    ("one query in a view of 5 %, p50", lambda row: _milliseconds(value_at(row, "view", "p50_ms"))),
    ("recall@10 in a view of 5 %", lambda row: number(value_at(row, "view", "recall"), 4)),
    ("build and save", lambda row: seconds(value_at(row, "build_s"))),
    ("open to first result", lambda row: seconds(value_at(row, "open_s"))),
)


def write_page(data: dict[str, Any], path: Path) -> None:
    """Writes the tables of each dimension."""
    measured = data["found"]
    lines = header("Index types by size and dimension", data)
    types = list(dict.fromkeys(row["type"] for row in measured))
    for dim in dict.fromkeys(row["dim"] for row in measured):
        rows = [row for row in measured if row["dim"] == dim]
        for place, (title, show) in enumerate(_PARTS):
            # Only the time of a query decides which type is fastest.
            fastest = place == 0
            lines += [f"## {dim} dimensions: {title}", ""]
            lines += table(
                ("vectors", *types, *(["fastest with sufficient recall"] if fastest else [])),
                [
                    [f"{size:,}", *(show(_row(rows, size, index_type)) for index_type in types)]
                    + ([_fastest(rows, size)] if fastest else [])
                    for size in dict.fromkeys(row["size"] for row in rows)
                ],
            )
    lines += [f"Recall is sufficient at {MIN_RECALL} or more.", ""]
    errors = sorted({f"{row['type']}: {row['error']}" for row in measured if "error" in row})
    lines += [line for error in errors for line in (error, "")]
    path.write_text("\n".join(lines).rstrip() + "\n")


def _row(rows: list[dict[str, Any]], size: int, index_type: str) -> dict[str, Any]:
    return next((row for row in rows if row["size"] == size and row["type"] == index_type), {})


def _fastest(rows: list[dict[str, Any]], size: int) -> str:
    accurate = [
        row
        for row in rows
        if row["size"] == size and (value_at(row, "query", "recall") or 0) >= MIN_RECALL
    ]
    return min(accurate, key=lambda row: row["query"]["p50_ms"])["type"] if accurate else "–"


def _milliseconds(value: float | None) -> str:
    return seconds(None if value is None else value / 1000)


if __name__ == "__main__":
    main()
