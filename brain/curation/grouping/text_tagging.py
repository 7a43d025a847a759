"""Tags samples by text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.backend.compared_graph import graph_steps
from fiftyone_faiss.brain.backend.loading import load_faiss_index
from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.core.progress import Steps
from fiftyone_faiss.brain.curation.grouping.propagation import propagated
from fiftyone_faiss.brain.curation.grouping.tag_thresholds import Threshold, threshold_of
from fiftyone_faiss.brain.curation.grouping.tags_request import TagsRequest
from fiftyone_faiss.brain.curation.grouping.text_scores import TextScores, score_steps
from fiftyone_faiss.brain.curation.grouping.text_tags import PromptTag, Status, TextTags
from fiftyone_faiss.brain.data.progress_bar import ProgressOption, run_steps
from fiftyone_faiss.brain.queries.terms import TextQuery
from fiftyone_faiss.brain.retrieval.reference_set import prompt_vectors
from fiftyone_faiss.brain.retrieval.relevance import LIKELY
from fiftyone_faiss.embedders import EmbedderError, unit

# Two prompts whose scores correlate more cannot be told apart.
SAME = 0.98
FEW = (
    "There are too few samples to tell whether a prompt is absent; tags are the best ones before a "
    "gap."
)


def tag_by_text(
    samples: foc.SampleCollection,
    prompts: Mapping[str, str] | Sequence[str],
    brain_key: str | None = None,
    *,
    field: str | None = None,
    progress: ProgressOption = None,
    **options: Any,
) -> TextTags:
    """Finds the samples, frames or labels that show what texts ask for.

    Each prompt has a threshold of its own. A prompt of which the collection holds nothing is
    reported as absent, and one whose scores have no gap is refused.

    Args:
        samples: a dataset or a view; only its members are compared
        prompts: the texts, or a dict from tags to texts
        brain_key (None): the FAISS index; not needed when there is only one
        field (None): saves the tags in this field; see :meth:`TextTags.save`
        progress (None): whether to show a progress bar, or a callback
        **options: see :class:`TagsRequest`

    Returns:
        a :class:`TextTags`

    Raises:
        ValueError: if a value is not valid, or the model of the index does not embed text
    """
    request = TagsRequest(prompts, brain_key, **options)
    tags = run_steps(text_tags_steps(samples, request), progress)
    if field is not None:
        tags.save(field)
    return tags


def text_tags_steps(samples: foc.SampleCollection, request: TagsRequest) -> Steps[TextTags]:
    """Does the work of :func:`tag_by_text` in steps that can be tracked and canceled."""
    compared = Compared.of(samples, request.brain_key)
    index = load_faiss_index(samples, compared.brain_key)
    texts = request.texts
    vectors = np.stack(
        [TextQuery(text).vector(index, request.templates) for text in texts.values()]
    )
    notes = [note for text in texts.values() for note in TextQuery(text).notes(index)]
    embedder = index.get_embedder()
    try:
        prompts = unit(prompt_vectors(embedder, request.templates))
    except EmbedderError as error:
        # Some models embed only certain texts, such as the names of colors.
        raise ValueError(
            f"The model of the index '{index.key}' does not embed the texts that prompts are "
            "compared with; choose an index of a CLIP model."
        ) from error
    scores = yield from score_steps(compared.vectors, unit(vectors), prompts)
    if not scores.can_calibrate:
        notes.append(FEW)
    twins = _twins(scores.scores, list(texts))
    judged = [
        _judged(scores, place, tag, text, twins.get(tag))
        for place, (tag, text) in enumerate(texts.items())
    ]
    if request.propagate:
        graph = yield from graph_steps(compared)
        mixed = propagated(np.stack([each.probabilities for each in judged]), graph)
        judged = [
            PromptTag(**{**vars(each), "probabilities": own})
            for each, own in zip(judged, mixed, strict=True)
        ]
    ids = compared.ids_at(np.arange(len(compared.vectors)))
    return TextTags(
        samples,
        compared.brain_key,
        compared.patches_field,
        judged,
        ids,
        scores.scores,
        tuple(notes),
    )


def _judged(scores: TextScores, place: int, tag: str, text: str, twin: str | None) -> PromptTag:
    own = scores.scores[place].astype(np.float64)
    threshold = threshold_of(own, scores.reference.deviation, scores.floor)
    presence = scores.presence(place) if scores.can_calibrate else 1.0
    status, reason = _status(threshold, presence, tag, twin)
    return PromptTag(tag, text, status, reason, presence, threshold, threshold.probabilities(own))


def _status(
    threshold: Threshold, presence: float, tag: str, twin: str | None
) -> tuple[Status, str]:
    if presence < LIKELY:
        return "absent", "The best samples are no better than those of unrelated texts."
    if twin is not None:
        return "refused", f"'{tag}' and '{twin}' have the same scores; give one of them."
    if not threshold.is_separated:
        return "refused", f"The scores of '{tag}' have no gap between matches and the others."
    return "tagged", "Its scores have a gap."


def _twins(scores: Matrix, tags: list[str]) -> dict[str, str]:
    """The other prompt of each that has one with the same scores."""
    if len(tags) < 2 or scores.shape[1] < 3:
        return {}
    correlations = np.asarray(np.corrcoef(scores))
    np.fill_diagonal(correlations, 0)
    others = correlations.argmax(axis=1)
    is_same = correlations[np.arange(len(tags)), others] > SAME
    return {tags[n]: tags[int(others[n])] for n in np.flatnonzero(is_same)}
