"""FiftyOne's similarity contract for reading an index that is kept in a store."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fiftyone as fo
import fiftyone.core.collections as foc
import fiftyone.core.models as fom
import numpy as np

from fiftyone_faiss.brain.ann.graph_files import GraphMaintenance
from fiftyone_faiss.brain.ann.searcher import VectorSearcher
from fiftyone_faiss.brain.backend.runs import run_id, store_of_run
from fiftyone_faiss.brain.backend.searchable import IndexConfig
from fiftyone_faiss.brain.backend.view_state import PerContextIndex
from fiftyone_faiss.brain.core.arrays import Matrix, Rows
from fiftyone_faiss.brain.core.ids import id_array, pack_ids, unpack_ids
from fiftyone_faiss.brain.data.database import database_id, run_exists
from fiftyone_faiss.brain.data.view_filter import ViewFilter
from fiftyone_faiss.brain.models import loading
from fiftyone_faiss.brain.models.reference_prompts import reference_prompt_vectors
from fiftyone_faiss.brain.store.manifest import FORMAT_VERSION, StoreError
from fiftyone_faiss.brain.store.ownership import OwnedStore
from fiftyone_faiss.brain.store.snapshot import Snapshot
from fiftyone_faiss.brain.store.store import Store

if TYPE_CHECKING:
    from fiftyone.brain.similarity import Similarity

logger = logging.getLogger(__name__)


class StoredIndex(PerContextIndex):
    """The stored vectors of an index; see :class:`fiftyone.brain.similarity.SimilarityIndex`.

    Args:
        samples: the collection that was indexed
        config: the configuration of the index
        brain_key: the brain key, or None for a temporary index, deleted with this object
        run_id (None): the id of the run, None without a brain key
        source_id (None): the run whose files to copy if this run has no files
        backend (None): a :class:`fiftyone_faiss.brain.similarity.FaissSimilarity`
    """

    def __init__(
        self,
        samples: foc.SampleCollection,
        config: IndexConfig,
        brain_key: str | None,
        run_id: str | None = None,
        source_id: str | None = None,
        backend: Similarity | None = None,
    ) -> None:
        self._run_id = run_id
        self._source_id = source_id
        self._temporary = None
        self._store: Store
        if run_id is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="fiftyone-faiss-")
            self._store = Store(Path(self._temporary.name) / "index")
        else:
            self._store = store_of_run(config.root, run_id)
        # Made without this object: a reference to this object would keep its files alive.
        texts = partial(
            _reference_prompts, self._store, config.model if config.supports_prompts else None
        )
        self.vectors = VectorSearcher(self._store, config.metric, config.index_type, texts)
        self.graphs = GraphMaintenance(self._store, config.metric)
        # FiftyOne registers a run of frames on a view of frames, this package on the dataset, which
        # loads faster.
        is_of_frames = samples._is_frames or config.frames is not None
        self.view_filter = ViewFilter(samples, config.patches_field, is_of_frames)
        super().__init__(samples, config, brain_key, backend=backend)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles a reference to the Brain run, which another process then opens."""
        if self._run_id is None or self.key is None:
            raise TypeError(
                "A temporary index cannot be pickled; build it with a brain_key, so that another "
                "process can open it."
            )
        return open_run, (self._samples._root_dataset.name, self.key, self._run_id)

    # -- the store and its run -----------------------------------------------------------------

    @property
    def path(self) -> Path:
        """The folder of the vectors."""
        return self._store.path

    @property
    def run_id(self) -> str | None:
        """The Brain run that the files belong to, which is the name of their folder."""
        if self._source_id is not None and not self._store.exists:
            return self._source_id
        return self._run_id

    @property
    def is_replaced(self) -> bool:
        """Whether another process deleted the run, or replaced it by another with its key."""
        if self._run_id is None or self.key is None:
            return False
        runs = self._samples._root_dataset._doc.brain_methods
        return self.key not in runs or run_id(self._samples, self.key) != self._run_id

    @property
    def format_version(self) -> int:
        return FORMAT_VERSION

    def attributes(self) -> list[str]:
        # The database holds only values that never change; the manifest holds the others.
        return ["cls", "run_id", "format_version"]

    @classmethod
    def _from_dict(
        cls,
        d: dict[str, Any],
        samples: foc.SampleCollection,
        config: IndexConfig,
        brain_key: str,
    ) -> StoredIndex:
        own, source = run_id(samples, brain_key), d["run_id"]
        index = cls(
            samples, config, brain_key, run_id=own, source_id=source if source != own else None
        )
        if index._source_id is not None:
            index._copy_source()
        return index

    def metadata(self) -> dict[str, Any]:
        """The entries of a manifest that describe the run of its store."""
        return {
            "metric": self.config.metric,
            "model": self.config.model,
            "database": database_id(),
            "dataset": self._samples._root_dataset.name,
            "run_id": self._run_id,
            "brain_key": self.key,
        }

    def create_store(self) -> None:
        """Creates the folder of an empty index.

        Raises:
            ValueError: if its run was deleted in the meantime
        """
        if self._run_id is not None and not run_exists(self._run_id):
            raise ValueError(
                f"The index '{self.key}' was deleted by another process; call dataset.reload()."
            )
        Store.create(
            self.path,
            has_labels=self.config.patches_field is not None,
            metadata=self.metadata(),
            dtype=self.config.dtype,
        )

    def adopt_files(self) -> None:
        """Claims the files of the index, if they were written for another database or run."""
        if isinstance(self._store, OwnedStore):
            self._store.adopt()

    def _copy_source(self) -> None:
        """Copies the files of the run that this run was cloned or imported from."""
        source = store_of_run(self.config.root, str(self._source_id))
        if self._store.exists or not source.exists:
            return
        try:
            source.copy_to(self.path, self.metadata())
        except StoreError as error:
            # Loading must not fail, or importing a dataset and listing its indexes would fail. A
            # search reports the missing files.
            logger.warning("The files of the index '%s' could not be copied: %s", self.key, error)

    @property
    def snapshot(self) -> Snapshot:
        """The newest generation of the stored vectors."""
        try:
            return self._store.snapshot()
        except StoreError as error:
            if not self.is_replaced:
                raise
            # FiftyOne caches results by key, and would return this object again.
            self._samples._root_dataset.clear_cache()
            raise StoreError(
                f"The index in {self.path} was deleted, and '{self.key}' may be another index now; "
                "try again."
            ) from error

    @property
    def store(self) -> Store:
        """The folder of vectors."""
        return self._store

    @property
    def sample_ids(self) -> np.ndarray:
        snapshot = self.snapshot
        return id_array(snapshot.sample_ids[snapshot.live_rows])

    @property
    def label_ids(self) -> np.ndarray | None:
        snapshot = self.snapshot
        if snapshot.label_ids is None:
            return None
        return id_array(snapshot.label_ids[snapshot.live_rows])

    @property
    def total_index_size(self) -> int:
        return self.snapshot.size

    def cleanup(self) -> None:
        self._store.destroy()

    # -- vectors and queries -------------------------------------------------------------------

    def get_embeddings(
        self,
        sample_ids: Iterable[str] | str | None = None,
        label_ids: Iterable[str] | str | None = None,
        allow_missing: bool = True,
        warn_missing: bool = False,
    ) -> tuple[Matrix, np.ndarray, np.ndarray | None]:
        if label_ids is not None and self.config.patches_field is None:
            raise ValueError("This index holds samples, not labels; give sample_ids instead.")
        snapshot = self.snapshot
        if sample_ids is None and label_ids is None:
            rows = snapshot.live_rows
        else:
            rows = self._rows_for(sample_ids, label_ids, allow_missing, warn_missing)
        return (
            snapshot.vectors_at(rows),
            id_array(snapshot.sample_ids[rows]),
            None if snapshot.label_ids is None else id_array(snapshot.label_ids[rows]),
        )

    def _rows_for(
        self,
        sample_ids: Iterable[str] | str | None,
        label_ids: Iterable[str] | str | None,
        allow_missing: bool,
        warn_missing: bool,
    ) -> Rows:
        """The rows of labels, or of samples, in the order of their ids."""
        snapshot = self.snapshot
        if label_ids is None and self.config.patches_field is not None:
            wanted = pack_ids(_listed(sample_ids))
            rows = snapshot.rows_of_samples(wanted)
            missing = wanted[~np.isin(wanted, snapshot.sample_ids[rows])]
        else:
            wanted = pack_ids(_listed(label_ids if label_ids is not None else sample_ids))
            rows = snapshot.rows_of(wanted)
            missing, rows = wanted[rows < 0], rows[rows >= 0]
        if missing.size:
            first = unpack_ids(missing[:1])[0]
            sentence = f"The index holds no vector for {missing.size} ids, such as '{first}'"
            if not allow_missing:
                raise ValueError(f"{sentence}; add them to the index first.")
            if warn_missing:
                logger.warning("%s; they are skipped.", sentence)
        return rows

    def get_model(self) -> fom.Model:
        """The model of this index: an embedder of this package, or a model of FiftyOne's zoo."""
        if self._model is None and self.config.model is not None:
            self._model: fom.Model | None = loading.find_model(
                self.config.model,
                self.config.model_kwargs,
                self.key,
                self.snapshot.precision() or "auto",
            )
        return super().get_model()

    def vectors_of(self, ids: Sequence[str]) -> Matrix:
        """``(len(ids), dim)`` float32 vectors of samples, or of labels for a patches index.

        Raises:
            ValueError: if one of them is not in the index
        """
        by_label = self.config.patches_field is not None
        rows = self._rows_for(None if by_label else ids, ids if by_label else None, False, False)
        return self.snapshot.vectors_at(rows)


def open_run(dataset_name: str, brain_key: str, run_id: str) -> StoredIndex:
    """Opens the index of a Brain run, for :mod:`pickle`.

    Raises:
        ValueError: if the run was deleted, or replaced by another with its key
    """
    dataset = fo.load_dataset(dataset_name)
    results = dataset.load_brain_results(brain_key) if dataset.has_brain_run(brain_key) else None
    if not isinstance(results, StoredIndex) or results.run_id != run_id:
        raise ValueError(
            f"The index '{brain_key}' of '{dataset_name}' was deleted or replaced after it was "
            "pickled; load it again with load_brain_results()."
        )
    return results


def _reference_prompts(store: Store, model: str | None) -> Matrix | None:
    return reference_prompt_vectors(model, store.snapshot().precision() or "auto")


def _listed(ids: Iterable[str] | str | None) -> list[str]:
    if ids is None:
        return []
    return [ids] if isinstance(ids, str) else list(ids)
