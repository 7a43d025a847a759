"""Compares this index with FiftyOne's own local backends.

    make bench
    python benchmarks/bench_index.py --sizes 10000 100000 1000000 --real 20000

One run measures all backends through FiftyOne's own calls (``compute_similarity``,
``load_brain_results``, ``_kneighbors``, ``sort_by_similarity``) on the same dataset, vectors and
queries, with the cosine metric, each backend in its own processes:

- the time and peak memory to build and save an index, and its bytes on disk
- the time from ``load_brain_results`` to the first result in a fresh process, after all imports;
  the files are in the system's page cache because they were just written
- the time of a warm query, of ``sort_by_similarity`` including the ids of the view, and of queries
  in views of 50 %, 5 % and 0.5 % of the dataset; the first query in a view, which looks up the ids
  of the view, is listed separately
- the growth of resident memory after opening an index and after 100 queries; a separate row leaves
  out pages of memory-mapped files, which the system can reclaim
- recall@10 against NumPy on held-out queries, in the views too
- the time of exact search, compared with FAISS and NumPy on the same memory-mapped array
- recall on embeddings of the demo's model, for image and text queries

Sizes above 200,000 are measured for this index only; the other backends would take hours.
The script writes JSON with every number and a page of tables (``--table-only`` writes only the
page). It requires ``pip install -e '.[bench]'``, 12 GB of memory and 12 GB of disk at the default
sizes.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from index_table import compare, write_page
from report import circumstances, save_json, summary
from vectors import Mixture, Truth
from workspace import CACHE, ROOT, open_workspace, run_step, try_step

BACKENDS = ("faiss", "sklearn", "lancedb")
INDEX_TYPES = ("auto", "flat", "sqfp16", "sq8", "ivf_sq8", "hnsw")
SHARES = (0.5, 0.05, 0.005)
K = 10
# The maximum size at which the other backends are measured.
MAX_SIZE_OF_OTHERS = 200_000
IMAGE_QUERIES = 200


def main() -> None:
    options = _options()
    if options.table_only:
        data = json.loads(options.output.read_text())
        compare(data)
        write_page(data, options.output.with_suffix(".md"))
        return
    data = {**circumstances(options.seed), "dim": options.dim, "sizes": {}, "exact": {}}
    folder = open_workspace()

    def save() -> None:
        # Called after each part, so that an interrupted run keeps its results.
        compare(data)
        save_json(options.output, data)
        write_page(data, options.output.with_suffix(".md"))

    for size in options.sizes:
        print(f"{size:,} vectors", flush=True)
        data["sizes"][str(size)] = {}
        measure_size(size, folder, options, data, save)
    if options.real:
        print(f"{options.real:,} images", flush=True)
        data["real"] = measure_images(options.real, folder, options)
    if hasattr(os, "getloadavg"):
        data["machine"]["load_at_end"] = round(os.getloadavg()[0], 2)
    save()
    print(f"Wrote {options.output} and {options.output.with_suffix('.md').name}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--backends", nargs="+", choices=BACKENDS, default=list(BACKENDS))
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--real", type=int, default=20_000, help="number of images; 0 for none")
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--opens", type=int, default=3, help="processes that open an index")
    parser.add_argument("--budget", type=float, default=60, help="seconds per kind of query")
    parser.add_argument("--seed", type=int, default=51)
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/index.json")
    parser.add_argument("--table-only", action="store_true", help="write only the page of tables")
    return parser.parse_args()


def measure_size(
    size: int, folder: Path, options: argparse.Namespace, data: dict[str, Any], save: Any
) -> None:
    """Measures all backends at one size, then exact search."""
    files = {name: folder / f"{name}-{size}.npy" for name in ("vectors", "queries", "ids", "u")}
    mixture = Mixture(size, options.dim, options.seed)
    vectors = mixture.write(files["vectors"])
    np.save(files["queries"], mixture.queries(options.queries))
    name = f"size-{size}"
    made = run_step(
        "make_dataset",
        name=name,
        n=size,
        ids_file=files["ids"],
        u_file=files["u"],
        seed=options.seed,
    )
    print(f"  dataset: {made['seconds']:.1f} s", flush=True)
    u = np.load(files["u"])
    row_filters = {"all": np.ones(size, bool), **{str(share): u < share for share in SHARES}}
    truth = Truth.of(vectors, np.load(files["ids"]), np.load(files["queries"]), row_filters, K)
    for backend in options.backends:
        if backend != "faiss" and size > MAX_SIZE_OF_OTHERS:
            continue
        print(f"  {backend}", flush=True)
        config = {"metric": "cosine", **({"index_type": "auto"} if backend == "faiss" else {})}
        measured = measure_backend(name, backend, config, files, truth, options)
        data["sizes"][str(size)][backend] = measured
        try_step("delete_index", name=name, key=backend)
        save()
    if "faiss" in options.backends:
        print("  exact search", flush=True)
        data["exact"][str(size)] = measure_exact(name, files, options)
        save()
    run_step("delete_dataset", name=name)
    for file in files.values():
        file.unlink()


def measure_backend(
    name: str,
    backend: str,
    config: dict[str, Any],
    files: dict[str, Path],
    truth: Truth,
    options: argparse.Namespace,
) -> dict[str, Any]:
    """Builds an index, opens it in fresh processes, and times queries in the last one."""
    run = {"name": name, "backend": backend, "key": backend}
    result = try_step("build", **run, vectors_file=files["vectors"], config=config)
    if "error" in result:
        return result
    print(f"    build {result['build_s']:.2f} s", flush=True)
    ask = {**run, "query_files": {"held-out": files["queries"]}, "budget_s": options.budget}
    opens = [try_step("open_index", **ask, only_open=True) for _ in range(options.opens - 1)]
    last = try_step("open_index", **ask, shares=SHARES)
    result["opens"] = [
        {key: value for key, value in step.items() if key in ("load_s", "open_s", "open_growth")}
        for step in (*opens, last)
        if "error" not in step
    ]
    if "error" in last:
        return {**result, "error": last["error"]}
    result["open_s"] = float(np.median([step["open_s"] for step in result["opens"]]))
    result["open_growth"], result["queries_growth"] = last["open_growth"], last["queries_growth"]
    warm = last["warm"]["held-out"]
    result["warm"] = _summarize(warm, truth, "all")
    result["sort"] = summary(last["sort"]["times_ms"])
    result["views"] = {
        share: {"first_s": view["first_s"], **_summarize(view, truth, share, first=1)}
        for share, view in last["views"].items()
    }
    print(
        f"    open {result['open_s']:.3f} s, query {result['warm']['p50_ms']:.2f} ms, "
        f"recall {result['warm']['recall']:.4f}",
        flush=True,
    )
    return result


def _summarize(
    queries: dict[str, Any], truth: Truth, row_filter: str, first: int = 0
) -> dict[str, Any]:
    recall = truth.recall(queries["answers"], row_filter, first)
    return {**summary(queries["times_ms"]), "recall": round(recall, 5)}


def measure_exact(name: str, files: dict[str, Path], options: argparse.Namespace) -> dict[str, Any]:
    """Times exact search with an index of type "flat", with FAISS and with NumPy."""
    run = {"name": name, "key": "flat"}
    built = try_step(
        "build",
        **run,
        backend="faiss",
        vectors_file=files["vectors"],
        config={"metric": "cosine", "index_type": "flat"},
    )
    if "error" in built:
        return built
    measured = try_step(
        "exact",
        **run,
        vectors_file=files["vectors"],
        queries_file=files["queries"],
        budget_s=options.budget,
    )
    if "error" in measured:
        return measured
    ways = {way: summary(times) for way, times in measured["times_ms"].items()}
    fastest = min(ways["faiss"]["p50_ms"], ways["numpy"]["p50_ms"])
    return {
        **ways,
        "same_file": measured["same_file"],
        "ratio": round(ways["ours"]["p50_ms"] / fastest, 3),
    }


def measure_images(n: int, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Measures every index type on real embeddings, with image and text queries."""
    from fiftyone_faiss.demo import MODEL_DIR

    made = try_step("embed_pictures", n=n, n_queries=IMAGE_QUERIES, seed=options.seed, folder=CACHE)
    if "error" in made:
        return made
    files = {name: Path(file) for name, file in made.pop("files").items()}
    ids, u = folder / "ids-real.npy", folder / "u-real.npy"
    run_step("make_dataset", name="real", n=n, ids_file=ids, u_file=u, seed=options.seed)
    queries = {"pictures": files["pictures"], "texts": files["texts"]}
    vectors = np.load(files["vectors"], mmap_mode="r")
    row_filters = {"all": np.ones(n, bool)}
    truths = {
        kind: Truth.of(vectors, np.load(ids), np.load(file), row_filters, K)
        for kind, file in queries.items()
    }
    out: dict[str, Any] = {**made, "size": n, "types": {}}
    for index_type in INDEX_TYPES:
        run = {"name": "real", "backend": "faiss", "key": index_type}
        config = {"metric": "cosine", "index_type": index_type}
        source = {"vectors_file": files["vectors"], "model": str(MODEL_DIR)}
        result = try_step("build", **run, **source, config=config)
        if "error" not in result:
            opened = try_step("open_index", **run, query_files=queries, sort=False)
            if "error" in opened:
                result["error"] = opened["error"]
            else:
                result["open_s"] = opened["open_s"]
                for kind, truth in truths.items():
                    result[kind] = _summarize(opened["warm"][kind], truth, "all")
        out["types"][index_type] = result
    run_step("delete_dataset", name="real")
    return out


if __name__ == "__main__":
    main()
