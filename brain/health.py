"""Whether an index still says what its dataset holds, and making it do so again."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

import fiftyone.core.collections as foc
import numpy as np
from fiftyone.brain.internal.core import utils as fbu

from fiftyone_faiss.brain.build import IndexReport, embed_into, maintained
from fiftyone_faiss.brain.embedding import LOCAL, Engine, Execution
from fiftyone_faiss.brain.field_record import FieldRecord
from fiftyone_faiss.brain.ids import pack_ids, unpack_ids
from fiftyone_faiss.brain.manage import load_index
from fiftyone_faiss.brain.media import Media, list_media, media_prints
from fiftyone_faiss.brain.membership import collection_ids
from fiftyone_faiss.brain.models import get_embedder
from fiftyone_faiss.brain.progress import Progress, ProgressOption, Steps, run_steps
from fiftyone_faiss.brain.segments import Rows
from fiftyone_faiss.brain.similarity import FaissSimilarityIndex
from fiftyone_faiss.brain.snapshot import Snapshot
from fiftyone_faiss.brain.store import Store
from fiftyone_faiss.brain.tuning import Tuning
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
class _Difference:
    """What there is, what of it an index lacks, and which of its rows no longer count."""

    media: Media
    missing: Media
    failed: Media
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
    snapshot = index.snapshot
    embedder = _embedder_of(index)
    found = _compare(index, snapshot, samples, check_media)
    fingerprint = snapshot.manifest.facts.get("fingerprint")
    matches = None
    if embedder is not None and fingerprint is not None:
        matches = not len(snapshot.rows_not_of_model(embedder.fingerprint))
    derived = snapshot.manifest.derived
    return IndexHealth(
        brain_key=index.key,
        size=snapshot.size,
        missing=len(found.missing),
        orphaned=len(found.orphaned),
        failed=len(found.failed),
        changed=len(found.changed) if check_media else None,
        model_matches=matches,
        unindexed=snapshot.total_rows - derived.rows if derived else 0,
        tuning=index.vectors.tuning(snapshot),
    )


def update_index(
    samples: foc.SampleCollection,
    brain_key: str | None = None,
    check_media: bool = False,
    force: bool = False,
    retry_failed: bool = True,
    batch_size: int | None = None,
    num_workers: int | None = None,
    engine: Engine = "local",
    progress: ProgressOption = None,
) -> IndexReport:
    """Makes an index say what its dataset holds: repairs what :func:`index_health` finds.

    It embeds what is missing, what failed before and what changed, and all of it if the model's
    weights are others; it forgets what was deleted, and makes a damaged or outgrown FAISS index
    anew. What is done is kept if it is stopped, and not done again.

    Args:
        samples: the dataset, or the view that the index should hold
        brain_key (None): the index; may be left out when there is only one
        check_media (False): whether to look at every file for a change of its size or time
        force (False): whether to embed all again
        retry_failed (True): whether to try again what could not be embedded before
        batch_size (None): images a batch, by default what suits the model and the machine
        num_workers (None): decoding threads, by default one a processor
        engine ("local"): ``"ray"`` embeds on a Ray cluster
        progress (None): whether to show a progress bar, or a callback, as in FiftyOne

    Returns:
        an :class:`fiftyone_faiss.brain.build.IndexReport`

    Raises:
        ValueError: if there is no such index, or there is nothing to make its vectors with
    """
    steps = update_index_steps(
        samples, brain_key, check_media, force, retry_failed,
        Execution(batch_size, num_workers, engine),
    )  # fmt: skip
    return run_steps(steps, progress)


def update_index_steps(
    samples: foc.SampleCollection,
    brain_key: str | None = None,
    check_media: bool = False,
    force: bool = False,
    retry_failed: bool = True,
    execution: Execution = LOCAL,
) -> Steps[IndexReport]:
    """:func:`update_index`, step by step."""
    started = time.perf_counter()
    index = load_index(samples, brain_key)
    if not index.store.exists:
        _create_again(index)
    before = index.snapshot
    found = _compare(index, before, samples, check_media)
    _forget_deleted(index, samples, before, found.orphaned)
    embedder = _embedder_of(index)
    failures: dict[str, str] = {}
    failed = found.failed if retry_failed else found.failed.keep([])
    todo = _joined([found.missing, failed, _of_rows(found.media, before, found.changed)])
    if todo and index.config.embeddings_field is not None:
        _add_from_field(index, samples)
    elif embedder is not None:
        stale = before.live_rows if force else before.rows_not_of_model(embedder.fingerprint)
        rows = np.setdiff1d(stale, np.concatenate([found.changed, found.orphaned]))
        todo = _joined([todo, _of_rows(found.media, before, rows)])
        model = index.config.model
        failures = yield from embed_into(index, embedder, todo, execution, model)
    elif todo:
        raise ValueError(
            f"The index '{index.key}' lacks {len(todo):,} vectors and does not name a model to "
            "make them with; give them to add_to_index, or build the index with a model."
        )
    yield from maintained(index, force=_is_damaged(index))
    yield Progress(len(todo), len(todo), len(failures), time.perf_counter() - started)
    index.reload()
    size = index.snapshot.size
    added = len(todo) - len(failures)
    return IndexReport(index.key, size, added, failures, time.perf_counter() - started)


def tune_index_steps(
    samples: foc.SampleCollection, brain_key: str | None = None
) -> Steps[IndexReport]:
    """Builds and tunes the FAISS index anew from the vectors there are, step by step.

    Raises:
        ValueError: if there is no such index, or its search is exact, which needs no tuning
    """
    started = time.perf_counter()
    index = load_index(samples, brain_key)
    snapshot = index.snapshot
    if snapshot.manifest.derived is None and not index.vectors.is_stale(snapshot):
        raise ValueError(
            f"The index '{index.key}' is searched exactly; with {snapshot.size:,} vectors there "
            "is nothing to tune."
        )
    yield from maintained(index, force=True)
    size = index.snapshot.size
    return IndexReport(index.key, size, 0, {}, time.perf_counter() - started)


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
    if not any(".segment" in problem or ".deleted" in problem for problem in problems):
        index.vectors.maintain(force=_is_damaged(index))
    return problems


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
        return FieldRecord.load(samples, embeddings_field).failures
    return dict(load_index(samples, brain_key).snapshot.manifest.facts.get("failures", {}))


def _embedder_of(index: FaissSimilarityIndex) -> Embedder | None:
    return None if index.config.model is None else get_embedder(index.config.model)


def _compare(
    index: FaissSimilarityIndex,
    snapshot: Snapshot,
    samples: foc.SampleCollection,
    check_media: bool,
) -> _Difference:
    media = list_media(samples, index.config.regions)
    rows = snapshot.rows_of(pack_ids(media.ids))
    failures = snapshot.manifest.facts.get("failures", {})
    lacking = np.flatnonzero(rows < 0).tolist()
    live = snapshot.live_rows
    changed = np.empty(0, np.int64)
    if check_media:
        held = np.flatnonzero(rows >= 0)
        now = media_prints(media.keep(held.tolist()))
        then = snapshot.media[rows[held]]
        # The vector of a file that is gone still says what it showed.
        known = (then["size"] >= 0) & (now["size"] >= 0)
        changed = rows[held][(then != now) & known]
    return _Difference(
        media=media,
        missing=media.keep([i for i in lacking if media.ids[i] not in failures]),
        failed=media.keep([i for i in lacking if media.ids[i] in failures]),
        orphaned=live[~index.membership.alive(snapshot, live)],
        changed=changed,
    )


def _forget_deleted(
    index: FaissSimilarityIndex, samples: foc.SampleCollection, snapshot: Snapshot, orphaned: Rows
) -> None:
    """Forgets vectors, and failures, of what is no longer in the dataset."""
    failures = snapshot.manifest.facts.get("failures", {})
    dataset = samples._root_dataset
    there = set(collection_ids(dataset, index.config.patches_field)) if failures else set()
    left = {one: reason for one, reason in failures.items() if one in there}
    if len(orphaned) or len(left) < len(failures):
        index.store.commit(delete=snapshot.ids[orphaned], facts={"failures": left})


def _of_rows(media: Media, snapshot: Snapshot, rows: Rows) -> Media:
    """The media of some rows."""
    wanted = set(unpack_ids(snapshot.ids[rows]))
    return media.keep([i for i, one in enumerate(media.ids) if one in wanted])


def _joined(several: list[Media]) -> Media:
    first = several[0]
    return Media(
        [one for media in several for one in media.sources],
        [one for media in several for one in media.sample_ids],
        None if first.label_ids is None else [i for m in several for i in m.label_ids or ()],
        None if first.parts is None else [n for m in several for n in m.parts or ()],
    )


def _create_again(index: FaissSimilarityIndex) -> None:
    Store.create(
        index.path,
        has_labels=index.config.patches_field is not None,
        facts=index.facts(),
        dtype=index.config.dtype,
    )


def _add_from_field(index: FaissSimilarityIndex, samples: foc.SampleCollection) -> None:
    vectors, sample_ids, label_ids = fbu.get_embeddings(
        samples,
        embeddings_field=index.config.embeddings_field,
        patches_field=index.config.patches_field,
    )
    if len(vectors):
        index.add_to_index(vectors, sample_ids, label_ids, overwrite=False, reload=False)


def _is_damaged(index: FaissSimilarityIndex) -> bool:
    derived = index.snapshot.manifest.derived
    return derived is not None and not index.store.is_sound(derived.file)
