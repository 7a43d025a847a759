"""Chooses which sample of a group of duplicates to keep, by rules in a given order."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

RULES = ("split", "labels", "pixels", "bytes_per_pixel", "sharpness", "age")
"""The rules, in their default order."""

SPLIT_RANKS = {"test": 3, "val": 2, "validation": 2, "dev": 2, "train": 0, "training": 0}
"""The splits that have a rank; the highest is kept. Other splits have rank 1."""


@dataclass(frozen=True)
class KeeperFacts:
    """What the rules compare; None where it is unknown, or no rule asks for it.

    Attributes:
        id: the id of the sample, frame or label
        split: its split
        labels: the number of its labels
        width: its width in pixels
        height: its height in pixels
        file_bytes: the size of its file
        file_pixels: the number of pixels in its file, also outside of a label's box
        sharpness: the variance of the Laplacian at a common size
        created: when it was created, in seconds since 1970
    """

    id: str
    split: str | None = None
    labels: int | None = None
    width: int | None = None
    height: int | None = None
    file_bytes: int | None = None
    file_pixels: int | None = None
    sharpness: float | None = None
    created: float | None = None


@dataclass(frozen=True)
class KeeperChoice:
    """Why a sample is kept, or another one instead of it.

    Attributes:
        id: the id of the sample, frame or label
        rule: the first rule by which the two differ, None if they are equal by all rules
        reason: the comparison, for example ``"1,600 x 1,200 beats 800 x 600"``
    """

    id: str
    rule: str | None
    reason: str


def check_rules(rules: Sequence[str], has_split: bool) -> tuple[str, ...]:
    """Checks the names of rules, and returns them in the order in which they apply.

    Args:
        rules: some of ``RULES``, in any order
        has_split: whether splits are known; the rule ``"split"`` is then the first in any case

    Raises:
        ValueError: if a rule is unknown
    """
    if isinstance(rules, str):
        rules = (rules,)
    for rule in rules:
        if rule not in RULES:
            raise ValueError(f"There is no rule '{rule}'; choose from {', '.join(RULES)}.")
    others = tuple(rule for rule in dict.fromkeys(rules) if rule != "split")
    return ("split", *others) if has_split else others


def order_of(facts: Sequence[KeeperFacts], rules: Sequence[str] = RULES) -> list[KeeperChoice]:
    """Orders the samples of a group, the best to keep first.

    Args:
        facts: the facts of each sample
        rules: as :func:`check_rules` returned them

    Returns:
        a choice for each sample. The reason of the first compares it with the second; that of each
        other sample compares the first with it
    """

    def by_rules(a: KeeperFacts, b: KeeperFacts) -> int:
        return -1 if _is_better(a, b, rules) else 1

    ordered = sorted(facts, key=functools.cmp_to_key(by_rules))
    choices = [KeeperChoice(other.id, *compare(ordered[0], other, rules)) for other in ordered[1:]]
    if choices:
        return [KeeperChoice(ordered[0].id, choices[0].rule, choices[0].reason), *choices]
    return [KeeperChoice(sample.id, None, "there is no other") for sample in ordered]


def compare(
    kept: KeeperFacts, other: KeeperFacts, rules: Sequence[str] = RULES
) -> tuple[str | None, str]:
    """Returns the rule by which a sample is kept rather than another one, and the reason.

    The rule is None, and the reason says so, if the two are equal by all rules.
    """
    for rule in rules:
        if _VALUES[rule](kept) != _VALUES[rule](other):
            return rule, _REASONS[rule](kept, other)
    return None, "equal"


def _is_better(a: KeeperFacts, b: KeeperFacts, rules: Sequence[str]) -> bool:
    for rule in rules:
        values = _VALUES[rule](a), _VALUES[rule](b)
        if values[0] != values[1]:
            return bool(values[0] > values[1])
    return a.id < b.id


def _split_value(facts: KeeperFacts) -> int:
    """Returns the rank of the split, -1 for none."""
    return -1 if not facts.split else SPLIT_RANKS.get(facts.split.lower(), 1)


def _pixels(facts: KeeperFacts) -> int:
    return -1 if facts.width is None or facts.height is None else facts.width * facts.height


def _bytes_per_pixel(facts: KeeperFacts) -> float:
    if facts.file_bytes is None or not facts.file_pixels:
        return -1
    return _rounded(facts.file_bytes / facts.file_pixels, 3)


def _sharpness(facts: KeeperFacts) -> float:
    return -1 if facts.sharpness is None else _rounded(facts.sharpness, 2)


def _rounded(value: float, digits: int) -> float:
    """Rounds to some digits, because smaller differences are noise."""
    return float(f"{value:.{digits}g}")


_VALUES: dict[str, Callable[[KeeperFacts], Any]] = {
    "split": _split_value,
    "labels": lambda facts: -1 if facts.labels is None else facts.labels,
    "pixels": _pixels,
    "bytes_per_pixel": _bytes_per_pixel,
    "sharpness": _sharpness,
    "age": lambda facts: -float("inf") if facts.created is None else -facts.created,
}


def _split_reason(kept: KeeperFacts, other: KeeperFacts) -> str:
    if other.split is None:
        return f"it is in split '{kept.split}', the other is in none"
    return f"split '{kept.split}' is kept before '{other.split}'"


def _labels_reason(kept: KeeperFacts, other: KeeperFacts) -> str:
    noun = "label beats" if kept.labels == 1 else "labels beat"
    return f"{kept.labels:,} {noun} {other.labels or 0:,}"


def _pixels_reason(kept: KeeperFacts, other: KeeperFacts) -> str:
    if _pixels(other) < 0:
        return "the other image is unreadable"
    return f"{kept.width:,} x {kept.height:,} beats {other.width:,} x {other.height:,}"


def _bytes_reason(kept: KeeperFacts, other: KeeperFacts) -> str:
    if _bytes_per_pixel(other) < 0:
        return "the file of the other is unreadable"
    return f"{_bytes_per_pixel(kept):g} bytes per pixel beat {_bytes_per_pixel(other):g}"


def _sharpness_reason(kept: KeeperFacts, other: KeeperFacts) -> str:
    if _sharpness(other) < 0:
        return "the other image is unreadable"
    return f"sharper, {_sharpness(kept):g} beats {_sharpness(other):g}"


def _age_reason(kept: KeeperFacts, other: KeeperFacts) -> str:
    if other.created is None:
        return "the age of the other is unknown"
    times = [datetime.fromtimestamp(facts.created or 0, timezone.utc) for facts in (kept, other)]
    form = "%Y-%m-%d" if times[0].date() != times[1].date() else "%Y-%m-%d %H:%M:%S.%f"
    return f"older, {times[0].strftime(form)} comes before {times[1].strftime(form)}"


_REASONS: dict[str, Callable[[KeeperFacts, KeeperFacts], str]] = {
    "split": _split_reason,
    "labels": _labels_reason,
    "pixels": _pixels_reason,
    "bytes_per_pixel": _bytes_reason,
    "sharpness": _sharpness_reason,
    "age": _age_reason,
}
