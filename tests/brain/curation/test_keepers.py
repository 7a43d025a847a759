"""The rules that choose which sample of a group to keep, on values."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from fiftyone_faiss.brain.curation.keepers import (
    RULES,
    KeeperFacts,
    check_rules,
    compare,
    order_of,
)

JANUARY, MARCH = 1_704_448_800.0, 1_709_283_600.0
BASE = KeeperFacts("b", "train", 1, 800, 600, 192_000, 480_000, 120.0, MARCH)
BETTER = {
    "split": ({"split": "test"}, "split 'test' is kept before 'train'"),
    "labels": ({"labels": 3}, "3 labels beat 1"),
    "pixels": ({"width": 1600, "height": 1200}, "1,600 x 1,200 beats 800 x 600"),
    "bytes_per_pixel": ({"file_bytes": 912_000}, "1.9 bytes per pixel beat 0.4"),
    "sharpness": ({"sharpness": 412.0}, "sharper, 410 beats 120"),
    "age": ({"created": JANUARY}, "older, 2024-01-05 comes before 2024-03-01"),
}


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_decides_and_says_so(rule) -> None:
    change, reason = BETTER[rule]
    # Its id would be second.
    better = replace(BASE, id="z", **change)
    for group in permutations([BASE, better]):
        best, second = order_of(group)
        assert (best.id, best.rule, best.reason) == ("z", rule, reason)
        assert (second.id, second.rule, second.reason) == ("b", rule, reason)


def test_an_earlier_rule_decides_and_the_order_can_change() -> None:
    large = replace(BASE, id="large", width=1600, height=1200)
    labeled = replace(BASE, id="labeled", labels=5)
    assert [choice.id for choice in order_of([large, labeled])] == ["labeled", "large"]
    assert [c.id for c in order_of([large, labeled], ("pixels", "labels"))] == ["large", "labeled"]
    assert compare(large, labeled, ("age",)) == (None, "equal")


def test_a_test_sample_is_kept_whatever_the_other_rules_say() -> None:
    poor = KeeperFacts("poor", "test", 0, 10, 10, 10, 100, 1.0, MARCH)
    val = replace(BASE, id="val", split="val", labels=9, width=8000)
    rules = check_rules(("labels", "pixels"), has_split=True)
    assert rules == ("split", "labels", "pixels")
    assert [choice.id for choice in order_of([BASE, val, poor], rules)] == ["poor", "val", "b"]
    # It comes first even if the caller lists it last.
    assert check_rules(("age", "split"), has_split=True) == ("split", "age")
    assert check_rules(("age", "split"), has_split=False) == ("age",)


def test_the_reasons_compare_with_the_sample_that_is_kept() -> None:
    group = [
        replace(BASE, id="a", labels=7),
        replace(BASE, id="c", labels=7, width=400),
        replace(BASE, id="d", labels=2),
    ]
    assert [(c.id, c.rule, c.reason) for c in order_of(group)] == [
        ("a", "pixels", "800 x 600 beats 400 x 600"),
        ("c", "pixels", "800 x 600 beats 400 x 600"),
        ("d", "labels", "7 labels beat 2"),
    ]


def test_ties_end_by_id() -> None:
    group = [replace(BASE, id=name) for name in ("c", "a", "b")]
    assert [(c.id, c.rule, c.reason) for c in order_of(group)] == [
        ("a", None, "equal"),
        ("b", None, "equal"),
        ("c", None, "equal"),
    ]
    (only,) = order_of([BASE])
    assert (only.id, only.rule, only.reason) == ("b", None, "there is no other")
    assert order_of([]) == []


def test_what_is_unknown_loses() -> None:
    unknown = KeeperFacts("a")
    reasons = [compare(BASE, unknown, (rule,))[1] for rule in RULES]
    assert reasons == [
        "it is in split 'train', the other is in none",
        "1 label beats 0",
        "the other image is unreadable",
        "the file of the other is unreadable",
        "the other image is unreadable",
        "the age of the other is unknown",
    ]
    for rule in RULES:
        assert [choice.id for choice in order_of([unknown, BASE], (rule,))] == ["b", "a"]


def test_noise_decides_nothing() -> None:
    other = replace(BASE, id="a", file_bytes=192_010, sharpness=120.9)
    assert compare(other, BASE) == (None, "equal")


def test_the_order_is_the_same_for_any_order_of_the_group() -> None:
    group = [replace(BASE, id=rule, **change) for rule, (change, _) in BETTER.items()]
    orders = {tuple(choice.id for choice in order_of(g)) for g in permutations(group)}
    assert orders == {("split", "labels", "pixels", "bytes_per_pixel", "sharpness", "age")}


def test_an_unknown_rule_is_named() -> None:
    with pytest.raises(ValueError, match=r"^There is no rule 'size'; choose from split, labels, "):
        check_rules(("labels", "size"), has_split=False)
    assert check_rules("age", has_split=False) == ("age",)
