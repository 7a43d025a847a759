"""Copies an index to another Brain backend, or back."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.core.progress import Steps, timed_steps
from fiftyone_faiss.brain.data.connection import explain_outage_in_steps
from fiftyone_faiss.brain.data.lookup import all_slices
from fiftyone_faiss.brain.data.private import root_dataset
from fiftyone_faiss.brain.data.progress_bar import ProgressOption, run_steps
from fiftyone_faiss.brain.data.view_ids import view_ids
from fiftyone_faiss.brain.transfer import copied_run, verification
from fiftyone_faiss.brain.transfer.backend_vectors import vectors_of
from fiftyone_faiss.brain.transfer.copy_request import CopyRequest
from fiftyone_faiss.brain.transfer.index_vectors import IndexVectors, rows_at
from fiftyone_faiss.brain.transfer.report import TransferReport
from fiftyone_faiss.brain.transfer.verification import (
    MIN_RECALL,
    BothAnswers,
    ExactLimits,
    answers_of,
)

ORPHANED = "their samples or labels were deleted"


def copy_index(
    samples: foc.SampleCollection,
    brain_key: str | None,
    new_key: str,
    backend: str = "faiss",
    *,
    progress: ProgressOption = None,
    **settings: Any,
) -> TransferReport:
    """Copies an index to another of FiftyOne's Brain backends, or resumes a copy that was stopped.

    Afterwards all vectors are read again and compared, and 200 of them are searched for in both
    indexes. The model, the field of the patches and the metric are carried over.

    Args:
        samples: a dataset; or a view, to copy only the vectors of its samples or labels
        brain_key: the index; None for the only one
        new_key: the key of the copy; a copy that was stopped is resumed, if its settings are the
            same
        backend ("faiss"): the Brain backend of the copy, such as ``"lancedb"``, ``"pgvector"`` or
            ``"milvus"``
        progress (None): whether to show a progress bar, or a callback
        **settings: settings of the backend; see its configuration in FiftyOne's documentation

    Returns:
        a :class:`TransferReport`

    Raises:
        MissingDependencyError: if a package of the backend is not installed
        ValueError: if a value is not valid, the key belongs to another run, the index holds frames
            or none of the samples, or the copy differs from its source
    """
    request = CopyRequest(brain_key, new_key, backend, settings)
    return run_steps(copy_steps(samples, request), progress)


@explain_outage_in_steps()
def copy_steps(samples: foc.SampleCollection, request: CopyRequest) -> Steps[TransferReport]:
    """Does the work of :func:`copy_index` in steps that can be tracked and canceled."""
    started = time.perf_counter()
    dataset, key = root_dataset(samples), request.new_key
    source = vectors_of(copied_run.load_source(samples, request.brain_key))
    ids, orphaned = _ids_to_copy(samples, source)
    config = copied_run.target_config(source.results, request)
    is_new = not dataset.has_brain_run(key)
    open_run = copied_run.create_run if is_new else copied_run.resume_run
    target = vectors_of(open_run(dataset, config, key))
    copied = yield from timed_steps(_copy(source, target, ids, is_new), "copied")
    if orphaned is None:
        # The backend cannot list its ids.
        orphaned = source.size - len(copied)
    yield from target.finish()
    _check_size(target, len(copied), key)
    copied_run.save_run(dataset, target.results, key)
    compared = yield from timed_steps(
        verification.compare_steps(source, target, copied, key), "compared"
    )
    may_widen = request.settings.keys().isdisjoint(target.settings)
    answers = _search_both(source, target, compared.truth, set(copied), may_widen)
    copied_run.complete_run(dataset, target.results, key)
    is_whole = isinstance(samples, fo.Dataset)
    return TransferReport(
        "copied",
        source.results.key,
        len(copied),
        compared.truth.queries.shape[1],
        answers.verification(len(copied), compared.max_difference),
        new_key=key,
        backend=request.backend,
        skipped={ORPHANED: orphaned} if orphaned and is_whole else {},
        settings=target.settings,
        seconds=time.perf_counter() - started,
        notes=(*answers.notes(source.results.key, key), *_notes(source, target, request)),
    )


def _ids_to_copy(
    samples: foc.SampleCollection, source: IndexVectors
) -> tuple[list[str], int | None]:
    """The ids of a collection that an index may hold, and how many others it holds if known."""
    ids = view_ids(all_slices(samples), source.patches_field, is_of_frames=False)
    known = source.listed_ids()
    if known is None:
        return ids, None
    ids = [id for id in ids if id in known]
    if not ids:
        raise _nothing_to_copy(source)
    return ids, len(known) - len(ids)


def _nothing_to_copy(source: IndexVectors) -> ValueError:
    return ValueError(
        f"The index '{source.results.key}' holds none of these samples; choose another view, or "
        "another index."
    )


def _copy(
    source: IndexVectors, target: IndexVectors, ids: Sequence[str], is_new: bool
) -> Generator[tuple[int, int], None, list[str]]:
    """Adds the vectors that the target lacks; returns the ids of all that the source has."""
    copied: list[str] = []
    # A new index may have no table yet, whose size cannot be asked for.
    is_empty = is_new or not target.size
    for start in range(0, len(ids), target.batch_rows):
        rows = source.read(ids[start : start + target.batch_rows])
        copied += rows.ids.tolist()
        if not is_empty:
            rows = rows_at(rows, ~np.isin(rows.ids, target.read(rows.ids.tolist()).ids))
        if len(rows.ids):
            target.add(rows)
        yield min(start + target.batch_rows, len(ids)), len(ids)
    if not copied:
        if is_new:
            root_dataset(target.results.samples).delete_brain_run(target.results.key)
        raise _nothing_to_copy(source)
    return copied


def _check_size(target: IndexVectors, count: int, key: str) -> None:
    if target.size != count:
        raise ValueError(
            f"'{key}' holds {target.size:,} vectors, but {count:,} were copied, because the index "
            f"was changed during the copy; delete '{key}', and copy again."
        )


def _search_both(
    source: IndexVectors,
    target: IndexVectors,
    truth: ExactLimits,
    copied: set[str],
    may_widen: bool,
) -> BothAnswers:
    """Runs the queries on both sides, in more of the copy until it finds enough."""
    of_source = answers_of(source, truth, source, copied)
    if may_widen:
        target.widen()
    of_target = answers_of(target, truth, source, copied)
    while of_target.recall < MIN_RECALL and may_widen and target.widen():
        of_target = answers_of(target, truth, source, copied)
    return BothAnswers(of_source, of_target, truth.k)


def _notes(source: IndexVectors, target: IndexVectors, request: CopyRequest) -> list[str]:
    notes = (
        copied_run.lost_settings(source.results, target.results),
        copied_run.missing_connection(target.results.config, request.settings),
    )
    return [note for note in notes if note is not None]
