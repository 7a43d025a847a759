"""Index types that are unknown or do not fit, and FAISS indexes that are lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from support.clusters import (
    Large,
    create,
    nearest_ids,
)
from support.indexes import index_of
from support.points import neighbors_of, one_sentence
from support.recall import built_index

import fiftyone_faiss
from fiftyone_faiss.brain import similarity

METRICS = ("cosine", "euclidean", "dotproduct")


@pytest.fixture(scope="module")
def large() -> Iterator[Large]:
    large = Large.make(samples=1_620, labeled=10)
    yield large
    large.dataset.delete()


# -- types that cannot be ----------------------------------------------------------------------


@pytest.mark.parametrize("index_type", ["forest", "", "Flat,", "IVF,PQ", "PQ0", "HNSW32,PQ7x99"])
def test_an_unknown_type_is_refused_before_anything_is_written(
    dataset: fo.Dataset, rng: np.random.Generator, index_type: str
) -> None:
    before = _folders()
    with pytest.raises(ValueError, match="not an index_type") as error:
        index_of(dataset, rng.normal(size=(12, 8)), index_type=index_type)
    assert one_sentence(error.value)
    assert dataset.list_brain_runs() == []
    assert _folders() == before


def _folders() -> set[Path]:
    root = similarity.FaissSimilarityConfig().root
    return set(root.iterdir())


def test_a_type_that_does_not_fit_the_dimension_is_refused(large: Large) -> None:
    points = large.points("samples", 30)
    with pytest.raises(ValueError, match="'PQ48' does not fit vectors of 64 dimensions") as error:
        create(points, "unfit", index_type="PQ48")
    assert one_sentence(error.value)
    # FiftyOne registers a run before it has the vectors, so an empty one is left.
    assert large.dataset.load_brain_results("unfit").total_index_size == 0
    large.dataset.delete_brain_run("unfit")


def test_a_build_whose_type_does_not_fit_leaves_nothing(
    dataset: fo.Dataset, rng: np.random.Generator
) -> None:
    vectors = rng.normal(size=(12, 64)).astype(np.float32)
    with pytest.raises(ValueError, match="'PQ48' does not fit vectors of 64 dimensions"):
        fiftyone_faiss.build_index(dataset, "unfit", embeddings=vectors, index_type="PQ48")
    assert dataset.list_brain_runs() == []


@pytest.mark.parametrize("index_type", ["IDMap,Flat", "IDMap2,SQ8"])
def test_a_build_whose_type_keeps_ids_of_its_own_leaves_nothing(
    dataset: fo.Dataset, rng: np.random.Generator, index_type: str
) -> None:
    vectors = rng.normal(size=(12, 8)).astype(np.float32)
    with pytest.raises(ValueError, match=f"'{index_type}' keeps ids") as error:
        fiftyone_faiss.build_index(dataset, "unfit", embeddings=vectors, index_type=index_type)
    assert one_sentence(error.value)
    assert dataset.list_brain_runs() == []


def test_vectors_that_half_precision_cannot_hold_leave_the_field_as_it_is(
    dataset: fo.Dataset, rng: np.random.Generator
) -> None:
    vectors = rng.normal(size=(12, 8)).astype(np.float32)
    dataset.set_values("emb", list(vectors))
    results = index_of(dataset, "emb", "half", dtype="float16")
    assert results.config.embeddings_field == "emb"
    ids = dataset.values("id")
    with pytest.raises(ValueError, match="do not fit into float16"):
        results.add_to_index(np.full((1, 8), 1e6, np.float32), ids[:1])
    dataset.reload()
    np.testing.assert_array_equal(np.stack(dataset.values("emb")), vectors)
    kept = vectors.astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(results.get_embeddings(ids)[0], kept)


def test_a_folder_named_like_a_file_of_an_index_hides_no_damage(tmp_path: Path) -> None:
    large = Large.make(samples=300, labeled=1)
    points = large.points("samples", 300)
    results = create(points, index_type="sq8", root_dir=str(tmp_path / "my.segments"))
    (file,) = results.path.glob("*.derived")
    file.unlink()
    assert fiftyone_faiss.verify_index(large.dataset) == [f"{file} is missing or damaged."]
    assert fiftyone_faiss.verify_index(large.dataset) == []
    assert built_index(results) == ("SQ8", 300)
    large.dataset.delete()


def test_a_clone_does_without_a_lost_faiss_index(tmp_path: Path) -> None:
    large = Large.make(samples=300, labeled=1)
    points = large.points("samples", 300)
    results = create(points, index_type="sq8")
    (file,) = results.path.glob("*.derived")
    file.unlink()
    clone = large.dataset.clone()
    large.dataset.delete()
    loaded = clone.load_brain_results("given")
    query = points.vectors[9]
    assert built_index(loaded) is None
    assert neighbors_of(loaded, query, 10)[0] == nearest_ids(query, points, "cosine", 10)
    assert fiftyone_faiss.update_index(clone).size == 300
    assert built_index(loaded) == ("SQ8", 300)
    clone.delete()
