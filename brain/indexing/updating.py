"""Updates indexes to match their datasets."""

from __future__ import annotations

import time

import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.backend.loading import load_faiss_index
from fiftyone_faiss.brain.backend.missing_fields import has_embeddings_field
from fiftyone_faiss.brain.core.arrays import Rows
from fiftyone_faiss.brain.core.ids import unpack_ids
from fiftyone_faiss.brain.core.progress import Progress, Steps
from fiftyone_faiss.brain.data.connection import explain_outage_in_steps
from fiftyone_faiss.brain.data.embeddings_fields import read_embeddings
from fiftyone_faiss.brain.data.lookup import existing_ids
from fiftyone_faiss.brain.data.media import Media
from fiftyone_faiss.brain.data.private import root_dataset
from fiftyone_faiss.brain.data.progress_bar import ProgressOption, run_steps
from fiftyone_faiss.brain.indexing.building import IndexReport
from fiftyone_faiss.brain.indexing.embedding import LOCAL, Engine, Execution, Failures
from fiftyone_faiss.brain.indexing.expected_contents import expected_contents
from fiftyone_faiss.brain.indexing.health import Difference, compare, embedder_of
from fiftyone_faiss.brain.indexing.writing import embed_into, failures_after, maintain_steps
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
    adopt: bool = False,
) -> IndexReport:
    """Updates an index to match its dataset, as compared by :func:`index_health`.

    It embeds missing, failed and changed media, and everything if the weights of the model
    changed. It removes the vectors of deleted samples and rebuilds a damaged or outdated FAISS
    index. Rerunning a stopped update resumes it.

    Files that were written for another database, such as the original of a copied database, are
    copied before they are changed.

    Args:
        samples: the dataset, or the view that the index should hold
        brain_key (None): the index; optional if there is only one
        check_media (False): whether to check all files for changes of their size or time
        force (False): whether to rebuild the index: to embed everything again
        retry_failed (True): whether to retry media that could not be embedded before
        batch_size (None): images per batch, by default what suits the model and the machine
        num_workers (None): decoding threads, by default one per processor
        engine ("local"): ``"ray"`` embeds on a Ray cluster
        progress (None): whether to show a progress bar, or a callback, as in FiftyOne
        adopt (False): whether to claim files that were written for another database or another
            Brain run, because they were moved here together with their database

    Returns:
        an :class:`fiftyone_faiss.brain.indexing.building.IndexReport`

    Raises:
        ValueError: if there is no such index, its missing vectors cannot be computed, or all its
            samples were deleted and ``force`` is False
    """
    steps = update_index_steps(
        samples, brain_key, check_media, force, retry_failed,
        Execution(batch_size, num_workers, engine), adopt,
    )  # fmt: skip
    return run_steps(steps, progress)


@explain_outage_in_steps()
def update_index_steps(
    samples: foc.SampleCollection,
    brain_key: str | None = None,
    check_media: bool = False,
    force: bool = False,
    retry_failed: bool = True,
    execution: Execution = LOCAL,
    adopt: bool = False,
) -> Steps[IndexReport]:
    """Runs :func:`update_index` step by step."""
    started = time.perf_counter()
    index = load_faiss_index(samples, brain_key)
    if adopt:
        index.adopt_files()
    if not index.store.exists:
        index.create_store()
    samples = expected_contents(index, samples)
    before = index.snapshot
    difference = compare(index, before, samples, check_media)
    if not force:
        _check_not_all_deleted(index, before, difference)
    _remove_deleted(index, samples, before, difference.orphaned)
    embedder = embedder_of(index)
    todo = remaining = _todo(before, difference, embedder, force, retry_failed)
    if index.config.embeddings_field is not None:
        remaining = _add_from_field(index, samples, difference, remaining)
    failures: Failures = {}
    if embedder is not None:
        model = index.config.model
        failures = yield from embed_into(index, embedder, remaining, execution, model)
    elif remaining:
        failures = _failures_without_model(index, remaining)
    yield from maintain_steps(index, force=_is_damaged(index))
    yield Progress(len(todo), len(todo), len(failures), time.perf_counter() - started)
    index.reload()
    added = len(todo) - len(failures)
    seconds = time.perf_counter() - started
    return IndexReport(index.key, index.snapshot.size, added, failures, seconds)


def tune_index(
    samples: foc.SampleCollection, brain_key: str | None = None, progress: ProgressOption = None
) -> IndexReport:
    """Rebuilds and tunes the FAISS index of the stored vectors.

    Args:
        samples: the dataset, or a view of it
        brain_key (None): the index; optional if there is only one
        progress (None): whether to show a progress bar, or a callback, as in FiftyOne

    Raises:
        ValueError: if there is no such index, or its search is exact
    """
    return run_steps(tune_index_steps(samples, brain_key), progress)


@explain_outage_in_steps()
def tune_index_steps(
    samples: foc.SampleCollection, brain_key: str | None = None
) -> Steps[IndexReport]:
    """Runs :func:`tune_index` step by step."""
    started = time.perf_counter()
    index = load_faiss_index(samples, brain_key)
    snapshot = index.snapshot
    if snapshot.manifest.ann_index is None and not index.vectors.maintenance.is_stale(snapshot):
        raise ValueError(
            f"The index '{index.key}' is searched exactly, because it has only "
            f"{snapshot.size:,} vectors; there is no FAISS index to tune."
        )
    yield from maintain_steps(index, force=True)
    size = index.snapshot.size
    return IndexReport(index.key, size, 0, {}, time.perf_counter() - started)


def _todo(
    before: Snapshot,
    difference: Difference,
    embedder: Embedder | None,
    force: bool,
    retry_failed: bool,
) -> Media:
    """Returns the media that need a new vector; missing, failed and changed media come first."""
    stale = np.empty(0, np.int64)
    if force:
        stale = before.live_rows
    elif embedder is not None:
        stale = before.rows_not_of_model(embedder.fingerprint)
    failed = difference.failed if retry_failed else ()
    rows = np.concatenate([difference.changed, np.setdiff1d(stale, difference.orphaned)])
    return difference.media.of([*difference.missing, *failed, *unpack_ids(before.ids[rows])])


def _check_not_all_deleted(
    index: FaissSimilarityIndex, before: Snapshot, difference: Difference
) -> None:
    if difference.media and 0 < before.size == len(difference.orphaned):
        name = root_dataset(index.samples).name
        raise ValueError(
            f"All samples of the index '{index.key}' were deleted from '{name}'; to replace them "
            "with the current samples, rebuild the index in the panel or with "
            f"update_index(dataset, '{index.key}', force=True)."
        )


def _remove_deleted(
    index: FaissSimilarityIndex, samples: foc.SampleCollection, snapshot: Snapshot, orphaned: Rows
) -> None:
    """Removes the vectors, and the failures, of deleted samples or labels."""
    failures = snapshot.manifest.failures
    existing: set[str] = set()
    if failures:
        existing = existing_ids(root_dataset(samples), failures, index.config.patches_field)
    deleted = failures.keys() - existing
    if len(orphaned) or deleted:
        index.store.commit(
            delete=snapshot.ids[orphaned],
            metadata=lambda known: {"failures": failures_after(known, deleted, {})},
        )


def _add_from_field(
    index: FaissSimilarityIndex, samples: foc.SampleCollection, difference: Difference, todo: Media
) -> Media:
    """Adds vectors from the field of an index and returns the remaining media.

    The field may hold old vectors of changed media, so these are left to the model if there is one.
    """
    wanted = set(todo.ids)
    if index.config.model is not None:
        wanted &= {*difference.missing, *difference.failed}
    if not wanted or not has_embeddings_field(samples, index.config):
        return todo
    stored = read_embeddings(samples, index.config.embeddings_field, index.config.patches_field)
    is_wanted = np.isin(stored.ids, list(wanted))
    if not is_wanted.any():
        return todo
    labels = None if stored.label_ids is None else stored.label_ids[is_wanted]
    index.add_to_index(
        stored.vectors[is_wanted], stored.sample_ids[is_wanted], labels, reload=False
    )
    added = set(stored.ids[is_wanted])
    return todo.of([media_id for media_id in todo.ids if media_id not in added])


def _failures_without_model(index: FaissSimilarityIndex, media: Media) -> Failures:
    """Returns why an index without a model has no vectors of some media."""
    field = index.config.embeddings_field
    if field is None:
        raise ValueError(
            f"The index '{index.key}' does not name a model to make {len(media):,} vectors with; "
            "add them with add_to_index(), or build the index with a model."
        )
    reason = f"the field '{field}' has no vector of it; run compute_embeddings, then update_index"
    return dict.fromkeys(media.ids, reason)


def _is_damaged(index: FaissSimilarityIndex) -> bool:
    return index.vectors.maintenance.problem_of(index.snapshot) is not None
