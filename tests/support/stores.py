"""Stores of numbered rows: the id of number 7 is 7 in hexadecimal."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from fiftyone_faiss.brain.ann.row_filter import RowFilter
from fiftyone_faiss.brain.core.ids import PackedIds, pack_ids, unpack_ids
from fiftyone_faiss.brain.store.batch import Batch
from fiftyone_faiss.brain.store.directory import LOCK
from fiftyone_faiss.brain.store.manifest import MANIFEST
from fiftyone_faiss.brain.store.segments import MEDIA_DTYPE
from fiftyone_faiss.brain.store.snapshot import Snapshot
from fiftyone_faiss.brain.store.store import Store

# Every live row may be an answer.
ALL = RowFilter(contains=lambda rows: np.ones(len(rows), bool), rows=lambda: None)


def ids_of(numbers: Iterable[int]) -> PackedIds:
    """The packed ids of numbers."""
    return pack_ids(f"{number:024x}" for number in numbers)


def numbers_of(ids: PackedIds) -> list[int]:
    """The numbers of packed ids."""
    return [int(one, 16) for one in unpack_ids(ids)]


def media_of(numbers: Iterable[int]) -> np.ndarray:
    """Media fingerprints that tell the number: its size is 10 times it, its time 1 more."""
    return np.array([(10 * number, 10 * number + 1) for number in numbers], MEDIA_DTYPE)


def batch(vectors: np.ndarray, numbers: Iterable[int], model: str | None = None) -> Batch:
    """A batch of samples with media."""
    numbers = list(numbers)
    return Batch(vectors, ids_of(numbers), media=media_of(numbers), model=model)


def filled(path: Path, vectors: np.ndarray, dtype: str = "float32") -> Store:
    """A store of vectors numbered from 0, with the fact that their metric is cosine."""
    store = Store.create(path, has_labels=False, metadata={"metric": "cosine"}, dtype=dtype)
    store.commit(batch(vectors, range(len(vectors))))
    return store


def contents(snapshot: Snapshot) -> list[tuple[int, bytes, int]]:
    """Number, vector and media size of each live row, in the order of the rows."""
    rows = snapshot.live_rows
    vectors = snapshot.vectors_at(rows)
    numbers, sizes = numbers_of(snapshot.ids[rows]), snapshot.media["size"][rows].tolist()
    return [(n, v.tobytes(), s) for n, v, s in zip(numbers, vectors, sizes, strict=True)]


def leftovers(store: Store) -> set[str]:
    """The files in a store's folder that do not belong to its newest generation."""
    known = {MANIFEST, LOCK, *store.snapshot().manifest.file_names}
    return {path.name for path in store.path.iterdir()} - known


def flip(path: Path, at: int, bit: int = 0) -> None:
    """Flips a bit of a file, in place, so that those who map it see it."""
    with path.open("r+b") as file:
        file.seek(at)
        (value,) = file.read(1)
        file.seek(at)
        file.write(bytes([value ^ 1 << bit]))
