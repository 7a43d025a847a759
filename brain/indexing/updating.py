"""Making an index say again what its dataset holds."""

from __future__ import annotations

import time

import fiftyone.core.collections as foc
import numpy as np
from fiftyone.brain.internal.core import utils as fbu

from fiftyone_faiss.brain.backend.loading import load_index
from fiftyone_faiss.brain.core.arrays import Rows
from fiftyone_faiss.brain.core.ids import unpack_ids
from fiftyone_faiss.brain.core.progress import Progress, Steps
from fiftyone_faiss.brain.data.lookup import existing_ids
from fiftyone_faiss.brain.data.media import Media
from fiftyone_faiss.brain.data.progress_bar import ProgressOption, run_steps
from fiftyone_faiss.brain.indexing.building import (
    IndexReport,
    embed_into,
    failures_after,
    maintained,
)
from fiftyone_faiss.brain.indexing.embedding import LOCAL, Engine, Execution
from fiftyone_faiss.brain.indexing.expected_contents import contents
from fiftyone_faiss.brain.indexing.health import Difference, compare, embedder_of
from fiftyone_faiss.brain.similarity import FaissSimilarityIndex
from fiftyone_faiss.brain.store.snapshot import Snapshot
from fiftyone_faiss.embedders import Embedder


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
        an :class:`fiftyone_faiss.brain.indexing.building.IndexReport`

    Raises:
        ValueError: if there is no such index, or there is nothing to make its vectors with, or
            nothing that it holds exists any more, which only ``force=True`` forgets
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
        index.create_store()
    samples = contents(index, samples)
    before = index.snapshot
    found = compare(index, before, samples, check_media)
    if not force:
        _check_not_all_gone(index, before, found)
    _forget_deleted(index, samples, before, found.orphaned)
    embedder = embedder_of(index)
    todo = lacking = _todo(before, found, embedder, force, retry_failed)
    if index.config.embeddings_field is not None:
        lacking = _add_from_field(index, samples, found, lacking)
    failures: dict[str, str] = {}
    if embedder is not None:
        model = index.config.model
        failures = yield from embed_into(index, embedder, lacking, execution, model)
    elif lacking:
        failures = _unobtainable(index, lacking)
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
    if snapshot.manifest.ann_index is None and not index.vectors.maintenance.is_stale(snapshot):
        raise ValueError(
            f"The index '{index.key}' is searched exactly; with {snapshot.size:,} vectors there "
            "is nothing to tune."
        )
    yield from maintained(index, force=True)
    size = index.snapshot.size
    return IndexReport(index.key, size, 0, {}, time.perf_counter() - started)


def _todo(
    before: Snapshot, found: Difference, embedder: Embedder | None, force: bool, retry_failed: bool
) -> Media:
    """What to find a vector of, or another one; what is not found yet or wrong first."""
    stale = np.empty(0, np.int64)
    if force:
        stale = before.live_rows
    elif embedder is not None:
        stale = before.rows_not_of_model(embedder.fingerprint)
    failed = found.failed if retry_failed else ()
    rows = np.concatenate([found.changed, np.setdiff1d(stale, found.orphaned)])
    return found.media.of([*found.missing, *failed, *unpack_ids(before.ids[rows])])


def _check_not_all_gone(index: FaissSimilarityIndex, before: Snapshot, found: Difference) -> None:
    if found.media and 0 < before.size == len(found.orphaned):
        raise ValueError(
            f"Nothing that the index '{index.key}' holds is in '{index.samples._root_dataset.name}'"
            " any more; to forget it all and embed what is there now, rebuild it: in the panel, or "
            f"with update_index(dataset, '{index.key}', force=True)."
        )


def _forget_deleted(
    index: FaissSimilarityIndex, samples: foc.SampleCollection, snapshot: Snapshot, orphaned: Rows
) -> None:
    """Forgets vectors, and failures, of what is no longer in the dataset."""
    failures = snapshot.manifest.failures
    dataset = samples._root_dataset
    there = existing_ids(dataset, failures, index.config.patches_field) if failures else set()
    gone = {one for one in failures if one not in there}
    if len(orphaned) or gone:
        index.store.commit(
            delete=snapshot.ids[orphaned],
            metadata=lambda known: {"failures": failures_after(known, gone, {})},
        )


def _add_from_field(
    index: FaissSimilarityIndex, samples: foc.SampleCollection, found: Difference, todo: Media
) -> Media:
    """Adds what the field of an index has; returns what is still to do.

    What changed since it was embedded, the field has of old: a model is asked first, if there is
    one.
    """
    wanted = set(todo.ids)
    if index.config.model is not None:
        wanted &= {*found.missing, *found.failed}
    if not wanted:
        return todo
    vectors, sample_ids, label_ids = fbu.get_embeddings(
        samples,
        embeddings_field=index.config.embeddings_field,
        patches_field=index.config.patches_field,
    )
    ids = sample_ids if label_ids is None else label_ids
    here = np.isin(ids, list(wanted))
    if not here.any():
        return todo
    labels = None if label_ids is None else label_ids[here]
    index.add_to_index(vectors[here], sample_ids[here], labels, reload=False)
    added = set(ids[here])
    return todo.of([one for one in todo.ids if one not in added])


def _unobtainable(index: FaissSimilarityIndex, lacking: Media) -> dict[str, str]:
    """Why there are no vectors of what an index without a model lacks, by their ids."""
    field = index.config.embeddings_field
    if field is None:
        raise ValueError(
            f"The index '{index.key}' does not name a model to make {len(lacking):,} vectors with; "
            "give them to add_to_index, or build the index with a model."
        )
    reason = f"the field '{field}' has no vector of it; run compute_embeddings, then update_index"
    return dict.fromkeys(lacking.ids, reason)


def _is_damaged(index: FaissSimilarityIndex) -> bool:
    ann_index = index.snapshot.manifest.ann_index
    return ann_index is not None and not index.store.is_sound(ann_index.file)
