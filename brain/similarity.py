"""The Brain backend ``"faiss"``: FiftyOne's similarity contract over a store on this machine.

A run stores the paths of :class:`FaissSimilarityConfig` and of :class:`FaissSimilarityIndex`, and
FiftyOne derives the path of :class:`FaissSimilarity` from the former, so none of them may move.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import fiftyone as fo
import fiftyone.brain as fob
import fiftyone.core.collections as foc
import fiftyone.core.dataset as fod
import numpy as np
from fiftyone.brain.similarity import Similarity, SimilarityConfig

from fiftyone_faiss.brain.ann.factory import check_index_type
from fiftyone_faiss.brain.backend.duplicates import DuplicatesIndex
from fiftyone_faiss.brain.backend.neighbor_ids import NeighborIds, checked_k, formatted
from fiftyone_faiss.brain.backend.runs import run_id, store_of_run
from fiftyone_faiss.brain.backend.self_neighbors import nearest_among, within_among
from fiftyone_faiss.brain.core.arrays import Distances, Matrix
from fiftyone_faiss.brain.core.ids import pack_ids
from fiftyone_faiss.brain.core.metrics import METRICS
from fiftyone_faiss.brain.core.vectors import check_vectors
from fiftyone_faiss.brain.data.media import Regions
from fiftyone_faiss.brain.store.manifest import DTYPES

ROOT_DIR_VARIABLE = "FIFTYONE_BRAIN_SIMILARITY_FAISS_ROOT_DIR"
_AGGREGATIONS: dict[str, Callable[..., Distances]] = {
    "post-mean": np.mean,
    "post-min": np.min,
    "post-max": np.max,
}


class FaissSimilarityConfig(SimilarityConfig):
    """Configuration of a FAISS similarity index.

    Args:
        metric ("cosine"): ``"cosine"``, ``"euclidean"`` or ``"dotproduct"``
        index_type ("auto"): how candidates are found: ``"flat"`` compares all vectors,
            ``"sqfp16"`` and ``"sq8"`` compressed copies of all vectors, ``"ivf_sq8"`` those in the
            nearest lists, ``"hnsw"`` follows a graph, ``"tree"`` an exact tree for vectors of few
            dimensions; any FAISS factory string, such as ``"IVF1024,PQ64"``; ``"auto"`` chooses by
            size, never a tree. Distances are exact for every type
        dtype ("float32"): the type of the stored vectors, or ``"float16"``, which needs half the
            space
        alpha (0.0): by how much the boxes of ``patches_field`` or ``roi_field`` are widened
        force_square (False): whether the boxes are extended to squares
        frames (None): the arguments of ``to_frames()`` for an index of frames of videos
        root_dir (None): the folder that holds the index's folder, stored as an absolute path. By
            default, the value in ``brain_config`` or in the environment variable
            ``FIFTYONE_BRAIN_SIMILARITY_FAISS_ROOT_DIR``, else ``~/fiftyone/__faiss__``
        **kwargs: see :class:`fiftyone.brain.similarity.SimilarityConfig`

    Raises:
        ValueError: if the metric, the index type or the dtype is unknown
    """

    def __init__(
        self,
        metric: str = "cosine",
        index_type: str = "auto",
        dtype: str = "float32",
        alpha: float = 0.0,
        force_square: bool = False,
        frames: dict[str, Any] | None = None,
        root_dir: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _check_choice("metric", metric, METRICS)
        _check_choice("dtype", dtype, DTYPES)
        check_index_type(index_type)
        self.metric = metric
        self.index_type = index_type
        self.dtype = dtype
        self.alpha = alpha
        self.force_square = force_square
        self.frames = frames
        # A machine-wide setting is read at each use; a stored copy would miss later changes.
        is_own = root_dir is not None and root_dir != _configured_root()
        self.root_dir = _absolute(root_dir) if is_own else None

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
    def regions(self) -> Regions:
        """Which parts of the images the index holds."""
        return Regions(self.patches_field, self.roi_field, self.alpha, self.force_square)

    @property
    def root(self) -> Path:
        """The folder that holds the index's folder."""
        root = self.root_dir or _configured_root() or "~/fiftyone/__faiss__"
        return Path(root).expanduser()

    def load_credentials(self, root_dir: str | None = None) -> None:
        if root_dir is not None:
            self.root_dir = _absolute(root_dir)


def _absolute(folder: str | None) -> str | None:
    """An absolute folder, because other processes have other working directories."""
    if folder is None or folder.startswith("~"):
        return folder
    return os.path.abspath(folder)


def _check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise ValueError(f"'{value}' is no {name}; choose one of {', '.join(choices)}.")


def _configured_root() -> str | None:
    settings = fob.brain_config.similarity_backends.get("faiss", {})
    return settings.get("root_dir") or os.environ.get(ROOT_DIR_VARIABLE)


class FaissSimilarity(Similarity):
    """Creates, loads and deletes FAISS similarity indexes.

    Args:
        config: a :class:`FaissSimilarityConfig`
    """

    def initialize(
        self, samples: foc.SampleCollection, brain_key: str | None
    ) -> FaissSimilarityIndex:
        """Creates an empty index and saves a reference to it; a stopped build can then resume."""
        results = FaissSimilarityIndex(
            samples, self.config, brain_key, run_id=run_id(samples, brain_key), backend=self
        )
        try:
            results.create_store()
            self.save_run_results(samples, brain_key, results)
        except BaseException:
            # FiftyOne has registered the run, which would block its key without an index.
            if brain_key is not None:
                self.delete_run(samples, brain_key)
            raise
        return results

    def cleanup(self, samples: foc.SampleCollection, key: str) -> None:
        """Deletes the files of the index, unless they belong to another database."""
        store_of_run(self.config.root, str(run_id(samples, key))).destroy()


class FaissSimilarityIndex(DuplicatesIndex):
    """A FAISS similarity index: the base classes store the vectors, this class answers queries."""

    def nearest(
        self,
        queries: Matrix,
        k: int | None,
        samples: foc.SampleCollection | None = None,
        reverse: bool = False,
    ) -> list[NeighborIds]:
        """Finds the nearest samples, or labels, that exist in the dataset.

        Args:
            queries: ``(Q, dim)`` float32
            k: how many, or None for all
            samples (None): a view to search in, by default the dataset
            reverse (False): whether to find the farthest instead

        Returns:
            ``Q`` :class:`NeighborIds`
        """
        snapshot = self.snapshot
        row_filter = self.view_filter.row_filter(samples, snapshot)
        hits = self.vectors.search(snapshot, queries, k, row_filter, reverse)
        return [NeighborIds.of(snapshot, hit) for hit in hits]

    def _kneighbors(
        self,
        query: Any = None,
        k: int | None = None,
        reverse: bool = False,
        aggregation: str | None = None,
        return_dists: bool = False,
    ) -> Any:
        k = checked_k(k)
        if query is None:
            return self._self_neighbors(k, None, return_dists)
        queries, single = self._query_vectors(query)
        view = self.active_view()
        if aggregation is None:
            neighbors = self.nearest(queries, k, view, reverse)
        elif aggregation == "mean":
            neighbors = self.nearest(queries.mean(axis=0, keepdims=True), k, view, reverse)
        else:
            _check_choice("aggregation", aggregation, self.config.supported_aggregations)
            snapshot = self.snapshot
            row_filter = self.view_filter.row_filter(view, snapshot)
            combine = _AGGREGATIONS[aggregation]
            hit = self.vectors.search_combined(snapshot, queries, k, row_filter, combine, reverse)
            neighbors = [NeighborIds.of(snapshot, hit)]
        return formatted(neighbors, single or aggregation is not None, return_dists)

    def _radius_neighbors(
        self, query: Any = None, thresh: float | None = None, return_dists: bool = False
    ) -> Any:
        if thresh is None:
            raise ValueError("Give thresh, the largest distance to find, such as 0.1.")
        if query is None:
            return self._self_neighbors(None, thresh, return_dists)
        queries, single = self._query_vectors(query)
        snapshot = self.snapshot
        row_filter = self.view_filter.row_filter(self.active_view(), snapshot)
        hits = self.vectors.range_search(snapshot, queries, thresh, row_filter)
        return formatted([NeighborIds.of(snapshot, hit) for hit in hits], single, return_dists)

    def _query_vectors(self, query: Any) -> tuple[Matrix, bool]:
        """``(Q, dim)`` float32 vectors of a query, and whether the query is a single one."""
        if isinstance(query, str):
            return self.vectors_of([query]), True
        array = np.asarray(query)
        if np.issubdtype(array.dtype, np.number):
            return check_vectors(np.atleast_2d(array)), array.ndim == 1
        return self.vectors_of(list(query)), False

    def _self_neighbors(self, k: int | None, thresh: float | None, return_dists: bool) -> Any:
        """The neighbors of all active points among each other, as places in the current ids."""
        if self.config.metric == "dotproduct":
            raise ValueError(
                f"The index '{self.key}' has the metric dotproduct, whose distances can be "
                "negative, so that they do not measure how similar two samples are; use an index "
                "with metric='cosine' or metric='euclidean'."
            )
        self._apply_view_if_necessary()
        snapshot = self.snapshot
        active = snapshot.rows_of(pack_ids(self._current_ids()))
        active = active[active >= 0]
        place = np.full(snapshot.total_rows, -1, np.int64)
        place[active] = np.arange(len(active))
        if thresh is None:
            hits = nearest_among(self.vectors, self.graphs, snapshot, active, k)
        else:
            hits = within_among(self.vectors, snapshot, active, thresh)
        inds = [place[hit.rows] for hit in hits]
        return (inds, [hit.distances for hit in hits]) if return_dists else inds


def _clone_stores(
    source: fo.Dataset, clone: fo.Dataset, now: datetime, new_ids: dict[str, str]
) -> None:
    """Copies the files of the indexes of a cloned dataset while the originals exist."""
    for key in clone.list_brain_runs(type="similarity", method="faiss"):
        clone.load_brain_results(key)


# Otherwise a clone copies its files when it is first loaded, and they may be deleted by then.
fod.register_extras_cloner(_clone_stores)
