"""Compares indexes of different models on the labels of a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.core.progress import Steps, timed_steps
from fiftyone_faiss.brain.curation.labeling.comparison_request import ComparisonRequest
from fiftyone_faiss.brain.curation.labeling.comparison_table import MIN_QUERIES, ComparisonTable
from fiftyone_faiss.brain.curation.labeling.label_values import Labeled, with_positions
from fiftyone_faiss.brain.curation.labeling.model_comparison import (
    MAIN_MEASURE,
    ModelComparison,
    ModelMeasures,
)
from fiftyone_faiss.brain.curation.labeling.retrieval_measures import (
    MEASURES,
    QueryMeasures,
    limits,
    measure_steps,
)
from fiftyone_faiss.brain.curation.near_duplicate_groups import groups_steps
from fiftyone_faiss.brain.data.progress_bar import ProgressOption, run_steps
from fiftyone_faiss.brain.indexing.catalog import index_info


def compare_models(
    samples: foc.SampleCollection,
    brain_keys: Sequence[str],
    label_field: str,
    *,
    progress: ProgressOption = None,
    **options: Any,
) -> ModelComparison:
    """Compares how well indexes of different models retrieve the classes of a dataset.

    Each sample is a query once, up to ``max_queries`` of them. All indexes are compared on the
    same samples, and near duplicates of a query are no neighbors of it.

    Args:
        samples: a dataset or a view; only its members are searched
        brain_keys: the FAISS indexes, at least two, of samples or of the patches of one field
        label_field: a field of ``Classification``, the field of the patches, or a field or
            attribute of texts, such as ``"objects.color"``
        progress (None): whether to show a progress bar, or a callback
        **options: see :class:`ComparisonRequest`

    Returns:
        a :class:`ModelComparison`

    Raises:
        ValueError: if a value is not valid, there is no such field, or the indexes have fewer than
            two samples in common
    """
    request = ComparisonRequest(brain_keys, label_field, **options)
    return run_steps(comparison_steps(samples, request), progress)


def comparison_steps(
    samples: foc.SampleCollection, request: ComparisonRequest
) -> Steps[ModelComparison]:
    """Does the work of :func:`compare_models` in steps that can be tracked and canceled."""
    indexes, labeled, missing = _common(samples, request)
    groups = yield from _common_groups(indexes)
    queries, alone = _queries(labeled, groups, request)
    measured: list[QueryMeasures] = []
    for compared in indexes:
        steps = measure_steps(compared.vectors, labeled.labels, groups, queries, request.k)
        measured.append((yield from timed_steps(steps, "compared")))
    table = ComparisonTable(request, labeled, groups, queries, measured)
    models = [_model(samples, table, number, measures) for number, measures in enumerate(measured)]
    models.sort(key=lambda model: -model.map_at_r.value)
    notes = _notes(missing, labeled.unlabeled, alone, table.skipped)
    chance, best_possible = limits(labeled.labels, groups, queries, request.k)
    return ModelComparison(
        samples,
        labeled.compared.patches_field,
        request.label_field,
        request.k,
        [labeled.ids[position] for position in queries.tolist()],
        len(labeled.ids),
        models,
        table.pairs(MEASURES, (None,)),
        table.pairs((MAIN_MEASURE,), table.classes),
        chance,
        best_possible,
        {
            key: [bool(value) for value in measures.knn_accuracy]
            for key, measures in zip(request.brain_keys, measured, strict=True)
        },
        notes,
    )


def _common(
    samples: foc.SampleCollection, request: ComparisonRequest
) -> tuple[list[Compared], Labeled, int]:
    """The indexes with the labeled vectors that all have, and how many some of them miss."""
    indexes = [Compared.of(samples, key) for key in request.brain_keys]
    fields = {compared.patches_field for compared in indexes}
    if len(fields) > 1:
        named = [f"patches of '{field}'" if field else "samples" for field in fields]
        raise ValueError(
            f"The indexes hold different things, {' and '.join(sorted(named))}; choose indexes of "
            "one kind."
        )
    ids = [compared.ids_at(np.arange(len(compared.vectors))) for compared in indexes]
    shared = set(ids[0]).intersection(*ids[1:])
    if len(shared) < 2:
        raise ValueError(
            f"The indexes have {len(shared)} of these samples in common, and two are needed; run "
            "update_index for each."
        )
    places = [{id: place for place, id in enumerate(own)} for own in ids]
    positions = np.array([places[0][id] for id in ids[0] if id in shared])
    labeled = Labeled.of(with_positions(indexes[0], positions), request.label_field)
    same = [
        with_positions(compared, np.array([place[id] for id in labeled.ids]))
        for compared, place in zip(indexes, places, strict=True)
    ]
    return same, labeled, max(map(len, ids)) - len(shared)


def _common_groups(indexes: Sequence[Compared]) -> Steps[Positions]:
    """Groups of near duplicates by all indexes, because one may see no difference of images."""
    every = []
    for compared in indexes:
        # A join takes ascending rows, and each index has its own order.
        order = np.argsort(compared.vectors.rows)
        own = yield from groups_steps(with_positions(compared, order))
        every.append(own[np.argsort(order)])
    groups: Positions = np.unique(np.stack(every), axis=1, return_inverse=True)[1].ravel()
    return groups


def _queries(
    labeled: Labeled, groups: Positions, request: ComparisonRequest
) -> tuple[Positions, int]:
    """The queries, and how many samples are the only one of their class."""
    pairs = np.unique(np.stack([labeled.labels, groups]), axis=1)
    of_class = np.bincount(pairs[0], minlength=len(labeled.names))
    has_others = of_class[labeled.labels] > 1
    queries = np.flatnonzero(has_others)
    if not len(queries):
        raise ValueError(
            f"No class of '{request.label_field}' has two different samples; choose another field."
        )
    if len(queries) > request.max_queries:
        rng = np.random.default_rng(request.seed)
        queries = np.sort(rng.choice(queries, request.max_queries, replace=False))
    return queries, int((~has_others).sum())


def _model(
    samples: foc.SampleCollection,
    table: ComparisonTable,
    number: int,
    measures: QueryMeasures,
) -> ModelMeasures:
    info = index_info(samples, table.request.brain_keys[number])
    of_all = {measure: table.interval(measure, None, number) for measure in MEASURES}
    by_class = {
        table.labeled.names[c]: {m: table.interval(m, c, number) for m in MEASURES}
        for c in table.classes
    }
    return ModelMeasures(
        info.brain_key,
        info.model,
        **of_all,
        hubness=measures.hubness,
        dim=info.dim or 0,
        disk_bytes=info.disk_bytes,
        rate=info.rate,
        by_class=by_class,
    )


def _notes(missing: int, unlabeled: int, alone: int, small: int) -> tuple[str, ...]:
    notes = []
    if missing:
        notes.append(f"{missing:,} are not in all of the indexes, and were left out.")
    if unlabeled:
        notes.append(f"{unlabeled:,} have no label, and were left out.")
    if alone:
        notes.append(f"{alone:,} are the only different one of their class, and were no queries.")
    if small:
        notes.append(
            f"{small:,} classes have fewer than {MIN_QUERIES} queries, too few to compare."
        )
    return tuple(notes)
