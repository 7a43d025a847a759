"""What can be embedded: patches with padding, regions of interest, frames of videos, slices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import fiftyone as fo
import fiftyone.brain as fob
import fiftyone.utils.patches as foup
import numpy as np
import pytest
from PIL import Image
from support.colors import MeanColor, color_vector

import fiftyone_faiss
from fiftyone_faiss.brain.models.zoo import EmbedderModel

BOXES = ([0.1, 0.2, 0.3, 0.2], [0.0, 0.5, 0.4, 0.5], [0.55, 0.05, 0.4, 0.9])


@pytest.fixture
def boxed(tmp_path: Path, rng: np.random.Generator) -> Iterator[fo.Dataset]:
    """Two noisy images of 100 x 60 pixels with three boxes each; a third without any."""
    dataset = fo.Dataset(persistent=True)
    for i in range(3):
        path = tmp_path / f"{i}.png"
        Image.fromarray(rng.integers(0, 256, (60, 100, 3), np.uint8)).save(path)
        boxes = [fo.Detection(label="a", bounding_box=box) for box in BOXES] if i < 2 else []
        dataset.add_sample(fo.Sample(str(path), things=fo.Detections(detections=boxes)))
    yield dataset
    dataset.delete()


@pytest.mark.parametrize("alpha", [0.0, 0.5, -0.3])
@pytest.mark.parametrize("force_square", [False, True])
def test_patches_are_cut_as_fiftyone_cuts_them(boxed, alpha: float, force_square: bool) -> None:
    fiftyone_faiss.build_index(
        boxed, "things", MeanColor(), patches_field="things", alpha=alpha, force_square=force_square
    )
    index = boxed.load_brain_results("things")
    vectors, _, label_ids = index.get_embeddings()
    expected = {}
    for sample in boxed:
        image = np.asarray(Image.open(sample.filepath))
        for id in sample.things.detections:
            patch = foup.extract_patch(image, id, force_square=force_square, alpha=alpha)
            mean = patch.reshape(-1, 3).mean(axis=0)
            expected[id.id] = mean / np.linalg.norm(mean)
    assert label_ids.tolist() == list(expected)
    # Where half a pixel is left, FiftyOne cuts it off and we round.
    assert (vectors * np.array(list(expected.values()))).sum(axis=1).min() > 0.9995
    assert (index.config.alpha, index.config.force_square) == (alpha, force_square)


def test_an_index_goes_on_with_the_patches_it_was_begun_with(boxed) -> None:
    fiftyone_faiss.build_index(boxed, "things", MeanColor(), patches_field="things", alpha=0.5)
    with pytest.raises(ValueError, match=r"with alpha=0\.5, not 0\.0; choose another brain_key"):
        fiftyone_faiss.build_index(boxed, "things", MeanColor(), patches_field="things")
    index = boxed.load_brain_results("things")
    before, _, labels = index.get_embeddings()
    fiftyone_faiss.register_embedder("mean-color", MeanColor)
    fiftyone_faiss.build_index(boxed, "named", "mean-color", patches_field="things", alpha=0.5)
    named = boxed.load_brain_results("named")
    named.remove_from_index(label_ids=labels[1:3].tolist())
    assert fiftyone_faiss.update_index(boxed, "named").added == 2
    after, _, again = named.get_embeddings()
    order = [again.tolist().index(id) for id in labels]
    np.testing.assert_array_equal(after[order], before)


def test_a_sample_has_the_mean_of_its_regions_as_in_fiftyone(boxed) -> None:
    report = fiftyone_faiss.build_index(
        boxed, "ours", MeanColor(), roi_field="things", batch_size=2
    )
    theirs = fob.compute_similarity(
        boxed, backend="faiss", model=EmbedderModel(MeanColor()), roi_field="things",
        brain_key="theirs",
    )  # fmt: skip
    assert report.size == 3
    neighbors, ids, _ = boxed.load_brain_results("ours").get_embeddings()
    expected, same, _ = theirs.get_embeddings()
    assert ids.tolist() == same.tolist() == boxed.values("id")
    assert _cosines(neighbors, expected).min() > 0.9999
    assert fiftyone_faiss.list_indexes(boxed)[0].size == 3


NAN = float("nan")
# Boxes without area, outside of the image, smaller than a pixel, and what is no box.
EMPTY = {
    "no width": [0.5, 0.5, 0.0, 0.2],
    "negative": [0.5, 0.5, 0.2, -0.1],
    "outside": [1.5, 0.1, 0.2, 0.2],
    "tiny": [0.502, 0.502, 0.001, 0.001],
    "nan": [NAN, 0.1, 0.2, 0.2],
    "infinite": [0.1, 0.1, float("inf"), 0.2],
    "three numbers": [0.1, 0.1, 0.2],
    "none": None,
}


def set_box(sample: fo.Sample, place: int, box: list[float] | None) -> None:
    """Sets a box, also one that FiftyOne does not accept."""
    sample.things.detections[place].bounding_box = box
    sample.save()


@pytest.mark.parametrize("name", EMPTY)
def test_a_region_that_is_empty_or_no_box_does_not_count(boxed, name: str) -> None:
    sample = boxed.first()
    set_box(sample, 1, EMPTY[name])
    report = fiftyone_faiss.build_index(boxed, "regions", MeanColor(), roi_field="things")
    assert (report.size, report.failures) == (3, {})
    image = np.asarray(Image.open(sample.filepath))
    others = [foup.extract_patch(image, sample.things.detections[i]) for i in (0, 2)]
    means = np.array([patch.reshape(-1, 3).mean(axis=0) for patch in others])
    expected = (means / np.linalg.norm(means, axis=1, keepdims=True)).mean(axis=0)
    vector = boxed.load_brain_results("regions").vectors_of([sample.id])
    assert _cosines(vector, expected[None]).min() > 0.9995


REASONS = {
    "no width": "the box [0.5, 0.5, 0.0, 0.2] of the label '{}' has no area",
    "outside": "the box (1.5, 0.1, 0.2, 0.2) covers no pixel of the image",
    "nan": "the box [nan, 0.1, 0.2, 0.2] of the label '{}' is no box",
    "three numbers": "the box [0.1, 0.1, 0.2] of the label '{}' is no box",
}


@pytest.mark.parametrize("name", REASONS)
def test_a_sample_of_such_boxes_alone_fails_and_names_the_first(boxed, name: str) -> None:
    sample = boxed.first()
    for place in range(3):
        set_box(sample, place, EMPTY[name])
    reason = REASONS[name].format(sample.things.detections[0].id)
    report = fiftyone_faiss.compute_embeddings(boxed, MeanColor(), roi_field="things", batch_size=2)
    assert (report.embedded, report.failures) == (2, {sample.id: reason})
    assert boxed.values("embeddings")[0] is None
    with pytest.raises(ValueError) as caught:
        fiftyone_faiss.build_index(boxed[:1], "one", MeanColor(), roi_field="things")
    assert str(caught.value) == (
        f"None of the 1 images could be read; the first, {sample.id}: {reason}. Check the files "
        "and the boxes of the dataset."
    )


def test_a_patch_that_is_no_box_names_its_label(boxed) -> None:
    sample = boxed.first()
    set_box(sample, 1, EMPTY["nan"])
    label = sample.things.detections[1].id
    report = fiftyone_faiss.build_index(boxed, "things", MeanColor(), patches_field="things")
    reason = f"the box [nan, 0.1, 0.2, 0.2] of the label '{label}' is no box"
    assert (report.size, report.failures) == (5, {label: reason})


def test_a_sample_with_an_unreadable_file_fails_with_its_reason(boxed) -> None:
    sample = boxed.first()
    Path(sample.filepath).write_bytes(b"no image")
    report = fiftyone_faiss.compute_embeddings(boxed, MeanColor(), roi_field="things", batch_size=2)
    reason = "the file is not an image of a supported format"
    assert (report.embedded, report.failures) == (2, {sample.id: reason})


@pytest.fixture(params=["detections", "polylines"])
def partly(request: pytest.FixtureRequest, boxed: fo.Dataset) -> tuple[fo.Dataset, str, str]:
    """The field of some labels, and the id of one that has no box, or no points."""
    with_box, without = {
        "detections": (fo.Detection(bounding_box=[0.2, 0.2, 0.4, 0.4]), fo.Detection()),
        "polylines": (fo.Polyline(points=[[(0.2, 0.2), (0.6, 0.6)]]), fo.Polyline()),
    }[request.param]
    sample = boxed.first()
    list_type = fo.Detections if request.param == "detections" else fo.Polylines
    sample["some"] = list_type(**{request.param: [without, with_box]})
    sample.save()
    return boxed, "some", without.id


def test_a_label_without_a_box_costs_only_itself(partly) -> None:
    boxed, field, without = partly
    report = fiftyone_faiss.build_index(boxed, "some", MeanColor(), patches_field=field)
    assert (report.size, report.failures) == (1, {without: "the label has no box"})
    assert fiftyone_faiss.index_health(boxed, "some").failed == 1
    # As a region it does not count.
    assert fiftyone_faiss.build_index(boxed, "regions", MeanColor(), roi_field=field).size == 3


def test_a_label_without_a_box_cannot_be_searched_with(partly) -> None:
    boxed, _, without = partly
    fiftyone_faiss.register_embedder("mean-color", MeanColor)
    fiftyone_faiss.build_index(boxed, "whole", "mean-color")
    with pytest.raises(ValueError) as caught:
        fiftyone_faiss.search(boxed, without)
    assert str(caught.value) == f"The label '{without}' has no box; search with one that has."


def _cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


# -- videos --------------------------------------------------------------------------------------

RATE, LENGTH = 10, 35


def _shade(video: int, number: int) -> tuple[int, int, int]:
    """The color of a frame, counted from 1; red and blue tell its number."""
    return (6 * number, 120, 220 - 6 * number) if video == 0 else (200, 6 * number, 10)


@pytest.fixture
def films(tmp_path: Path) -> Iterator[fo.Dataset]:
    """Two videos of 3.5 seconds, ten frames a second, each frame of its own color."""
    dataset = fo.Dataset(persistent=True)
    for v in range(2):
        path = str(tmp_path / f"{v}.mp4")
        writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"mp4v"), RATE, (64, 64))
        for number in range(1, LENGTH + 1):
            red, green, blue = _shade(v, number)
            writer.write(np.full((64, 64, 3), (blue, green, red), np.uint8))
        writer.release()
        dataset.add_sample(fo.Sample(path))
    yield dataset
    dataset.delete()


@pytest.mark.parametrize(("every", "stride"), [(1.0, 10), (0.5, 5), (0.01, 1)])
def test_frames_are_decoded_from_their_videos(films, every: float, stride: int) -> None:
    view = fiftyone_faiss.video_frames(films, every=every)
    numbers = list(range(1, LENGTH + 1, stride))
    assert view.values("frame_number") == numbers * 2
    report = fiftyone_faiss.build_index(view, "frames", MeanColor(), batch_size=8)
    assert (report.size, report.failures) == (2 * len(numbers), {})
    vectors, ids, _ = films.load_brain_results("frames").get_embeddings()
    assert ids.tolist() == view.values("id")
    expected = np.array([color_vector(*_shade(v, n)) for v in range(2) for n in numbers])
    # Videos keep colors roughly; neighboring frames differ by more.
    assert _cosines(vectors, expected).min() > 0.999
    again = fiftyone_faiss.build_index(
        fiftyone_faiss.video_frames(films, every=every), "frames", MeanColor()
    )
    assert again.added == 0
    nearest = fiftyone_faiss.search(view, vectors[1], k=1, brain_key="frames")
    assert nearest.ids == view.values("id")[1:2]
    by_id = fiftyone_faiss.search(view, view.values("id")[1], k=1, brain_key="frames")
    similar = vectors @ vectors[1]
    similar[1] = -np.inf
    assert by_id.ids == [view.values("id")[similar.argmax()]]
    assert list(by_id.pinned) == view.values("id")[1:2]


def test_a_video_that_cannot_be_read_is_named(films, tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"no video")
    films.add_sample(fo.Sample(str(tmp_path / "bad.mp4")))
    with pytest.raises(ValueError, match=r"The video .*bad\.mp4 cannot be read"):
        fiftyone_faiss.video_frames(films)
    with pytest.raises(ValueError, match="holds videos; embed their frames: pass"):
        fiftyone_faiss.build_index(films, "one", MeanColor())
    with pytest.raises(ValueError, match="every must be above 0 seconds, got 0"):
        fiftyone_faiss.video_frames(films, every=0)


def test_images_have_no_frames(dataset) -> None:
    with pytest.raises(ValueError, match="does not hold videos, so it has no frames"):
        fiftyone_faiss.video_frames(dataset)


# -- groups, and what cannot be embedded ---------------------------------------------------------


def test_a_slice_of_a_grouped_dataset_is_embedded(dataset) -> None:
    paths = dataset.values("filepath")
    grouped = fo.Dataset()
    grouped.add_group_field("group", default="left")
    for left, right in zip(paths[:6], paths[6:], strict=True):
        group = fo.Group()
        grouped.add_samples(
            [fo.Sample(left, group=group.element("left")),
             fo.Sample(right, group=group.element("right"))]
        )  # fmt: skip
    with pytest.raises(ValueError, match="is grouped; choose a slice of images"):
        fiftyone_faiss.build_index(grouped, "one", MeanColor())
    view = grouped.select_group_slices("right")
    assert fiftyone_faiss.build_index(view, "right", MeanColor()).size == 6
    vectors, ids, _ = grouped.load_brain_results("right").get_embeddings()
    assert ids.tolist() == view.values("id")
    expected = [color_vector(20 * i, 255 - 20 * i, 40) for i in range(6, 12)]
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    grouped.delete()


def test_other_media_are_refused_in_words() -> None:
    for name, kind in (("a.fo3d", "3d"), ("a.pcd", "point-cloud")):
        dataset = fo.Dataset()
        dataset.add_sample(fo.Sample(f"/{name}"))
        with pytest.raises(ValueError, match=f"holds media of type '{kind}'; only images"):
            fiftyone_faiss.build_index(dataset, "one", MeanColor())
        dataset.delete()
