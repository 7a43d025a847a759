"""Vectors kept in a field of the dataset as well: it follows whatever the index does."""

from __future__ import annotations

import fiftyone as fo
import fiftyone.brain as fob
import numpy as np
import pytest
from support.points import Points, check_answers, check_stored, points_of

import fiftyone_faiss
from fiftyone_faiss.brain.similarity import FaissSimilarityIndex

PATHS = {None: "emb", "things": "things.detections.emb", "thing": "thing.emb"}


def field_of(points: Points) -> dict[str, np.ndarray]:
    """The vectors in the database, by sample or label."""
    path = PATHS[points.patches_field]
    dataset = points.dataset
    # Reloaded, because samples in memory do not have the field.
    dataset.clear_cache()
    ids = dataset.values(path.replace("emb", "id"), unwind=points.patches_field == "things")
    values = dataset.values(path, unwind=points.patches_field == "things")
    return {point_id: v for point_id, v in zip(ids, values, strict=True) if v is not None}


def check_field(points: Points) -> None:
    """Fails unless the field holds these vectors, bit by bit, and no others."""
    stored = field_of(points)
    assert set(stored) == set(points.ids)
    for point_id, vector in zip(points.ids, points.vectors, strict=True):
        np.testing.assert_array_equal(stored[point_id], vector)


def fill_field(points: Points) -> None:
    """Writes these vectors into the field."""
    values = dict(zip(points.ids, points.vectors, strict=True))
    if points.patches_field is None:
        points.dataset.set_values("emb", values, key_field="id")
    else:
        points.dataset.set_label_values(PATHS[points.patches_field], values, dynamic=True)


def filled(points: Points) -> FaissSimilarityIndex:
    """An index whose field holds these points too."""
    results = index_of_field(points, embeddings=False, embeddings_field="emb")
    results.add_to_index(*points.added)
    return results


def index_of_field(points: Points, **kwargs: object) -> FaissSimilarityIndex:
    return fob.compute_similarity(
        points.dataset,
        backend="faiss",
        patches_field=points.patches_field,
        brain_key="given",
        **kwargs,
    )


# FiftyOne cannot read the vectors of single detections: it joins them into one.
@pytest.mark.parametrize("kind", ["samples", "detections"])
@pytest.mark.parametrize("argument", ["embeddings", "embeddings_field"])
def test_vectors_are_read_from_the_field(
    dataset: fo.Dataset, rng: np.random.Generator, kind: str, argument: str
) -> None:
    points = points_of(dataset, kind, rng)
    fill_field(points)
    results = index_of_field(points, **{argument: "emb"})
    assert results.is_external is True
    assert results.config.embeddings_field == "emb"
    check_stored(results, points)
    check_answers(results, points.vectors[3], points)
    check_field(points)


@pytest.mark.parametrize("kind", ["samples", "detections"])
def test_samples_without_a_vector_in_the_field_are_not_indexed(
    dataset: fo.Dataset, rng: np.random.Generator, kind: str
) -> None:
    points = points_of(dataset, kind, rng)
    given = points.at([0, 2, 3, 7, 8])
    fill_field(given)
    results = index_of_field(points, embeddings="emb")
    check_stored(results, given)
    check_answers(results, points.vectors[1], given, None)
    check_field(given)


@pytest.mark.parametrize("kind", ["samples", "detections"])
def test_an_update_reads_the_field_and_reports_missing_vectors(
    dataset: fo.Dataset, rng: np.random.Generator, kind: str
) -> None:
    points = points_of(dataset, kind, rng)
    first, then = points.at([0, 2, 3]), points.at([0, 1, 2, 3, 5])
    fill_field(first)
    index_of_field(points, embeddings="emb")
    fill_field(then)
    report = fiftyone_faiss.update_index(dataset, "given")
    missing = [point_id for point_id in points.ids if point_id not in then.ids]
    assert (report.size, report.added) == (5, 2)
    assert sorted(report.failures) == sorted(missing)
    assert set(report.failures.values()) == {
        "the field 'emb' has no vector of it; run compute_embeddings, then update_index"
    }
    check_stored(dataset.load_brain_results("given"), then)
    health = fiftyone_faiss.index_health(dataset, "given")
    assert (health.size, health.missing) == (5, len(missing))
    # The field was recomputed.
    changed_again = then.with_vectors(-then.vectors)
    fill_field(changed_again)
    assert fiftyone_faiss.update_index(dataset, "given").added == 0
    check_stored(dataset.load_brain_results("given"), then)
    assert fiftyone_faiss.update_index(dataset, "given", force=True).added == 5
    check_stored(dataset.load_brain_results("given"), changed_again)


def test_vectors_given_beside_a_field_are_written_to_it(points: Points) -> None:
    assert not points.dataset.has_field(PATHS[points.patches_field])
    results = index_of_field(points, embeddings=False, embeddings_field="emb")
    assert results.is_external is True
    assert results.get_embeddings()[1].tolist() == []
    assert results.total_index_size == 0
    results.add_to_index(*points.at(range(9)).added)
    check_field(points.at(range(9)))
    check_stored(results, points.at(range(9)))


def test_an_array_given_beside_a_field_is_written_to_it(samples: Points) -> None:
    results = index_of_field(samples, embeddings=samples.vectors, embeddings_field="emb")
    check_field(samples)
    check_stored(results, samples)


def test_the_field_follows_the_index(points: Points) -> None:
    results = filled(points.at(range(8)))
    check_field(points.at(range(8)))
    by = "sample_ids" if points.label_ids is None else "label_ids"

    results.add_to_index(*points.at([8, 9]).added)
    check_field(points.at(range(10)))

    vectors = points.vectors.copy()
    vectors[[1, 4]] *= -1
    changed = points.with_vectors(vectors)
    results.add_to_index(*changed.at([1, 4]).added)
    check_field(changed.at(range(10)))

    # What is not overwritten in the index is not overwritten in the field either.
    results.add_to_index(*points.at([4, 10]).added, overwrite=False)
    check_field(changed.at(range(11)))
    with pytest.raises(ValueError, match="in the index already"):
        results.add_to_index(*points.at([1, 11]).added, overwrite=False, allow_existing=False)
    check_field(changed.at(range(11)))

    results.remove_from_index(**{by: changed.ids[:3]})
    check_field(changed.at(range(3, 11)))
    check_stored(results, changed.at(range(3, 11)))
    check_answers(results, vectors[4], changed.at(range(3, 11)))


def test_removing_samples_clears_the_field_of_all_their_patches(patches: Points) -> None:
    fill_field(patches)
    results = index_of_field(patches, embeddings="emb")
    gone = {patches.sample_ids[1], patches.sample_ids[0]}
    rest = patches.at([i for i, point_id in enumerate(patches.sample_ids) if point_id not in gone])
    assert len(rest.ids) == len(patches.ids) - 3
    results.remove_from_index(sample_ids=list(gone))
    check_field(rest)
    check_stored(results, rest)


def test_rejected_vectors_are_not_written_to_the_field(points: Points) -> None:
    results = filled(points)
    first = points.at([0])
    with pytest.raises(ValueError, match="dimensions"):
        results.add_to_index(*first.with_vectors(np.ones((1, 9), np.float32)).added)
    with pytest.raises(ValueError, match="not finite"):
        results.add_to_index(*first.with_vectors(np.full((1, 8), np.inf, np.float32)).added)
    check_field(points)
    check_stored(results, points)


def test_no_field_is_created_unless_requested(points: Points) -> None:
    before = set(points.dataset.get_field_schema(flat=True))
    results = points.index()
    assert results.is_external is True
    results.add_to_index(*points.with_vectors(-points.vectors).at([1]).added)
    assert set(points.dataset.get_field_schema(flat=True)) == before


def test_the_index_does_not_need_the_field(samples: Points) -> None:
    fill_field(samples)
    results = index_of_field(samples, embeddings="emb")
    samples.dataset.delete_sample_field("emb")
    assert not samples.dataset.has_field("emb")
    check_answers(results, samples.vectors[2], samples)
    samples.dataset.clear_cache()
    check_answers(samples.dataset.load_brain_results("given"), samples.vectors[2], samples)
