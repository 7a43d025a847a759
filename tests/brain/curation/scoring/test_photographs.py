"""Photographs among drawings are outliers, with and without copies; FiftyOne's uniqueness beside.

``benchmarks/bench_understanding.py`` measures the same with a network and many photographs.
"""

from __future__ import annotations

import fiftyone.brain as fob
import numpy as np
import pytest
import quality_data
from PIL import Image
from sklearn.datasets import load_sample_images
from support.scored import auroc, dataset_of, in_order

import fiftyone_faiss
from fiftyone_faiss.brain import get_embedder
from fiftyone_faiss.demo.world import draw_picture

DRAWINGS, PHOTOGRAPHS = 300, 20


@pytest.fixture(scope="module")
def images() -> list[Image.Image]:
    """300 drawings, then parts of two photographs."""
    rng = np.random.default_rng(5)
    images = [draw_picture(rng).image for _ in range(DRAWINGS)]
    for pixels in load_sample_images().images:
        photograph = Image.fromarray(pixels)
        for _ in range(PHOTOGRAPHS // 2):
            side = int(rng.integers(150, 400))
            left, top = (int(rng.integers(0, total - side)) for total in photograph.size)
            images.append(photograph.crop((left, top, left + side, top + side)))
    return images


@pytest.fixture(scope="module", params=["colorhist", "a network"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model without and one with weights, which are those of ImageNet."""
    if request.param == "colorhist":
        return "colorhist"
    weights = quality_data.weights(tmp_path_factory.mktemp("weights"))
    return f"timm/{quality_data.NETWORK}/{weights}"


@pytest.fixture(scope="module")
def vectors(images: list[Image.Image], model: str) -> np.ndarray:
    embedder = get_embedder(model)
    parts = [images[start : start + 32] for start in range(0, len(images), 32)]
    return np.concatenate(
        [embedder.embed_images([embedder.preprocess(image) for image in part]) for part in parts]
    )


@pytest.mark.parametrize("copied", [False, True])
def test_photographs_are_outliers_among_drawings(vectors: np.ndarray, copied: bool) -> None:
    # A saved copy of an image has nearly the same vector.
    noise = np.random.default_rng(6).normal(size=vectors.shape).astype(np.float32) * 1e-4
    extra = (vectors + noise)[DRAWINGS:] if copied else vectors[:0]
    dataset = dataset_of(np.concatenate([vectors, extra]))
    is_photograph = np.arange(len(dataset)) >= DRAWINGS
    report = fiftyone_faiss.compute_outliers(dataset, progress=False)
    assert auroc(in_order(dataset, report.scores), is_photograph) >= 0.95
    assert report.near_duplicates >= (PHOTOGRAPHS - 4 if copied else 0)
    fob.compute_uniqueness(dataset, uniqueness_field="theirs", similarity_index="given")
    theirs = auroc(np.array(dataset.values("theirs")), is_photograph)
    # Chance is 0.5: the twenty resemble each other more than three drawings do.
    assert theirs < (0.3 if copied else 0.7)
    dataset.delete()
