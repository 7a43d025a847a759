"""The picture-book world: its labels against its pixels, its queries against its labels."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from fiftyone_faiss.demo.objects import COLORS
from fiftyone_faiss.demo.phrases import bits, caption, queries, sample_queries
from fiftyone_faiss.demo.world import (
    COLOR_NAMES,
    FEATURED,
    KINDS,
    NEAR_COPY_KINDS,
    SCENE_NAMES,
    SIZE,
    Picture,
    Thing,
    draw_picture,
    load_labels,
    save_labels,
    write_pictures,
)


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image, np.float32)


def test_there_is_enough_to_tell_apart() -> None:
    assert len(KINDS) >= 16
    assert len(COLOR_NAMES) >= 8
    assert len(SCENE_NAMES) >= 8
    assert {"person", "dog", "ball", "car"} <= set(KINDS)


def test_a_seed_gives_the_same_picture_and_another_seed_another() -> None:
    one, same, other = (draw_picture(np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert (one.scene, one.things) == (same.scene, same.things)
    np.testing.assert_array_equal(pixels(one.image), pixels(same.image))
    assert np.abs(pixels(one.image) - pixels(other.image)).mean() > 5


@pytest.mark.parametrize("kind", KINDS)
def test_a_thing_shows_its_colour_inside_its_box(kind) -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        picture = draw_picture(rng, 1)
        (thing,) = picture.things
        if thing.kind == kind:
            break
    left, top, width, height = (int(part * SIZE) for part in thing.box)
    inside = pixels(picture.image)[top : top + height, left : left + width].reshape(-1, 3)
    near = np.abs(inside - np.array(COLORS[thing.color])).max(axis=1) < 60
    assert near.mean() > 0.08


def test_counts_and_boxes_stay_inside() -> None:
    rng = np.random.default_rng(1)
    counts = set()
    for _ in range(60):
        picture = draw_picture(rng)
        counts.add(len(picture.things))
        for thing in picture.things:
            left, top, width, height = thing.box
            assert 0 <= left < left + width <= 1.001
            assert 0 <= top < top + height <= 1.001
    assert counts == {1, 2, 3}


def test_near_copies_are_like_their_originals_and_recorded(tmp_path) -> None:
    written = list(write_pictures(tmp_path, 400, 5))
    by_name = {one.filename: one for one in written}
    copies = [one for one in written if one.near_copy_of]
    assert {one.near_copy_kind for one in copies} == set(NEAR_COPY_KINDS)
    for one in copies:
        original = by_name[one.near_copy_of]
        assert (one.scene, len(one.things)) == (original.scene, len(original.things))
        image, source = (
            Image.open(tmp_path / one.filename),
            Image.open(tmp_path / original.filename),
        )
        if one.near_copy_kind == "flip":
            source = source.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if one.near_copy_kind in ("flip", "jpeg"):
            assert np.abs(pixels(image) - pixels(source)).mean() < 8
    save_labels(tmp_path / "labels.json", written, 5)
    assert load_labels(tmp_path / "labels.json") == (5, written)


def test_what_the_demo_asks_for_is_in_its_book(tmp_path) -> None:
    written = list(write_pictures(tmp_path, 200, 51))
    for scene, wanted in FEATURED:
        shown = [
            one
            for one in written
            if one.scene == scene
            and set(wanted) <= {(thing.kind, thing.color) for thing in one.things}
        ]
        assert len(shown) >= 2


PICTURE = Picture(
    Image.new("RGB", (SIZE, SIZE)),
    "highway",
    (Thing("car", "red", (0.1, 0.4, 0.3, 0.3)), Thing("dog", "white", (0.6, 0.4, 0.3, 0.3))),
)


def test_a_caption_says_what_is_where() -> None:
    assert caption(PICTURE) == "a red car left of a white dog on the highway"


def test_queries_bind_a_colour_to_its_thing() -> None:
    truth = {query.text: query.is_true_of(PICTURE) for query in queries()}
    assert truth["a red car"]
    assert truth["a white dog"]
    assert not truth["a white car"]
    assert not truth["a red dog"]
    assert truth["a dog on the highway"]
    assert not truth["a dog at the beach"]


def test_training_queries_are_true_where_the_sentence_is() -> None:
    labels = bits(PICTURE)
    texts, needs = sample_queries(np.random.default_rng(2))
    truth = dict(zip(texts, (bool(labels[list(need)].all()) for need in needs), strict=True))
    assert truth["a dog playing fetch"] is False
    for text, true in truth.items():
        if true:
            assert "car" in text or "dog" in text or "highway" in text
