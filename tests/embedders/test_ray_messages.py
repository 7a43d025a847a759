"""Results of Ray's workers are read without pickle."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from fiftyone_faiss.embedders import EmbeddedBatch, EmbedderError, Failure
from fiftyone_faiss.embedders.ray_messages import decode_result, encode_result


class Touch:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.path,)


def test_the_batches_of_a_chunk_are_read_as_one(rng: np.random.Generator) -> None:
    vectors = rng.normal(size=(5, 4)).astype(np.float32)
    batches = [
        EmbeddedBatch(np.array([7, 9]), vectors[:2], (Failure(8, "the file is \u2018gone\u2019"),)),
        EmbeddedBatch(
            np.array([], np.int64), np.empty((0, 4), np.float32), (Failure(10, "", True),)
        ),
        EmbeddedBatch(np.array([11, 12, 13]), vectors[2:], ()),
    ]
    read = decode_result(encode_result(batches))
    assert (read.positions.tolist(), read.positions.dtype) == ([7, 9, 11, 12, 13], np.int64)
    np.testing.assert_array_equal(read.vectors, vectors)
    assert read.vectors.dtype == np.float32
    assert read.failures == (batches[0].failures[0], Failure(10, "", True))


def test_the_error_of_a_worker_is_raised() -> None:
    with pytest.raises(EmbedderError) as caught:
        decode_result(encode_result(EmbedderError("The weights \u201cx\u201d are gone.")))
    assert str(caught.value) == "The weights \u201cx\u201d are gone."


def test_a_pickle_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    in_array = tmp_path / "array.npz"
    np.savez(in_array, positions=np.array([Touch(mark)], object))
    good = encode_result([EmbeddedBatch(np.array([1]), np.ones((1, 2), np.float32), ())])
    for data in (pickle.dumps(Touch(mark)), in_array.read_bytes(), b"", good[:100], b"\0" * 50):
        with pytest.raises(EmbedderError, match="sent a result that cannot be read; install the"):
            decode_result(data)
    assert not mark.exists()
    # Unpickled, it runs.
    pickle.loads(pickle.dumps(Touch(mark)))
    assert mark.exists()
