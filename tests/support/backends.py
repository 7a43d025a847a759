"""Similarity runs of the Brain backends that need no server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fiftyone.brain as fob
from fiftyone.brain.internal.core.lancedb import LanceDBSimilarity, LanceDBSimilarityConfig

from fiftyone_faiss.brain.retrieval.neighbors import Neighbors
from support.clusters import all_distances, create
from support.points import Points

BACKENDS = ("sklearn", "lancedb")
CAPPED_K = 60


class CappedSimilarityConfig(LanceDBSimilarityConfig):
    """A LanceDB run that returns no more neighbors than some other backends do."""

    @property
    def max_k(self) -> int:
        return CAPPED_K


class CappedSimilarity(LanceDBSimilarity):
    """Makes and loads such runs."""


@contextmanager
def lancedb_folder(folder: Path) -> Iterator[None]:
    """Sets where LanceDB looks for its tables, which its runs do not store.

    FiftyOne only sees the first ten tables of a folder.
    """
    settings = fob.brain_config.similarity_backends["lancedb"]
    before = settings.get("uri")
    settings["uri"] = str(folder)
    try:
        yield
    finally:
        settings["uri"] = before


def create_capped(points: Points, brain_key: str) -> Any:
    """A run of at most ``CAPPED_K`` neighbors a query."""
    uri = fob.brain_config.similarity_backends["lancedb"]["uri"]
    return create(points, brain_key, CappedSimilarityConfig, uri=uri, metric="euclidean")


def check_neighbors(
    results: Neighbors, query: Any, points: Points, metric: str, k: int, reverse: bool = False
) -> None:
    """Fails unless these are the nearest points, with their distances, by NumPy."""
    distances = all_distances(query, points.vectors, metric)
    order = (-distances if reverse else distances).argsort(kind="stable")[:k]
    assert results.ids == [points.ids[i] for i in order]
    assert results.sample_ids == [points.sample_ids[i] for i in order]
    assert abs(results.distances - distances[order]).max(initial=0) < 1e-6
