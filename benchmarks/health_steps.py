"""The steps of ``bench_health.py``; ``workspace.run_step`` runs each in a fresh process."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np
from synthetic_dataset import delete_dataset, make_dataset
from workspace import serve

KEY = "given"


def build(name: str, ids_file: str, dim: int, seed: int, deleted: int) -> dict[str, Any]:
    """Builds an index of random vectors without those of some samples, and with deleted ones."""
    import fiftyone as fo

    import fiftyone_faiss

    dataset = fo.load_dataset(name)
    ids = np.load(ids_file).astype("U24")
    vectors = np.random.default_rng(seed).standard_normal((len(ids), dim), dtype=np.float32)
    given = dict(zip(ids[deleted:], vectors[deleted:], strict=True))
    report = fiftyone_faiss.build_index(dataset, KEY, embeddings=given, index_type="flat")
    dataset.delete_samples(ids[-deleted:].tolist())
    return {"size": report.size}


def health(name: str, repeats: int) -> dict[str, Any]:
    """Times reading all ids, and comparing the index, in turn."""
    import fiftyone as fo

    import fiftyone_faiss

    dataset = fo.load_dataset(name)
    dataset.first()
    seconds: dict[str, list[float]] = {"ids": [], "health": []}
    for _ in range(repeats):
        started = time.perf_counter()
        count = len(dataset.values("id"))
        middle = time.perf_counter()
        report = fiftyone_faiss.index_health(dataset, KEY)
        seconds["ids"].append(middle - started)
        seconds["health"].append(time.perf_counter() - middle)
    medians = {f"{what}_s": statistics.median(values) for what, values in seconds.items()}
    return {
        **medians,
        "first_health_s": seconds["health"][0],
        "ratio": medians["health_s"] / medians["ids_s"],
        "samples": count,
        "missing": report.missing,
        "orphaned": report.orphaned,
    }


if __name__ == "__main__":
    serve(make_dataset, build, health, delete_dataset)
