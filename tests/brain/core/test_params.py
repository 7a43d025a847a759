"""Values of any type are read, or refused in a short sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from bson import ObjectId
from support.points import one_sentence
from support.random_requests import nested

from fiftyone_faiss.brain.core import params

ID = "0123456789abcdef01234567"
GOOD: list[tuple[Callable[..., Any], Any, Any]] = [
    (params.read_text, None, ""),
    (params.read_text, "x", "x"),
    (params.read_flag, None, False),
    (params.read_flag, True, True),
    (params.read_flag, np.bool_(True), True),
    (params.read_flag, 0, False),
    (params.read_whole, None, None),
    (params.read_whole, " 25 ", 25),
    (params.read_whole, 4.0, 4),
    (params.read_whole, np.int64(7), 7),
    (params.read_number, "", None),
    (params.read_number, "0.5", 0.5),
    (params.read_number, "inf", float("inf")),
    (params.read_number, np.float32(0.5), 0.5),
    (params.read_mapping, None, {}),
    (params.read_mapping, {"a": 1}, {"a": 1}),
    (params.read_list, None, []),
    (params.read_list, (1, "a"), [1, "a"]),
    (params.read_numbers, [1, np.float32(0.5)], [1.0, 0.5]),
    (params.read_ids, None, ()),
    (params.read_ids, "", ()),
    (params.read_ids, ID, (ID,)),
    (params.read_ids, ObjectId(ID), (ID,)),
    (params.read_ids, np.array([ID, ID]), (ID, ID)),
    (params.read_ids, {ID: 1}.keys(), (ID,)),
]
ANY = [
    True, 5, -1, 0.5, float("nan"), 10**400, 10**30, "x", "x" * 10_000, b"x" * 10_000, [[]],
    [None], {"x" * 10_000: "y" * 10_000}, nested(900, "list"), nested(900, "object"), object(),
    np.array(3), np.zeros((2, 2)), ["y" * 10_000],
]  # fmt: skip
BAD = {
    params.read_text: [True, 5, [None], b"x"],
    params.read_flag: [5, 0.5, "x", "false", [[]], np.zeros(2)],
    params.read_whole: [True, 0.5, "x", "", float("inf"), 10**30, [[]], {}],
    params.read_number: [True, "x", 10**400, [[]], {}],
    params.read_mapping: [True, 5, "x", [[]]],
    params.read_list: [True, 5, "x", b"x", {}, np.array(3)],
    params.read_numbers: [True, ["1"], [True], [None], [10**400]],
    params.read_ids: [True, 5, "x", [None], [ID, 5], {ID: 1}, b"x", [ID + "0"], [bytes(12)]],
}


@pytest.mark.parametrize(("read", "value", "expected"), GOOD)
def test_valid_values_are_read(read: Callable[..., Any], value: Any, expected: Any) -> None:
    result = read("k", value)
    assert (result, type(result)) == (expected, type(expected))


@pytest.mark.parametrize("read", BAD)
def test_other_values_are_refused_in_a_short_sentence(read: Callable[..., Any]) -> None:
    for value in BAD[read]:
        with pytest.raises(ValueError, match=r"^k (is|has) .*; ") as caught:
            read("k", value)
        assert one_sentence(caught.value), caught.value
    for value in ANY:
        try:
            read("k", value)
        except ValueError as error:
            assert len(str(error)) <= 300 and one_sentence(error), str(error)


def test_a_text_may_have_a_limit() -> None:
    assert params.read_text("name", "x" * 100, 100) == "x" * 100
    with pytest.raises(ValueError) as caught:
        params.read_text("name", "x" * 10_000, 100)
    assert str(caught.value) == "name has 10,000 characters; shorten it to 100 or fewer."


def test_a_quote_has_the_beginning_of_a_value() -> None:
    assert params.quoted("a 'b'") == "\"a 'b'\""
    assert params.quoted(None) == "None"
    for value in ANY:
        assert len(params.quoted(value)) <= 100
