"""The Brain backend ``"faiss"``: FiftyOne's similarity contract over a store on this machine.

A run stores the path of :class:`FaissSimilarityConfig` and finds :class:`FaissSimilarity` by
cutting off the suffix, so neither may move or be renamed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import fiftyone.brain as fob
import fiftyone.core.collections as foc
import numpy as np
from fiftyone.brain.similarity import (
    DuplicatesMixin,
    Similarity,
    SimilarityConfig,
)

from fiftyone_faiss.brain import index as exact
from fiftyone_faiss.brain import membership
from fiftyone_faiss.brain.store import Matrix, Rows, Snapshot, Store
from fiftyone_faiss.brain.stored_index import StoredIndex, checked_vectors, run_id

ROOT_DIR_VARIABLE = "FIFTYONE_BRAIN_SIMILARITY_FAISS_ROOT_DIR"
INDEX_TYPES = ("auto", "flat")
_AGGREGATIONS: dict[str, Callable[..., exact.Distances]] = {
    "post-mean": np.mean,
    "post-min": np.min,
    "post-max": np.max,
}


class FaissSimilarityConfig(SimilarityConfig):
    """Configuration of a FAISS similarity index.

    Args:
        metric ("cosine"): ``"cosine"``, ``"euclidean"`` or ``"dotproduct"``
        index_type ("auto"): ``"flat"`` searches exactly; ``"auto"`` chooses by size
        root_dir (None): the folder that holds the index's folder. By default, what
            ``brain_config`` or the variable ``FIFTYONE_BRAIN_SIMILARITY_FAISS_ROOT_DIR`` says,
            else ``~/fiftyone/__faiss__``
        **kwargs: see :class:`fiftyone.brain.similarity.SimilarityConfig`

    Raises:
        ValueError: if the metric or the index type is unknown
    """

    def __init__(
        self,
        metric: str = "cosine",
        index_type: str = "auto",
        root_dir: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _check_choice("metric", metric, exact.METRICS)
        _check_choice("index_type", index_type, INDEX_TYPES)
        self.metric = metric
        self.index_type = index_type
        # A machine-wide setting is looked up at each use: stored, it would outlive a change.
        self.root_dir = None if root_dir == _configured_root() else root_dir

    @property
    def method(self) -> str:
        return "faiss"

    @property
    def max_k(self) -> None:
        return None

    @property
    def supports_least_similarity(self) -> bool:
        return True

    @property
    def supported_aggregations(self) -> tuple[str, ...]:
        return ("mean", *_AGGREGATIONS)

    @property
    def root(self) -> Path:
        """The folder that holds the index's folder."""
        root = self.root_dir or _configured_root() or "~/fiftyone/__faiss__"
        return Path(root).expanduser()

    def load_credentials(self, root_dir: str | None = None) -> None:
        if root_dir is not None:
            self.root_dir = root_dir


def _check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise ValueError(f"'{value}' is no {name}; choose one of {', '.join(choices)}.")


def _configured_root() -> str | None:
    settings = fob.brain_config.similarity_backends.get("faiss", {})
    return settings.get("root_dir") or os.environ.get(ROOT_DIR_VARIABLE)


class FaissSimilarity(Similarity):
    """Makes, loads and removes FAISS similarity indexes.

    Args:
        config: a :class:`FaissSimilarityConfig`
    """

    def initialize(
        self, samples: foc.SampleCollection, brain_key: str | None
    ) -> FaissSimilarityIndex:
        """Makes an empty index and saves the pointer to it, so that a stopped build can go on."""
        results = FaissSimilarityIndex(
            samples, self.config, brain_key, run_id=run_id(samples, brain_key), backend=self
        )
        Store.create(
            results.path,
            has_labels=self.config.patches_field is not None,
            facts={"metric": self.config.metric, "model": self.config.model},
        )
        self.save_run_results(samples, brain_key, results)
        return results

    def cleanup(self, samples: foc.SampleCollection, key: str) -> None:
        """Removes the index's files; they carry the run's own id, so no other run loses any."""
        Store(self.config.root / str(run_id(samples, key))).destroy()


class FaissSimilarityIndex(StoredIndex, DuplicatesMixin):
    """A FAISS similarity index: what it keeps is in the base class, how it is searched here."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        StoredIndex.__init__(self, *args, **kwargs)
        DuplicatesMixin.__init__(self)

    def nearest(
        self,
        queries: Matrix,
        k: int | None,
        rows: Rows | None = None,
        reverse: bool = False,
    ) -> list[exact.Hits]:
        """Finds the nearest samples, or labels, that exist in the dataset at this moment.

        Args:
            queries: ``(Q, dim)`` float32
            k: how many, or None for all
            rows (None): the rows of the store to search, by default all
            reverse (False): whether to find the farthest instead

        Returns:
            ``Q`` :class:`fiftyone_faiss.brain.index.Hits`
        """
        snapshot = self.snapshot
        mask = snapshot.live.copy()
        if rows is not None:
            mask[:] = False
            mask[rows] = True
            mask &= snapshot.live
        while True:
            hits = exact.search(snapshot, queries, self.config.metric, k, mask, reverse)
            found = np.unique(np.concatenate([hit.rows for hit in hits]))
            dead = found[
                ~membership.alive(self._dataset, self.config.patches_field, snapshot, found)
            ]
            if not dead.size:
                return hits
            # Deleted since they were indexed: forget them and look again for as many more.
            mask[dead] = False

    def _alive(self, snapshot: Snapshot, rows: Rows) -> exact.Mask:
        return membership.alive(self._dataset, self.config.patches_field, snapshot, rows)

    def _kneighbors(
        self,
        query: Any = None,
        k: int | None = None,
        reverse: bool = False,
        aggregation: str | None = None,
        return_dists: bool = False,
    ) -> Any:
        rows = self._active_rows()
        if query is None:
            return self._self_neighbors(rows, k, None, return_dists)
        queries, single = self._query_vectors(query)
        if aggregation == "mean":
            hits = self.nearest(queries.mean(axis=0, keepdims=True), k, rows, reverse)
        elif aggregation is not None:
            hits = [self._aggregate(queries, k, rows, reverse, aggregation)]
        else:
            hits = self.nearest(queries, k, rows, reverse)
        return self._formatted(hits, single or aggregation is not None, return_dists)

    def _radius_neighbors(
        self, query: Any = None, thresh: float | None = None, return_dists: bool = False
    ) -> Any:
        rows = self._active_rows()
        if query is None:
            return self._self_neighbors(rows, None, thresh, return_dists)
        snapshot = self.snapshot
        mask = _mask_of(snapshot, rows)
        queries, single = self._query_vectors(query)
        hits = [
            exact.within(snapshot, one, self.config.metric, float(thresh or 0), mask)
            for one in queries
        ]
        return self._formatted(hits, single, return_dists)

    def _query_vectors(self, query: Any) -> tuple[Matrix, bool]:
        """``(Q, dim)`` float32 vectors of a query by ids or vectors, and whether it is one."""
        if isinstance(query, str):
            return self.vectors_of([query]), True
        array = np.asarray(query)
        if np.issubdtype(array.dtype, np.number):
            return checked_vectors(np.atleast_2d(array)), array.ndim == 1
        return self.vectors_of(list(query)), False

    def _aggregate(
        self, queries: Matrix, k: int | None, rows: Rows | None, reverse: bool, aggregation: str
    ) -> exact.Hits:
        if aggregation not in _AGGREGATIONS:
            _check_choice("aggregation", aggregation, self.config.supported_aggregations)
        snapshot = self.snapshot
        rows = np.flatnonzero(_mask_of(snapshot, rows))
        rows = rows[self._alive(snapshot, rows)]
        found = exact.distances(snapshot, queries, self.config.metric, rows)
        combined = _AGGREGATIONS[aggregation](found, axis=0)
        order = np.lexsort((rows, -combined if reverse else combined))[:k]
        return exact.Hits(rows[order], combined[order])

    def _self_neighbors(
        self, rows: Rows | None, k: int | None, thresh: float | None, return_dists: bool
    ) -> Any:
        """The neighbours of every active point among the others, as places in the current ids."""
        snapshot = self.snapshot
        mask = _mask_of(snapshot, rows)
        active = np.flatnonzero(mask) if rows is None else rows
        place = np.full(snapshot.total_rows, -1, np.int64)
        place[active] = np.arange(len(active))
        vectors = snapshot.vectors_at(active)
        metric = self.config.metric
        if thresh is None:
            hits = exact.search(snapshot, vectors, metric, None if k is None else k + 1, mask)
        else:
            hits = [exact.within(snapshot, one, metric, thresh, mask) for one in vectors]
        hits = [_without(hit, row, k) for hit, row in zip(hits, active, strict=True)]
        inds = [place[hit.rows] for hit in hits]
        return (inds, [hit.distances for hit in hits]) if return_dists else inds

    def _formatted(self, hits: list[exact.Hits], single: bool, return_dists: bool) -> Any:
        snapshot = self.snapshot
        ids = [self._ids_at(snapshot, hit.rows) for hit in hits]
        samples: Any = [one[0] for one in ids]
        labels: Any = None if snapshot.label_ids is None else [one[1] for one in ids]
        dists: Any = [hit.distances.tolist() for hit in hits]
        if single:
            samples, dists = samples[0], dists[0]
            labels = None if labels is None else labels[0]
        return (samples, labels, dists) if return_dists else (samples, labels)


def _mask_of(snapshot: Snapshot, rows: Rows | None) -> exact.Mask:
    if rows is None:
        return snapshot.live
    mask = np.zeros(snapshot.total_rows, bool)
    mask[rows] = True
    return mask & snapshot.live


def _without(hit: exact.Hits, row: int, k: int | None) -> exact.Hits:
    """Takes a point out of its own neighbours, and brings them down to ``k``."""
    others = hit.rows != row
    return exact.Hits(hit.rows[others][:k], hit.distances[others][:k])
