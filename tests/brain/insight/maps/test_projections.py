"""Principal components against NumPy, and axes that query lines name against labels."""

from __future__ import annotations

import fiftyone as fo
import numpy as np
import pytest
from support.scored import auroc, dataset_of

import fiftyone_faiss
from fiftyone_faiss.brain.insight.maps.index_map import IndexMap


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_principal_components(rng: np.random.Generator, metric: str) -> None:
    vectors = (rng.normal(size=(60, 8)) * np.arange(8, 0, -1) + 20).astype(np.float32)
    dataset = dataset_of(vectors, metric)
    made = fiftyone_faiss.visualize_index(dataset, method="pca", num_dims=3, progress=False)
    x = vectors.astype(np.float64)
    if metric == "cosine":
        x /= np.linalg.norm(x, axis=1, keepdims=True)
    x -= x.mean(axis=0)
    _, values, components = np.linalg.svd(x, full_matrices=False)
    expected = x @ components[:3].T
    expected *= np.sign((expected * made.points).sum(axis=0))
    np.testing.assert_allclose(made.points, expected, atol=1e-3 * np.abs(expected).max())
    np.testing.assert_allclose(made.shares, (values**2 / (values**2).sum())[:3], rtol=1e-3)
    # The direction has its largest part above 0, on every machine.
    largest = np.abs(made.projection.directions).argmax(axis=1)
    assert (made.projection.directions[np.arange(3), largest] > 0).all()
    dataset.delete()


def along(book: fo.Dataset, *axes: object) -> IndexMap:
    made = fiftyone_faiss.visualize_index(
        book, "clip", "axes", vis_key="named", axes=axes, overwrite=True, progress=False
    )
    made.delete()
    return made


def test_texts_name_axes(book: fo.Dataset) -> None:
    made = along(book, "snow - beach", "a dog - a car")
    assert made.axes == ("snow - beach", "a dog - a car")
    np.testing.assert_allclose(made.points.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(made.points.std(axis=0), 1, atol=1e-4)
    samples = {sample.id: sample for sample in book}
    scenes = np.array([samples[id].scene.label for id in made.ids])
    kinds = [{d.label for d in samples[id].objects.detections} for id in made.ids]
    of_scene = np.isin(scenes, ["snow", "beach"])
    assert auroc(made.points[of_scene, 0], scenes[of_scene] == "snow") > 0.98
    dogs, cars = (np.array([name in kind for kind in kinds]) for name in ("dog", "car"))
    only = dogs != cars
    assert auroc(made.points[only, 1], dogs[only]) > 0.98
    # An axis is no better than chance at telling what it does not name.
    is_red = np.array([any(d.color == "red" for d in samples[id].objects.detections)
                       for id in made.ids])  # fmt: skip
    assert 0.3 < auroc(made.points[:, 0], is_red) < 0.7
    assert made.notes == () and all(0 < share < 0.5 for share in made.shares)


def test_two_samples_are_the_ends_of_an_axis(book: fo.Dataset) -> None:
    first, second = book.values("id")[:2]
    made = along(book, (first, second), "a dog")
    place = {id: i for i, id in enumerate(made.ids)}
    assert made.points[place[first], 0] < -1 < 1 < made.points[place[second], 0]
    line = along(book, f"@{second} - @{first}", "a dog")
    np.testing.assert_array_equal(line.points, made.points)


def test_an_axis_says_what_it_cannot_tell(book: fo.Dataset) -> None:
    made = along(book, "a dog", "4: a dog - a car")
    assert "are correlated (r = 0." in made.notes[0]
    with pytest.raises(ValueError, match="All samples are alike along the axis 'a dog - a dog'"):
        along(book, "a dog - a dog", "a car")
    with pytest.raises(ValueError, match="no FAISS index 'colors'"):
        fiftyone_faiss.visualize_index(book, "colors", "axes", axes=("a", "b"))


def test_an_index_without_texts_refuses_named_axes(rng: np.random.Generator) -> None:
    dataset = dataset_of(rng.normal(size=(8, 4)))
    with pytest.raises(ValueError, match="cannot be searched by text"):
        fiftyone_faiss.visualize_index(dataset, method="axes", axes=("a", "b"), progress=False)
    assert fiftyone_faiss.list_maps(dataset) == []
    flat = dataset_of(rng.normal(size=(8, 2)))
    with pytest.raises(ValueError, match="num_dims is 3, but the vectors have only 2"):
        fiftyone_faiss.visualize_index(flat, method="pca", num_dims=3, progress=False)
    dataset.delete()
    flat.delete()
