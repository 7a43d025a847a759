"""Compares indexes with their datasets."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.ann.tuning import Tuning
from fiftyone_faiss.brain.backend.loading import load_faiss_index
from fiftyone_faiss.brain.core.arrays import Rows
from fiftyone_faiss.brain.core.ids import pack_ids
from fiftyone_faiss.brain.data.connection import explain_outage
from fiftyone_faiss.brain.data.media import Media, list_media, media_fingerprints
from fiftyone_faiss.brain.data.private import holds_parts
from fiftyone_faiss.brain.data.view_ids import packed_ids
from fiftyone_faiss.brain.indexing.expected_contents import expected_contents
from fiftyone_faiss.brain.indexing.field_record import known_failures, known_precision
from fiftyone_faiss.brain.models.loading import get_index_embedder
from fiftyone_faiss.brain.similarity import FaissSimilarityIndex
from fiftyone_faiss.brain.store.snapshot import Snapshot
from fiftyone_faiss.embedders import Embedder


@dataclass(frozen=True)
class IndexHealth:
    """The differences between an index and its dataset.

    Attributes:
        brain_key: the index
        size: the number of vectors it holds
        missing: the number of samples, or labels, without a vector that did not fail
        orphaned: the number of vectors whose samples, or labels, were deleted
        failed: the number of samples, or labels, that could not be embedded
        changed: the number of vectors whose files changed their size or modification time; deleted
            files do not count; None if files were not checked
        model_matches: whether all vectors were made with the model's current weights; None if the
            model is unknown
        unindexed: the number of vectors that the FAISS index does not hold yet; they are searched
            exactly
        tuning: the measurements of the FAISS index when it was built; None if search is exact
    """

    brain_key: str
    size: int
    missing: int
    orphaned: int
    failed: int
    changed: int | None
    model_matches: bool | None
    unindexed: int
    tuning: Tuning | None

    @property
    def is_current(self) -> bool:
        """Whether :func:`update_index` has nothing to do, as far as was checked."""
        stale = self.missing + self.orphaned + (self.changed or 0)
        return not stale and self.model_matches is not False

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields as JSON values."""
        return asdict(self)


class Counts(NamedTuple):
    """How many samples, or labels, differ; see :class:`IndexHealth`."""

    missing: int
    failed: int
    orphaned: int


@dataclass(frozen=True)
class Difference:
    """The differences between an index and its dataset, by id and row.

    Attributes:
        media: all media to embed
        missing: the ids without a vector that did not fail
        failed: the ids that could not be embedded
        orphaned: ``(n,)`` int64 rows of deleted samples or labels
        changed: ``(n,)`` int64 rows of changed files; empty if files were not checked
    """

    media: Media
    missing: list[str]
    failed: list[str]
    orphaned: Rows
    changed: Rows


@explain_outage()
def index_health(
    samples: foc.SampleCollection, brain_key: str | None = None, check_media: bool = False
) -> IndexHealth:
    """Compares an index with its dataset.

    Args:
        samples: the dataset, or the view that the index should hold
        brain_key (None): the index; optional if there is only one
        check_media (False): whether to check all files for changes of their size or time

    Returns:
        an :class:`IndexHealth`

    Raises:
        ValueError: if there is no such index, or its files are missing or damaged
    """
    index = load_faiss_index(samples, brain_key)
    samples = expected_contents(index, samples)
    snapshot = index.snapshot
    embedder = embedder_of(index)
    if check_media:
        difference = compare(index, snapshot, samples, check_media)
        counts = Counts(len(difference.missing), len(difference.failed), len(difference.orphaned))
        changed = len(difference.changed)
    else:
        counts, changed = _count(index, snapshot, samples), None
    fingerprint = snapshot.manifest.metadata.get("fingerprint")
    matches = None
    if embedder is not None and fingerprint is not None:
        matches = not len(snapshot.rows_not_of_model(embedder.fingerprint))
    ann_index = snapshot.manifest.ann_index
    return IndexHealth(
        brain_key=index.key,
        size=snapshot.size,
        missing=counts.missing,
        orphaned=counts.orphaned,
        failed=counts.failed,
        changed=changed,
        model_matches=matches,
        unindexed=snapshot.total_rows - ann_index.rows if ann_index else 0,
        tuning=index.vectors.maintenance.tuning(snapshot),
    )


@explain_outage()
def verify_index(samples: foc.SampleCollection, brain_key: str | None = None) -> list[str]:
    """Reads all files of an index and compares their checksums.

    A damaged FAISS index is rebuilt from the vectors at once.

    Args:
        samples: the dataset
        brain_key (None): the index; optional if there is only one

    Returns:
        a sentence for each damaged file, empty if there is none

    Raises:
        ValueError: if there is no such index, or its manifest is missing or damaged
    """
    index = load_faiss_index(samples, brain_key)
    problems = index.store.verify()
    sentences = [problem.sentence for problem in problems]
    if all(problem.is_rebuildable for problem in problems):
        unusable = index.vectors.maintenance.problem_of(index.snapshot)
        if unusable is not None and not problems:
            sentences.append(f"{unusable}.")
        index.vectors.maintenance.maintain(force=unusable is not None)
    return sentences


@explain_outage()
def list_failures(
    samples: foc.SampleCollection,
    brain_key: str | None = None,
    embeddings_field: str | None = None,
) -> dict[str, str]:
    """Lists the samples, or labels, that could not be embedded.

    :func:`update_index` retries them; for a field, :func:`compute_embeddings`.

    Args:
        samples: the dataset
        brain_key (None): an index; optional if there is only one
        embeddings_field (None): a field that ``compute_embeddings`` wrote, instead of an index

    Returns:
        the reasons of the failures, by id

    Raises:
        ValueError: if there is no such index, or ``compute_embeddings`` did not write the field
    """
    if embeddings_field is not None:
        return known_failures(samples, embeddings_field)
    return load_faiss_index(samples, brain_key).snapshot.manifest.failures


def embedder_of(index: FaissSimilarityIndex) -> Embedder | None:
    """Returns the embedder of an index, None if its vectors were given.

    Raises:
        EmbedderError: if the embedder is not available in this process
    """
    model = index.config.model
    if model is None:
        return None
    # New vectors and queries use the precision of the newest vectors.
    precision, field = index.snapshot.precision(), index.config.embeddings_field
    if precision is None and field is not None:
        precision = known_precision(index.samples, field, index.config.patches_field)
    return get_index_embedder(index.key, model, precision or "auto")


def compare(
    index: FaissSimilarityIndex,
    snapshot: Snapshot,
    samples: foc.SampleCollection,
    check_media: bool,
) -> Difference:
    """Compares the rows of an index with the media that it should hold.

    Args:
        index: the index
        snapshot: its rows
        samples: the samples that it should hold
        check_media: whether to check all files for changes of their size or time
    """
    media = list_media(samples, index.config.regions)
    rows = snapshot.rows_of(pack_ids(media.ids))
    failures = snapshot.manifest.failures
    without_vector = [media.ids[i] for i in np.flatnonzero(rows < 0).tolist()]
    changed = np.empty(0, np.int64)
    if check_media:
        held = np.flatnonzero(rows >= 0)
        now = media_fingerprints(media.keep(held.tolist()))
        then = snapshot.media[rows[held]]
        # A deleted file does not make its vector wrong.
        known = (then["size"] >= 0) & (now["size"] >= 0)
        changed = rows[held][(then != now) & known]
    return Difference(
        media=media,
        missing=[media_id for media_id in without_vector if media_id not in failures],
        failed=[media_id for media_id in without_vector if media_id in failures],
        orphaned=_orphaned(index, snapshot, samples, rows),
        changed=changed,
    )


def _count(
    index: FaissSimilarityIndex, snapshot: Snapshot, samples: foc.SampleCollection
) -> Counts:
    """Counts the differences from the ids alone, read once."""
    expected = packed_ids(samples, index.config.patches_field)
    rows = snapshot.rows_of(expected)
    without_vector = np.unique(expected[rows < 0])
    failed = int(np.isin(without_vector, pack_ids(snapshot.manifest.failures)).sum())
    orphaned = _orphaned(index, snapshot, samples, rows)
    return Counts(len(without_vector) - failed, failed, len(orphaned))


def _orphaned(
    index: FaissSimilarityIndex, snapshot: Snapshot, samples: foc.SampleCollection, held: Rows
) -> Rows:
    """Returns the rows of deleted samples or labels.

    Args:
        index: the index
        snapshot: its rows
        samples: the samples that it should hold
        held: ``(n,)`` int64 their rows, -1 for those without one
    """
    rest = snapshot.live_rows
    # Views of frames and patches are copies, which may hold what was deleted since.
    if not holds_parts(samples):
        exists = np.zeros(snapshot.total_rows, bool)
        exists[held[held >= 0]] = True
        rest = rest[~exists[rest]]
    return rest[~index.view_filter.existing_rows(snapshot, rest)]
