"""Makes the similarity runs of other Brain backends searchable.

Backends differ in how they restrict a query to a view, in what they call a distance, and in what a
query changes in their results object. So a run is loaded without FiftyOne's cache, which would
share one object with others, and only two of its methods are used: the neighbors of a vector, as
candidates, and the vectors of ids. Views, deleted samples and distances are handled here.

- A backend that lists the ids of its vectors, such as sklearn, keeps the vectors in memory: they
  are copied into a temporary store and searched exactly (:class:`CopiedIndex`).
- Any other backend is asked for candidates (:class:`RemoteIndex`).
"""

from __future__ import annotations

import json
import tempfile
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

import cachetools
import fiftyone.core.collections as foc
import numpy as np
from fiftyone.brain.similarity import SimilarityConfig, SimilarityIndex

from fiftyone_faiss.brain.ann.searcher import VectorSearcher
from fiftyone_faiss.brain.backend.candidate_reader import CandidateReader
from fiftyone_faiss.brain.backend.raw_model import load_zoo_model
from fiftyone_faiss.brain.backend.runs import UNIT_QUERIES
from fiftyone_faiss.brain.backend.searchable import IndexReader, model_of
from fiftyone_faiss.brain.backend.store_reader import StoreReader
from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.core.ids import pack_ids
from fiftyone_faiss.brain.core.vectors import check_vectors
from fiftyone_faiss.brain.data.database import data_token
from fiftyone_faiss.brain.data.media import Regions
from fiftyone_faiss.brain.data.view_filter import ViewFilter
from fiftyone_faiss.brain.models import loading
from fiftyone_faiss.brain.models.zoo import zoo_entry
from fiftyone_faiss.brain.store.batch import Batch
from fiftyone_faiss.brain.store.store import Store
from fiftyone_faiss.embedders import Embedder

# Copies of vectors, and models with their arguments, that a process keeps.
COPIED_INDEXES, EMBEDDERS = 4, 4

_embedders: cachetools.LRUCache[tuple[str, str, bool], Embedder] = cachetools.LRUCache(EMBEDDERS)
_loading = threading.Lock()


class AdaptedIndex(ABC):
    """A similarity run of another backend as a :class:`.searchable.SearchableIndex`.

    Args:
        samples: the collection that was indexed
        config: the configuration of the run
        key: its brain key
    """

    def __init__(self, samples: foc.SampleCollection, config: SimilarityConfig, key: str) -> None:
        self.samples = samples
        self.config = config
        self.key = key

    @property
    def backend_name(self) -> str:
        return str(self.config.method)

    @property
    def metric(self) -> str:
        return str(self.config.metric)

    @property
    def model(self) -> str | None:
        model: str | None = self.config.model
        return model

    @property
    def supports_text(self) -> bool:
        return bool(self.config.supports_prompts)

    @property
    def patches_field(self) -> str | None:
        field: str | None = self.config.patches_field
        return field

    @property
    def regions(self) -> Regions:
        # FiftyOne does not store by how much it widened the boxes.
        return Regions(self.patches_field, self.config.roi_field)

    @property
    @abstractmethod
    def total_index_size(self) -> int:
        """How many vectors the index holds."""

    @property
    @abstractmethod
    def supports_all_neighbors(self) -> bool:
        """Whether it can find the neighbors of all of its vectors."""

    @abstractmethod
    def reader(self, view: foc.SampleCollection | None = None) -> IndexReader:
        """Opens the newest state of the index."""

    def get_embedder(self) -> Embedder:
        """The embedder of queries.

        Raises:
            ValueError: if the run does not name its model
        """
        name, kwargs = model_of(self), self.config.model_kwargs or {}
        # Directions do not depend on the length of a vector, other distances do.
        is_raw = self.metric != "cosine" and not getattr(self.config, UNIT_QUERIES, False)
        if zoo_entry(name) is None or not (kwargs or is_raw):
            return loading.get_index_embedder(self.key, name)
        key = (name, json.dumps(kwargs, sort_keys=True, default=str), is_raw)
        with _loading:
            if key not in _embedders:
                _embedders[key] = load_zoo_model(name, kwargs, is_raw)
            return _embedders[key]

    def vectors_of(self, ids: Sequence[str]) -> Matrix:
        """``(len(ids), dim)`` float32 vectors of samples, or of labels in an index of patches.

        Raises:
            ValueError: if one of them is not in the index
        """
        known = self.known_vectors(ids)
        missing = [id for id in ids if id not in known]
        if missing:
            raise ValueError(
                f"The index holds no vector for {len(missing)} ids, such as '{missing[0]}'; add "
                "them to the index first."
            )
        return np.stack([known[id] for id in ids])

    def known_vectors(self, ids: Sequence[str]) -> Mapping[str, Matrix]:
        """The ``(dim,)`` float32 vectors of those ids that the index holds."""
        reader = self.reader()
        rows = reader.rows_of(ids)
        vectors = reader.vectors_at(rows[rows >= 0])
        return dict(zip(np.asarray(ids)[rows >= 0].tolist(), vectors, strict=True))


class CopiedIndex(AdaptedIndex):
    """A run whose backend keeps its vectors in memory, searched in a copy of them.

    Args:
        results: the results of the run, which this object does not keep
        key: its brain key

    Raises:
        ValueError: if its vectors cannot be searched
    """

    supports_all_neighbors = True

    def __init__(self, results: SimilarityIndex, key: str) -> None:
        super().__init__(results.samples, results.config, key)
        self._folder = tempfile.TemporaryDirectory(prefix="fiftyone-faiss-")
        has_labels = self.patches_field is not None
        store = Store.create(Path(self._folder.name) / "copy", has_labels, {})
        vectors, sample_ids, label_ids = results.get_embeddings()
        labels = pack_ids(label_ids) if has_labels else None
        store.commit(Batch(check_vectors(vectors), pack_ids(sample_ids), labels))
        self._store = store
        self._searcher = VectorSearcher(store, self.metric, "flat")
        is_of_frames = self.samples._is_frames
        self._view_filter = ViewFilter(self.samples, self.patches_field, is_of_frames)

    @property
    def total_index_size(self) -> int:
        return self._store.snapshot().size

    def reader(self, view: foc.SampleCollection | None = None) -> StoreReader:
        return StoreReader(self._searcher, self._store.snapshot(), self._view_filter, view)


class RemoteIndex(AdaptedIndex):
    """A run whose backend is asked for the candidates of each query.

    Args:
        results: the results of the run
        key: its brain key
        state: a value that changes when the results are saved again
    """

    supports_all_neighbors = False

    def __init__(self, results: SimilarityIndex, key: str, state: str) -> None:
        super().__init__(results.samples, results.config, key)
        self._results = results
        self._state = state

    @property
    def total_index_size(self) -> int:
        return int(self._results.total_index_size)

    def reader(self, view: foc.SampleCollection | None = None) -> CandidateReader:
        return CandidateReader(self._results, self._state, view)


_copied_indexes: cachetools.LRUCache[str, CopiedIndex] = cachetools.LRUCache(COPIED_INDEXES)
_read_lock = threading.Lock()


def adapt(samples: foc.SampleCollection, key: str) -> AdaptedIndex | None:
    """Loads a run of another backend, None if it has no results yet.

    Args:
        samples: the dataset, or a view of it
        key: the brain key of the run

    Raises:
        ValueError: if it has no vectors that can be searched
    """
    dataset = samples._root_dataset
    document = dataset._doc.brain_methods[key]
    if not document.results:
        return None
    state = f"{document.id}/{document.results.grid_id}"
    config = samples.get_brain_info(key).config
    field = config.embeddings_field
    # Vectors in a field change without the run.
    written = None if field is None else data_token(dataset)
    copy_key = f"{state}/{written}"
    # Threads share the file of the results, of which FiftyOne moves the position as it reads.
    with _read_lock:
        copied = _copied_indexes.get(copy_key)
        if copied is not None:
            return copied
        results = _load(samples, key)
        if results.sample_ids is None:
            return RemoteIndex(results, key, state)
        copied = _copied_indexes[copy_key] = CopiedIndex(results, key)
    return copied


def load_results(samples: foc.SampleCollection, key: str) -> SimilarityIndex:
    """Loads the results of a finished run of another backend, which nobody else uses.

    Raises:
        ValueError: if it has no vectors
    """
    with _read_lock:
        return _load(samples, key)


def _load(samples: foc.SampleCollection, key: str) -> SimilarityIndex:
    # Without FiftyOne's cache: its users change the results that they share.
    results: SimilarityIndex = samples.load_brain_results(key, cache=False)
    _check(results, key)
    return results


def _check(results: SimilarityIndex, key: str) -> None:
    if not results.total_index_size:
        backend = results.config.method
        raise ValueError(
            f"The {backend} index '{key}' is empty, or is not where it is looked for; check the "
            f"connection settings of '{backend}' in fiftyone.brain.brain_config, which a run does "
            "not store."
        )
