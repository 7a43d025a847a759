"""Fields that an index needs and that were renamed or deleted: what is said, and what works."""

from __future__ import annotations

import fiftyone as fo
import numpy as np
import pytest
from support.colors import MeanColor
from support.points import Points, check_answers, check_stored

import fiftyone_faiss
from fiftyone_faiss.brain import searchable_runs


def test_a_renamed_patches_field_is_named_with_the_remedy(patches: Points) -> None:
    results, dataset = patches.index(), patches.dataset
    dataset.rename_sample_field("things", "objects")
    sentence = (
        "The index 'given' holds labels of the field 'things', which was renamed or deleted; "
        "rename it back to 'things', or delete the index and build it again."
    )
    assert [info.problem for info in fiftyone_faiss.list_indexes(dataset)] == [sentence]
    assert [run.problem for run in searchable_runs(dataset)] == [sentence]
    for asked in (
        lambda: fiftyone_faiss.search(dataset, patches.vectors[0]),
        lambda: fiftyone_faiss.search(dataset[:3], patches.vectors[0]),
        lambda: fiftyone_faiss.tag_neighbors(dataset, patches.vectors[0]),
        lambda: fiftyone_faiss.index_health(dataset),
        lambda: fiftyone_faiss.update_index(dataset),
    ):
        with pytest.raises(ValueError) as caught:
            asked()
        assert str(caught.value) == sentence
    for asked in (
        lambda: results.find_duplicates(thresh=0.1),
        lambda: results._kneighbors(patches.vectors[0], k=3),
        lambda: dataset[:3].sort_by_similarity(patches.vectors[0], k=3, brain_key="given"),
    ):
        with pytest.raises(ValueError, match="There is no field 'things'; if it was renamed, "):
            asked()
    # What needs no labels works.
    check_stored(results, patches)
    results.remove_from_index(label_ids=patches.ids[:2])
    rest = patches.at(range(2, len(patches.ids)))
    dataset.rename_sample_field("objects", "things")
    check_answers(results, patches.vectors[4], rest)
    assert [info.problem for info in fiftyone_faiss.list_indexes(dataset)] == [None]
    assert fiftyone_faiss.index_health(dataset).missing == 2
    dataset.delete_sample_field("things")
    assert fiftyone_faiss.delete_index(dataset, "given").problem == sentence
    assert not dataset.list_brain_runs()


def test_an_index_of_regions_is_searched_without_their_field(dataset: fo.Dataset) -> None:
    box = fo.Detection(label="a", bounding_box=[0.1, 0.1, 0.5, 0.5])
    dataset.set_values("things", [fo.Detections(detections=[box.copy()]) for _ in range(12)])
    fiftyone_faiss.register_embedder("mean-color", MeanColor)
    fiftyone_faiss.build_index(dataset, "regions", "mean-color", roi_field="things")
    dataset.delete_sample_field("things")
    (info,) = fiftyone_faiss.list_indexes(dataset)
    assert "'regions' holds regions of the field 'things', which was renamed" in info.problem
    first = dataset.first().id
    # The images go from green to red, so the second is the most similar to the first.
    neighbors = fiftyone_faiss.search(dataset, first, "regions", k=1)
    assert (list(neighbors.pinned), neighbors.ids) == ([first], dataset.values("id")[1:2])
    with pytest.raises(ValueError, match="rename it back to 'things', or delete the index"):
        fiftyone_faiss.update_index(dataset, "regions")


def test_a_deleted_field_of_embeddings_is_named_and_not_needed(samples: Points) -> None:
    dataset = samples.dataset
    results = samples.empty_index(embeddings_field="emb")
    results.add_to_index(*samples.at(range(9)).added)
    dataset.delete_sample_field("emb")
    (info,) = fiftyone_faiss.list_indexes(dataset)
    assert info.problem == (
        "The index 'given' reads new embeddings from the field 'emb', which was renamed or "
        "deleted; rename it back to 'emb', or compute it again with compute_embeddings."
    )
    assert [run.problem for run in searchable_runs(dataset)] == [None]
    nearest = fiftyone_faiss.search(dataset, samples.vectors[4], k=1)
    assert nearest.ids == [samples.ids[4]]
    results.remove_from_index(sample_ids=samples.ids[:2])
    check_stored(results, samples.at(range(2, 9)))
    report = fiftyone_faiss.update_index(dataset)
    assert (report.size, report.added) == (7, 0)
    assert set(report.failures) == {*samples.ids[:2], *samples.ids[9:]}
    check_stored(results, samples.at(range(2, 9)))
    results.add_to_index(*samples.at([0]).added)
    np.testing.assert_array_equal(dataset.first()["emb"], samples.vectors[0])
    assert fiftyone_faiss.list_indexes(dataset)[0].problem is None


def test_a_deleted_field_of_embeddings_of_labels_is_not_needed(patches: Points) -> None:
    dataset = patches.dataset
    results = patches.empty_index(embeddings_field="emb")
    results.add_to_index(*patches.added)
    dataset.delete_sample_field("things.detections.emb")
    assert "from the field 'emb', which was" in fiftyone_faiss.list_indexes(dataset)[0].problem
    results.remove_from_index(label_ids=patches.ids[:3])
    check_stored(results, patches.at(range(3, len(patches.ids))))
