"""The images of frames inside videos, and the files of results."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image
from support.colors import MeanColor
from support.videos import COLORS, write_video

import fiftyone_faiss
from fiftyone_faiss import brain
from fiftyone_faiss.brain.data.frame_images import frame_numbers


@pytest.fixture
def film(tmp_path: Path) -> Iterator[fo.Dataset]:
    """A video of four colors with an index of a frame of each, and a box in the first."""
    fiftyone_faiss.register_embedder("mean-color", MeanColor)
    dataset = fo.Dataset(persistent=True)
    dataset.add_sample(fo.Sample(write_video(tmp_path / "film.mp4")))
    frames = fiftyone_faiss.video_frames(dataset, every=0.8)
    fiftyone_faiss.build_index(frames, "frames", "mean-color", progress=False)
    sample = dataset.first()
    box = fo.Detection(label="spot", bounding_box=[0.25, 0.25, 0.5, 0.5])
    sample.frames[1]["spots"] = fo.Detections(detections=[box])
    sample.save()
    yield dataset
    dataset.delete()


def color_of(file: bytes) -> tuple[int, int]:
    """Returns the size of a JPEG file of one color, and which of the colors it is."""
    image = Image.open(io.BytesIO(file))
    distances = np.abs(np.array(COLORS) - np.array(image).mean(axis=(0, 1))).sum(axis=1)
    return image.width, int(distances.argmin())


def test_frames_are_decoded_from_the_video(film) -> None:
    answer = fiftyone_faiss.search(film, np.array([0.8, 0.1, 0.1], np.float32), k=4).to_dict()
    rows = answer["results"]
    numbers = {row["id"]: row["frame_number"] for row in rows}
    assert {row["filepath"] for row in rows} == {film.first().filepath}
    files = brain.frame_images(film, list(numbers), None, 640)
    assert {id: color_of(file) for id, file in files.items()} == {
        id: (32, (number - 1) // 4) for id, number in numbers.items()
    }
    assert color_of(brain.frame_images(film, list(numbers), None, 16)[rows[0]["id"]])[0] == 16


def test_labels_of_frames_have_the_frame_around_them(film) -> None:
    (label_id,) = film.values("frames.spots.detections.id", unwind=True)
    assert frame_numbers(film, [label_id], "spots") == {label_id: 1}
    (file,) = brain.result_files(film, [label_id], "spots")
    assert file["bounding_box"] == [0.25, 0.25, 0.5, 0.5]
    assert (file["filepath"], file["frame_number"]) == (film.first().filepath, 1)
    assert color_of(brain.frame_images(film, [label_id], "spots", 640)[label_id]) == (32, 0)


def test_samples_and_missing_videos_have_no_frames(film, dataset) -> None:
    assert frame_numbers(film, [film.first().id]) == {}
    assert frame_numbers(dataset, dataset.values("id")) == {}
    ids = film.to_frames(sample_frames="dynamic", sparse=True).values("id")
    Path(film.first().filepath).write_bytes(b"")
    assert brain.frame_images(film, ids, None, 640) == {}


def test_the_files_of_results_are_in_their_order(dataset) -> None:
    ids = dataset.values("id")
    asked = [ids[3], ids[1], "0" * 24]
    files = brain.result_files(dataset, asked, None)
    paths = dict(zip(ids, dataset.values("filepath"), strict=True))
    assert [(file["id"], file["filepath"]) for file in files] == [
        (ids[3], paths[ids[3]]),
        (ids[1], paths[ids[1]]),
    ]
