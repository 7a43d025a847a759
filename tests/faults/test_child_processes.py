"""Child processes that were forked or spawned search an index as their parent does."""

from __future__ import annotations

import multiprocessing
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import faiss
import fiftyone as fo
import numpy as np
import pytest
from support.stores import ALL_ROWS, create_store

import fiftyone_faiss
from fiftyone_faiss.brain.ann.policy import DEFAULT_POLICY
from fiftyone_faiss.brain.ann.searcher import VectorSearcher

ROWS, DIM = 3_000, 32
TYPES = (
    "flat",
    "sqfp16",
    "sq8",
    "ivf_sq8",
    "hnsw",
    "tree",
    "IVF16,PQ8",
    "OPQ8,IVF16,PQ8x4fs,RFlat",
)
METHODS = ("fork", "spawn", "forkserver")
TIMEOUT_SECONDS = 120


def run_in_child(method: str, target: Callable[..., None], *arguments: Any) -> Any:
    """Returns what a child process sends, or fails if it does not answer."""
    context = multiprocessing.get_context(method)
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=target, args=(*arguments, sender), daemon=True)
    process.start()
    try:
        assert receiver.poll(TIMEOUT_SECONDS), f"the child of {method} does not answer"
        return receiver.recv()
    finally:
        process.kill()
        process.join()


def search_store(searcher: VectorSearcher, queries: np.ndarray, sender: Any) -> None:
    """Searches for one query and for all, and trains an index."""
    snapshot = searcher.store.snapshot()
    hits = searcher.search(snapshot, queries[:1], 10, ALL_ROWS)
    hits += searcher.search(snapshot, queries, 10, ALL_ROWS)
    searcher.maintenance.maintain(force=True)
    sender.send([(hit.rows.tolist(), hit.distances.tolist()) for hit in hits])


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    """FAISS starts threads, whatever the environment says."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(2)
    yield
    faiss.omp_set_num_threads(before)


@pytest.mark.parametrize("index_type", TYPES)
def test_a_forked_child_searches_and_trains(tmp_path: Path, index_type: str) -> None:
    rng = np.random.default_rng(4)
    vectors = rng.normal(size=(ROWS, DIM)).astype(np.float32)
    searcher = VectorSearcher(
        create_store(tmp_path / "s", vectors), "cosine", index_type, policy=DEFAULT_POLICY
    )
    searcher.maintenance.maintain()
    # The parent has started the threads that its child will lack.
    queries = vectors[:40] + np.float32(0.1)
    snapshot = searcher.store.snapshot()
    expected = searcher.search(snapshot, queries[:1], 10, ALL_ROWS)
    expected += searcher.search(snapshot, queries, 10, ALL_ROWS)
    answers = run_in_child("fork", search_store, searcher, queries)
    assert answers == [(hit.rows.tolist(), hit.distances.tolist()) for hit in expected]


def search_index(index: Any, query: np.ndarray, sender: Any) -> None:
    """Searches a pickled, or inherited, index and its dataset."""
    dataset = fo.load_dataset(index.samples.name)
    neighbors = fiftyone_faiss.search(dataset, query, index.key, k=5)
    sender.send((index._kneighbors(query=query, k=5, return_dists=True), neighbors.ids))


@pytest.fixture(scope="module")
def index() -> Any:
    rng = np.random.default_rng(5)
    dataset = fo.Dataset(persistent=True)
    dataset.add_samples([fo.Sample(f"/none/{i}.png") for i in range(1_000)], progress=False)
    vectors = rng.normal(size=(1_000, DIM)).astype(np.float32)
    fiftyone_faiss.build_index(dataset, "key", embeddings=vectors, index_type="sq8", progress=False)
    yield dataset.load_brain_results("key")
    dataset.delete_brain_runs()
    dataset.delete()


@pytest.mark.parametrize("method", METHODS)
def test_an_index_can_be_passed_to_a_child(index: Any, method: str) -> None:
    query = index.get_embeddings()[0][17]
    sample_ids, labels, distances = index._kneighbors(query=query, k=5, return_dists=True)
    assert sample_ids[0] == index.sample_ids[17]
    answer, ids = run_in_child(method, search_index, index, query)
    assert answer == (sample_ids, labels, distances)
    assert ids == sample_ids


def test_what_cannot_be_pickled_says_what_to_pass_instead(index: Any) -> None:
    neighbors = fiftyone_faiss.search(index.samples, index.sample_ids[0], k=3)
    with pytest.raises(TypeError, match=r"pass neighbors\.to_dict\(\) or neighbors\.ids"):
        pickle.dumps(neighbors)
    data = pickle.dumps(index)
    assert pickle.loads(data) is index
    index.samples.rename_brain_run("key", "other")
    try:
        with pytest.raises(ValueError, match=r"'key' of .* was deleted or replaced"):
            pickle.loads(data)
    finally:
        index.samples.rename_brain_run("other", "key")
