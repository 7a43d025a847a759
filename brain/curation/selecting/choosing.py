"""Selects samples to label next."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.backend.compared_graph import ComparedGraph
from fiftyone_faiss.brain.core.arrays import Distances
from fiftyone_faiss.brain.core.progress import Progress, Steps
from fiftyone_faiss.brain.curation.field_values import field_values
from fiftyone_faiss.brain.curation.scoring import formulas
from fiftyone_faiss.brain.curation.scoring.distinct import Distinct, distinct_steps, measure_steps
from fiftyone_faiss.brain.curation.scoring.false_alarms import Tail
from fiftyone_faiss.brain.curation.selecting import pool
from fiftyone_faiss.brain.curation.selecting.greedy import PICKS_AT_ONCE, Greedy, WeightedQuotas
from fiftyone_faiss.brain.curation.selecting.quotas import Quotas, by_quarter
from fiftyone_faiss.brain.curation.selecting.receipt import Coverage, receipt_steps
from fiftyone_faiss.brain.curation.selecting.request import SelectionRequest
from fiftyone_faiss.brain.curation.selecting.selection import Selection
from fiftyone_faiss.brain.data.progress_bar import ProgressOption, run_steps


def select_samples(
    samples: foc.SampleCollection,
    n: int,
    brain_key: str | None = None,
    *,
    progress: ProgressOption = None,
    **options: Any,
) -> Selection:
    """Selects samples, frames or labels that are worth labeling next.

    Each has the largest product of its terms at its turn: the distance to what is selected or
    labeled already, the typicality, and others that you give a weight. Outliers are left out.

    Args:
        samples: a dataset or a view to select from
        n: how many
        brain_key (None): the FAISS index; not needed when there is only one
        progress (None): whether to show a progress bar, or a callback
        **options: see :class:`SelectionRequest`

    Returns:
        a :class:`Selection`

    Raises:
        ValueError: if a value is not valid, there are fewer than ``n`` candidates, the index has
            the metric ``"dotproduct"``, or it holds fewer than two of the samples
    """
    request = SelectionRequest(n, brain_key, **options)
    return run_steps(selection_steps(samples, request), progress)


def selection_steps(samples: foc.SampleCollection, request: SelectionRequest) -> Steps[Selection]:
    """Does the work of :func:`select_samples` in steps that can be tracked and canceled."""
    compared = Compared.of(samples, request.brain_key)
    judged = pool.Judged.of(compared, request)
    labeled = np.union1d(pool.labeled_positions(compared, request.labeled), judged.covered)
    chosen_from = yield from _pool_steps(compared, request, labeled, judged.rejected)
    candidates = chosen_from.candidates
    if len(candidates) < request.n:
        raise ValueError(
            f"n is {request.n:,}, but only {len(candidates):,} can be selected: neither labeled "
            "nor excluded, no outliers, and one of near duplicates; give a smaller n."
        )
    balance = _balance(compared, request, candidates, labeled)
    quotas = [] if balance is None else [WeightedQuotas(balance, request.balance)]
    if request.clusters:
        values = pool.cluster_values(compared, request.cluster_field, request.n)
        clusters = Quotas(values, candidates, labeled, request.n)
        quotas.append(WeightedQuotas(clusters, request.clusters))
    constant = request.typicality * np.log(chosen_from.typicality)
    constant = constant + request.nearness * _nearness(compared, request)[candidates]
    greedy = Greedy(compared.vectors, candidates, labeled, request.diversity, constant, quotas)
    selected = yield from _greedy_steps(greedy, request.n)
    inside = np.flatnonzero(~chosen_from.is_outlier)
    choices = np.setdiff1d(np.arange(len(compared.vectors)), labeled)
    receipt = yield from receipt_steps(
        Coverage(compared, inside, labeled, balance),
        selected,
        choices,
        int(chosen_from.is_outlier.sum()),
        len(compared.vectors) - len(chosen_from.distinct.positions),
    )
    ids = compared.ids_at(selected)
    notes = (*judged.notes(request), *receipt.sentences())
    return Selection(samples, compared.patches_field, ids, receipt, notes)


@dataclass(frozen=True)
class _Pool:
    """What can be selected.

    Attributes:
        distinct: one vector of each group of near duplicates
        candidates: ``(c,)`` positions
        typicality: ``(c,)`` their typicality
        is_outlier: ``(n,)`` whether each position is an outlier
    """

    distinct: Distinct
    candidates: Positions
    typicality: Distances
    is_outlier: np.ndarray


def _pool_steps(
    compared: Compared, request: SelectionRequest, labeled: Positions, rejected: Positions
) -> Steps[_Pool]:
    distinct = yield from distinct_steps(compared, request.thresh)
    measured = yield from measure_steps(distinct, formulas.DENSITY_NEIGHBORS, _measure, 2)
    typicality, oddness = measured.columns
    is_open = np.ones(len(typicality), bool)
    is_odd = np.zeros(len(typicality), bool)
    if request.exclude_outliers:
        is_odd[Tail.of(oddness).unusual()] = True
    excluded = np.union1d(pool.positions_of(compared, list(request.exclude)), rejected)
    # A near duplicate of a labeled sample teaches nothing new.
    is_open[distinct.place[labeled]] = False
    is_open[distinct.place[excluded]] = False
    places = np.flatnonzero(is_open & ~is_odd)
    return _Pool(
        distinct,
        distinct.positions[places],
        np.maximum(typicality[places], formulas.MIN_DISTANCE),
        is_odd[distinct.place],
    )


def _measure(graph: ComparedGraph) -> list[Distances]:
    """The typicality, and the oddness by density and by distance."""
    factors = np.log(formulas.local_outlier_factor(graph.neighbors, graph.distances))
    logs = formulas.log_mean(graph.distances)
    same = np.zeros(len(logs), np.int64)
    odd = (formulas.oddness(factors, same) + formulas.oddness(logs, same)) / np.sqrt(2)
    return [formulas.typicality(graph.distances), odd]


def _balance(
    compared: Compared, request: SelectionRequest, candidates: Positions, labeled: Positions
) -> Quotas | None:
    if request.balance_field is None:
        return None
    values = by_quarter(field_values(compared, request.balance_field))
    return Quotas(values, candidates, labeled, request.n)


def _nearness(compared: Compared, request: SelectionRequest) -> Distances:
    """``(n,)`` the similarity to the query or tag, in standard deviations; 0 without one."""
    if request.near is not None:
        return pool.standardized(pool.similarity_to_query(compared, request.near))
    if request.near_tag is not None:
        return pool.standardized(pool.similarity_to_tag(compared, request.near_tag))
    return np.zeros(len(compared.vectors))


def _greedy_steps(greedy: Greedy, n: int) -> Steps[Positions]:
    started = time.perf_counter()
    selected: list[int] = []
    while len(selected) < n:
        selected.append(greedy.select())
        if len(selected) % PICKS_AT_ONCE == 0 or len(selected) == n:
            yield Progress(len(selected), n, 0, time.perf_counter() - started, "selected")
    return np.array(selected, np.int64)
