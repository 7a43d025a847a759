"""Explains why a sample matches a query."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.backend.loading import load_index
from fiftyone_faiss.brain.backend.searchable import SearchableIndex, model_of
from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.core.progress import Steps, timed_steps
from fiftyone_faiss.brain.data.connection import explain_outage
from fiftyone_faiss.brain.data.progress_bar import ProgressOption, run_steps
from fiftyone_faiss.brain.insight.explaining.choosing import (
    FIT_COUNT,
    best_of,
    fit_steps,
    known_fits,
)
from fiftyone_faiss.brain.insight.explaining.explanation import Explanation
from fiftyone_faiss.brain.insight.explaining.faithfulness import (
    FAITHFULNESS_COUNT,
    faithfulness_steps,
)
from fiftyone_faiss.brain.insight.explaining.floor import FLOOR_COUNT, floor_steps, known_floor
from fiftyone_faiss.brain.insight.explaining.images import ImageMap
from fiftyone_faiss.brain.insight.explaining.local_matches import local_matches
from fiftyone_faiss.brain.insight.explaining.methods import (
    SIDE_COUNT,
    Method,
    Side,
    map_of,
    side_steps,
)
from fiftyone_faiss.brain.insight.explaining.pairs import pairs_of
from fiftyone_faiss.brain.insight.explaining.request import ExplanationRequest
from fiftyone_faiss.brain.insight.explaining.sides import (
    OpenedImage,
    is_text,
    open_match,
    open_query,
    query_notes,
    query_vector,
)
from fiftyone_faiss.brain.models.prompts import Templates
from fiftyone_faiss.brain.queries.query_input import QueryInput
from fiftyone_faiss.brain.retrieval.reference_set import reference_set_of
from fiftyone_faiss.embedders import unit

Result = TypeVar("Result")
Counts = Generator[tuple[int, int], None, Result]
# A stored vector may differ from today's by rounding and by how its file was decoded.
_SAME_VECTOR = 0.02


@explain_outage()
def explain_match(
    samples: foc.SampleCollection,
    query: Any,
    id: str,
    brain_key: str | None = None,
    method: Method | None = None,
    *,
    templates: Templates = "off",
    progress: ProgressOption = None,
) -> Explanation:
    """Explains why a sample, frame or label matches a query: which parts of it raise the score.

    Args:
        samples: the dataset, or a view of it
        query: a text, the id of a sample or label, an image, or what else
            :func:`fiftyone_faiss.search` takes
        id: the id of the sample, frame or label that matches
        brain_key (None): the index; not needed when there is only one
        method (None): ``"occlusion"`` removes parts of the picture, for any embedder;
            ``"patches"`` adds up what each patch contributes, for networks that pool patches;
            ``"gradient"`` is LayerCAM, for convolutional networks. By default, the one that
            measures best for the model on five samples of the index, which is measured once
        templates ("off"): the templates of text queries, as in the search
        progress (None): whether to show a progress bar, or a callback

    Returns:
        an :class:`Explanation`

    Raises:
        ValueError: if a value is not valid, the index does not name its model, a file cannot be
            read, or the model does not support the method
    """
    request = ExplanationRequest(QueryInput.of(query), id, brain_key, method, templates)
    return run_steps(explanation_steps(samples, request), progress)


def explanation_steps(
    samples: foc.SampleCollection, request: ExplanationRequest
) -> Steps[Explanation]:
    """Does the work of :func:`explain_match` in steps that can be tracked and canceled."""
    return timed_steps(_steps(samples, request), "embedded")


@dataclass
class _Count:
    """Counts the images that are embedded, over all parts of the work.

    Attributes:
        remaining: how many images the parts to come embed at most
        done: how many images were embedded
    """

    remaining: int
    done: int = 0

    def track(self, steps: Generator[int, None, Result], most: int) -> Counts[Result]:
        """Runs a part of the work, which embeds ``most`` images at most."""
        total = self.done + self.remaining
        self.remaining -= most
        while True:
            try:
                self.done += next(steps)
            except StopIteration as stop:
                result: Result = stop.value
                return result
            yield self.done, total


def _steps(samples: foc.SampleCollection, request: ExplanationRequest) -> Counts[Explanation]:
    query = request.query_input.query
    index = load_index(samples, request.brain_key)
    model_of(index)
    match, other = open_match(index, request.id), open_query(index, query)
    for_text = is_text(query)
    fits = known_fits(index, for_text) if request.method is None else {}
    image_count = 1 if other is None else 2
    floor = known_floor(index, for_text)
    to_measure = (FIT_COUNT if fits is None else 0) + (FLOOR_COUNT if floor is None else 0)
    count = _Count(to_measure + image_count * SIDE_COUNT + FAITHFULNESS_COUNT)
    if fits is None:
        fits = yield from count.track(fit_steps(index, for_text), FIT_COUNT)
    if floor is None:
        floor = yield from count.track(floor_steps(index, for_text), FLOOR_COUNT)
    method = request.method or best_of(fits)
    side = yield from count.track(_side_steps(index, match, method), SIDE_COUNT)
    query_side: Side | None = None
    if other is None:
        target = query_vector(index, query, request.templates)
    else:
        query_side = yield from count.track(_side_steps(index, other, method), SIDE_COUNT)
        target = query_side.vector
    image_map = _map(index, method, side, target)
    measuring = faithfulness_steps(
        index.get_embedder(), side.seen_image, image_map, target, _spread(index, target), floor
    )
    faithfulness = yield from count.track(measuring, FAITHFULNESS_COUNT)
    return Explanation(
        samples=samples,
        id=request.id,
        query=query.describe(),
        brain_key=index.key,
        patches_field=index.patches_field,
        method=method,
        score=float(side.vector @ target),
        map=image_map,
        query_map=None if query_side is None else _map(index, method, query_side, side.vector),
        faithfulness=faithfulness,
        pairs=None if query_side is None else pairs_of(query_side, side),
        parts=None if side.parts is None else side.parts.parts @ target,
        matches=None if other is None else local_matches(other, match),
        fits=fits,
        thumbnail=match.thumbnail,
        query_thumbnail=None if other is None else other.thumbnail,
        notes=(*query_notes(query), *_notes(index, request.id, side)),
    )


def _side_steps(
    index: SearchableIndex, seen_image: OpenedImage, method: Method
) -> Generator[int, None, Side]:
    methods: Sequence[Method] = (method,)
    return side_steps(index.get_embedder(), seen_image.seen_by(index), methods)


def _map(index: SearchableIndex, method: Method, side: Side, target: Matrix) -> ImageMap:
    image_map = map_of(method, index.get_embedder(), side, target)
    if image_map is None:
        raise ValueError(
            f"The model '{index.model}' cannot be explained by '{method}'; choose 'occlusion', "
            "which works with every model."
        )
    return image_map


def _spread(index: SearchableIndex, target: Matrix) -> float | None:
    """The standard deviation of the scores of the index; None if it has too few to tell."""
    reference = reference_set_of(index.reader(), index.metric)
    if not reference.can_calibrate:
        return None
    return float(np.std(unit(reference.vectors) @ target))


def _notes(index: SearchableIndex, id: str, side: Side) -> tuple[str, ...]:
    notes = []
    if not side.seen_image.is_seen_known:
        notes.append("What the model crops is not known; the map is of the whole picture.")
    stored = index.known_vectors([id]).get(id)
    if stored is None:
        notes.append(f"The index '{index.key}' does not hold the match; it was embedded now.")
    elif float(unit(stored[None])[0] @ side.vector) < 1 - _SAME_VECTOR:
        notes.append(
            "The index holds another vector of the match: its file or the model has changed since; "
            "update the index."
        )
    return tuple(notes)
