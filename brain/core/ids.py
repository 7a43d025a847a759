"""FiftyOne's ids (24 hexadecimal digits) as 12-byte NumPy scalars.

As fixed-length bytes a million ids take 12 MB, sort and compare at memory speed, and can be
memory-mapped. All ids have the same length, so NumPy's habit of dropping trailing zero bytes
changes neither their order nor their equality.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

ID_BYTES = 12
_DIGITS = re.compile(f"[0-9a-fA-F]{{{2 * ID_BYTES}}}")
ID_DTYPE = np.dtype(f"S{ID_BYTES}")
PackedIds = npt.NDArray[np.bytes_]


def pack_ids(ids: Iterable[Any]) -> PackedIds:
    """Packs ids.

    Args:
        ids: strings of 24 hexadecimal digits, or ``ObjectId`` instances

    Returns:
        ``(n,)`` array of 12-byte scalars

    Raises:
        ValueError: if one of them is not an id, naming it
    """
    texts = [str(one) for one in ids]
    for text in texts:
        if not _DIGITS.fullmatch(text):
            raise ValueError(f"'{text}' is not an id; ids have {2 * ID_BYTES} hexadecimal digits.")
    return np.frombuffer(bytes.fromhex("".join(texts)), dtype=ID_DTYPE)


def unpack_ids(packed: PackedIds) -> list[str]:
    """The reverse of :func:`pack_ids`."""
    digits = np.ascontiguousarray(packed).tobytes().hex()
    width = 2 * ID_BYTES
    return [digits[i : i + width] for i in range(0, len(digits), width)]


def id_array(packed: PackedIds) -> npt.NDArray[np.str_]:
    """``(n,)`` array of ids as FiftyOne's similarity indexes give them out."""
    return np.array(unpack_ids(packed), dtype=f"U{2 * ID_BYTES}")


def find_rows(
    wanted: PackedIds, ascending: PackedIds, rows: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Finds ids among known ones.

    Args:
        wanted: ``(m,)`` packed ids
        ascending: ``(n,)`` the known ids in ascending order, each of them once
        rows: ``(n,)`` int64, the row of each

    Returns:
        ``(m,)`` int64 rows, -1 where an id is not known
    """
    if ascending.size == 0:
        return np.full(wanted.size, -1, np.int64)
    at = np.minimum(np.searchsorted(ascending, wanted), ascending.size - 1)
    return np.where(ascending[at] == wanted, rows[at], -1)
