"""The step of ``bench_transfer.py``."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from workspace import ROOT, serve

sys.path.insert(0, str(ROOT / "tests"))

QUERIES = 200
# A Milvus server refuses more neighbors than ef, which FiftyOne sets to 10; one is the query.
DEFAULT_K = 9


def round_trip(backend: str, folder: str, size: int, dim: int, seed: int) -> dict[str, Any]:
    """Copies an index there and back, and searches FiftyOne's own run of the same vectors."""
    import fiftyone as fo
    from support.servers import RUN, running
    from vectors import Mixture

    import fiftyone_faiss

    vectors = Mixture(size, dim, seed).queries(size)
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(f"/none/{i}.png") for i in range(size)], progress=False)
    fiftyone_faiss.build_index(dataset, "faiss", embeddings=vectors, progress=False)
    with running(backend, Path(folder)) if backend in RUN else nullcontext():
        there = fiftyone_faiss.copy_index(dataset, "faiss", "there", backend, progress=False)
        back = fiftyone_faiss.copy_index(dataset, "there", "back", progress=False)
        copied = dataset.load_brain_results("back").get_embeddings(dataset.values("id"))[0]
        default = default_recall(dataset, vectors, backend)
    return {
        "backend": backend,
        "there": there.to_dict(),
        "back": back.to_dict(),
        "different": int((copied != vectors).any(axis=1).sum()),
        "default_recall": default,
    }


def default_recall(dataset: Any, vectors: np.ndarray, backend: str) -> float:
    """The share of the exact nearest that FiftyOne's own run with its own settings returns."""
    import fiftyone.brain as fob

    results = fob.compute_similarity(
        dataset, backend=backend, embeddings=vectors, brain_key="default", metric="cosine"
    )
    ids = np.array(dataset.values("id"))
    places = np.random.default_rng(51).choice(len(ids), QUERIES, replace=False)
    exact = vectors[places].astype(np.float64) @ vectors.T.astype(np.float64)
    nearest = ids[np.argsort(-exact, axis=1)[:, :DEFAULT_K]]
    answers = results._kneighbors(query=vectors[places], k=DEFAULT_K)[0]
    shared = [len({*some} & {*row}) for some, row in zip(answers, nearest.tolist(), strict=True)]
    return float(np.mean(shared)) / DEFAULT_K


if __name__ == "__main__":
    serve(round_trip)
