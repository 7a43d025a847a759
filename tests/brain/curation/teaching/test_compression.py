"""The comparison of compressed vectors against NumPy, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import numpy as np
import pytest
from support.indexes import index_of

import fiftyone_faiss
from fiftyone_faiss import brain
from fiftyone_faiss.brain.curation.teaching import autoencoder
from fiftyone_faiss.brain.curation.teaching.autoencoder import Autoencoder
from fiftyone_faiss.brain.curation.teaching.compression_methods import FaissCompression

N, DIM, SEED = 1_300, 32, 51


@pytest.fixture(scope="module")
def curved() -> np.ndarray:
    """Vectors of a curved surface of few dimensions, which no linear map keeps."""
    rng = np.random.default_rng(SEED)
    hidden = rng.normal(size=(N, 5))
    wide = np.tanh(hidden @ rng.normal(size=(5, 60))) @ rng.normal(size=(60, DIM))
    return (wide + 0.05 * rng.normal(size=(N, DIM))).astype(np.float32)


@pytest.fixture(scope="module")
def dataset(curved: np.ndarray) -> Iterator[fo.Dataset]:
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(f"/none/{i}.png") for i in range(N)], progress=False)
    index_of(dataset, curved)
    index_of(dataset, curved, "euclidean", metric="euclidean")
    yield dataset
    dataset.delete()


@pytest.fixture(scope="module")
def table(dataset: fo.Dataset) -> brain.CompressionTable:
    return fiftyone_faiss.compare_compression(dataset, "given")


def test_every_method_is_measured(table: brain.CompressionTable) -> None:
    assert (table.vectors, table.queries, table.dim, table.k) == (N - 130, 130, DIM, 10)
    sizes = {row.name: row.bytes_per_vector for row in table.rows}
    assert sizes == {
        "float32": 128, "float16": 64, "scalar, 8 bits": 32, "scalar, 4 bits": 16, "PCA": 32,
        "PCA, half of that": 16, "autoencoder": 16, "RaBitQ, 4 bits": sizes["RaBitQ, 4 bits"],
        "RaBitQ": 12, "PQ": 4, "OPQ": 4, "LSH": 4, "ITQ": 4,
    }  # fmt: skip
    assert [row.bytes_per_vector for row in table.rows] == sorted(sizes.values(), reverse=True)
    exact = table.row("float32")
    assert (exact.recall.value, exact.rescored_recall.value) == (1.0, 1.0)
    assert exact.reconstruction_error == 0 and exact.compression == 1
    assert table.chance == pytest.approx(10 / (N - 130))
    for row in table.rows:
        assert 0 <= row.recall.low <= row.recall.value <= row.recall.high <= 1
        assert row.rescored_recall.value >= row.recall.value - 1e-9
        assert row.query_ms > 0 and row.train_seconds >= 0
        assert (row.reconstruction_error is None) == (row.name in ("LSH", "ITQ", "RaBitQ, 4 bits"))
    assert table.row("ITQ").recall.value > table.chance
    # Learned codes keep more than those of the same size that only cut.
    assert table.row("autoencoder").reconstruction_error < 0.9 * (
        table.row("PCA, half of that").reconstruction_error
    )
    assert table.row("scalar, 8 bits").reconstruction_error < (
        table.row("scalar, 4 bits").reconstruction_error
    )
    with pytest.raises(ValueError, match="There is no method 'zip' in the table"):
        table.row("zip")


def test_errors_and_recall_are_those_of_numpy(
    table: brain.CompressionTable, curved: np.ndarray
) -> None:
    unit = curved / np.linalg.norm(curved, axis=1, keepdims=True)
    order = np.random.default_rng(SEED).permutation(N)
    queries, searched = unit[np.sort(order[:130])], unit[np.sort(order[130:])]
    mean = searched.mean(axis=0)
    axes = np.linalg.svd(searched - mean, full_matrices=False)[2][: DIM // 4]
    left = (queries - mean) - (queries - mean) @ axes.T @ axes
    error = np.square(left).sum() / np.square(queries - mean).sum()
    row = table.row("PCA")
    assert row.setting == "PCA8,Flat"
    assert row.reconstruction_error == pytest.approx(error, rel=0.01)
    true = np.argsort(-(queries @ searched.T), axis=1)[:, :10]
    reduced = ((searched - mean) @ axes.T, (queries - mean) @ axes.T)
    squares = np.square(reduced[1][:, None] - reduced[0][None]).sum(axis=2)
    near = np.argsort(squares, axis=1)
    recall = np.mean([len({*a[:10]} & {*b}) / 10 for a, b in zip(near, true, strict=True)])
    rescored = np.mean([len({*a[:100]} & {*b}) / 10 for a, b in zip(near, true, strict=True)])
    assert row.recall.value == pytest.approx(recall, abs=0.003)
    assert row.rescored_recall.value == pytest.approx(rescored, abs=0.003)


def test_the_table_is_markdown_and_names_the_smallest(table: brain.CompressionTable) -> None:
    lines = table.to_markdown().splitlines()
    assert lines[0].startswith("| method | bytes | compression | reconstruction error | recall |")
    assert lines[2].startswith("| float32 (Flat) | 128 | 1x | 0.0000 | 1.000 (1.000 to 1.000) |")
    assert len([line for line in lines if line.startswith("| ")]) == 2 + len(table.rows)
    best = table.smallest(0.95)
    assert best is not None and best.rescored_recall.low >= 0.95
    for row in table.rows:
        if row.bytes_per_vector < best.bytes_per_vector:
            assert row.rescored_recall.low < 0.95
    assert f"{best.name}, {best.bytes_per_vector:.0f} bytes" in str(table)
    assert table.to_dict()["rows"][0]["recall"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert "product quantization learns some by heart" in " ".join(table.notes)
    assert table.smallest(2.0) is None


def test_raw_vectors_are_compressed_for_euclidean_distances(
    dataset: fo.Dataset, curved: np.ndarray
) -> None:
    table = fiftyone_faiss.compare_compression(
        dataset, "euclidean", max_vectors=1_000, max_queries=50, k=5, candidates=20
    )
    assert (table.metric, table.vectors, table.queries, table.k) == ("euclidean", 1_000, 50, 5)
    assert table.row("float32").recall.value == 1.0
    assert "1,000 of 1,300 vectors were drawn" in " ".join(table.notes)


def test_autoencoders_and_codes_are_the_same_for_a_seed(
    curved: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autoencoder, "MIN_STEPS", 10)
    codes = []
    for _ in range(2):
        network = Autoencoder(DIM, 4, seed=3)
        network.train(curved[:300])
        codes.append(network.encode(curved[:50]))
    assert np.array_equal(*codes)
    first, second = (FaissCompression("PQ", "PQ4np", DIM) for _ in range(2))
    for method in (first, second):
        method.train(curved)
    assert np.array_equal(first.restored(curved[:9]), second.restored(curved[:9]))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"k": 0}, "k is 0 and candidates is 100; give 1 or more"),
        ({"k": 20, "candidates": 10}, "k is 20 and candidates is 10"),
        ({"max_vectors": 10}, "max_vectors is 10; give 1,000 to 200,000"),
        ({"max_queries": 1}, "max_queries is 1; give 10 to 10,000"),
        ({"seed": "x"}, "seed is 'x'; give a whole number"),
    ],
)
def test_bad_values_are_refused(dataset: fo.Dataset, options: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        fiftyone_faiss.compare_compression(dataset, "given", **options)


def test_few_vectors_are_refused(dataset: fo.Dataset) -> None:
    with pytest.raises(ValueError, match="holds 500 of these samples, and 1,000 are needed"):
        fiftyone_faiss.compare_compression(dataset[:500], "given")
