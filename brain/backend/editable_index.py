"""FiftyOne's similarity contract for adding vectors to a stored index, and for removing them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

import numpy as np
from fiftyone.brain.internal.core import utils as fbu

from fiftyone_faiss.brain.ann.factory import check_fits
from fiftyone_faiss.brain.backend.missing_fields import has_embeddings_field
from fiftyone_faiss.brain.backend.searchable_store import SearchableStoredIndex
from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.core.ids import PackedIds, pack_ids, unpack_ids
from fiftyone_faiss.brain.core.vectors import check_vectors
from fiftyone_faiss.brain.data.connection import explain_outage
from fiftyone_faiss.brain.data.lookup import are_frames, existing_ids, frames_of_labels
from fiftyone_faiss.brain.data.patch_labels import field_of_label
from fiftyone_faiss.brain.data.private import root_dataset
from fiftyone_faiss.brain.store.batch import Batch
from fiftyone_faiss.brain.store.store import Metadata

logger = logging.getLogger(__name__)


class EditableIndex(SearchableStoredIndex):
    """A stored index whose vectors can be added and removed."""

    @explain_outage()
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
        if self.config.patches_field is None:
            self._check_samples(samples)
        else:
            labels = pack_ids(() if label_ids is None else label_ids)
            samples = self._owners(samples, labels)
        batch = Batch(check_vectors(embeddings), samples, labels)
        self.add_batch(batch, overwrite, allow_existing, warn_existing)
        self.vectors.maintenance.maintain()
        if reload:
            self.reload()

    def _check_samples(self, ids: PackedIds) -> None:
        """Raises a ``ValueError`` if ids are those of labels; they would never be found."""
        dataset, first = root_dataset(self._samples), unpack_ids(ids[:1])
        if not first or existing_ids(dataset, first, None):
            return
        field = field_of_label(dataset, first[0])
        if field is not None:
            raise ValueError(
                f"'{first[0]}' is the id of a label in '{field}', but the index '{self.key}' holds "
                f"samples; delete this index and build it with patches_field='{field}'."
            )
        logger.warning(
            "'%s' is the id of no sample of '%s'; its vector is not found before there is one.",
            first[0], dataset.name,
        )  # fmt: skip

    def _owners(self, samples: PackedIds, labels: PackedIds) -> PackedIds:
        """Returns the ids of the frames of labels; FiftyOne gives those of videos for patches."""
        dataset = root_dataset(self._samples)
        if not self.view_filter.is_of_frames or len(samples) != len(labels):
            return samples
        if are_frames(dataset, unpack_ids(samples[:1])):
            return samples
        return pack_ids(frames_of_labels(dataset, unpack_ids(labels), self.config.patches_field))

    def add_batch(
        self,
        batch: Batch,
        overwrite: bool = True,
        allow_existing: bool = True,
        warn_existing: bool = False,
        metadata: Callable[[Metadata], Metadata] | None = None,
    ) -> None:
        """Commits rows without maintaining the ANN index; see :meth:`add_to_index`.

        Args:
            batch: the rows
            overwrite (True): whether to replace rows whose ids the index holds
            allow_existing (True): whether to skip these rows otherwise, or to raise an error
            warn_existing (False): whether to warn about them
            metadata (None): returns the metadata to save with the rows in the same commit, from
                the current metadata
        """
        ids, count = batch.ids, len(batch.vectors)
        # The last vector of a repeated id counts, as if the vectors had been added in turn.
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
            # Vectors that the store refuses must not be written to the field.
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

    @explain_outage()
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
        # A deleted field holds nothing to remove.
        is_kept = self.config.embeddings_field is not None
        if is_kept and has_embeddings_field(self._samples, self.config):
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


def _report_known(count: int, allow: bool, warn: bool) -> None:
    if count and not allow:
        raise ValueError(f"{count} of the ids are in the index already; pass overwrite=True.")
    if count and warn:
        logger.warning("%d of the ids are in the index already and are skipped.", count)
