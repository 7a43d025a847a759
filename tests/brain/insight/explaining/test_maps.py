"""Maps in the frames of pictures, removal, pairs and faithfulness, against NumPy."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, TypeVar

import numpy as np
import pytest
from PIL import Image

from fiftyone_faiss.brain.insight.explaining.faithfulness import (
    SHARES,
    Faithfulness,
    faithfulness_steps,
    measured,
    removal_masks,
)
from fiftyone_faiss.brain.insight.explaining.images import ImageMap, SeenImage
from fiftyone_faiss.brain.insight.explaining.methods import WINDOWS, map_of, side_steps
from fiftyone_faiss.brain.insight.explaining.pairs import pairs_of
from fiftyone_faiss.brain.insight.explaining.removing import SIDE, embed_steps
from fiftyone_faiss.embedders import Embedder, Vectors, unit
from fiftyone_faiss.embedders.boxes import Box

Result = TypeVar("Result")


class MeanColor(Embedder):
    """Sees the left half of a picture: its mean color, and a constant."""

    name, dim, fingerprint = "mean-color", 4, "mean-color"

    def seen_box(self, image: Image.Image) -> Box | None:
        return 0.0, 0.0, 0.5, 1.0

    def embed_images(self, images: Sequence[Any]) -> Vectors:
        vectors = []
        for image in images:
            pixels = np.asarray(image, np.float32)
            left = pixels[:, : pixels.shape[1] // 2].reshape(-1, 3).mean(axis=0)
            vectors.append([*left, 255.0])
        return unit(np.array(vectors, np.float32))


def done(steps: Generator[int, None, Result]) -> Result:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            result: Result = stop.value
            return result


def picture_with_red_spot() -> SeenImage:
    """Gray, 128 x 64 pixels, with a red spot at the top left and another at the right."""
    return picture_of({(0, 0), (0, 100)})


def picture_of(spots: set[tuple[int, int]]) -> SeenImage:
    """Gray, 128 x 64 pixels, with red spots of 16 x 16 pixels at some rows and columns."""
    pixels = np.full((64, 128, 3), 90, np.uint8)
    for row, column in spots:
        pixels[row : row + 16, column : column + 16] = (255, 0, 0)
    image = Image.fromarray(pixels)
    return SeenImage.of(MeanColor(), image, image.size)


RED = unit(np.array([[1, -0.5, -0.5, 0]], np.float32))[0]


def test_a_map_is_drawn_where_the_model_looked() -> None:
    """Values 0 and 1 over the middle half of the width, linear between the centers."""
    image_map = ImageMap(np.array([[0, 1]], np.float32), (0.25, 0, 0.5, 1), (80, 10)).heatmap()
    assert image_map.shape == (10, 80) and image_map.dtype == np.float32
    assert not image_map[:, :20].any() and not image_map[:, 60:].any()
    middle = np.clip((np.arange(20, 60) + 0.5 - 20) / 20 - 0.5, 0, 1)
    expected = np.tile(np.r_[np.zeros(20), middle, np.zeros(20)], (10, 1))
    np.testing.assert_allclose(image_map, expected, atol=1e-5)


def test_negative_values_are_zero_and_the_largest_is_one() -> None:
    image_map = ImageMap(np.array([[-2, 4], [-1, 0]], np.float32), (0, 0, 1, 1), (8, 8)).heatmap()
    assert image_map.min() == 0 and image_map.max() == 1 and image_map[-1, 0] == 0
    nothing = ImageMap(-np.ones((2, 2), np.float32), (0, 0, 1, 1), (8, 8)).heatmap()
    assert not nothing.any()


def test_removed_squares_get_the_mean_color_of_what_is_seen() -> None:
    embedder, seen_image = MeanColor(), picture_with_red_spot()
    masks = np.zeros((2, SIDE, SIDE), bool)
    # The grid is over the left half: squares of 4 x 4 pixels.
    masks[1, :4, :4] = True
    vectors = done(embed_steps(embedder, seen_image, masks))
    pixels = seen_image.pixels.astype(np.float64)
    mean = pixels[:, :64].reshape(-1, 3).mean(axis=0)
    pixels[0:16, 0:16] = mean.round()
    expected = unit(np.array([[*pixels[:, :64].reshape(-1, 3).mean(axis=0), 255]], np.float32))
    np.testing.assert_allclose(vectors[1], expected[0], atol=1e-4)
    np.testing.assert_allclose(vectors[0], embedder.embed_image(seen_image.image), atol=1e-6)


def test_occlusion_finds_the_spot_that_is_seen() -> None:
    embedder, seen_image = MeanColor(), picture_with_red_spot()
    side = done(side_steps(embedder, seen_image, ("occlusion",)))
    image_map = map_of("occlusion", embedder, side, RED)
    assert image_map is not None and image_map.box == (0.0, 0.0, 0.5, 1.0)
    heatmap = image_map.heatmap()
    assert heatmap.shape == (64, 128)
    assert np.unravel_index(heatmap.argmax(), heatmap.shape) < (16, 16)
    # The red spot at the right is outside of what the model looks at.
    assert not heatmap[:, 64:].any()
    assert heatmap[:16, :16].sum() > 0.6 * heatmap.sum()


def test_pairs_of_occlusion_are_differences_of_differences() -> None:
    embedder, seen_image = MeanColor(), picture_with_red_spot()
    side = done(side_steps(embedder, seen_image, ("occlusion",)))
    pairs, occluded = pairs_of(side, side), side.occluded
    assert pairs is not None and occluded is not None and pairs.method == "occlusion"
    assert pairs.values.shape == (WINDOWS,) * 4
    whole, without = occluded.whole, occluded.vectors.reshape(WINDOWS, WINDOWS, -1)
    expected = whole @ whole - without[0, 1] @ whole - whole @ without[2, 3]
    expected += without[0, 1] @ without[2, 3]
    assert pairs.values[0, 1, 2, 3] == pytest.approx(float(expected), abs=1e-6)
    # Both spots are one: it matters most with itself.
    partners = pairs.partners(0, 0)
    assert np.unravel_index(partners.argmax(), partners.shape) == (0, 0)
    coarse = pairs.coarse()
    assert coarse.shape == (WINDOWS,) * 4 and coarse.sum() == pytest.approx(pairs.values.sum())


def test_deletion_removes_the_highest_values_first_and_insertion_keeps_them() -> None:
    values = np.arange(SIDE * SIDE, dtype=np.float32).reshape(SIDE, SIDE)
    masks = removal_masks(ImageMap(values, (0, 0, 1, 1), (32, 32)))
    assert len(masks) == 2 * len(SHARES)
    for mask, kept, share in zip(masks, masks[len(SHARES) :], SHARES, strict=False):
        assert mask.sum() == round(share * SIDE * SIDE)
        assert values[mask].min() > values[~mask].max()
        np.testing.assert_array_equal(kept, ~mask)


def test_a_right_map_is_faithful_and_a_wrong_one_is_not() -> None:
    # A random map seldom marks both corners.
    embedder, seen_image = MeanColor(), picture_of({(0, 0), (48, 48)})
    right = np.zeros((SIDE, SIDE), np.float32)
    right[:4, :4] = right[-4:, -4:] = 1
    measures = {}
    for name, values in (("right", right), ("wrong", -right)):
        image_map = ImageMap(values, seen_image.box, seen_image.size)
        measures[name] = done(faithfulness_steps(embedder, seen_image, image_map, RED, 0.01))
    assert measures["right"].has_badge and measures["right"].beaten == 1
    assert measures["right"].deletion_gain > 0.02 and measures["right"].insertion_gain > 0
    low, high = measures["right"].interval
    assert low < measures["right"].random < high
    assert measures["wrong"].problem == "removing what it marks beats only 0 % of random maps"


@pytest.mark.parametrize(
    ("deletion", "insertion", "spread", "problem"),
    [
        (0.2, 0.5, 0.05, None),
        (0.2, 0.3, 0.05, "keeping only what it marks keeps no more"),
        (0.385, 0.5, 0.05, "the score hardly depends on what it marks"),
        (0.2, 0.5, 0.5, "the score hardly depends on what it marks"),
        (0.41, 0.5, 0.05, "removing what it marks beats only"),
        (0.2, 0.5, None, "the index holds too few samples"),
    ],
)
def test_a_badge_needs_more_than_chance(
    deletion: float, insertion: float, spread: float | None, problem: str | None
) -> None:
    others = [0.4 + 0.001 * place for place in range(-10, 10)]
    measures: Faithfulness = measured(deletion, insertion, others, spread)
    assert measures.random == pytest.approx(0.3995)
    assert measures.has_badge == (problem is None)
    assert (measures.problem or "").startswith(problem or "")


def test_a_badge_needs_more_than_the_network_with_shuffled_weights() -> None:
    others = [0.4 + 0.001 * place for place in range(-10, 10)]
    assert measured(0.2, 0.5, others, 0.05, floor=0.04).has_badge
    problem = measured(0.2, 0.5, others, 0.05, floor=0.06).problem
    assert problem is not None and problem.endswith("little more than with shuffled weights")
