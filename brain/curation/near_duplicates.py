"""Finds near duplicates by the distances of their vectors, and verifies them by their pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.ann.joined_pairs import MAX_LISTED, JoinedPairs, components
from fiftyone_faiss.brain.ann.range_join import join_steps
from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.core.progress import Steps, timed_steps
from fiftyone_faiss.brain.curation.accidental_pairs import Estimate, NearestPairs
from fiftyone_faiss.brain.curation.apart import Apart
from fiftyone_faiss.brain.curation.duplicates import DuplicatePair, Duplicates, Member, members_of
from fiftyone_faiss.brain.curation.keeper_facts import facts_of
from fiftyone_faiss.brain.curation.keepers import KeeperChoice, order_of
from fiftyone_faiss.brain.curation.pixel_verdict import Verdict
from fiftyone_faiss.brain.curation.request import DuplicatesRequest
from fiftyone_faiss.brain.curation.star_cover import grouped, near_among, near_in, star_cover
from fiftyone_faiss.brain.curation.thresholds import propose
from fiftyone_faiss.brain.curation.verdicts import verdict_steps
from fiftyone_faiss.brain.data.private import root_dataset
from fiftyone_faiss.brain.data.progress_bar import ProgressOption, run_steps


def find_near_duplicates(
    samples: foc.SampleCollection,
    brain_key: str | None = None,
    thresh: float | None = None,
    *,
    progress: ProgressOption = None,
    **options: Any,
) -> Duplicates:
    """Finds samples, frames or labels whose vectors are near each other.

    Args:
        samples: a dataset or a view; only its members are compared with each other
        brain_key (None): the FAISS index; not needed when there is only one
        thresh (None): the largest distance; None proposes one
        progress (None): whether to show a progress bar, or a callback
        **options: see :class:`DuplicatesRequest`

    Returns:
        a :class:`Duplicates`

    Raises:
        ValueError: if a value is not valid, the index has the metric ``"dotproduct"``, or it holds
            fewer than two of the samples
    """
    request = DuplicatesRequest(brain_key, thresh, **options)
    return run_steps(near_duplicates_steps(samples, request), progress)


def near_duplicates_steps(
    samples: foc.SampleCollection, request: DuplicatesRequest
) -> Steps[Duplicates]:
    """Does the work of :func:`find_near_duplicates` in steps that can be tracked and canceled."""
    compared = Compared.of(samples, request.brain_key)
    vectors = compared.vectors
    nearest = NearestPairs.of(vectors)
    thresh = request.thresh
    if thresh is None:
        thresh = propose(nearest, request.fraction)
    if thresh is None:
        note = (
            "No distance separates duplicates from pairs of different images; give thresh to see "
            "the nearest pairs."
        )
        return Duplicates(
            samples, compared.patches_field, [], [], 0, None, None, 1.0, len(vectors), {}, (note,)
        )
    pairs = yield from joined(compared, thresh)
    apart = Apart.of(compared) if request.judgments else Apart.none()
    left_out = apart.leave_out(pairs, len(vectors))
    verdicts: dict[int, Verdict] = {}
    unreadable: dict[str, str] = {}
    if request.verify:
        verdicts, unreadable = yield from verdict_steps(compared, pairs.first, pairs.second)
    listed = listed_pairs(compared, pairs, verdicts)
    members = _groups(compared, pairs, request, verdicts, apart)
    expected = bounded(nearest.expected(thresh), pairs.count)
    return Duplicates(
        samples,
        compared.patches_field,
        members,
        listed,
        pairs.count,
        thresh,
        expected,
        pairs.recall,
        len(vectors),
        unreadable,
        _notes(pairs, left_out),
    )


def joined(compared: Compared, thresh: float, is_right: Any = None) -> Steps[JoinedPairs]:
    """Runs a range join with the progress of a service."""
    pairs = yield from timed_steps(join_steps(compared.vectors, thresh, is_right), "compared")
    return pairs


def bounded(expected: Estimate | None, count: int, share: float = 1.0) -> Estimate | None:
    """An estimate of accidental pairs among a share of all pairs; no more than there are pairs."""
    if expected is None:
        return None
    return Estimate(*(min(share * value, float(count)) for value in vars(expected).values()))


def listed_pairs(
    compared: Compared, pairs: JoinedPairs, verdicts: Mapping[int, Verdict]
) -> list[DuplicatePair]:
    """The listed pairs of a join, with the verdicts by the place of the pair."""
    ids = dict(
        zip(*_named(compared, np.unique(np.concatenate([pairs.first, pairs.second]))), strict=True)
    )
    rows = zip(pairs.first.tolist(), pairs.second.tolist(), pairs.distances.tolist(), strict=True)
    listed = []
    for place, (first, second, distance) in enumerate(rows):
        verdict = verdicts.get(place)
        judged = () if verdict is None else (verdict.verdict, verdict.confidence, verdict.reason)
        listed.append(DuplicatePair(ids[first], ids[second], distance, *judged))
    return listed


def _named(compared: Compared, positions: Positions) -> tuple[list[int], list[str]]:
    return positions.tolist(), compared.ids_at(positions)


def _groups(
    compared: Compared,
    pairs: JoinedPairs,
    request: DuplicatesRequest,
    verdicts: Mapping[int, Verdict],
    apart: Apart,
) -> list[list[Member]]:
    """Groups the members of the pairs that count, and chooses whom to keep."""
    total = len(compared.vectors)
    near = apart.without(near_among(compared.vectors, pairs))
    groups, is_member = pairs.groups, pairs.degrees > 0
    if request.verify:
        places = np.array([n for n, v in verdicts.items() if v.verdict == "copy"], np.int64)
        first, second = pairs.first[places], pairs.second[places]
        near = near_in(first, second, pairs.distances[places], total)
        groups = components(first, second, total)
        is_member = np.zeros(total, bool)
        is_member[first] = is_member[second] = True
    parts = grouped(groups, is_member)
    if not parts:
        return []
    positions = np.concatenate(parts)
    name = dict(zip(*_named(compared, positions), strict=True))
    facts_by_id = facts_of(
        root_dataset(compared.samples),
        list(name.values()),
        request.rules,
        request.split_field,
        compared.patches_field,
    )
    position_of = {id: position for position, id in name.items()}
    choices: dict[str, KeeperChoice] = {}
    ordered: list[list[int]] = []
    for part in parts:
        known = [facts_by_id[name[p]] for p in part.tolist() if name[p] in facts_by_id]
        of_group = order_of(known, request.rules)
        choices |= {choice.id: choice for choice in of_group}
        ordered.append([position_of[choice.id] for choice in of_group])
    order = np.concatenate([np.array(part, np.int64) for part in ordered])
    keeper, distance = star_cover(order, near, total)
    keeper_of = {name[p]: name[int(keeper[p])] for p in order.tolist()}
    distance_of = {name[p]: float(distance[p]) for p in order.tolist()}
    verdict_of = {
        _key(name.get(int(pairs.first[n]), ""), name.get(int(pairs.second[n]), "")): v.verdict
        for n, v in verdicts.items()
    }
    return [
        members_of([name[p] for p in part], keeper_of, distance_of, choices, verdict_of)
        for part in ordered
        if len(part) > 1
    ]


def _key(a: str, b: str) -> tuple[str, str]:
    return min(a, b), max(a, b)


def _notes(pairs: JoinedPairs, left_out: int) -> tuple[str, ...]:
    notes = []
    if left_out:
        notes.append(f"{left_out:,} pairs that a person judged to be different are left out.")
    if not pairs.is_complete:
        many = int(np.count_nonzero(pairs.degrees > MAX_LISTED))
        notes.append(
            f"{many:,} of them have more than {MAX_LISTED} near ones, of which only some pairs are "
            "listed; all are in the groups."
        )
    return tuple(notes)
