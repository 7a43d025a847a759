"""The edits of pictures: their pixels, sizes and boxes."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from fiftyone_faiss.demo.edits import EDIT_KINDS, STRENGTHS, edit_picture
from fiftyone_faiss.demo.world import SIZE, Picture, Thing, draw_picture


@pytest.fixture(scope="module")
def picture() -> Picture:
    return draw_picture(np.random.default_rng(8), 2)


def edited(picture: Picture, kind: str, strength: float, seed: int = 1):
    rng = np.random.default_rng(seed)
    return edit_picture(picture.image, picture.things, kind, strength, rng)


def changed(picture: Picture, image: Image.Image) -> np.ndarray:
    difference = np.abs(np.asarray(picture.image, int) - np.asarray(image, int))
    return difference.max(axis=2) > 0


def test_there_are_six_kinds_in_several_strengths() -> None:
    assert EDIT_KINDS == ("crop", "color", "jpeg", "flip", "resize", "overlay")
    assert all(len(STRENGTHS[kind]) >= 3 for kind in EDIT_KINDS if kind != "flip")


@pytest.mark.parametrize("kind", EDIT_KINDS)
def test_an_edit_leaves_the_picture_as_it_is_and_depends_on_the_seed_alone(picture, kind) -> None:
    before = picture.image.tobytes()
    first, same = (edited(picture, kind, STRENGTHS[kind][0]) for _ in range(2))
    assert picture.image.tobytes() == before
    assert first.image.tobytes() == same.image.tobytes()
    assert first.things == same.things


def test_a_crop_shows_a_window_of_the_picture_and_its_boxes(picture) -> None:
    crop = edited(picture, "crop", 0.85)
    assert crop.image.size == (round(0.85 * SIZE), round(0.85 * SIZE))
    whole, part = np.asarray(picture.image), np.asarray(crop.image)
    rows, columns = (SIZE - size + 1 for size in part.shape[:2])
    places = [
        (y, x)
        for y in range(rows)
        for x in range(columns)
        if (whole[y : y + part.shape[0], x : x + part.shape[1]] == part).all()
    ]
    ((top, left),) = places
    for before, after in zip(picture.things, crop.things, strict=True):
        x0, y0, x1, y1 = (
            np.clip((corner * SIZE - start) / part.shape[0], 0, 1)
            for corner, start in zip(
                (before.box[0], before.box[1], before.box[0] + before.box[2],
                 before.box[1] + before.box[3]),
                (left, top, left, top), strict=True,
            )
        )  # fmt: skip
        assert after.box == pytest.approx((x0, y0, x1 - x0, y1 - y0), abs=0.001)


def test_a_crop_drops_things_outside_of_it() -> None:
    image = Image.new("RGB", (100, 100))
    corners = [(x, y) for x in (0.0, 0.9) for y in (0.0, 0.9)]
    things = tuple(Thing("ball", "red", (x, y, 0.1, 0.1)) for x, y in corners)
    rng = np.random.default_rng(0)
    counts = {len(edit_picture(image, things, "crop", 0.7, rng).things) for _ in range(30)}
    assert max(counts) <= 2
    assert 0 in counts


def test_a_flip_mirrors_pixels_and_boxes(picture) -> None:
    flip = edited(picture, "flip", 1.0)
    np.testing.assert_array_equal(np.asarray(flip.image), np.asarray(picture.image)[:, ::-1])
    for before, after in zip(picture.things, flip.things, strict=True):
        left, top, width, height = before.box
        assert after.box == pytest.approx((1 - left - width, top, width, height), abs=0.001)


@pytest.mark.parametrize("factor", STRENGTHS["resize"])
def test_a_resized_picture_has_other_sides(picture, factor) -> None:
    resized = edited(picture, "resize", factor)
    assert resized.image.size == (round(SIZE * factor), round(SIZE * factor))
    assert resized.things == picture.things


def test_a_jpeg_is_saved_with_the_quality(picture) -> None:
    assert [edited(picture, "jpeg", quality).quality for quality in (60, 30, 15)] == [60, 30, 15]
    assert not changed(picture, edited(picture, "jpeg", 15).image).any()


def test_colors_change_the_brightness_or_the_saturation(picture) -> None:
    darker = [edited(picture, "color", 0.6, seed).image for seed in range(12)]
    ratios = {
        round(np.asarray(d, float).mean() / np.asarray(picture.image).mean(), 1) for d in darker
    }
    assert ratios == {0.6, 1.0}


@pytest.mark.parametrize("share", STRENGTHS["overlay"])
def test_an_overlay_covers_its_share_of_the_area(picture, share) -> None:
    for seed in range(12):
        area = changed(picture, edited(picture, "overlay", share, seed).image).mean()
        # The ellipse of a logo fills less than its square, and pixels may have had its color.
        assert 0.6 * share < area < share + 0.012
