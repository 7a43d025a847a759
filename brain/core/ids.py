"""FiftyOne ids (24 hexadecimal digits) as 12-byte NumPy scalars.

A million packed ids take 12 MB, sort and compare at memory speed, and can be memory-mapped. NumPy
drops trailing zero bytes of such scalars. All ids have the same length, so this changes neither
their order nor their equality.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

ID_BYTES = 12
ID_DIGITS = 2 * ID_BYTES
ID_DTYPE = np.dtype(f"S{ID_BYTES}")
_ID_PATTERN = re.compile(f"[0-9a-fA-F]{{{ID_DIGITS}}}")
PackedIds = npt.NDArray[np.bytes_]


def pack_ids(ids: Iterable[Any]) -> PackedIds:
    """Packs ids.

    Args:
        ids: strings of 24 hexadecimal digits, or ``ObjectId`` instances

    Returns:
        an ``(n,)`` array of 12-byte scalars

    Raises:
        ValueError: if a value is not an id
    """
    texts = [str(value) for value in ids]
    for text in texts:
        if not _ID_PATTERN.fullmatch(text):
            raise ValueError(f"'{text}' is not an id; ids have {ID_DIGITS} hexadecimal digits.")
    return np.frombuffer(bytes.fromhex("".join(texts)), dtype=ID_DTYPE)


# A BSON document of one field "_id": its length, the type of the field, its name, 12 bytes, and 0.
_ID_DOCUMENT = np.dtype(
    [("length", "<i4"), ("type", "u1"), ("name", "S4"), ("id", ID_DTYPE), ("end", "u1")]
)


def unpack_bson(batches: Iterable[bytes]) -> PackedIds:
    """Returns the ids in BSON documents that hold an ``ObjectId`` as ``_id`` and nothing else."""
    documents = np.frombuffer(b"".join(batches), dtype=_ID_DOCUMENT)
    return np.ascontiguousarray(documents["id"])


def unpack_ids(packed: PackedIds) -> list[str]:
    """Reverses :func:`pack_ids`."""
    digits = np.ascontiguousarray(packed).tobytes().hex()
    return [digits[i : i + ID_DIGITS] for i in range(0, len(digits), ID_DIGITS)]


def id_array(packed: PackedIds) -> npt.NDArray[np.str_]:
    """Returns an ``(n,)`` array of id strings, the form that similarity indexes return."""
    return np.array(unpack_ids(packed), dtype=f"U{ID_DIGITS}")


def find_rows(
    wanted: PackedIds, sorted_ids: PackedIds, rows: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Looks up the rows of ids.

    Args:
        wanted: ``(m,)`` packed ids to look up
        sorted_ids: ``(n,)`` the known ids, unique and ascending
        rows: ``(n,)`` int64, the row of each known id

    Returns:
        ``(m,)`` int64 rows, -1 for unknown ids
    """
    if sorted_ids.size == 0:
        return np.full(wanted.size, -1, np.int64)
    positions = np.minimum(np.searchsorted(sorted_ids, wanted), sorted_ids.size - 1)
    return np.where(sorted_ids[positions] == wanted, rows[positions], -1)
