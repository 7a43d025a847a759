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

# Allows every live row.
ALL_ROWS = RowFilter(contains=lambda rows: np.ones(len(rows), bool), rows=lambda: None)


def ids_of(numbers: Iterable[int]) -> PackedIds:
    """Returns the packed ids of numbers."""
    return pack_ids(f"{number:024x}" for number in numbers)


def numbers_of(ids: PackedIds) -> list[int]:
    """Returns the numbers of packed ids."""
    return [int(digits, 16) for digits in unpack_ids(ids)]


def media_of(numbers: Iterable[int]) -> np.ndarray:
    """Returns media fingerprints: the size is 10 times the number, the time is 1 more."""
    return np.array([(10 * number, 10 * number + 1) for number in numbers], MEDIA_DTYPE)


def make_batch(
    vectors: np.ndarray,
    numbers: Iterable[int],
    model: str | None = None,
    precision: str | None = None,
) -> Batch:
    """Returns a batch of samples with media."""
    numbers = list(numbers)
    return Batch(
        vectors, ids_of(numbers), media=media_of(numbers), model=model, precision=precision
    )


def create_store(path: Path, vectors: np.ndarray, dtype: str = "float32") -> Store:
    """Creates a store of vectors numbered from 0, with metadata that names the cosine metric."""
    store = Store.create(path, has_labels=False, metadata={"metric": "cosine"}, dtype=dtype)
    store.commit(make_batch(vectors, range(len(vectors))))
    return store


def contents(snapshot: Snapshot) -> list[tuple[int, bytes, int]]:
    """Returns the number, the vector and the media size of each live row, in order."""
    rows = snapshot.live_rows
    vectors = snapshot.vectors_at(rows)
    numbers, sizes = numbers_of(snapshot.ids[rows]), snapshot.media["size"][rows].tolist()
    return [(n, v.tobytes(), s) for n, v, s in zip(numbers, vectors, sizes, strict=True)]


def unused_files(store: Store) -> set[str]:
    """Returns the files in a store's directory that its newest generation does not name."""
    used = {MANIFEST, LOCK, *store.snapshot().manifest.file_names}
    return {path.name for path in store.path.iterdir()} - used


def file_of(store: Store, suffix: str) -> Path:
    """Returns the only file of a store with a suffix."""
    (path,) = store.path.glob(f"*.{suffix}")
    return path


def save_index_file(store: Store, data: bytes, **metadata: int) -> bool:
    """Saves bytes in the place of an ANN index."""
    return store.save_index_file(
        "ann_index", store.snapshot(), metadata, lambda path: path.write_bytes(data)
    )


def flip_bit(path: Path, at: int, bit: int = 0) -> None:
    """Flips a bit of a file in place, so that processes that map the file see it."""
    with path.open("r+b") as file:
        file.seek(at)
        (value,) = file.read(1)
        file.seek(at)
        file.write(bytes([value ^ 1 << bit]))
