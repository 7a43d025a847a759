"""The stored half of the Brain backend: FiftyOne's contract for adding, removing and reading."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fiftyone.core.collections as foc
import fiftyone.core.models as fom
import numpy as np
from fiftyone.brain.internal.core import utils as fbu

from fiftyone_faiss.brain.ann.factory import check_fits
from fiftyone_faiss.brain.ann.searcher import VectorSearcher
from fiftyone_faiss.brain.backend.view_state import PerContextIndex
from fiftyone_faiss.brain.core.arrays import Matrix, Rows
from fiftyone_faiss.brain.core.ids import id_array, pack_ids, unpack_ids
from fiftyone_faiss.brain.core.vectors import check_vectors
from fiftyone_faiss.brain.data.database import database_id, run_exists
from fiftyone_faiss.brain.data.view_filter import ViewFilter
from fiftyone_faiss.brain.models import loading
from fiftyone_faiss.brain.models.reference_prompts import reference_prompt_vectors
from fiftyone_faiss.brain.store.batch import Batch
from fiftyone_faiss.brain.store.manifest import FORMAT_VERSION, StoreError
from fiftyone_faiss.brain.store.snapshot import Snapshot
from fiftyone_faiss.brain.store.store import Metadata, Store

if TYPE_CHECKING:
    from fiftyone_faiss.brain.similarity import FaissSimilarity, FaissSimilarityConfig

logger = logging.getLogger(__name__)


def run_id(samples: foc.SampleCollection, brain_key: str | None) -> str | None:
    """The id of a Brain run's document: it survives a rename and is new for a clone."""
    if brain_key is None:
        return None
    return str(samples._root_dataset._doc.brain_methods[brain_key].id)


class StoredIndex(PerContextIndex):
    """What the index keeps; see :class:`fiftyone.brain.similarity.SimilarityIndex`.

    Args:
        samples: the collection it is of
        config: a :class:`FaissSimilarityConfig`
        brain_key: the brain key, or None for an index that goes with this object
        run_id (None): the id of the run, None without a brain key
        source_id (None): the run whose files to take over, if this run has none of its own
        backend (None): a :class:`FaissSimilarity`
    """

    def __init__(
        self,
        samples: foc.SampleCollection,
        config: FaissSimilarityConfig,
        brain_key: str | None,
        run_id: str | None = None,
        source_id: str | None = None,
        backend: FaissSimilarity | None = None,
    ) -> None:
        self._run_id = run_id
        self._source_id = source_id
        self._temporary = None
        if run_id is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="fiftyone-faiss-")
            self.path = Path(self._temporary.name) / "index"
        else:
            self.path = config.root / run_id
        self._store = Store(self.path)
        # Of the config alone: holding on to this object, it would never go, nor its files.
        texts = partial(reference_prompt_vectors, config.model if config.supports_prompts else None)
        self.vectors = VectorSearcher(self._store, config.metric, config.index_type, texts)
        # A run that FiftyOne made is of a view of frames, ours of the dataset, which loads faster.
        is_of_frames = samples._is_frames or config.frames is not None
        self.view_filter = ViewFilter(samples, config.patches_field, is_of_frames)
        super().__init__(samples, config, brain_key, backend=backend)

    # -- what is stored ------------------------------------------------------------------------

    @property
    def run_id(self) -> str | None:
        """The Brain run whose files these are: the name of their folder."""
        if self._source_id is not None and not self._store.exists:
            return self._source_id
        return self._run_id

    @property
    def is_replaced(self) -> bool:
        """Whether its run was deleted, and maybe another made under its key, by another process."""
        if self._run_id is None or self.key is None:
            return False
        runs = self._samples._root_dataset._doc.brain_methods
        return self.key not in runs or run_id(self._samples, self.key) != self._run_id

    @property
    def format_version(self) -> int:
        return FORMAT_VERSION

    def attributes(self) -> list[str]:
        # The database holds only what never changes; everything else is in the manifest.
        return ["cls", "run_id", "format_version"]

    @classmethod
    def _from_dict(
        cls,
        d: dict[str, Any],
        samples: foc.SampleCollection,
        config: FaissSimilarityConfig,
        brain_key: str,
    ) -> StoredIndex:
        own, source = run_id(samples, brain_key), d["run_id"]
        index = cls(
            samples, config, brain_key, run_id=own, source_id=source if source != own else None
        )
        if index._source_id is not None:
            index._adopt()
        return index

    def metadata(self) -> dict[str, Any]:
        """What a manifest says of the run that its store belongs to."""
        return {
            "metric": self.config.metric,
            "model": self.config.model,
            "database": database_id(),
            "dataset": self._samples._root_dataset.name,
            "brain_key": self.key,
        }

    def create_store(self) -> None:
        """Makes the folder of an index that holds nothing yet.

        Raises:
            ValueError: if its run was deleted meanwhile
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

    def _adopt(self) -> None:
        """Takes over the files of the run that this one was cloned or imported from."""
        source = Store(self.config.root / str(self._source_id))
        if self._store.exists or not source.exists:
            return
        try:
            source.copy_to(self.path, self.metadata())
        except StoreError as error:
            # To load is not to search: an import, or a list of indexes, must not end here. That
            # the files are missing is said where they are needed.
            logger.warning("The index '%s' could not take over its files: %s", self.key, error)

    @property
    def snapshot(self) -> Snapshot:
        """The newest generation of the stored vectors."""
        try:
            return self._store.snapshot()
        except StoreError as error:
            if not self.is_replaced:
                raise
            # FiftyOne's cache goes by the key, and would give out this object for ever.
            self._samples._root_dataset.clear_cache()
            raise StoreError(
                f"The index of {self.path} was deleted, and '{self.key}' may be another one by "
                "now; try again."
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

    # -- changing it ---------------------------------------------------------------------------

    def add_to_index(
        self,
        embeddings: Matrix,
        sample_ids: Iterable[str],
        label_ids: Iterable[str] | None = None,
        overwrite: bool = True,
        allow_existing: bool = True,
        warn_existing: bool = False,
        reload: bool = True,
    ) -> None:
        samples = pack_ids(sample_ids)
        labels = None
        if self.config.patches_field is not None:
            labels = pack_ids(() if label_ids is None else label_ids)
        batch = Batch(check_vectors(embeddings), samples, labels)
        self.add_batch(batch, overwrite, allow_existing, warn_existing)
        self.vectors.maintenance.maintain()
        if reload:
            self.reload()

    def add_batch(
        self,
        batch: Batch,
        overwrite: bool = True,
        allow_existing: bool = True,
        warn_existing: bool = False,
        metadata: Callable[[Metadata], Metadata] | None = None,
    ) -> None:
        """Commits rows, and leaves the ANN index as it is; see :meth:`add_to_index`.

        Args:
            batch: the rows
            overwrite (True): whether to replace rows whose ids the index holds
            allow_existing (True): whether to skip these rows otherwise, or to raise an error
            warn_existing (False): whether to warn about them
            metadata (None): returns the metadata to save with the rows in the same commit, from
                the current metadata
        """
        ids, count = batch.ids, len(batch.vectors)
        # Of an id given twice, the last vector counts, as if they had been added in turn.
        keep = len(ids) - 1 - np.unique(ids[::-1], return_index=True)[1]
        if not overwrite:
            known = self.snapshot.rows_of(ids[keep]) >= 0
            _report_known(int(known.sum()), allow_existing, warn_existing)
            keep = keep[~known]
        if not keep.size:
            return
        if len(keep) < count or not overwrite:
            batch = batch.at(np.sort(keep))
        self.snapshot.check_dim(batch.vectors.shape[1])
        check_fits(self.config.index_type, batch.vectors.shape[1], self.config.metric)
        if self.config.embeddings_field is not None:
            # What the store would refuse must not be in the field.
            batch.columns(self.snapshot.manifest.dtype)
            self._write_field(batch.vectors, batch.sample_ids, batch.label_ids)
        self._store.commit(batch, metadata=metadata)

    def _write_field(self, vectors: Matrix, samples: np.ndarray, labels: np.ndarray | None) -> None:
        fbu.add_embeddings(
            self._samples._dataset,
            vectors,
            unpack_ids(samples),
            None if labels is None else unpack_ids(labels),
            self.config.embeddings_field,
            patches_field=self.config.patches_field,
        )

    def remove_from_index(
        self,
        sample_ids: Iterable[str] | None = None,
        label_ids: Iterable[str] | None = None,
        allow_missing: bool = True,
        warn_missing: bool = False,
        reload: bool = True,
    ) -> None:
        rows = self._rows_for(sample_ids, label_ids, allow_missing, warn_missing)
        if not rows.size:
            return
        snapshot = self.snapshot
        ids = snapshot.ids[rows]
        if self.config.embeddings_field is not None:
            by_label = self.config.patches_field is not None
            fbu.remove_embeddings(
                self._samples._dataset,
                self.config.embeddings_field,
                sample_ids=None if by_label else unpack_ids(ids),
                label_ids=unpack_ids(ids) if by_label else None,
                patches_field=self.config.patches_field,
            )
        self._store.commit(delete=ids)
        self.vectors.maintenance.maintain()
        if reload:
            self.reload()

    # -- reading it ----------------------------------------------------------------------------

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
        """The rows of these labels, or of these samples, in the order given."""
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
                logger.warning("%s; they are passed over.", sentence)
        return rows

    def get_model(self) -> fom.Model:
        """The model of this index: its embedder when it has one of ours, else the zoo's."""
        if self._model is None and self.config.model is not None:
            self._model: fom.Model | None = loading.find_model(
                self.config.model, self.config.model_kwargs, self.key
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


def _report_known(count: int, allow: bool, warn: bool) -> None:
    if count and not allow:
        raise ValueError(f"{count} of the ids are in the index already; pass overwrite=True.")
    if count and warn:
        logger.warning("%d of the ids are in the index already and are passed over.", count)


def _listed(ids: Iterable[str] | str | None) -> list[str]:
    if ids is None:
        return []
    return [ids] if isinstance(ids, str) else list(ids)
