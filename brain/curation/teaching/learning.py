"""Learns what matters from examples, and makes an index of it if it is better."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.backend.loading import load_faiss_index
from fiftyone_faiss.brain.core.progress import Steps, timed_steps
from fiftyone_faiss.brain.curation.accidental_pairs import NearestPairs
from fiftyone_faiss.brain.curation.labeling.paired import Interval
from fiftyone_faiss.brain.curation.near_duplicate_groups import EQUAL_DISTANCE, groups_steps
from fiftyone_faiss.brain.curation.teaching.evaluating import evaluation_steps
from fiftyone_faiss.brain.curation.teaching.examples import read_examples
from fiftyone_faiss.brain.curation.teaching.projection_report import (
    AspectMeasure,
    ProjectionReport,
    TextSearch,
)
from fiftyone_faiss.brain.curation.teaching.request import TeachingRequest
from fiftyone_faiss.brain.curation.teaching.teacher import Teacher
from fiftyone_faiss.brain.curation.teaching.text_search import MAX_LOSS, TextCheck
from fiftyone_faiss.brain.curation.thresholds import propose
from fiftyone_faiss.brain.data.progress_bar import ProgressOption, run_steps
from fiftyone_faiss.brain.indexing.health import embedder_of
from fiftyone_faiss.brain.indexing.projecting import check_new_key, projected_index_steps
from fiftyone_faiss.brain.models.loading import get_embedder
from fiftyone_faiss.brain.models.projections import save_projection
from fiftyone_faiss.brain.similarity import FaissSimilarityIndex
from fiftyone_faiss.embedders import Embedder, Projection


def learn_projection(
    samples: foc.SampleCollection,
    brain_key: str | None,
    new_key: str,
    alike: Sequence[tuple[str, str]] = (),
    unlike: Sequence[tuple[str, str]] = (),
    label_field: str | Sequence[str] = (),
    tags: str | Sequence[str] = (),
    *,
    progress: ProgressOption = None,
    **options: Any,
) -> ProjectionReport:
    """Teaches an index what matters, by examples, and makes a new index of it if it is better.

    A projection near the identity is learned: a matrix ``I + A B'`` of low rank beside the
    identity, with which alike samples are nearer than unlike ones. The new index is made from the
    stored vectors; no image is embedded again. Its model is the base model followed by the
    projection, for texts as well, and every process of this machine finds it by its name.

    It is kept only if it is better on examples that were held out (the interval of the improvement
    is above 0), no aspect is worse, and the search by text loses at most 0.02 of its precision@10.
    Otherwise the report has the figures, and nothing is changed.

    Args:
        samples: a dataset or a view; only its members are examples. The new index holds all that
            the old one holds
        brain_key: the FAISS index to teach; None for the only one
        new_key: the brain key of the new index
        alike (()): pairs of ids of samples, frames or labels that are alike
        unlike (()): pairs of ids that are not; by default random pairs
        label_field (()): a field of labels or texts, or several: those with equal values are alike,
            in each of these aspects
        tags (()): those with the same of these tags are alike, those with another one are not; of a
            single tag, those without it are not
        progress (None): whether to show a progress bar, or a callback
        **options: see :class:`TeachingRequest`

    Returns:
        a :class:`ProjectionReport`

    Raises:
        ValueError: if a value is not valid, there are too few examples, the new key is taken, or
            the vectors were made with other weights than the model has now
    """
    request = TeachingRequest(brain_key, new_key, alike, unlike, label_field, tags, **options)
    return run_steps(teaching_steps(samples, request), progress)


def teaching_steps(
    samples: foc.SampleCollection, request: TeachingRequest
) -> Steps[ProjectionReport]:
    """Does the work of :func:`learn_projection` in steps that can be tracked and canceled."""
    started = time.perf_counter()
    whole = Compared.of(samples, request.brain_key)
    index = load_faiss_index(samples, whole.brain_key)
    new_key = check_new_key(index, request.new_key)
    embedder = _checked_embedder(index)
    teacher = yield from _teacher(whole, request, embedder)
    everything = np.ones(len(teacher.examples), bool)
    projection = yield from timed_steps(teacher.fit_steps(everything), "learned")
    amount, text = 1.0, None
    if embedder is not None and embedder.supports_text:
        check = TextCheck(whole, embedder, request.seed)
        amount, text = check.largest_amount(projection)
        projection = projection.scaled(amount)
    evaluation = yield from timed_steps(evaluation_steps(teacher, amount), "tested")
    refusals = _refusals(evaluation.improvement, evaluation.measures, text)
    model = None
    if not refusals:
        model = yield from _keep(index, new_key, projection, embedder)
    return ProjectionReport(
        whole.brain_key,
        new_key,
        model,
        projection,
        amount,
        evaluation.measures,
        evaluation.improvement,
        text,
        refusals,
        len(teacher.examples),
        time.perf_counter() - started,
        (*teacher.examples.notes, *_notes(index, amount, evaluation.measures)),
    )


def _checked_embedder(index: FaissSimilarityIndex) -> Embedder | None:
    """The embedder of an index, whose vectors must be those of its weights now."""
    if index.config.roi_field is not None:
        raise ValueError(
            f"The index '{index.key}' holds means of regions, which cannot be projected one by "
            "one; choose an index of images or of patches."
        )
    embedder = embedder_of(index)
    if embedder is None:
        return None
    stale = len(index.snapshot.rows_not_of_model(embedder.fingerprint))
    if stale:
        raise ValueError(
            f"{stale:,} vectors of the index '{index.key}' were made with other weights than those "
            f"of '{embedder.name}' now; run update_index first."
        )
    return embedder


def _teacher(
    whole: Compared, request: TeachingRequest, embedder: Embedder | None
) -> Steps[Teacher]:
    """Reads the examples, and finds near duplicates among them."""
    examples = read_examples(whole, request)
    # Of a few examples, it cannot be told which distances stand out.
    thresh = propose(NearestPairs.of(whole.vectors)) or EQUAL_DISTANCE
    groups = yield from groups_steps(examples.compared, thresh)
    vectors = examples.compared.vectors.at(np.arange(len(examples)))
    is_unit = whole.vectors.metric == "cosine" or embedder is not None
    numbers = np.unique(groups, return_inverse=True)[1].ravel()
    return Teacher(examples, numbers, vectors, is_unit, request)


def _refusals(
    improvement: Interval, measures: Sequence[AspectMeasure], text: TextSearch | None
) -> tuple[str, ...]:
    """Why what was learned is not kept, in sentences."""
    refusals = []
    if improvement.low <= 0:
        refusals.append("On examples that were held out, it is not shown to be better.")
    worse = [measure.name for measure in measures if measure.improvement.high < 0]
    if worse:
        refusals.append(f"It is worse for {', '.join(map(repr, worse))}.")
    if text is not None and text.change.value < -MAX_LOSS:
        refusals.append(f"The search by text loses more than {MAX_LOSS} of its precision@10.")
    return tuple(refusals)


def _keep(
    index: FaissSimilarityIndex, new_key: str, projection: Projection, embedder: Embedder | None
) -> Steps[str | None]:
    """Registers the projected model, and makes the new index."""
    if embedder is None:
        yield from projected_index_steps(index, new_key, projection.apply)
        return None
    model = save_projection(str(index.config.model), embedder, projection)
    projected = get_embedder(model, embedder.precision)
    yield from projected_index_steps(index, new_key, projection.apply, model, projected)
    return model


def _notes(
    index: FaissSimilarityIndex, amount: float, measures: Sequence[AspectMeasure]
) -> list[str]:
    notes = []
    unclear = [measure.name for measure in measures if measure.improvement.low <= 0]
    if unclear and len(measures) > 1:
        notes.append(f"It is not shown to be better for {', '.join(map(repr, unclear))}.")
    if amount < 1:
        notes.append(f"{amount:.0%} of what was learned is kept, so that texts are still found.")
    if index.config.model is None:
        notes.append(
            "The index has no model, so new vectors must be projected: "
            "report.projection.apply(vectors)."
        )
    return notes
