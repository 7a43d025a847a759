"""Packed ids."""

from __future__ import annotations

import numpy as np
import pytest
from bson import ObjectId

from fiftyone_faiss.brain.core.ids import find_rows, id_array, pack_ids, unpack_ids

IDS = ["0" * 24, "ff" * 12, "ab" * 11 + "00"]


def test_ids_survive_packing_even_with_trailing_zero_bytes() -> None:
    packed = pack_ids(IDS)
    assert packed.itemsize == 12 and unpack_ids(packed) == IDS
    assert id_array(packed).tolist() == IDS and id_array(packed).dtype == np.dtype("U24")
    assert unpack_ids(pack_ids([ObjectId(IDS[2])])) == [IDS[2]]
    assert unpack_ids(pack_ids([])) == []


@pytest.mark.parametrize("text", ["abc", "g" * 24, "a" * 25, ""])
def test_a_value_that_is_not_an_id_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=f"'{text}' is not an id; ids have 24 hexadecimal digits"):
        pack_ids([IDS[0], text])


def test_rows_of_ids_are_found_and_unknown_ids_are_not() -> None:
    ascending = pack_ids(sorted(IDS))
    rows = np.array([5, 2, 9])
    wanted = pack_ids([IDS[1], "12" * 12, IDS[0]])
    assert find_rows(wanted, ascending, rows).tolist() == [9, -1, 5]
    assert find_rows(wanted, ascending[:0], rows[:0]).tolist() == [-1, -1, -1]
