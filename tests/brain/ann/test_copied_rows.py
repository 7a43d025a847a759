"""Copies of the vectors of small views."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from support.stores import create_store, ids_of, make_batch

from fiftyone_faiss.brain.ann.copied_rows import MAX_BYTES, MAX_VIEWS, CopiedRows


def test_a_copy_is_kept_for_the_same_rows_of_a_generation(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    vectors = rng.normal(size=(60, 8)).astype(np.float32)
    store = create_store(tmp_path / "s", vectors)
    snapshot = store.snapshot()
    copied_rows = CopiedRows()
    rows = np.array([5, 3, 40])
    copy = copied_rows.of(snapshot, rows)
    np.testing.assert_array_equal(copy.vectors, vectors[rows])
    np.testing.assert_allclose(copy.norms, np.linalg.norm(vectors[rows], axis=1), rtol=1e-6)
    assert copied_rows.of(snapshot, rows) is copy
    # An equal array is another view.
    other = copied_rows.of(snapshot, rows.copy())
    assert other is not copy
    np.testing.assert_array_equal(other.vectors, copy.vectors)
    # After a compaction, the rows have other numbers.
    store.commit(delete=ids_of([0]))
    store.commit(make_batch(vectors[:1] + 1, [60]))
    store.compact()
    newer = copied_rows.of(store.snapshot(), rows)
    np.testing.assert_array_equal(newer.vectors, vectors[rows + 1])


def test_few_and_small_copies_are_kept(tmp_path: Path, rng: np.random.Generator) -> None:
    vectors = rng.normal(size=(60, 8)).astype(np.float32)
    snapshot = create_store(tmp_path / "s", vectors).snapshot()
    copied_rows = CopiedRows()
    views = [np.arange(n, n + 5) for n in range(MAX_VIEWS + 1)]
    kept = [copied_rows.of(snapshot, rows) for rows in views]
    assert copied_rows.of(snapshot, views[-1]) is kept[-1]
    assert copied_rows.of(snapshot, views[0]) is not kept[0]
    many = np.zeros(MAX_BYTES // (4 * 8) + 1, np.int64)
    assert copied_rows.is_small(snapshot, many[1:]) and not copied_rows.is_small(snapshot, many)
    assert copied_rows.of(snapshot, many) is None
