"""The Brain backend, by ids and distances, against NumPy."""

from __future__ import annotations

import re

import fiftyone as fo
import fiftyone.brain as fob
import numpy as np
import pytest
from support.distances import reference
from support.indexes import index_of

METRICS = ("cosine", "euclidean", "dotproduct")


@pytest.fixture
def vectors(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(12, 8)).astype(np.float32)


def ranked(ids: list[str], distances: np.ndarray, k: int | None = None) -> list[str]:
    return [ids[i] for i in np.argsort(distances, kind="stable")[:k]]


@pytest.mark.parametrize("metric", METRICS)
def test_neighbors_of_a_vector_are_numpys(dataset, vectors, rng, metric) -> None:
    index_of(dataset, vectors, metric=metric)
    ids, query = dataset.values("id"), rng.normal(size=8)
    expected = reference(query[None], vectors, metric)[0]
    view = dataset.sort_by_similarity(query, k=5, brain_key="given", dist_field="near")
    assert view.values("id") == ranked(ids, expected, 5)
    np.testing.assert_allclose(view.values("near"), np.sort(expected)[:5], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("metric", METRICS)
def test_neighbors_of_a_sample_begin_with_itself(dataset, vectors, metric) -> None:
    index_of(dataset, vectors, metric=metric)
    ids = dataset.values("id")
    expected = reference(vectors[3:4], vectors, metric)[0]
    view = dataset.sort_by_similarity(ids[3], brain_key="given")
    assert view.values("id") == ranked(ids, expected)


def test_without_k_every_sample_is_sorted_and_reverse_turns_them_around(dataset, vectors) -> None:
    index_of(dataset, vectors)
    ids = dataset.values("id")
    order = ranked(ids, reference(vectors[:1], vectors, "cosine")[0])
    assert dataset.sort_by_similarity(ids[0], brain_key="given").values("id") == order
    turned = dataset.sort_by_similarity(ids[0], brain_key="given", reverse=True)
    assert turned.values("id") == order[::-1]
    farthest = dataset.sort_by_similarity(ids[0], brain_key="given", reverse=True, k=3)
    assert farthest.values("id") == order[::-1][:3]


@pytest.mark.parametrize(
    ("aggregation", "combine"),
    [("post-mean", np.mean), ("post-min", np.min), ("post-max", np.max)],
)
def test_several_queries_are_combined_after_the_distances(
    dataset, vectors, aggregation, combine
) -> None:
    results = index_of(dataset, vectors)
    ids = dataset.values("id")
    expected = combine(reference(vectors[[1, 4]], vectors, "cosine"), axis=0)
    view = results.sort_by_similarity([ids[1], ids[4]], k=6, aggregation=aggregation)
    assert view.values("id") == ranked(ids, expected, 6)


def test_the_mean_of_several_queries_is_one_query(dataset, vectors) -> None:
    results = index_of(dataset, vectors, metric="euclidean")
    ids = dataset.values("id")
    expected = reference(vectors[[1, 4]].mean(axis=0)[None], vectors, "euclidean")[0]
    view = results.sort_by_similarity([ids[1], ids[4]], k=6)
    assert view.values("id") == ranked(ids, expected, 6)


def test_an_unknown_metric_or_index_type_is_named(dataset, vectors) -> None:
    with pytest.raises(ValueError, match="'manhattan' is no metric; choose one of cosine, "):
        index_of(dataset, vectors, metric="manhattan")
    with pytest.raises(ValueError, match="'forest' is not an index_type; choose one of auto, "):
        index_of(dataset, vectors, index_type="forest")


def test_a_view_is_searched_exactly(dataset, vectors) -> None:
    results = index_of(dataset, vectors)
    ids = dataset.values("id")
    odd = dataset.match(fo.ViewField("number") % 2 == 1)
    expected = reference(vectors[:1], vectors[1::2], "cosine")[0]
    neighbors = odd.sort_by_similarity(ids[0], k=4, brain_key="given")
    assert neighbors.values("id") == ranked(ids[1::2], expected, 4)
    with results.use_view(odd):
        assert results.index_size == 6
        assert results.sort_by_similarity(ids[0], k=4).values("id") == neighbors.values("id")
    assert results.index_size == 12


def test_add_remove_get_and_reload(dataset, vectors) -> None:
    ids = np.array(dataset.values("id"))
    results = index_of(dataset, {id: v for id, v in zip(ids[:8], vectors[:8], strict=True)})
    assert results.total_index_size == 8

    results.add_to_index(vectors[8:], ids[8:])
    stored, sample_ids, label_ids = results.get_embeddings()
    np.testing.assert_array_equal(stored, vectors)
    assert sample_ids.tolist() == ids.tolist()
    assert label_ids is None

    changed = -vectors[2:4]
    results.add_to_index(changed, ids[2:4])
    np.testing.assert_array_equal(results.get_embeddings(sample_ids=ids[2:4])[0], changed)
    results.add_to_index(vectors[2:4], ids[2:4], overwrite=False)
    np.testing.assert_array_equal(results.get_embeddings(sample_ids=ids[2:4])[0], changed)
    with pytest.raises(ValueError, match="2 of the ids are in the index already"):
        results.add_to_index(vectors[2:4], ids[2:4], overwrite=False, allow_existing=False)

    results.remove_from_index(sample_ids=ids[:5])
    assert results.sample_ids.tolist() == ids[5:].tolist()
    expected = reference(vectors[6:7], vectors[5:], "cosine")[0]
    view = dataset.sort_by_similarity(str(ids[6]), k=12, brain_key="given")
    assert view.values("id") == ranked(ids[5:].tolist(), expected)
    with pytest.raises(ValueError, match="no vector for 1 ids, such as"):
        results.get_embeddings(sample_ids=ids[:1], allow_missing=False)


def test_bad_vectors_are_refused_and_nothing_changes(dataset, vectors) -> None:
    results = index_of(dataset, vectors)
    ids = dataset.values("id")
    before = results.snapshot.manifest.generation
    with pytest.raises(ValueError, match="dimensions"):
        results.add_to_index(np.ones((1, 9), np.float32), ids[:1])
    with pytest.raises(ValueError, match="not finite"):
        results.add_to_index(np.full((1, 8), np.nan, np.float32), ids[:1])
    with pytest.raises(ValueError, match="2 embeddings came with 1 sample ids"):
        results.add_to_index(np.ones((2, 8), np.float32), ids[:1])
    with pytest.raises(ValueError, match="dimensions"):
        dataset.sort_by_similarity(np.ones(9), k=3, brain_key="given")
    assert results.snapshot.manifest.generation == before
    np.testing.assert_array_equal(results.get_embeddings()[0], vectors)


def test_k_live_results_after_deletions(dataset, vectors) -> None:
    index_of(dataset, vectors)
    ids = dataset.values("id")
    order = ranked(ids, reference(vectors[:1], vectors, "cosine")[0])
    dataset.delete_samples(order[1:5])
    view = dataset.sort_by_similarity(ids[0], k=6, brain_key="given")
    assert view.values("id") == [order[0], *order[5:10]]


def test_vectors_written_to_a_field_follow_the_index(dataset, vectors) -> None:
    dataset.set_values("emb", list(vectors))
    results = fob.compute_similarity(dataset, backend="faiss", embeddings="emb", brain_key="f")
    ids = dataset.values("id")
    results.add_to_index(-vectors[:1], ids[:1])
    np.testing.assert_array_equal(dataset[ids[0]].emb, -vectors[0])
    results.remove_from_index(sample_ids=ids[1:2])
    assert dataset[ids[1]].emb is None
    np.testing.assert_array_equal(dataset[ids[2]].emb, vectors[2])


# -- patches -----------------------------------------------------------------------------------


@pytest.fixture
def patches(dataset: fo.Dataset) -> fo.Dataset:
    """Two or one detections in each of the samples, 18 in all."""
    dataset.set_values(
        "things",
        [
            fo.Detections(
                detections=[
                    fo.Detection(label=f"{i}-{j}", bounding_box=[0.1 + 0.4 * j, 0.1, 0.3, 0.3])
                    for j in range(2 if i % 2 else 1)
                ]
            )
            for i in range(12)
        ],
    )
    return dataset


@pytest.fixture
def patch_vectors(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(18, 8)).astype(np.float32)


def by_sample(patches: fo.Dataset, vectors: np.ndarray) -> dict[str, np.ndarray]:
    """Vectors as FiftyOne takes them for patches: an array for each sample."""
    arrays, start = {}, 0
    for id, labels in zip(*patches.values(["id", "things.detections.id"]), strict=True):
        arrays[id] = vectors[start : start + len(labels)]
        start += len(labels)
    return arrays


def test_patches_are_indexed_by_label(patches, patch_vectors) -> None:
    index_of(patches, by_sample(patches, patch_vectors), patches_field="things")
    labels = patches.values("things.detections.id", unwind=True)
    expected = reference(patch_vectors[4:5], patch_vectors, "cosine")[0]
    view = patches.to_patches("things").sort_by_similarity(
        labels[4], k=7, brain_key="given", dist_field="near"
    )
    assert view.values("id") == ranked(labels, expected, 7)
    np.testing.assert_allclose(view.values("near"), np.sort(expected)[:7], atol=1e-6)


def test_patches_of_deleted_labels_are_not_found(patches, patch_vectors) -> None:
    results = index_of(patches, by_sample(patches, patch_vectors), patches_field="things")
    labels = patches.values("things.detections.id", unwind=True)
    order = ranked(labels, reference(patch_vectors[:1], patch_vectors, "cosine")[0])
    patches.delete_labels(ids=order[1:4], fields="things")
    view = patches.to_patches("things").sort_by_similarity(order[0], k=5, brain_key="given")
    assert view.values("id") == [order[0], *order[4:8]]
    results.remove_from_index(label_ids=order[4:5])
    view = patches.to_patches("things").sort_by_similarity(order[0], k=5, brain_key="given")
    assert view.values("id") == [order[0], *order[5:9]]


def test_vectors_of_patches_are_returned_by_sample_or_label(patches, patch_vectors) -> None:
    results = index_of(patches, by_sample(patches, patch_vectors), patches_field="things")
    ids = patches.values("id")
    labels = patches.values("things.detections.id", unwind=True)
    stored, sample_ids, label_ids = results.get_embeddings(sample_ids=[ids[1]])
    np.testing.assert_array_equal(stored, patch_vectors[1:3])
    assert sample_ids.tolist() == [ids[1], ids[1]]
    assert label_ids.tolist() == labels[1:3]
    np.testing.assert_array_equal(
        results.get_embeddings(label_ids=[labels[5], labels[2]])[0], patch_vectors[[5, 2]]
    )


# -- duplicates --------------------------------------------------------------------------------


def test_duplicates_are_those_within_the_threshold(dataset, vectors) -> None:
    vectors[7] = vectors[2] * 1.0001
    vectors[9] = vectors[5] + 1e-4
    results = index_of(dataset, vectors)
    ids = dataset.values("id")
    results.find_duplicates(thresh=1e-4)
    assert set(results.duplicate_ids) == {ids[7], ids[9]}
    assert {id: [n for n, _ in near] for id, near in results.neighbors_map.items()} == {
        ids[2]: [ids[7]],
        ids[5]: [ids[9]],
    }
    results.find_unique(4)
    assert len(set(results.unique_ids)) == 4


def test_each_points_neighbors_leave_out_itself(dataset, vectors) -> None:
    results = index_of(dataset, vectors)
    places, distances = results._kneighbors(k=3, return_dists=True)
    expected = reference(vectors, vectors, "cosine")
    np.fill_diagonal(expected, np.inf)
    order = np.argsort(expected, axis=1)[:, :3]
    np.testing.assert_array_equal(np.array(places), order)
    np.testing.assert_allclose(distances, np.take_along_axis(expected, order, 1), atol=1e-6)


# -- the life of a run -------------------------------------------------------------------------


def test_rename_keeps_the_files_and_delete_removes_them(dataset, vectors) -> None:
    path = index_of(dataset, vectors).path
    query = dataset.values("id")[0]
    before = dataset.sort_by_similarity(query, k=5, brain_key="given").values("id")
    dataset.rename_brain_run("given", "renamed")
    assert dataset.sort_by_similarity(query, k=5, brain_key="renamed").values("id") == before
    assert dataset.load_brain_results("renamed").path == path
    dataset.delete_brain_run("renamed")
    assert not path.exists()


def test_a_new_run_under_an_old_key_has_files_of_its_own(dataset, vectors) -> None:
    old = index_of(dataset, vectors).path
    dataset.delete_brain_run("given")
    new = index_of(dataset, vectors[:, :4])
    assert new.path != old
    np.testing.assert_array_equal(new.get_embeddings()[0], vectors[:, :4])


def test_a_clone_gets_files_of_its_own(dataset, vectors) -> None:
    original = index_of(dataset, vectors)
    clone = dataset.clone()
    query = dataset.values("id")[0]
    expected = dataset.sort_by_similarity(query, k=5, brain_key="given").values("id")
    assert clone.sort_by_similarity(query, k=5, brain_key="given").values("id") == expected
    clone.delete_brain_run("given")
    assert original.path.exists()
    np.testing.assert_array_equal(original.get_embeddings()[0], vectors)
    clone.delete()


def test_a_loaded_run_holds_what_was_saved(dataset, vectors) -> None:
    index_of(dataset, vectors, metric="euclidean")
    dataset.clear_cache()
    config = dataset.get_brain_info("given").config
    assert config.cls == "fiftyone_faiss.brain.similarity.FaissSimilarityConfig"
    assert (config.method, config.metric, config.root_dir) == ("faiss", "euclidean", None)
    np.testing.assert_array_equal(
        dataset.load_brain_results("given", cache=False).get_embeddings()[0], vectors
    )


def test_missing_files_are_one_sentence_at_the_first_query(dataset, vectors) -> None:
    results = index_of(dataset, vectors)
    results.cleanup()
    dataset.clear_cache()
    loaded = dataset.load_brain_results("given", cache=False)
    with pytest.raises(ValueError, match=re.escape(str(results.path))):
        loaded.sort_by_similarity(dataset.values("id")[0], k=3)


def test_an_index_without_a_key_goes_with_its_object(dataset, vectors) -> None:
    results = fob.compute_similarity(dataset, backend="faiss", embeddings=vectors)
    path = results.path
    expected = reference(vectors[:1], vectors, "cosine")[0]
    ids = dataset.values("id")
    assert results.sort_by_similarity(ids[0], k=4).values("id") == ranked(ids, expected, 4)
    assert not dataset.list_brain_runs()
    del results
    assert not path.exists()
