"""FiftyOne's own curation methods on our index: leaks, uniqueness, representativeness, plots."""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import fiftyone.brain as fob
import numpy as np
import pytest
from support.distances import reference
from support.points import Points, one_sentence, points_of


@pytest.fixture
def many(rng: np.random.Generator) -> Iterator[Points]:
    """Forty samples: FiftyOne's representativeness forms twenty clusters of them."""
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(f"{i}.png", number=i) for i in range(40)])
    yield points_of(dataset, "samples", rng)
    dataset.delete()


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_leaks_are_copies_in_another_split(samples: Points, metric: str) -> None:
    vectors = samples.vectors.copy()
    # In the same split, in another one, and in none of those that are asked about.
    for copy, original in ((2, 0), (7, 1), (11, 4)):
        vectors[copy] = vectors[original] + 1e-4
    points = samples.with_vectors(vectors)
    results = points.index(metric=metric)
    splits = ["train"] * 5 + ["test"] * 5 + [None] * 2
    samples.dataset.set_values("tags", [[split] if split else [] for split in splits])
    index = fob.compute_leaky_splits(
        samples.dataset, splits=["train", "test"], threshold=1e-2, similarity_index=results
    )
    assert index.leak_ids == [points.ids[1], points.ids[7]]
    assert index.leaks_view().values("id") == [points.ids[1], points.ids[7]]
    assert sorted(results.duplicate_ids) == sorted(points.at([2, 7, 11]).ids)


def test_leaks_need_a_distance(samples: Points) -> None:
    results = samples.index(metric="dotproduct")
    samples.dataset.set_values("tags", [["train"], ["test"]] * 6)
    with pytest.raises(ValueError, match="dotproduct") as error:
        fob.compute_leaky_splits(
            samples.dataset, splits=["train", "test"], threshold=0.1, similarity_index=results
        )
    assert one_sentence(error.value)


def uniqueness(vectors: np.ndarray, metric: str) -> np.ndarray:
    """FiftyOne's definition: the weighted mean of the three nearest, over the largest."""
    near = np.sort(reference(vectors, vectors, metric), axis=1)[:, 1:4]
    uniqueness = (near * [0.6, 0.3, 0.1]).mean(axis=1)
    return uniqueness / uniqueness.max()


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_uniqueness(many: Points, metric: str) -> None:
    many.index(metric=metric)
    fob.compute_uniqueness(many.dataset, similarity_index="given", uniqueness_field="unique")
    expected = uniqueness(many.vectors, metric)
    np.testing.assert_allclose(many.dataset.values("unique"), expected, atol=1e-6)


def test_uniqueness_without_what_was_deleted(many: Points) -> None:
    many.index()
    many.dataset.delete_samples(many.ids[3:9])
    rest = many.at([*range(3), *range(9, 40)])
    fob.compute_uniqueness(many.dataset, similarity_index="given", uniqueness_field="unique")
    expected = uniqueness(rest.vectors, "cosine")
    np.testing.assert_allclose(many.dataset.values("unique"), expected, atol=1e-6)


def test_representativeness_is_that_of_the_vectors(many: Points) -> None:
    many.index()
    dataset = many.dataset
    fob.compute_representativeness(dataset, "ours", similarity_index="given")
    fob.compute_representativeness(dataset, "theirs", embeddings=many.vectors)
    assert len(set(dataset.values("theirs"))) > 10
    np.testing.assert_allclose(dataset.values("ours"), dataset.values("theirs"), atol=1e-6)


def test_a_visualization_is_that_of_the_vectors(many: Points) -> None:
    many.index()
    ours = fob.compute_visualization(many.dataset, similarity_index="given", method="pca")
    theirs = fob.compute_visualization(many.dataset, embeddings=many.vectors, method="pca")
    assert ours.points.shape == (40, 2)
    np.testing.assert_allclose(ours.points, theirs.points, atol=1e-3)
    assert ours.sample_ids.tolist() == many.ids


def test_a_visualization_of_a_part_in_its_own_order(many: Points) -> None:
    many.index()
    view = many.dataset.sort_by("number", reverse=True)[5:25]
    vectors = many.of(view.values("id")).vectors
    ours = fob.compute_visualization(view, similarity_index="given", method="pca")
    theirs = fob.compute_visualization(view, embeddings=vectors, method="pca")
    np.testing.assert_allclose(ours.points, theirs.points, atol=1e-3)
    assert ours.sample_ids.tolist() == view.values("id")


def test_a_visualization_of_patches(patches: Points) -> None:
    patches.index()
    ours = fob.compute_visualization(
        patches.dataset, similarity_index="given", patches_field="things", method="pca"
    )
    centered = patches.vectors - patches.vectors.mean(axis=0)
    axes = np.linalg.svd(centered, full_matrices=False)[2][:2]
    # A principal axis has no direction.
    np.testing.assert_allclose(np.abs(ours.points), np.abs(centered @ axes.T), atol=1e-3)
    assert ours.label_ids.tolist() == patches.ids
