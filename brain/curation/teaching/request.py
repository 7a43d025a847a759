"""The request of a projection to be learned, normalized and checked in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from fiftyone_faiss.brain.core.params import (
    MAX_NAME,
    quoted,
    read_flag,
    read_ids,
    read_list,
    read_text,
    read_whole,
)

DEFAULT_RANK, DEFAULT_SAMPLES = 32, 5000
MAX_RANK, MAX_PAIRS, MAX_ASPECTS = 256, 20_000, 10
IdPair = tuple[str, str]


@dataclass(frozen=True)
class TeachingRequest:
    """What to learn, from which index, and where to keep it.

    Attributes:
        brain_key (None): the index; None for the only one
        new_key (""): the key of the new index
        alike (()): pairs of ids of samples, frames or labels that are alike
        unlike (()): pairs of ids that are not; if there are none, random pairs
        label_field (()): a field of labels or texts, or several: equal values are alike
        tags (()): tags: samples with the same one are alike; those with another, or with none if
            only one tag is given, are not
        judgments (False): whether to learn from what people judged: liked and disliked results of
            the saved searches, and pairs that are no duplicates
        rank (32): the rank of what is added to the identity
        max_samples (5000): the largest number of labeled or tagged samples; more are drawn by
            chance
        seed (51): of all random choices

    Raises:
        ValueError: if a value is not valid; the message says what to do
    """

    brain_key: str | None = None
    new_key: str = ""
    alike: Sequence[IdPair] = ()
    unlike: Sequence[IdPair] = ()
    label_field: Sequence[str] = ()
    tags: Sequence[str] = ()
    judgments: bool = False
    rank: int = DEFAULT_RANK
    max_samples: int = DEFAULT_SAMPLES
    seed: int = 51

    def __post_init__(self) -> None:
        rank, most = read_whole("rank", self.rank), read_whole("max_samples", self.max_samples)
        seed = read_whole("seed", self.seed)
        normalized = {
            "brain_key": read_text("brain_key", self.brain_key, MAX_NAME) or None,
            "new_key": read_text("new_key", self.new_key, MAX_NAME).strip(),
            "alike": read_pairs("alike", self.alike),
            "unlike": read_pairs("unlike", self.unlike),
            "label_field": _names("label_field", self.label_field),
            "tags": _names("tags", self.tags),
            "judgments": read_flag("judgments", self.judgments),
            "rank": DEFAULT_RANK if rank is None else rank,
            "max_samples": DEFAULT_SAMPLES if most is None else most,
            "seed": abs(51 if seed is None else seed),
        }
        for name, value in normalized.items():
            object.__setattr__(self, name, value)
        self._check()

    def _check(self) -> None:
        if not (self.alike or self.unlike or self.label_field or self.tags or self.judgments):
            raise ValueError(
                "There is nothing to learn from; give alike and unlike pairs, a label_field, tags "
                "or judgments=True."
            )
        if self.unlike and not (self.alike or self.label_field or self.tags or self.judgments):
            raise ValueError("Give pairs that are alike, too; from unlike ones alone, all are far.")
        both = {_ordered(pair) for pair in self.alike} & {_ordered(pair) for pair in self.unlike}
        if both:
            first, second = min(both)
            raise ValueError(f"'{first}' and '{second}' are both alike and unlike; choose one.")
        if not 1 <= self.rank <= MAX_RANK:
            raise ValueError(f"rank is {self.rank}; give 1 to {MAX_RANK}, such as 32.")
        if self.max_samples < 100:
            raise ValueError(f"max_samples is {self.max_samples}; give 100 or more, such as 5000.")

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> TeachingRequest:
        """Makes a request of values that a form or a page sent; unknown names are ignored."""
        names = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in params.items() if name in names})


def read_pairs(name: str, value: Any) -> tuple[IdPair, ...]:
    """Reads pairs of ids; each pair once, in either order.

    Raises:
        ValueError: if it has another value; the message says what to give
    """
    pairs: dict[IdPair, IdPair] = {}
    for given in read_list(name, value):
        ids = read_ids(name, given)
        if len(ids) != 2 or ids[0] == ids[1]:
            raise ValueError(f"{name} has {quoted(given)}; give pairs of two different ids.")
        pairs.setdefault(_ordered((ids[0], ids[1])), (ids[0], ids[1]))
    if len(pairs) > MAX_PAIRS:
        raise ValueError(f"{name} has {len(pairs):,} pairs; give {MAX_PAIRS:,} or fewer.")
    return tuple(pairs.values())


def _ordered(pair: IdPair) -> IdPair:
    return min(pair), max(pair)


def _names(name: str, value: Any) -> tuple[str, ...]:
    given = [value] if isinstance(value, str) else read_list(name, value)
    names = [read_text(name, own, MAX_NAME).strip() for own in given]
    kept = tuple(dict.fromkeys(own for own in names if own))
    if len(kept) > MAX_ASPECTS:
        raise ValueError(f"{name} has {len(kept)} names; give {MAX_ASPECTS} or fewer.")
    return kept
