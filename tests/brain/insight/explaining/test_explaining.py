"""Explanations of matches in the demo's world, whose boxes are known, against NumPy and labels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from support.explained import area_in_box, share_in_box, swapped_pictures, things_of
from support.random_models import RN50, VIT, open_clip_model

import fiftyone_faiss
from fiftyone_faiss.brain import Explanation, get_embedder

TEXT = "a red car"


@pytest.fixture(scope="module")
def red_car(book: fo.Dataset) -> str:
    """The sample that is most similar to the text."""
    return fiftyone_faiss.search(book, TEXT, "clip", k=1).ids[0]


@pytest.fixture(scope="module")
def text_image(book: fo.Dataset, red_car: str) -> Explanation:
    return fiftyone_faiss.explain_match(book, TEXT, red_car, "clip", "patches")


@pytest.fixture(scope="module")
def image_image(book: fo.Dataset, red_car: str) -> Explanation:
    match = fiftyone_faiss.search(book, red_car, "clip", k=1).ids[0]
    return fiftyone_faiss.explain_match(book, red_car, match, "clip")


def test_the_parts_of_a_text_match_sum_to_the_score_of_the_search(
    book: fo.Dataset, red_car: str, text_image: Explanation
) -> None:
    neighbors = fiftyone_faiss.search(book, TEXT, "clip", k=1)
    assert text_image.score == pytest.approx(1 - neighbors.distances[0], abs=1e-4)
    assert text_image.parts is not None and text_image.parts.shape == (3, 3)
    assert text_image.parts.sum() == pytest.approx(text_image.score, abs=1e-4)
    assert text_image.remainder == pytest.approx(0, abs=1e-4) and text_image.is_exact
    assert text_image.pairs is None and text_image.query_heatmap is None
    assert text_image.id == red_car and text_image.query == '"a red car"'


def test_the_pairs_of_two_pictures_sum_to_their_cosine(
    book: fo.Dataset, image_image: Explanation
) -> None:
    pairs = image_image.pairs
    assert pairs is not None and pairs.values.shape == (3, 3, 3, 3)
    assert pairs.values.sum() == pytest.approx(image_image.score, abs=1e-4)
    np.testing.assert_allclose(pairs.partners(1, 2), pairs.values[1, 2])
    assert pairs.coarse().shape == (3, 3, 3, 3)
    index = book.load_brain_results("clip")
    query = fiftyone_faiss.search(book, TEXT, "clip", k=1).ids[0]
    first, second = index.vectors_of([query, image_image.id])
    assert image_image.score == pytest.approx(float(first @ second), abs=1e-4)


def test_the_heatmaps_are_in_the_frames_of_the_pictures(
    book: fo.Dataset, image_image: Explanation
) -> None:
    for heatmap in (image_image.heatmap, image_image.query_heatmap):
        assert heatmap is not None
        assert heatmap.shape == (224, 224) and heatmap.dtype == np.float32
        assert heatmap.min() == 0 and heatmap.max() == 1


@pytest.mark.parametrize("method", ["occlusion", "patches", "gradient"])
def test_each_method_points_to_the_named_thing(book: fo.Dataset, red_car: str, method: str) -> None:
    explanation = fiftyone_faiss.explain_match(book, TEXT, red_car, "clip", method)  # type: ignore[arg-type]
    (box,) = [thing.bounding_box for thing in things_of(book, red_car, "car", "red")]
    share = share_in_box(explanation.heatmap, box)
    assert share >= 2 * area_in_box(explanation.heatmap.shape, box)
    assert explanation.method == method and explanation.faithfulness.has_badge
    assert explanation.faithfulness.beaten >= 0.95 and explanation.fits == {}


def test_the_method_that_measures_best_is_chosen(image_image: Explanation) -> None:
    assert set(image_image.fits) == {"occlusion", "patches", "gradient"}
    assert image_image.method == max(image_image.fits, key=lambda name: image_image.fits[name])


def test_swapped_colors_point_to_the_colored_thing(tmp_path: Path) -> None:
    """Two pictures of a car and a ball whose colors are swapped, and one text for each."""
    dataset, boxes = swapped_pictures(tmp_path)
    embedder = get_embedder("picture-book-clip", precision="float32")
    fiftyone_faiss.build_index(dataset, "clip", model=embedder)
    for id, (car, ball) in zip(dataset.values("id"), boxes, strict=True):
        for (kind, color), own, other in ((car[0], car[1], ball[1]), (ball[0], ball[1], car[1])):
            explanation = fiftyone_faiss.explain_match(dataset, f"a {color} {kind}", id, "clip")
            heatmap = explanation.heatmap
            assert share_in_box(heatmap, own) > 2 * share_in_box(heatmap, other), (kind, color)
    dataset.delete()


@pytest.mark.parametrize("vision", [RN50, VIT], ids=["ResNet", "ViT"])
def test_networks_with_random_weights_get_no_badge(
    book: fo.Dataset, tmp_path: Path, vision: dict[str, Any]
) -> None:
    dataset = book[:40].clone()
    model = open_clip_model(tmp_path / "random", vision)
    fiftyone_faiss.register_embedder("random", model)
    fiftyone_faiss.build_index(dataset, "random", model="random")
    for id in dataset.values("id")[:4]:
        match = fiftyone_faiss.search(dataset, id, "random", k=1).ids[0]
        explanation = fiftyone_faiss.explain_match(dataset, id, match, "random", "occlusion")
        assert explanation.faithfulness.problem is not None
        # What no patch adds is shown.
        assert explanation.pairs is not None and explanation.pairs.method == "patches"
        total = float(explanation.pairs.values.sum()) + (explanation.remainder or 0.0)
        assert total == pytest.approx(explanation.score, abs=1e-4)
        assert explanation.is_exact == (vision is RN50)
    dataset.delete()


def test_maps_of_texts_are_in_the_boxes_and_beat_random_maps(book: fo.Dataset) -> None:
    """The benchmark does this for many drawings; see benchmarks/results/explanations.md."""
    ratios = []
    for kind, color in (("car", "red"), ("dog", "black"), ("cat", "white"), ("person", "blue")):
        text = f"a person in {color}" if kind == "person" else f"a {color} {kind}"
        id = fiftyone_faiss.search(book, text, "clip", k=1).ids[0]
        explanation = fiftyone_faiss.explain_match(book, text, id, "clip")
        assert explanation.faithfulness.deletion_gain > 0.05
        boxes = [thing.bounding_box for thing in things_of(book, id, kind, color)]
        share, area = (
            sum(measure(explanation.heatmap, box) for box in boxes)
            for measure in (share_in_box, lambda heatmap, box: area_in_box(heatmap.shape, box))
        )
        ratios.append(share / area)
    assert min(ratios) >= 2


def test_near_copies_get_the_local_features_that_agree(book: fo.Dataset) -> None:
    near_duplicates = book.match(fo.ViewField("near_duplicate_kind") == "jpeg")
    for copy in near_duplicates:
        original = book.match(fo.ViewField("filepath").ends_with(copy.near_duplicate_of)).first()
        explanation = fiftyone_faiss.explain_match(book, original.id, copy.id, "clip", "patches")
        assert explanation.matches is not None and len(explanation.matches) >= 12
        # The copy was only compressed, so that features stay where they are.
        moved = np.abs(explanation.matches.query - explanation.matches.match)
        assert np.median(moved) < 0.01 and not explanation.matches.is_mirrored
    assert len(near_duplicates) > 0


def test_other_pictures_get_no_lines(image_image: Explanation) -> None:
    assert image_image.matches is None


def test_classical_embedders_are_explained_by_occlusion(book: fo.Dataset) -> None:
    fiftyone_faiss.build_index(book, "colors", model="colorhist")
    try:
        id = book.first().id
        match = fiftyone_faiss.search(book, id, "colors", k=1).ids[0]
        explanation = fiftyone_faiss.explain_match(book, id, match, "colors")
        assert explanation.method == "occlusion" and explanation.fits == {"occlusion": 0.0}
        pairs = explanation.pairs
        assert pairs is not None and pairs.method == "occlusion"
        total = float(pairs.values.sum()) + (explanation.remainder or 0.0)
        assert total == pytest.approx(explanation.score, abs=1e-4)
        with pytest.raises(ValueError, match="'patches'; choose 'occlusion'"):
            fiftyone_faiss.explain_match(book, id, match, "colors", "patches")
    finally:
        fiftyone_faiss.delete_index(book, "colors")


@pytest.fixture
def saved(book: fo.Dataset, text_image: Explanation, tmp_path: Path) -> Iterator[None]:
    written = text_image.save("why", str(tmp_path))
    yield
    written.undo()
    assert book.get_field("why") is None


def test_a_saved_heatmap_is_a_file_that_a_field_names(
    book: fo.Dataset, text_image: Explanation, saved: None
) -> None:
    (label,) = book.exists("why").values("why")
    assert book.exists("why").values("id") == [text_image.id]
    assert label.map is None and f"/why/{text_image.id}-" in label.map_path
    np.testing.assert_allclose(label.get_map() / 255, text_image.heatmap, atol=0.003)


def test_a_field_of_others_is_not_changed(book: fo.Dataset, text_image: Explanation) -> None:
    before = book.values("scene.label")
    with pytest.raises(ValueError, match="holds other values; choose another name"):
        text_image.save("scene")
    with pytest.raises(ValueError, match="is no name of a field"):
        text_image.save("../why")
    assert book.values("scene.label") == before


@pytest.mark.parametrize(
    ("query", "id", "options", "message"),
    [
        (TEXT, "", {}, "Give the id"),
        (TEXT, "0" * 24, {}, "There is no sample or label"),
        (TEXT, None, {"method": "magic"}, "'magic' is no method; choose one of occlusion"),
        ('- "a car"', None, {}, "negative terms only"),
        ("", None, {}, "The query is empty"),
    ],
)
def test_bad_input_is_answered_by_a_sentence(
    book: fo.Dataset,
    red_car: str,
    query: str,
    id: str | None,
    options: dict[str, str],
    message: str,
) -> None:
    wanted = red_car if id is None else id
    with pytest.raises(ValueError, match=message):
        fiftyone_faiss.explain_match(book, query, wanted, "clip", **options)  # type: ignore[arg-type]


def test_several_terms_are_explained_together(book: fo.Dataset, red_car: str) -> None:
    explanation = fiftyone_faiss.explain_match(
        book, 'a red car + a highway - "a dog"', red_car, "clip", "patches"
    )
    assert explanation.notes == (
        "The terms are explained together, by the mean of their vectors.",
        "The negative terms are not explained.",
    )
    embedder = get_embedder("picture-book-clip", precision="float32")
    mean = embedder.embed_texts(["a red car", "a highway"]).sum(axis=0)
    vector = book.load_brain_results("clip").vectors_of([red_car])[0]
    expected = float(vector @ (mean / np.linalg.norm(mean)))
    assert explanation.score == pytest.approx(expected, abs=1e-4)
