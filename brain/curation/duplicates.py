"""The result of a search for duplicates."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import fiftyone as fo
import fiftyone.core.collections as foc

from fiftyone_faiss.brain.curation import acting
from fiftyone_faiss.brain.curation.accidental_pairs import Estimate
from fiftyone_faiss.brain.curation.decisions import decided, near_members
from fiftyone_faiss.brain.curation.keepers import KeeperChoice
from fiftyone_faiss.brain.curation.saved_groups import save_groups
from fiftyone_faiss.brain.data.lookup import existing_ids
from fiftyone_faiss.brain.data.private import root_dataset
from fiftyone_faiss.brain.data.result_views import view_of
from fiftyone_faiss.brain.data.value_fields import SavedFields

PairVerdict = Literal["copy", "look-alike", "unverified"]
DEFAULT_TAG = "duplicate"


@dataclass(frozen=True)
class DuplicatePair:
    """Two samples, frames or labels that are near each other.

    Attributes:
        id_a: the id of the one that was added first
        id_b: the id of the other
        distance: the distance of their vectors; 0 for files with equal contents
        verdict: ``"copy"`` for two versions of one image, ``"look-alike"`` for two images of the
            same thing, ``"unverified"`` where the images were not compared
        confidence: the probability that the verdict is right, 0 where there is none
        reason: why, in a short clause
    """

    id_a: str
    id_b: str
    distance: float
    verdict: PairVerdict = "unverified"
    confidence: float = 0.0
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return dict(vars(self))


@dataclass(frozen=True)
class Member:
    """A member of a group of duplicates.

    Attributes:
        id: its id
        keeper: the id of the member that is kept instead of it; its own id if it is kept
        distance: the distance to its keeper, 0 for a keeper; None if a person removed it although
            no kept one is near it
        verdict: that of the pair with its keeper; ``"keeper"`` for a keeper
        rule: the rule by which the keeper was chosen, None if they are equal by all
        reason: that choice in a clause
    """

    id: str
    keeper: str
    distance: float | None
    verdict: str
    rule: str | None
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return dict(vars(self))


@dataclass(frozen=True)
class Duplicates:
    """The duplicates of a collection.

    A group is all members that pairs connect, directly or over others. Each has at least one
    keeper, and each redundant member is near its keeper, within ``thresh``.

    Attributes:
        samples: the collection
        patches_field: the field of the labels that were compared, None for samples and frames
        members: the groups, each with its keepers first
        pairs: the pairs, nearest first; all pairs if ``pair_count`` is their number
        pair_count: the number of pairs
        thresh: the largest distance of a pair; None if no threshold stands out
        expected_accidental_pairs: how many pairs of different images to expect within ``thresh``;
            None if there are too few samples for an estimate
        recall: the fraction of the pairs that were found; 1 if none can be missed
        compared: the number of samples, frames or labels that were compared
        unreadable: why, for each file or id that could not be read
        notes: what else to know, in sentences
    """

    samples: foc.SampleCollection
    patches_field: str | None
    members: list[list[Member]]
    pairs: list[DuplicatePair]
    pair_count: int
    thresh: float | None
    expected_accidental_pairs: Estimate | None
    recall: float
    compared: int
    unreadable: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()

    @property
    def groups(self) -> list[list[str]]:
        """The ids of each group, keepers first."""
        return [[member.id for member in group] for group in self.members]

    @property
    def keepers(self) -> list[str]:
        """The ids to keep."""
        return [m.id for group in self.members for m in group if m.id == m.keeper]

    @property
    def redundant(self) -> list[str]:
        """The ids that can be removed."""
        return [m.id for group in self.members for m in group if m.id != m.keeper]

    def keeping(self, ids: Sequence[str]) -> Duplicates:
        """The same result, with some redundant members kept after all."""
        kept = set(ids)
        members = [
            sorted(
                (_kept(member) if member.id in kept else member for member in group),
                key=lambda member: member.id != member.keeper,
            )
            for group in self.members
        ]
        return replace(self, members=members)

    def deciding(self, keep: Sequence[str] = (), remove: Sequence[str] = ()) -> Duplicates:
        """The same result with a person's decisions, without members that do not exist any more.

        A redundant member whose keeper is removed, or gone, gets the nearest kept one, or is kept
        if there is none.

        Args:
            keep: the ids of members to keep
            remove: the ids of members to remove

        Raises:
            ValueError: if nothing would be kept of a group
        """
        gone = self.missing()
        kept, removed = set(keep), set(remove) - set(keep)
        changed = kept | removed | gone
        near = near_members(self.pairs) if changed else {}
        groups = (
            decided(group, near, kept, removed, gone)
            if any(member.id in changed for member in group)
            else group
            for group in self.members
        )
        return replace(self, members=[group for group in groups if len(group) > 1])

    def missing(self) -> set[str]:
        """The ids of members that do not exist any more."""
        ids = [id for group in self.groups for id in group]
        return set(ids) - existing_ids(root_dataset(self.samples), ids, self.patches_field)

    def of_groups(self, numbers: Sequence[int]) -> Duplicates:
        """The same result with some of the groups."""
        return replace(self, members=[self.members[number] for number in numbers])

    def near(self, ids: Sequence[str]) -> dict[str, list[str]]:
        """The ids that could be kept instead of each of some ids, nearest first."""
        wanted = set(ids)
        near = near_members(pair for pair in self.pairs if wanted & {pair.id_a, pair.id_b})
        return {id: sorted(near[id], key=near[id].__getitem__) for id in wanted & set(near)}

    def sampled_pairs(self, count: int, seed: int = 51) -> list[DuplicatePair]:
        """Some of the pairs that count, by chance: copies if images were compared, else all."""
        is_verified = any(pair.verdict != "unverified" for pair in self.pairs)
        counting = [pair for pair in self.pairs if pair.verdict == "copy" or not is_verified]
        return random.Random(seed).sample(counting, min(count, len(counting)))

    def view(self) -> fo.DatasetView:
        """The members, those of a group beside each other, keepers first.

        The App pages through the groups if they are few enough for a grouped view.
        """
        return acting.grouped_view(self.samples, self.groups, self.patches_field)

    def clean_view(self) -> foc.SampleCollection:
        """The collection without the redundant members."""
        return acting.without(self.samples, self.redundant, self.patches_field)

    def redundant_view(self) -> fo.DatasetView:
        """The redundant members."""
        return view_of(self.samples, self.redundant, self.patches_field)

    def tag(self, tag: str = DEFAULT_TAG) -> list[str]:
        """Tags the redundant members; ``untag_neighbors(dataset, tag)`` undoes that.

        Returns:
            the ids that did not have the tag before
        """
        return acting.tag(self.samples, self.redundant, tag, self.patches_field)

    def save(self, field: str = "duplicates") -> SavedFields:
        """Saves the group, the rank, the keeper, its distance and the verdict of each member.

        Args:
            field ("duplicates"): a field of the samples, or of the labels

        Returns:
            how many members were saved, which can be undone

        Raises:
            ValueError: if the field holds other values
        """
        return save_groups(self.samples, self.members, field, self.patches_field)

    def remove(self, confirmed: int | None = None, delete_files: bool = False) -> acting.Removal:
        """Removes the redundant members from the dataset.

        Args:
            confirmed: the number of members to remove, as a confirmation
            delete_files (False): whether to delete the files of the removed samples too, which
                cannot be undone

        Returns:
            an :class:`Removal`, which can be undone

        Raises:
            ValueError: if the number is not that of the members that still exist
        """
        return acting.remove(
            root_dataset(self.samples), self.redundant, confirmed, self.patches_field, delete_files
        )

    def merge(self, labels: bool = True, tags: bool = True) -> acting.Merge:
        """Copies labels and tags that only redundant samples have to their keepers.

        Returns:
            what was changed, which can be undone
        """
        return acting.merge(root_dataset(self.samples), self._kept_pairs, labels, tags)

    def merge_preview(self) -> acting.Merge:
        """Tells what :meth:`merge` would change, and changes nothing."""
        return acting.merge(root_dataset(self.samples), self._kept_pairs, True, True, dry=True)

    @property
    def _kept_pairs(self) -> list[tuple[str, str]]:
        return [(m.keeper, m.id) for group in self.members for m in group if m.id != m.keeper]

    def __str__(self) -> str:
        if self.thresh is None and not self.members:
            return f"No duplicates stand out among {self.compared:,}."
        text = (
            f"{len(self.redundant):,} of {self.compared:,} are redundant, in "
            f"{len(self.members):,} groups, at a distance of {self.thresh or 0:.3g}"
        )
        expected = self.expected_accidental_pairs
        if expected is None:
            return f"{text}."
        return (
            f"{text}; about {expected.value:,.1f} of the {self.pair_count:,} pairs are accidental "
            f"({expected.low:,.1f} to {expected.high:,.1f})."
        )


def _kept(member: Member) -> Member:
    return Member(member.id, member.id, 0.0, "keeper", None, "a person kept it")


def members_of(
    group: Sequence[str],
    keeper_of: Mapping[str, str],
    distance_of: Mapping[str, float],
    choices: Mapping[str, KeeperChoice],
    verdict_of: Mapping[tuple[str, str], str],
) -> list[Member]:
    """The members of a group, keepers first, each redundant one beside its keeper's others."""
    members = []
    for id in group:
        keeper = keeper_of[id]
        choice = choices.get(id)
        verdict = verdict_of.get((min(id, keeper), max(id, keeper)), "unverified")
        members.append(
            Member(
                id,
                keeper,
                distance_of[id],
                "keeper" if keeper == id else verdict,
                choice.rule if choice else None,
                choice.reason if choice else "",
            )
        )
    place = {id: n for n, id in enumerate(group)}
    return sorted(members, key=lambda m: (m.id != m.keeper, place[m.keeper], m.distance or 0.0))
