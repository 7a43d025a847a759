"""The content of a file of vectors, as writers take it and readers give it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from blake3 import blake3

from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.store.segments import MediaFingerprints
from fiftyone_faiss.brain.transfer.description import IndexDescription
from fiftyone_faiss.brain.transfer.row_keys import RowKeys

BLOCK_BYTES = 1 << 26
"""Vectors that are in memory at once."""


@dataclass(frozen=True)
class Block:
    """Rows that follow each other.

    Attributes:
        vectors: ``(n, dim)`` float32 or float16
        media (None): ``(n,)`` fingerprints of their media, None if unknown
        model (None): the fingerprint of the model that computed them, None if unknown
        precision (None): the precision that the model ran in, None if unknown
    """

    vectors: npt.NDArray[Any]
    media: MediaFingerprints | None = None
    model: str | None = None
    precision: str | None = None


@dataclass(frozen=True)
class Contents:
    """The content of a file.

    Attributes:
        keys: the keys of its rows
        dim: the length of the vectors
        blocks: reads the vectors, from the first row on
        description (None): what the file says of its index, None if another program wrote it
    """

    keys: RowKeys
    dim: int
    blocks: Callable[[], Iterator[Block]]
    description: IndexDescription | None = None


class VectorHasher:
    """Hashes vectors: BLAKE3 of their numbers as little-endian float32, row after row.

    So the hash of float16 vectors is that of the float32 vectors with the same values.
    """

    def __init__(self) -> None:
        self._hasher = blake3()

    def update(self, vectors: npt.NDArray[Any]) -> None:
        """Adds ``(n, dim)`` vectors."""
        values = np.ascontiguousarray(vectors, "<f4")
        self._hasher.update(memoryview(values.reshape(-1).view(np.uint8)))

    def hexdigest(self) -> str:
        """Returns 64 hexadecimal digits."""
        return str(self._hasher.hexdigest())


def rows_per_block(dim: int) -> int:
    """Returns how many float32 vectors fill a block, at least 1."""
    return max(BLOCK_BYTES // (4 * max(dim, 1)), 1)


def array_blocks(vectors: npt.NDArray[Any]) -> Iterator[Block]:
    """Yields the blocks of an array, which may be mapped."""
    size = rows_per_block(vectors.shape[1])
    for start in range(0, len(vectors), size):
        yield Block(vectors[start : start + size])


def difference(vectors: Matrix, stored: npt.NDArray[Any]) -> float:
    """Returns the largest absolute difference of two numbers, 0 for equal ``(n, dim)`` arrays."""
    return float(np.abs(vectors - stored.astype(np.float32)).max(initial=0.0))
