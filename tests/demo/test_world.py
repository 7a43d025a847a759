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
    LABELS_FILE,
    NEAR_DUPLICATE_KINDS,
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


def test_the_world_has_many_kinds_colors_and_scenes() -> None:
    assert len(KINDS) >= 16
    assert len(COLOR_NAMES) >= 8
    assert len(SCENE_NAMES) >= 8
    assert {"person", "dog", "ball", "car"} <= set(KINDS)


def test_a_seed_gives_the_same_picture_and_another_seed_a_different_picture() -> None:
    first, same, other = (draw_picture(np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert (first.scene, first.things) == (same.scene, same.things)
    np.testing.assert_array_equal(pixels(first.image), pixels(same.image))
    assert np.abs(pixels(first.image) - pixels(other.image)).mean() > 5


@pytest.mark.parametrize("kind", KINDS)
def test_a_thing_has_its_color_in_its_box(kind) -> None:
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


def test_near_duplicates_resemble_their_originals_and_are_recorded(tmp_path) -> None:
    written = list(write_pictures(tmp_path, 400, 5))
    by_name = {picture.filename: picture for picture in written}
    duplicates = [picture for picture in written if picture.near_duplicate_of]
    assert {picture.near_duplicate_kind for picture in duplicates} == set(NEAR_DUPLICATE_KINDS)
    for picture in duplicates:
        original = by_name[picture.near_duplicate_of]
        assert (picture.scene, len(picture.things)) == (original.scene, len(original.things))
        image, source = (
            Image.open(tmp_path / picture.filename),
            Image.open(tmp_path / original.filename),
        )
        if picture.near_duplicate_kind == "flip":
            source = source.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if picture.near_duplicate_kind in ("flip", "jpeg"):
            assert np.abs(pixels(image) - pixels(source)).mean() < 8
    save_labels(tmp_path / LABELS_FILE, written, 5)
    assert load_labels(tmp_path / LABELS_FILE) == (5, written)


def test_the_demo_s_queries_have_matches(tmp_path) -> None:
    written = list(write_pictures(tmp_path, 200, 51))
    for scene, wanted in FEATURED:
        matches = [
            picture
            for picture in written
            if picture.scene == scene
            and set(wanted) <= {(thing.kind, thing.color) for thing in picture.things}
        ]
        assert len(matches) >= 2


PICTURE = Picture(
    Image.new("RGB", (SIZE, SIZE)),
    "highway",
    (Thing("car", "red", (0.1, 0.4, 0.3, 0.3)), Thing("dog", "white", (0.6, 0.4, 0.3, 0.3))),
)


def test_a_caption_names_things_and_their_relation() -> None:
    assert caption(PICTURE) == "a red car left of a white dog on the highway"


def test_a_query_with_a_color_matches_only_the_thing_of_this_color() -> None:
    truth = {query.text: query.is_true_of(PICTURE) for query in queries()}
    assert truth["a red car"]
    assert truth["a white dog"]
    assert not truth["a white car"]
    assert not truth["a red dog"]
    assert truth["a dog on the highway"]
    assert not truth["a dog at the beach"]


def test_the_bits_of_training_queries_agree_with_their_texts() -> None:
    labels = bits(PICTURE)
    texts, needs = sample_queries(np.random.default_rng(2))
    truth = dict(zip(texts, (bool(labels[list(need)].all()) for need in needs), strict=True))
    assert truth["a dog playing fetch"] is False
    for text, is_match in truth.items():
        if is_match:
            assert "car" in text or "dog" in text or "highway" in text
