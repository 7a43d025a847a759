"""The stored half of the Brain backend: FiftyOne's contract for adding, removing and reading."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fiftyone as fo
import fiftyone.core.collections as foc
import fiftyone.core.models as fom
import numpy as np
from fiftyone.brain.internal.core import utils as fbu
from fiftyone.brain.similarity import SimilarityIndex

from fiftyone_faiss.brain import membership, models
from fiftyone_faiss.brain.ids import pack_ids, unpack_ids
from fiftyone_faiss.brain.manifest import FORMAT_VERSION
from fiftyone_faiss.brain.store import Matrix, Rows, Snapshot, Store

if TYPE_CHECKING:
    from fiftyone_faiss.brain.similarity import FaissSimilarity, FaissSimilarityConfig

logger = logging.getLogger(__name__)


def run_id(samples: foc.SampleCollection, brain_key: str | None) -> str | None:
    """The id of a Brain run's document: it survives a rename and is new for a clone."""
    if brain_key is None:
        return None
    return str(samples._root_dataset._doc.brain_methods[brain_key].id)


class StoredIndex(SimilarityIndex):
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
        self._dataset = samples._dataset
        self._run_id = run_id
        self._source_id = source_id
        self._current_rows: Rows | None = None
        self._temporary = None
        if run_id is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="fiftyone-faiss-")
            self.path = Path(self._temporary.name) / "index"
        else:
            self.path = config.root / run_id
        self._store = Store(self.path)
        super().__init__(samples, config, brain_key, backend=backend)

    # -- what is stored ------------------------------------------------------------------------

    @property
    def run_id(self) -> str | None:
        """The id of the Brain run, which is the name of the index's folder."""
        return self._run_id

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
        own = run_id(samples, brain_key)
        return cls(samples, config, brain_key, run_id=own, source_id=d["run_id"])

    @property
    def snapshot(self) -> Snapshot:
        """The newest generation of the stored vectors."""
        if not self._store.exists and self._source_id not in (None, self._run_id):
            # The pointer came with a cloned dataset: take over the original's files.
            self._store = Store(self.config.root / str(self._source_id)).copy_to(self.path)
        return self._store.snapshot()

    @property
    def store(self) -> Store:
        """The folder of vectors."""
        return self._store

    @property
    def sample_ids(self) -> np.ndarray:
        snapshot = self.snapshot
        return np.array(unpack_ids(snapshot.sample_ids[snapshot.live]), dtype="U24")

    @property
    def label_ids(self) -> np.ndarray | None:
        snapshot = self.snapshot
        if snapshot.label_ids is None:
            return None
        return np.array(unpack_ids(snapshot.label_ids[snapshot.live]), dtype="U24")

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
        vectors = checked_vectors(embeddings)
        samples = pack_ids(sample_ids)
        labels = None
        if self.config.patches_field is not None:
            labels = pack_ids(() if label_ids is None else label_ids)
        ids = samples if labels is None else labels
        if len(ids) != len(vectors) or len(samples) != len(vectors):
            raise ValueError(
                f"{len(vectors)} embeddings came with {len(samples)} sample ids"
                + ("" if labels is None else f" and {len(labels)} label ids")
                + "; give one id of each kind for each embedding."
            )
        # Of an id given twice, the last vector counts, as if they had been added in turn.
        keep = len(ids) - 1 - np.unique(ids[::-1], return_index=True)[1]
        if not overwrite:
            known = self.snapshot.rows_of(ids[keep]) >= 0
            _report_known(int(known.sum()), allow_existing, warn_existing)
            keep = keep[~known]
        keep = np.sort(keep)
        if not keep.size:
            return
        if self.config.embeddings_field is not None:
            self._write_field(
                vectors[keep], samples[keep], None if labels is None else labels[keep]
            )
        self._store.commit(vectors[keep], samples[keep], None if labels is None else labels[keep])
        if reload:
            self.reload()

    def _write_field(self, vectors: Matrix, samples: np.ndarray, labels: np.ndarray | None) -> None:
        fbu.add_embeddings(
            self._dataset,
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
                self._dataset,
                self.config.embeddings_field,
                sample_ids=None if by_label else unpack_ids(ids),
                label_ids=unpack_ids(ids) if by_label else None,
                patches_field=self.config.patches_field,
            )
        self._store.commit(delete=ids)
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
            rows = np.flatnonzero(snapshot.live)
        else:
            rows = self._rows_for(sample_ids, label_ids, allow_missing, warn_missing)
        found_samples, found_labels = self._ids_at(snapshot, rows)
        return (
            snapshot.vectors_at(rows),
            np.array(found_samples, dtype="U24"),
            None if found_labels is None else np.array(found_labels, dtype="U24"),
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
            here = snapshot.live & np.isin(snapshot.sample_ids, wanted)
            return np.flatnonzero(here)
        ids = _listed(label_ids if label_ids is not None else sample_ids)
        rows = snapshot.rows_of(pack_ids(ids))
        missing = np.flatnonzero(rows < 0)
        if missing.size:
            sentence = (
                f"The index holds no vector for {missing.size} ids, such as '{ids[missing[0]]}'"
            )
            if not allow_missing:
                raise ValueError(f"{sentence}; add them to the index first.")
            if warn_missing:
                logger.warning("%s; they are passed over.", sentence)
        return rows[rows >= 0]

    def _ids_at(self, snapshot: Snapshot, rows: Rows) -> tuple[list[str], list[str] | None]:
        labels = snapshot.label_ids
        return (
            unpack_ids(snapshot.sample_ids[rows]),
            None if labels is None else unpack_ids(labels[rows]),
        )

    def get_model(self) -> fom.Model:
        """The model of this index: its embedder when it has one of ours, else the zoo's."""
        if self._model is None and self.config.model is not None:
            self._model: fom.Model | None = models.find_model(
                self.config.model, self.config.model_kwargs
            )
        return super().get_model()

    # -- the view it is restricted to ----------------------------------------------------------

    def use_view(self, *args: Any, **kwargs: Any) -> StoredIndex:
        self._current_rows = None
        super().use_view(*args, **kwargs)
        return self

    def view_rows(self, samples: foc.SampleCollection) -> Rows | None:
        """The rows of a collection's samples or labels, in its order; None for all rows."""
        if isinstance(samples, fo.Dataset):
            return None
        ids = membership.collection_ids(samples, self.config.patches_field)
        rows = self.snapshot.rows_of(pack_ids(ids))
        return rows[rows >= 0]

    def _active_rows(self) -> Rows | None:
        if not self.has_view:
            return None
        if self._current_rows is None:
            self._current_rows = self.view_rows(self._curr_view)
        return self._current_rows

    def vectors_of(self, ids: Sequence[str]) -> Matrix:
        """``(len(ids), dim)`` float32 vectors of samples, or of labels for a patches index.

        Raises:
            ValueError: if one of them is not in the index
        """
        by_label = self.config.patches_field is not None
        rows = self._rows_for(None if by_label else ids, ids if by_label else None, False, False)
        return self.snapshot.vectors_at(rows)


def checked_vectors(embeddings: Any) -> Matrix:
    vectors = np.asarray(embeddings, np.float32)
    if vectors.ndim != 2:
        raise ValueError(
            f"Embeddings come as an array of (number, dimensions), not of shape {vectors.shape}."
        )
    if not np.isfinite(vectors).all():
        raise ValueError("Some embeddings are not finite numbers; remove those rows first.")
    return vectors


def _report_known(count: int, allow: bool, warn: bool) -> None:
    if count and not allow:
        raise ValueError(f"{count} of the ids are in the index already; pass overwrite=True.")
    if count and warn:
        logger.warning("%d of the ids are in the index already and are passed over.", count)


def _listed(ids: Iterable[str] | str | None) -> list[str]:
    if ids is None:
        return []
    return [ids] if isinstance(ids, str) else list(ids)
