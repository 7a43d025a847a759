"""Batches of rows."""

from __future__ import annotations

import numpy as np
import pytest
from support.stores import ids_of, media_of, numbers_of

from fiftyone_faiss.brain.store.batch import Batch


def test_the_columns_of_a_batch_are_those_of_its_segment() -> None:
    vectors = np.array([[3, 4], [0, 0.5]])
    columns = Batch(vectors, ids_of([7, 8]), label_ids=ids_of([1, 2])).columns("float16")
    assert list(columns) == ["vectors", "norms", "samples", "media", "labels"]
    assert columns["vectors"].dtype == np.float16 and columns["norms"].dtype == np.float32
    assert columns["vectors"].tolist() == vectors.tolist()
    assert columns["norms"].tolist() == [5.0, 0.5]
    assert numbers_of(columns["samples"]) == [7, 8] and numbers_of(columns["labels"]) == [1, 2]
    assert columns["media"].tolist() == [(-1, -1)] * 2
    with pytest.raises(ValueError, match="do not fit into float16; build the index with float32"):
        Batch(np.full((1, 2), 1e5), ids_of([7])).columns("float16")


def test_columns_are_computed_once_per_dtype() -> None:
    batch = Batch(np.array([[3.0, 4.0]]), ids_of([7]))
    assert batch.columns("float32") is batch.columns("float32")
    assert batch.columns("float16")["vectors"].dtype == np.float16
    assert batch.columns("float32")["vectors"].dtype == np.float32


def test_some_rows_of_a_batch_keep_their_columns() -> None:
    vectors = np.arange(6.0).reshape(3, 2)
    batch = Batch(vectors, ids_of([1, 1, 2]), ids_of([4, 5, 6]), media_of([1, 2, 3]), "m", "half")
    assert batch.columns("float32")["norms"].shape == (3,)
    part = batch.at(np.array([2, 0]))
    assert part.vectors.tolist() == [[4, 5], [0, 1]]
    assert numbers_of(part.sample_ids) == [2, 1] and numbers_of(part.ids) == [6, 4]
    assert part.media["size"].tolist() == [30, 10]
    assert (part.model, part.precision) == ("m", "half")
    np.testing.assert_allclose(part.columns("float32")["norms"], [np.sqrt(41), 1], rtol=1e-6)
    samples = Batch(vectors, ids_of([1, 2, 3])).at(np.array([1]))
    assert numbers_of(samples.ids) == [2] and samples.media is None
