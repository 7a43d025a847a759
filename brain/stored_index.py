"""The stored half of the Brain backend: FiftyOne's contract for adding, removing and reading."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fiftyone.core.collections as foc
import fiftyone.core.models as fom
import numpy as np
from fiftyone.brain.internal.core import utils as fbu

from fiftyone_faiss.brain import derived, models
from fiftyone_faiss.brain.ids import pack_ids, unpack_ids
from fiftyone_faiss.brain.index import VectorIndex, answers
from fiftyone_faiss.brain.manifest import FORMAT_VERSION
from fiftyone_faiss.brain.membership import Membership, database_id
from fiftyone_faiss.brain.phrases import PHRASES
from fiftyone_faiss.brain.restriction import PerContextIndex
from fiftyone_faiss.brain.segments import Matrix, Rows
from fiftyone_faiss.brain.snapshot import Snapshot
from fiftyone_faiss.brain.store import Batch, Store
from fiftyone_faiss.brain.vectors import checked_vectors
from fiftyone_faiss.embedders import EmbedderError

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
        texts = partial(_texts_to_tune_with, config)
        self.vectors = VectorIndex(self._store, config.metric, config.index_type, texts)
        self.membership = Membership(samples, config.patches_field)
        super().__init__(samples, config, brain_key, backend=backend)

    # -- what is stored ------------------------------------------------------------------------

    @property
    def run_id(self) -> str | None:
        """The Brain run whose files these are: the name of their folder."""
        if self._source_id is not None and not self._store.exists:
            return self._source_id
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
        own, source = run_id(samples, brain_key), d["run_id"]
        index = cls(
            samples, config, brain_key, run_id=own, source_id=source if source != own else None
        )
        if index._source_id is not None:
            index._adopt()
        return index

    def facts(self) -> dict[str, Any]:
        """What a manifest says of the run that its store belongs to."""
        return {
            "metric": self.config.metric,
            "model": self.config.model,
            "database": database_id(),
            "dataset": self._samples._root_dataset.name,
            "brain_key": self.key,
        }

    def _adopt(self) -> None:
        """Takes over the files of the run that this one was cloned or imported from."""
        source = Store(self.config.root / str(self._source_id))
        if not self._store.exists and source.exists:
            source.copy_to(self.path, self.facts())

    @property
    def snapshot(self) -> Snapshot:
        """The newest generation of the stored vectors."""
        return self._store.snapshot()

    @property
    def store(self) -> Store:
        """The folder of vectors."""
        return self._store

    @property
    def sample_ids(self) -> np.ndarray:
        snapshot = self.snapshot
        return _texts(snapshot.sample_ids[snapshot.live_rows])

    @property
    def label_ids(self) -> np.ndarray | None:
        snapshot = self.snapshot
        if snapshot.label_ids is None:
            return None
        return _texts(snapshot.label_ids[snapshot.live_rows])

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
        batch = Batch(checked_vectors(embeddings), samples, labels)
        self.add_batch(batch, overwrite, allow_existing, warn_existing)
        self.vectors.maintain()
        if reload:
            self.reload()

    def add_batch(
        self,
        batch: Batch,
        overwrite: bool = True,
        allow_existing: bool = True,
        warn_existing: bool = False,
    ) -> None:
        """Commits rows, and leaves the derived index as it is; see :meth:`add_to_index`."""
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
        derived.check_fits(self.config.index_type, batch.vectors.shape[1], self.config.metric)
        if self.config.embeddings_field is not None:
            self._write_field(batch.vectors, batch.sample_ids, batch.label_ids)
        self._store.commit(batch)

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
        self.vectors.maintain()
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
            _texts(snapshot.sample_ids[rows]),
            None if snapshot.label_ids is None else _texts(snapshot.label_ids[rows]),
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
            self._model: fom.Model | None = models.find_model(
                self.config.model, self.config.model_kwargs
            )
        return super().get_model()

    # -- the view it is restricted to ----------------------------------------------------------

    def active_view(self) -> foc.SampleCollection | None:
        """The view that queries are restricted to, None for the whole index.

        Raises:
            ValueError: if it was set not to allow missing ids, and has some
        """
        if not self.has_view:
            return None
        if not self._curr_view_allow_missing or self._curr_view_warn_missing:
            self._apply_view_if_necessary()
        return self._curr_view

    def active_rows(self, snapshot: Snapshot) -> Rows:
        """The rows of the current view, in its order; without one, all that exist."""
        view = self._curr_view if self.has_view else None
        return answers(snapshot, self.membership.scope(view, snapshot))

    def _apply_view_if_necessary(self) -> None:
        snapshot = self.snapshot
        token = self.membership.token(self._curr_view, snapshot)
        if self._curr_sample_ids is None or self._state.token != token:
            self._apply_view_of(snapshot)
            self._change(token=token)

    def _apply_view_of(self, snapshot: Snapshot) -> None:
        rows, missing, places = self.active_rows(snapshot), None, None
        if self.has_view:
            missing = self.membership.rows(self._curr_view, snapshot)[1]
            if missing and not self._curr_view_allow_missing:
                raise ValueError(
                    f"{missing:,} of the view are not present in the index '{self.key}'; add them "
                    "with update_index, or pass allow_missing=True."
                )
            if missing and self._curr_view_warn_missing:
                logger.warning(
                    "%d of the view are not present in the index '%s'.", missing, self.key
                )
        if self.has_view or len(rows) < snapshot.size:
            places = np.searchsorted(snapshot.live_rows, rows)
        self._change(
            curr_sample_ids=_texts(snapshot.sample_ids[rows]),
            curr_label_ids=None if snapshot.label_ids is None else _texts(snapshot.label_ids[rows]),
            curr_keep_inds=places,
            curr_missing_size=missing or None,
        )

    def vectors_of(self, ids: Sequence[str]) -> Matrix:
        """``(len(ids), dim)`` float32 vectors of samples, or of labels for a patches index.

        Raises:
            ValueError: if one of them is not in the index
        """
        by_label = self.config.patches_field is not None
        rows = self._rows_for(None if by_label else ids, ids if by_label else None, False, False)
        return self.snapshot.vectors_at(rows)


def _texts_to_tune_with(config: FaissSimilarityConfig) -> Matrix | None:
    """``(t, dim)`` float32 vectors of some phrases; None if an index is not searched by words."""
    if not config.supports_prompts or config.model is None:
        return None
    try:
        return models.get_embedder(config.model).embed_texts(list(PHRASES))
    except EmbedderError as error:
        # The vectors were given, and the model that they are of is not on this machine.
        logger.warning("An index is tuned without texts: %s", error)
        return None


def _report_known(count: int, allow: bool, warn: bool) -> None:
    if count and not allow:
        raise ValueError(f"{count} of the ids are in the index already; pass overwrite=True.")
    if count and warn:
        logger.warning("%d of the ids are in the index already and are passed over.", count)


def _listed(ids: Iterable[str] | str | None) -> list[str]:
    if ids is None:
        return []
    return [ids] if isinstance(ids, str) else list(ids)


def _texts(packed: np.ndarray) -> np.ndarray:
    """``(n,)`` array of ids as FiftyOne writes them."""
    return np.array(unpack_ids(packed), dtype="U24")
