"""Labels in fields of embedded documents, of samples and of frames: they are labels like others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image
from support.colors import MeanColor, color_vector

import fiftyone_faiss
from fiftyone_faiss import brain
from fiftyone_faiss.brain.data.media import find_media

COLORS = [(200, 20, 20), (20, 200, 20), (20, 20, 200), (200, 200, 20)]
BOX = [0.1, 0.1, 0.5, 0.5]


def nested() -> fo.DynamicEmbeddedDocument:
    boxes = [fo.Detection(label="a", bounding_box=BOX)]
    return fo.DynamicEmbeddedDocument(det=fo.Detections(detections=boxes))


@pytest.fixture(params=["samples", "frames"])
def cars(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[fo.Dataset]:
    """Four images of one color, or frames with these images, with a box in "sub.det" each."""
    fiftyone_faiss.register_embedder("mean-color", MeanColor)
    dataset = fo.Dataset(persistent=True)
    paths = [str(tmp_path / f"{i}.png") for i in range(4)]
    for path, color in zip(paths, COLORS, strict=True):
        Image.new("RGB", (16, 16), color).save(path)
    if request.param == "samples":
        dataset.add_samples([fo.Sample(path, sub=nested()) for path in paths], dynamic=True)
    else:
        metadata = fo.VideoMetadata(frame_rate=5, total_frame_count=4)
        film = fo.Sample("/film.mp4", metadata=metadata)
        for number, path in enumerate(paths, 1):
            film.frames[number] = fo.Frame(filepath=path, sub=nested())
        dataset.add_sample(film, dynamic=True)
    yield dataset
    dataset.delete()


def contents(dataset: fo.Dataset) -> fo.Dataset | fo.DatasetView:
    return dataset.to_frames() if dataset.media_type == "video" else dataset


def labels_of(dataset: fo.Dataset) -> list[str]:
    return contents(dataset).values("sub.det.detections.id", unwind=True)


def test_nested_labels_are_indexed_searched_and_kept_up_to_date(cars) -> None:
    samples, ids = contents(cars), labels_of(cars)
    report = fiftyone_faiss.build_index(samples, "boxes", "mean-color", patches_field="sub.det")
    assert (report.size, report.failures) == (4, {})
    index = brain.load_faiss_index(cars, "boxes")
    np.testing.assert_allclose(
        index.vectors_of(ids), [color_vector(*color) for color in COLORS], atol=1e-6
    )
    red = Image.new("RGB", (8, 8), COLORS[0])
    for view in (cars, cars.view(), samples, samples.to_patches("sub.det")):
        neighbors = fiftyone_faiss.search(view, red, "boxes", k=2)
        assert neighbors.ids == [ids[0], ids[3]]
        assert neighbors.view().values("id") == neighbors.ids
        assert [row["bounding_box"] for row in neighbors.to_dict()["results"]] == [BOX, BOX]
    health = fiftyone_faiss.index_health(cars, "boxes")
    assert (health.size, health.missing, health.orphaned, health.failed) == (4, 0, 0, 0)
    index.remove_from_index(label_ids=ids[1:2])
    assert fiftyone_faiss.index_health(cars, "boxes").missing == 1
    assert fiftyone_faiss.update_index(cars, "boxes").added == 1
    prefix = "frames." if cars.media_type == "video" else ""
    cars.delete_labels(ids=ids[:1], fields=f"{prefix}sub.det")
    assert fiftyone_faiss.index_health(cars, "boxes").orphaned == 1
    assert fiftyone_faiss.search(cars, red, "boxes", k=1).ids == [ids[3]]
    assert fiftyone_faiss.update_index(cars, "boxes").size == 3


def test_nested_labels_are_tagged_and_scored(cars) -> None:
    ids = labels_of(cars)
    fiftyone_faiss.build_index(contents(cars), "boxes", "mean-color", patches_field="sub.det")
    own = fiftyone_faiss.search(cars, ids[0], "boxes", k=1)
    assert (own.ids, own.pinned) == ([ids[3]], {ids[0]: contents(cars).first().id})
    assert own.to_dict()["pinned"][0]["bounding_box"] == BOX
    red = Image.new("RGB", (8, 8), COLORS[0])
    neighbors = fiftyone_faiss.search(cars, red, "boxes", k=2)
    assert neighbors.tag("red") == neighbors.ids == [ids[0], ids[3]]
    assert neighbors.save_scores("red") == 2
    paths = [f"sub.det.detections.{name}" for name in ("tags", "red")]
    tags, scores = contents(cars).values(paths)
    assert [few[0] for few in tags] == [["red"], [], [], ["red"]]
    stored = [few[0] for few in scores]
    assert stored == [neighbors.scores[0], None, None, neighbors.scores[1]]
    assert fiftyone_faiss.untag_neighbors(cars, "red") == 2


def test_nested_labels_are_regions_and_queries(cars) -> None:
    samples, ids = contents(cars), labels_of(cars)
    report = fiftyone_faiss.build_index(samples, "whole", "mean-color", roi_field="sub.det")
    assert report.size == 4
    assert find_media(cars, ids[2]).path == samples.values("filepath")[2]
    assert fiftyone_faiss.search(cars, ids[2], "whole", k=1).ids == samples.values("id")[2:3]
    report = fiftyone_faiss.compute_embeddings(
        samples, "mean-color", "emb", patches_field="sub.det"
    )
    assert report.embedded == 4
    # A view of frames that was made before does not have the field.
    given = fiftyone_faiss.build_index(
        contents(cars), "given", embeddings="emb", patches_field="sub.det"
    )
    assert given.size == 4


def test_the_fields_to_choose_from_are_named(cars) -> None:
    with pytest.raises(ValueError, match=r"'other' is not a field .*; choose one of sub\.det\."):
        fiftyone_faiss.build_index(contents(cars), "boxes", "mean-color", patches_field="other")
    of_frames = cars.media_type == "video"
    assert brain.patch_fields(cars, of_frames=of_frames) == ["sub.det"]
