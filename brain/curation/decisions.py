"""Applies a person's decisions to groups of duplicates, and leaves out what does not exist."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fiftyone_faiss.brain.curation.duplicates import DuplicatePair, Member

Near = Mapping[str, Mapping[str, float]]
"""The distances of the members that are near each other, by their ids."""
KEPT, REMOVED, NO_OTHER = "you keep it", "you removed it", "no kept one is near it"


def near_members(pairs: Iterable[DuplicatePair]) -> dict[str, dict[str, float]]:
    """Lists who is near whom; only copies if images were compared."""
    listed = list(pairs)
    is_verified = any(pair.verdict != "unverified" for pair in listed)
    near: dict[str, dict[str, float]] = {}
    for pair in listed:
        if pair.verdict == "copy" or not is_verified:
            near.setdefault(pair.id_a, {})[pair.id_b] = pair.distance
            near.setdefault(pair.id_b, {})[pair.id_a] = pair.distance
    return near


def decided(
    group: Sequence[Member],
    near: Near,
    keep: Collection[str],
    remove: Collection[str],
    gone: Collection[str] = (),
) -> list[Member]:
    """Decides again about a group.

    A redundant member whose keeper is not kept any more gets the nearest kept one; it is kept
    itself if there is none, so that each removed member has a kept one near it unless a person
    removed it.

    Args:
        group: the members
        near: see :func:`near_members`
        keep: the ids that a person keeps
        remove: the ids that a person removes
        gone: the ids that do not exist any more

    Returns:
        the members that exist, keepers first

    Raises:
        ValueError: if nothing would be kept
    """
    members = [member for member in group if member.id not in gone]
    kept = [m.id for m in members if m.id in keep or (m.id == m.keeper and m.id not in remove)]
    result: dict[str, Member] = {}
    for member in members:
        if member.id not in kept and member.id not in remove:
            result[member.id] = _placed(member, group, near, kept)
            if result[member.id].keeper == member.id:
                kept.append(member.id)
    if members and not kept:
        raise ValueError("Nothing would be kept of a group; keep one of its members first.")
    for member in members:
        if member.id in kept and member.id not in result:
            result[member.id] = _as_kept(member)
        elif member.id in remove and member.id not in kept:
            placed = _placed(member, group, near, kept)
            lost = replace(member, keeper=kept[0], distance=None, verdict="unverified")
            chosen = lost if placed.keeper == member.id else placed
            result[member.id] = replace(chosen, rule=None, reason=REMOVED)
    ordered = [result[member.id] for member in members]
    return sorted(ordered, key=lambda member: member.id != member.keeper)


def _as_kept(member: Member) -> Member:
    if member.id == member.keeper:
        return member
    return replace(member, keeper=member.id, distance=0.0, verdict="keeper", rule=None, reason=KEPT)


def _placed(member: Member, group: Sequence[Member], near: Near, kept: Sequence[str]) -> Member:
    """A member with its own keeper, else the nearest kept one; kept itself if there is none."""
    if member.keeper in kept and member.keeper != member.id:
        return member
    distances = {id: d for id, d in near.get(member.id, {}).items() if id in kept}
    # Equal to the same third one, they are equal.
    if member.distance == 0:
        equal = (m.id for m in group if m.keeper == member.keeper and m.distance == 0)
        distances |= {id: 0.0 for id in equal if id in kept and id != member.id}
    if not distances:
        return replace(_as_kept(member), reason=NO_OTHER)
    nearest = min(distances, key=lambda id: (distances[id], id))
    verdict = "unverified" if member.verdict == "keeper" else member.verdict
    return replace(member, keeper=nearest, distance=distances[nearest], verdict=verdict)
