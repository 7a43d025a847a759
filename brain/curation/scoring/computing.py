"""Computes how unique, how typical and how odd samples are."""

from __future__ import annotations

from functools import partial

import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.backend.compared_graph import ComparedGraph
from fiftyone_faiss.brain.core.arrays import Distances
from fiftyone_faiss.brain.core.progress import Steps
from fiftyone_faiss.brain.curation.field_values import class_of, field_values
from fiftyone_faiss.brain.curation.scoring import formulas
from fiftyone_faiss.brain.curation.scoring.distinct import (
    MIN_CLASS,
    Distinct,
    distinct_steps,
    measure_steps,
)
from fiftyone_faiss.brain.curation.scoring.false_alarms import MIN_SAMPLES, Tail
from fiftyone_faiss.brain.curation.scoring.report import ScoreReport
from fiftyone_faiss.brain.curation.scoring.request import ScoresRequest
from fiftyone_faiss.brain.data.progress_bar import ProgressOption, run_steps
from fiftyone_faiss.brain.data.score_fields import save_scores


def compute_uniqueness(
    samples: foc.SampleCollection,
    brain_key: str | None = None,
    field: str = "uniqueness",
    *,
    label_field: str | None = None,
    thresh: float | None = None,
    progress: ProgressOption = None,
) -> ScoreReport:
    """Scores how far each sample is from the three most similar others.

    Near duplicates count once: a copy of a sample changes no score, and has the same one.

    Args:
        samples: a dataset or a view; only its members are compared with each other
        brain_key (None): the FAISS index; not needed when there is only one
        field ("uniqueness"): the float field of the samples, frames or labels: 0 to 1, higher for
            more unique; the median is 0.5. Earlier scores in it are cleared
        label_field (None): a field of labels or texts: each sample is compared with its class only
        thresh (None): the largest distance of near duplicates; None proposes one
        progress (None): whether to show a progress bar, or a callback

    Returns:
        a :class:`ScoreReport`

    Raises:
        ValueError: if a value is not valid, the field holds other values, the index has the metric
            ``"dotproduct"``, or it holds fewer than two of the samples
    """
    request = ScoresRequest("uniqueness", brain_key, field, label_field, thresh)
    return compute_scores(samples, request, progress)


def compute_typicality(
    samples: foc.SampleCollection,
    brain_key: str | None = None,
    field: str = "typicality",
    *,
    label_field: str | None = None,
    thresh: float | None = None,
    progress: ProgressOption = None,
) -> ScoreReport:
    """Scores how near each sample is to its thirty nearest others, see
    :func:`compute_uniqueness`.

    The field holds 0 to 1, higher for more typical samples, in the middle of many similar ones; the
    median is 0.5.
    """
    request = ScoresRequest("typicality", brain_key, field, label_field, thresh)
    return compute_scores(samples, request, progress)


def compute_outliers(
    samples: foc.SampleCollection,
    brain_key: str | None = None,
    field: str = "outlier_score",
    *,
    label_field: str | None = None,
    thresh: float | None = None,
    progress: ProgressOption = None,
) -> ScoreReport:
    """Scores how unlike others each sample is, by local density and by distance, see
    :func:`compute_uniqueness`.

    The field holds 0 to 1: a score of 0.99 is one that an estimated 1 % of ordinary samples reach.
    With ``label_field``, it is low for an ordinary dog and high for one that is odd for a dog.
    """
    request = ScoresRequest("outliers", brain_key, field, label_field, thresh)
    return compute_scores(samples, request, progress)


def compute_scores(
    samples: foc.SampleCollection, request: ScoresRequest, progress: ProgressOption = None
) -> ScoreReport:
    """Computes the score that a request names; see :func:`compute_uniqueness`."""
    return run_steps(scores_steps(samples, request), progress)


def scores_steps(samples: foc.SampleCollection, request: ScoresRequest) -> Steps[ScoreReport]:
    """Does the work of the three functions in steps that can be tracked and canceled."""
    compared = Compared.of(samples, request.brain_key)
    names, classes = _classes(compared, request.label_field)
    distinct = yield from distinct_steps(compared, request.thresh, classes)
    k = formulas.DENSITY_NEIGHBORS
    measured = yield from measure_steps(distinct, k, partial(_measure, request.kind), 3)
    score, *statistics = measured.columns
    is_scored = ~np.isnan(score)
    if not is_scored.any():
        raise ValueError(
            f"Each class of '{request.label_field}' has fewer than {MIN_CLASS} different samples; "
            "choose another field, or none."
        )
    scores, unusual, expected = np.full(len(score), np.nan), np.empty(0, np.int64), None
    places = np.flatnonzero(is_scored)
    oddness = _oddness(request.kind, [s[places] for s in statistics], distinct.classes[places])
    tail = Tail.of(oddness)
    scores[places] = 1 - tail.probabilities() if request.kind == "outliers" else score[places]
    strange = tail.unusual()
    if len(strange):
        unusual = places[strange]
        expected = tail.expected(float(oddness[strange[-1]]))
    ids_and_scores = _of_all(distinct, scores)
    saved = save_scores(samples, ids_and_scores, str(request.field), compared.patches_field)
    return ScoreReport(
        samples,
        request.kind,
        str(request.field),
        compared.patches_field,
        ids_and_scores,
        _ids_of(distinct, unusual),
        expected,
        int((distinct.place >= 0).sum()) - len(distinct.positions),
        distinct.thresh,
        measured.recall,
        names,
        _notes(distinct, is_scored),
        saved,
    )


def _classes(compared: Compared, label_field: str | None) -> tuple[list[str], Positions | None]:
    if label_field is None:
        return [], None
    return class_of(field_values(compared, label_field), label_field)


def _measure(kind: str, graph: ComparedGraph) -> list[Distances]:
    """The score, and two logarithms that tell what is odd; the score of outliers comes later."""
    neighbors, distances = graph.neighbors, graph.distances
    if kind == "uniqueness":
        nearest = distances[:, : formulas.UNIQUENESS_NEIGHBORS]
        logs = formulas.log_mean(nearest)
        return [formulas.uniqueness(distances), logs, logs]
    logs = formulas.log_mean(distances)
    if kind == "typicality":
        return [formulas.typicality(distances), logs, logs]
    factors = np.log(formulas.local_outlier_factor(neighbors, distances))
    return [factors, factors, logs]


def _oddness(kind: str, statistics: list[Distances], classes: Positions) -> Distances:
    """Standard deviations above what is ordinary; of outliers, by density and by distance."""
    first, second = (formulas.oddness(logs, classes) for logs in statistics)
    return (first + second) / np.sqrt(2) if kind == "outliers" else first


def _of_all(distinct: Distinct, scores: Distances) -> dict[str, float]:
    """The score of each id; near duplicates have that of their distinct vector."""
    positions = np.flatnonzero(distinct.place >= 0)
    of_positions = scores[distinct.place[positions]]
    is_scored = ~np.isnan(of_positions)
    ids = distinct.compared.ids_at(positions[is_scored])
    return dict(zip(ids, of_positions[is_scored].tolist(), strict=True))


def _ids_of(distinct: Distinct, places: Positions) -> list[str]:
    """The ids of distinct vectors in their order, each followed by its near duplicates."""
    if not len(places):
        return []
    rank = np.full(len(distinct.positions) + 1, len(places), np.int64)
    rank[places] = np.arange(len(places))
    # The last entry is that of positions without a class.
    of_positions = rank[distinct.place]
    members = np.flatnonzero(of_positions < len(places))
    return distinct.compared.ids_at(members[np.argsort(of_positions[members], kind="stable")])


def _notes(distinct: Distinct, is_scored: np.ndarray) -> tuple[str, ...]:
    notes = []
    without = int((distinct.place < 0).sum())
    if without:
        notes.append(f"{without:,} without a label have no score.")
    small = distinct.place[distinct.place >= 0]
    few = int((~is_scored[small]).sum())
    if few:
        notes.append(f"{few:,} in classes of fewer than {MIN_CLASS} have no score.")
    if int(is_scored.sum()) < MIN_SAMPLES:
        notes.append(f"Fewer than {MIN_SAMPLES} samples cannot tell what is unusual.")
    return tuple(notes)
