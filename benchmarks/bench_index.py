"""Compares this index with the ones FiftyOne ships, as a user of FiftyOne meets them.

    make bench
    python benchmarks/bench_index.py --sizes 10000 100000 1000000 --real 20000

Everything goes through FiftyOne's own calls (``compute_similarity``, ``load_brain_results``,
``_kneighbors``, ``sort_by_similarity``), on the same dataset, vectors and queries, with the cosine
metric, in one run, each backend in processes of its own:

- building and saving, peak memory while doing it, bytes on disk
- from ``load_brain_results`` to the first answer in a fresh process that has everything imported;
  the files are in the system's cache, having just been written
- a warm query; ``sort_by_similarity`` and reading the view's ids; queries within views of 50 %,
  5 % and 0.5 % of the dataset, the first one (which finds out what is in the view) apart
- growth of resident memory after opening and after a hundred queries; pages of mapped files
  count, and are also given apart because the system may take them back
- recall@10 against NumPy on held-out queries, within the views too
- exact search next to FAISS and NumPy on the same mapped array
- recall on real embeddings of the demo's model, for pictures and for texts

A million is measured for this index only; FiftyOne's other local ones would take hours there.
Writes JSON with every number, and a page of tables next to it (``--table-only`` does just that).
It needs ``pip install -e '.[bench]'``, 12 GB of memory and 12 GB of disk at the default sizes.
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
# The largest size at which the other backends are measured.
SHIPPED_UP_TO = 200_000
PICTURE_QUERIES = 200


def main() -> None:
    options = _options()
    if options.table_only:
        write_page(json.loads(options.output.read_text()), options.output.with_suffix(".md"))
        return
    data = {**circumstances(options.seed), "dim": options.dim, "sizes": {}, "exact": {}}
    folder = open_workspace()

    def save() -> None:
        # After each part, so that a long run that is stopped leaves what it has.
        compare(data)
        save_json(options.output, data)
        write_page(data, options.output.with_suffix(".md"))

    for size in options.sizes:
        print(f"{size:,} vectors", flush=True)
        data["sizes"][str(size)] = {}
        measure_size(size, folder, options, data, save)
    if options.real:
        print(f"{options.real:,} pictures", flush=True)
        data["real"] = measure_pictures(options.real, folder, options)
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
    parser.add_argument("--real", type=int, default=20_000, help="how many pictures; 0 for none")
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--opens", type=int, default=3, help="fresh processes that open an index")
    parser.add_argument("--budget", type=float, default=60, help="seconds for one kind of query")
    parser.add_argument("--seed", type=int, default=51)
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/index.json")
    parser.add_argument("--table-only", action="store_true", help="only write the page of tables")
    return parser.parse_args()


def measure_size(
    size: int, folder: Path, options: argparse.Namespace, data: dict[str, Any], save: Any
) -> None:
    """All backends at one size, then exact search."""
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
    scopes = {"all": np.ones(size, bool), **{str(share): u < share for share in SHARES}}
    truth = Truth.of(vectors, np.load(files["ids"]), np.load(files["queries"]), scopes, K)
    for backend in options.backends:
        if backend != "faiss" and size > SHIPPED_UP_TO:
            continue
        print(f"  {backend}", flush=True)
        config = {"metric": "cosine", **({"index_type": "auto"} if backend == "faiss" else {})}
        found = measure_backend(name, backend, config, files, truth, options)
        data["sizes"][str(size)][backend] = found
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
    """Builds an index, opens it in fresh processes, and asks it in the last of them."""
    run = {"name": name, "backend": backend, "key": backend}
    found = try_step("build", **run, vectors_file=files["vectors"], config=config)
    if "error" in found:
        return found
    print(f"    build {found['build_s']:.2f} s", flush=True)
    ask = {**run, "query_files": {"held-out": files["queries"]}, "budget_s": options.budget}
    opens = [try_step("open_index", **ask, only_open=True) for _ in range(options.opens - 1)]
    last = try_step("open_index", **ask, shares=SHARES)
    found["opens"] = [
        {key: value for key, value in one.items() if key in ("load_s", "open_s", "open_growth")}
        for one in (*opens, last)
        if "error" not in one
    ]
    if "error" in last:
        return {**found, "error": last["error"]}
    found["open_s"] = float(np.median([one["open_s"] for one in found["opens"]]))
    found["open_growth"], found["queries_growth"] = last["open_growth"], last["queries_growth"]
    warm = last["warm"]["held-out"]
    found["warm"] = _summed(warm, truth, "all")
    found["sort"] = summary(last["sort"]["times_ms"])
    found["views"] = {
        share: {"first_s": view["first_s"], **_summed(view, truth, share, first=1)}
        for share, view in last["views"].items()
    }
    print(
        f"    open {found['open_s']:.3f} s, query {found['warm']['p50_ms']:.2f} ms, "
        f"recall {found['warm']['recall']:.4f}",
        flush=True,
    )
    return found


def _summed(asked: dict[str, Any], truth: Truth, row_filter: str, first: int = 0) -> dict[str, Any]:
    recall = truth.recall(asked["answers"], row_filter, first)
    return {**summary(asked["times_ms"]), "recall": round(recall, 5)}


def measure_exact(name: str, files: dict[str, Path], options: argparse.Namespace) -> dict[str, Any]:
    """One query in an index of type "flat", in FAISS and in NumPy."""
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
    found = try_step(
        "exact",
        **run,
        vectors_file=files["vectors"],
        queries_file=files["queries"],
        budget_s=options.budget,
    )
    if "error" in found:
        return found
    ways = {way: summary(times) for way, times in found["times_ms"].items()}
    fastest = min(ways["faiss"]["p50_ms"], ways["numpy"]["p50_ms"])
    return {
        **ways,
        "same_file": found["same_file"],
        "ratio": round(ways["ours"]["p50_ms"] / fastest, 3),
    }


def measure_pictures(n: int, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Real embeddings, every index type, asked with held-out pictures and with texts."""
    from fiftyone_faiss.demo import MODEL_DIR

    made = try_step(
        "embed_pictures", n=n, n_queries=PICTURE_QUERIES, seed=options.seed, folder=CACHE
    )
    if "error" in made:
        return made
    files = {name: Path(file) for name, file in made.pop("files").items()}
    ids, u = folder / "ids-real.npy", folder / "u-real.npy"
    run_step("make_dataset", name="real", n=n, ids_file=ids, u_file=u, seed=options.seed)
    queries = {"pictures": files["pictures"], "texts": files["texts"]}
    vectors = np.load(files["vectors"], mmap_mode="r")
    everywhere = {"all": np.ones(n, bool)}
    truths = {
        kind: Truth.of(vectors, np.load(ids), np.load(file), everywhere, K)
        for kind, file in queries.items()
    }
    out: dict[str, Any] = {**made, "size": n, "types": {}}
    for index_type in INDEX_TYPES:
        run = {"name": "real", "backend": "faiss", "key": index_type}
        config = {"metric": "cosine", "index_type": index_type}
        made_of = {"vectors_file": files["vectors"], "model": str(MODEL_DIR)}
        found = try_step("build", **run, **made_of, config=config)
        if "error" not in found:
            asked = try_step("open_index", **run, query_files=queries, sort=False)
            if "error" in asked:
                found["error"] = asked["error"]
            else:
                found["open_s"] = asked["open_s"]
                for kind, truth in truths.items():
                    found[kind] = _summed(asked["warm"][kind], truth, "all")
        out["types"][index_type] = found
    run_step("delete_dataset", name="real")
    return out


if __name__ == "__main__":
    main()
