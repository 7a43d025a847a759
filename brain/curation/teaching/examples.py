"""What a projection is learned from: pairs that are alike or not, and classes that are.

Everything here is about the *examples*: the vectors that pairs or classes name. Places are numbers
of examples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.core.ids import pack_ids
from fiftyone_faiss.brain.core.params import quoted
from fiftyone_faiss.brain.curation.field_values import class_of, field_values
from fiftyone_faiss.brain.curation.labeling.label_values import with_positions
from fiftyone_faiss.brain.curation.teaching.judged_pairs import judged_pairs
from fiftyone_faiss.brain.curation.teaching.request import IdPair, TeachingRequest
from fiftyone_faiss.brain.data.private import FRAMES_PREFIX

Flags = npt.NDArray[np.bool_]
PAIRS = "pairs"
"""The name of the aspect of given pairs."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of examples.

    Attributes:
        first: ``(p,)`` places
        second: ``(p,)`` places
        is_alike: ``(p,)`` whether they are alike
    """

    first: Positions
    second: Positions
    is_alike: Flags

    def __len__(self) -> int:
        return len(self.first)

    def among(self, is_inside: Flags) -> Pairs:
        """The pairs with both ends among some examples."""
        return self.at(is_inside[self.first] & is_inside[self.second])

    def at(self, chosen: Flags | Positions) -> Pairs:
        """Some of the pairs."""
        return Pairs(self.first[chosen], self.second[chosen], self.is_alike[chosen])

    def joined(self, other: Pairs) -> Pairs:
        """These pairs, and others."""
        both = zip(vars(self).values(), vars(other).values(), strict=True)
        return Pairs(*(np.concatenate(columns) for columns in both))


@dataclass(frozen=True)
class Aspect:
    """Classes whose members are alike.

    Attributes:
        name: the field, or the tags
        labels: ``(m,)`` the class of each example, -1 for none
        rest: the class of the examples without the only tag, whose members need not be alike; None
            if there is no such class
    """

    name: str
    labels: Positions
    rest: int | None = None

    @property
    def is_query(self) -> Flags:
        """``(m,)`` whether others of its class are alike."""
        return (self.labels >= 0) & (self.labels != (-1 if self.rest is None else self.rest))


@dataclass(frozen=True)
class Examples:
    """The examples of a request.

    Attributes:
        whole: all vectors of the index that are in the collection
        compared: those that are examples
        pairs: given pairs; None if none were given
        aspects: the classes of each field, or of the tags
        notes: what was left out, in sentences
    """

    whole: Compared
    compared: Compared
    pairs: Pairs | None
    aspects: list[Aspect]
    notes: list[str]

    def __len__(self) -> int:
        return len(self.compared.vectors)


def read_examples(whole: Compared, request: TeachingRequest) -> Examples:
    """Reads what a request names.

    Raises:
        ValueError: if ids are not among the vectors, a field does not exist or has several labels,
            or nothing is left to learn from
    """
    notes: list[str] = []
    given = _given_pairs(whole, request, notes)
    aspects = [
        Aspect(field, class_of(field_values(whole, _own(field)), field)[1])
        for field in request.label_field
    ]
    if request.tags:
        aspects.append(_of_tags(whole, request.tags, notes))
    for aspect in aspects:
        if len(np.unique(aspect.labels[aspect.labels >= 0])) < 2:
            raise ValueError(
                f"{quoted(aspect.name)} has fewer than two classes in these samples; choose "
                "another field, tag or view."
            )
    positions = _chosen(len(whole.vectors), given, aspects, request, notes)
    place = np.full(len(whole.vectors), -1, np.int64)
    place[positions] = np.arange(len(positions))
    pairs = given and Pairs(place[given.first], place[given.second], given.is_alike)
    own = [Aspect(a.name, a.labels[positions], a.rest) for a in aspects]
    return Examples(whole, with_positions(whole, positions), pairs, own, notes)


def _given_pairs(whole: Compared, request: TeachingRequest, notes: list[str]) -> Pairs | None:
    """The given pairs and those that people judged, as positions."""
    alike = positions_of(whole, request.alike, "alike")
    unlike = positions_of(whole, request.unlike, "unlike")
    if request.judgments:
        judged = judged_pairs(whole.samples, whole.patches_field)
        alike += positions_of(whole, judged.alike)
        unlike += positions_of(whole, judged.unlike)
        contradicted = {*alike} & {*unlike}
        if contradicted:
            notes.append(f"{len(contradicted):,} pairs were judged both ways, and were left out.")
            alike, unlike = ([p for p in own if p not in contradicted] for own in (alike, unlike))
    if not alike and not (request.label_field or request.tags):
        raise ValueError(
            "There are no pairs that are alike; like several results of a search, or give alike "
            "pairs, a label_field or tags."
        )
    if not alike and not unlike:
        return None
    pairs = np.array([*dict.fromkeys(alike), *dict.fromkeys(unlike)], np.int64)
    is_alike = np.arange(len(pairs)) < len({*alike})
    return Pairs(pairs[:, 0], pairs[:, 1], is_alike)


def _own(field: str) -> str:
    """The name of a field of frames from the frames, as :func:`field_values` takes it."""
    return field.removeprefix(FRAMES_PREFIX)


def positions_of(
    whole: Compared, pairs: Sequence[IdPair], name: str | None = None
) -> list[tuple[int, int]]:
    """The positions of pairs of ids, the smaller one first.

    Args:
        whole: the vectors
        pairs: the pairs
        name (None): what they are, for the message; if None, unknown pairs are left out

    Raises:
        ValueError: if an id is unknown, and ``name`` is given
    """
    if not pairs:
        return []
    rows = whole.vectors.snapshot.rows_of(pack_ids([id for pair in pairs for id in pair]))
    places = np.searchsorted(whole.vectors.rows, rows).clip(max=len(whole.vectors) - 1)
    is_known = (rows >= 0) & (whole.vectors.rows[places] == rows)
    if name is not None and not is_known.all():
        unknown = int(np.flatnonzero(~is_known)[0])
        raise ValueError(
            f"{int((~is_known).sum()):,} ids in {name} are not among these samples of the index "
            f"'{whole.brain_key}', such as '{pairs[unknown // 2][unknown % 2]}'; leave them out, "
            "or run update_index."
        )
    known = np.sort(places.reshape(-1, 2)[is_known.reshape(-1, 2).all(axis=1)], axis=1)
    return [(int(first), int(second)) for first, second in known]


def _of_tags(whole: Compared, tags: Sequence[str], notes: list[str]) -> Aspect:
    """The classes of samples, or labels, with one of some tags."""
    field = "tags" if whole.patches_field is None else f"{whole.patches_field}.tags"
    number = {tag: n for n, tag in enumerate(tags)}
    own = [
        [number[tag] for tag in values if tag in number] for values in field_values(whole, field)
    ]
    unknown = sorted({*tags} - {tags[n] for numbers in own for n in numbers})
    if unknown:
        raise ValueError(f"None of these samples has the tag {quoted(unknown[0])}; check its name.")
    several = sum(len(numbers) > 1 for numbers in own)
    if several:
        notes.append(f"{several:,} have several of the tags, and were left out.")
    rest = len(tags) if len(tags) == 1 else -1
    labels = [-1 if len(n) > 1 else n[0] if n else rest for n in own]
    return Aspect(", ".join(tags), np.array(labels, np.int64), rest if rest >= 0 else None)


def _chosen(
    n: int,
    given: Pairs | None,
    aspects: Sequence[Aspect],
    request: TeachingRequest,
    notes: list[str],
) -> Positions:
    """The positions of examples, ascending: those of pairs, and at most so many with a class."""
    labeled = np.zeros(n, bool)
    for aspect in aspects:
        labeled |= aspect.labels >= 0
    chosen = np.flatnonzero(labeled)
    if len(chosen) > request.max_samples:
        notes.append(f"{request.max_samples:,} of {len(chosen):,} labeled samples were drawn.")
        rng = np.random.default_rng(request.seed)
        chosen = rng.choice(chosen, request.max_samples, replace=False)
    of_pairs = [] if given is None else [given.first, given.second]
    positions: Positions = np.unique(np.concatenate([chosen, *of_pairs]))
    return positions
