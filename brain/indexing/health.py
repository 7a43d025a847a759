"""Whether an index still says what its dataset holds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.ann.tuning import Tuning
from fiftyone_faiss.brain.backend.loading import load_index
from fiftyone_faiss.brain.core.arrays import Rows
from fiftyone_faiss.brain.core.ids import pack_ids
from fiftyone_faiss.brain.data.media import Media, list_media, media_fingerprints
from fiftyone_faiss.brain.indexing.expected_contents import contents
from fiftyone_faiss.brain.indexing.field_record import known_failures
from fiftyone_faiss.brain.models.loading import get_embedder
from fiftyone_faiss.brain.similarity import FaissSimilarityIndex
from fiftyone_faiss.brain.store.snapshot import Snapshot
from fiftyone_faiss.embedders import Embedder


@dataclass(frozen=True)
class IndexHealth:
    """How an index compares with its dataset.

    Attributes:
        brain_key: its key
        size: the vectors it holds
        missing: the samples, or labels, that it lacks; those that failed are not among them
        orphaned: its vectors whose samples, or labels, were deleted
        failed: the samples, or labels, that could not be embedded
        changed: its vectors whose media have another size or time than when they were embedded,
            those aside whose files are gone; None if nobody looked
        model_matches: whether the model still has the weights that made the vectors; None if it
            is not known which made them
        unindexed: the vectors that the FAISS index does not hold yet; they are found by a scan
        tuning: what was measured when the FAISS index was built; None where search is exact
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
        """Whether there is nothing for :func:`update_index` to do, as far as was looked."""
        stale = self.missing + self.orphaned + (self.changed or 0)
        return not stale and self.model_matches is not False

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Difference:
    """What there is, what of it an index lacks, and which of its rows no longer count.

    Attributes:
        media: all that there is to embed
        missing: the ids of what it lacks
        failed: the ids of what it lacks because it could not be embedded
        orphaned: the rows of what was deleted
        changed: the rows of media that were changed, as far as anybody looked
    """

    media: Media
    missing: list[str]
    failed: list[str]
    orphaned: Rows
    changed: Rows


def index_health(
    samples: foc.SampleCollection, brain_key: str | None = None, check_media: bool = False
) -> IndexHealth:
    """Compares an index with its dataset.

    Args:
        samples: the dataset, or the view that the index should hold
        brain_key (None): the index; may be left out when there is only one
        check_media (False): whether to look at every file for a change of its size or time

    Returns:
        an :class:`IndexHealth`

    Raises:
        ValueError: if there is no such index, or its files are missing or damaged
    """
    index = load_index(samples, brain_key)
    samples = contents(index, samples)
    snapshot = index.snapshot
    embedder = embedder_of(index)
    found = compare(index, snapshot, samples, check_media)
    fingerprint = snapshot.manifest.metadata.get("fingerprint")
    matches = None
    if embedder is not None and fingerprint is not None:
        matches = not len(snapshot.rows_not_of_model(embedder.fingerprint))
    ann_index = snapshot.manifest.ann_index
    return IndexHealth(
        brain_key=index.key,
        size=snapshot.size,
        missing=len(found.missing),
        orphaned=len(found.orphaned),
        failed=len(found.failed),
        changed=len(found.changed) if check_media else None,
        model_matches=matches,
        unindexed=snapshot.total_rows - ann_index.rows if ann_index else 0,
        tuning=index.vectors.maintenance.tuning(snapshot),
    )


def verify_index(samples: foc.SampleCollection, brain_key: str | None = None) -> list[str]:
    """Reads all files of an index and compares their checksums.

    A damaged FAISS index is made anew from the vectors at once.

    Args:
        samples: the dataset
        brain_key (None): the index; may be left out when there is only one

    Returns:
        a sentence for each damaged file, empty if all is well

    Raises:
        ValueError: if there is no such index, or its manifest is missing or damaged
    """
    index = load_index(samples, brain_key)
    problems = index.store.verify()
    if all(problem.is_rebuildable for problem in problems):
        index.vectors.maintenance.maintain(force=bool(problems))
    return [problem.sentence for problem in problems]


def list_failures(
    samples: foc.SampleCollection,
    brain_key: str | None = None,
    embeddings_field: str | None = None,
) -> dict[str, str]:
    """Why samples, or labels, could not be embedded, by their id.

    :func:`update_index`, or :func:`compute_embeddings` for a field, tries them again.

    Args:
        samples: the dataset
        brain_key (None): an index; may be left out when there is only one
        embeddings_field (None): a field that ``compute_embeddings`` wrote, instead of an index

    Raises:
        ValueError: if there is no such index, or nothing is known of the field
    """
    if embeddings_field is not None:
        return known_failures(samples, embeddings_field)
    return load_index(samples, brain_key).snapshot.manifest.failures


def embedder_of(index: FaissSimilarityIndex) -> Embedder | None:
    """The embedder that makes an index's vectors, None if they were given."""
    return None if index.config.model is None else get_embedder(index.config.model)


def compare(
    index: FaissSimilarityIndex,
    snapshot: Snapshot,
    samples: foc.SampleCollection,
    check_media: bool,
) -> Difference:
    """Compares the rows of an index with what it should hold."""
    media = list_media(samples, index.config.regions)
    rows = snapshot.rows_of(pack_ids(media.ids))
    failures = snapshot.manifest.failures
    lacking = [media.ids[i] for i in np.flatnonzero(rows < 0).tolist()]
    live = snapshot.live_rows
    changed = np.empty(0, np.int64)
    if check_media:
        held = np.flatnonzero(rows >= 0)
        now = media_fingerprints(media.keep(held.tolist()))
        then = snapshot.media[rows[held]]
        # The vector of a file that is gone still says what it showed.
        known = (then["size"] >= 0) & (now["size"] >= 0)
        changed = rows[held][(then != now) & known]
    return Difference(
        media=media,
        missing=[one for one in lacking if one not in failures],
        failed=[one for one in lacking if one in failures],
        orphaned=live[~index.view_filter.existing_rows(snapshot, live)],
        changed=changed,
    )
