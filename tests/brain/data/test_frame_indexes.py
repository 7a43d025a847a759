"""An index of frames of videos: searched and kept up to date, through the frames or the videos."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image
from support.colors import MeanColor
from support.operators import form, run
from support.videos import COLORS, write_video

import fiftyone_faiss
from fiftyone_faiss import brain
from fiftyone_faiss.brain.similarity import FaissSimilarityConfig


@pytest.fixture
def films(tmp_path: Path) -> Iterator[fo.Dataset]:
    """Two such videos, with an index "frames" of frames that lie 0.8 seconds apart: four each."""
    fiftyone_faiss.register_embedder("mean-color", MeanColor)
    dataset = fo.Dataset(persistent=True)
    dataset.add_samples([fo.Sample(write_video(tmp_path / f"{i}.mp4", i)) for i in range(2)])
    frames = fiftyone_faiss.video_frames(dataset, every=0.8)
    assert fiftyone_faiss.build_index(frames, "frames", "mean-color").size == 8
    yield dataset
    dataset.delete()


def frames_of(dataset: fo.Dataset) -> fo.DatasetView:
    return fiftyone_faiss.video_frames(dataset, every=0.8)


def check_current(samples: fo.Dataset | fo.DatasetView, size: int) -> None:
    health = fiftyone_faiss.index_health(samples, "frames", check_media=True)
    assert (health.size, health.missing, health.orphaned, health.failed) == (size, 0, 0, 0)
    assert health.is_current


@pytest.mark.parametrize("through", ["frames", "videos", "some videos"])
@pytest.mark.parametrize("loaded", ["before", "again"])
def test_an_update_keeps_the_frames(films, through: str, loaded: str) -> None:
    if loaded == "again":
        films.clear_cache()
        films = fo.load_dataset(films.name)
    samples = {"frames": frames_of(films), "videos": films, "some videos": films[:1]}[through]
    ids, vectors = stored(films)
    check_current(samples, 8)
    report = fiftyone_faiss.update_index(samples, "frames")
    assert (report.size, report.added, report.failures) == (8, 0, {})
    assert stored(films)[0] == ids == frames_of(films).values("id")
    np.testing.assert_array_equal(stored(films)[1], vectors)


def test_loading_the_index_makes_no_view_of_the_frames(films) -> None:
    films.clear_cache()
    index = brain.load_index(fo.load_dataset(films.name), "frames")
    assert isinstance(index.samples, fo.Dataset)
    assert index.config.frames == {"sample_frames": "dynamic", "fps": 1 / 0.8}


def stored(dataset: fo.Dataset) -> tuple[list[str], np.ndarray]:
    vectors, ids, _ = dataset.load_brain_results("frames").get_embeddings()
    return ids.tolist(), vectors


def test_frames_of_new_videos_are_added_through_the_videos(films, tmp_path: Path) -> None:
    films.add_sample(fo.Sample(write_video(tmp_path / "new.mp4", 2)))
    assert fiftyone_faiss.index_health(films, "frames").missing == 4
    report = fiftyone_faiss.update_index(films, "frames")
    assert (report.size, report.added, report.failures) == (12, 4, {})
    assert sorted(stored(films)[0]) == sorted(frames_of(films).values("id"))
    check_current(films, 12)


def test_deleted_frames_and_videos_are_forgotten(films) -> None:
    films.delete_samples(films.values("id")[:1])
    assert fiftyone_faiss.index_health(films, "frames").orphaned == 4
    assert fiftyone_faiss.update_index(films, "frames").size == 4
    assert stored(films)[0] == films.values("frames.id", unwind=True)
    check_current(films, 4)


def test_failed_frames_are_remembered_until_they_are_gone(films, tmp_path: Path) -> None:
    path = tmp_path / "new.mp4"
    sample = fo.Sample(write_video(path, 2))
    films.add_sample(sample)
    frames_of(films)
    path.unlink()
    report = fiftyone_faiss.update_index(films, "frames")
    sample.reload()
    lost = {frame.id for frame in sample.frames.values()}
    assert (report.size, set(report.failures)) == (8, lost)
    assert fiftyone_faiss.index_health(films, "frames").failed == 4
    fiftyone_faiss.update_index(films, "frames", retry_failed=False)
    assert set(fiftyone_faiss.list_failures(films, "frames")) == lost
    films.delete_samples([sample.id])
    fiftyone_faiss.update_index(films, "frames")
    assert fiftyone_faiss.list_failures(films, "frames") == {}


def red_of(dataset: fo.Dataset, video: int) -> str:
    """The frame of a video that is red."""
    ids = dataset.values("frames.id")[video]
    return ids[-video % 4]


@pytest.mark.parametrize("through", ["frames", "videos", "both videos"])
def test_frames_are_found_and_shown(films, tmp_path: Path, through: str) -> None:
    samples = {"frames": frames_of(films), "videos": films, "both videos": films[:2]}[through]
    neighbors = fiftyone_faiss.search(samples, Image.new("RGB", (8, 8), COLORS[0]), "frames", k=2)
    assert set(neighbors.ids) == {red_of(films, 0), red_of(films, 1)}
    view = neighbors.view()
    assert view.values("id") == neighbors.ids
    videos = dict(zip(*films.values(["id", "filepath"]), strict=True))
    paths = [videos[id] for id in view.values("sample_id")]
    rows = neighbors.to_dict()["results"]
    assert view.values("filepath") == paths == [row["filepath"] for row in rows]
    assert sorted(view.values("frame_number")) == [1, 13]
    neighbors.save_view(f"red {through}")
    assert films.load_saved_view(f"red {through}").values("id") == neighbors.ids
    # A frame is a query too.
    again = fiftyone_faiss.search(samples, neighbors.ids[1], "frames", k=1)
    assert again.ids == neighbors.ids[:1]
    assert again.pinned == {neighbors.ids[1]: neighbors.sample_ids[1]}
    (row,) = again.to_dict()["pinned"]
    assert row["filepath"] == paths[1]


def test_a_view_of_videos_is_searched_alone(films) -> None:
    red = Image.new("RGB", (8, 8), COLORS[0])
    for video in range(2):
        neighbors = fiftyone_faiss.search(films[video : video + 1], red, "frames", k=8)
        assert neighbors.ids[0] == red_of(films, video)
        assert set(neighbors.ids) == set(films.values("frames.id")[video])


def test_a_frame_of_another_index_is_embedded(films) -> None:
    more = fiftyone_faiss.video_frames(films, every=0.4)
    (blue,) = more.match(fo.ViewField("frame_number") == 11)[:1].values("id")
    neighbors = fiftyone_faiss.search(films, blue, "frames", k=1)
    # The third of the first video's colors.
    assert neighbors.ids == [films.first().frames[9].id]


def test_frames_with_images_of_their_own_are_shown_by_them(films, tmp_path: Path) -> None:
    for i, color in enumerate(COLORS):
        Image.new("RGB", (16, 16), color).save(tmp_path / f"{i}.png")
    paths = [str(tmp_path / f"{i}.png") for i in range(4)]
    numbers = list(films.first().frames)
    films.set_values("frames.filepath", [paths, [None] * 4])
    frames = films.to_frames()
    assert fiftyone_faiss.build_index(frames, "images", "mean-color").size == 4
    neighbors = fiftyone_faiss.search(films, Image.new("RGB", (8, 8), COLORS[2]), "images", k=4)
    assert neighbors.to_dict()["results"][0]["filepath"] == paths[2]
    assert neighbors.view().values("filepath")[0] == paths[2]
    assert fiftyone_faiss.update_index(films, "images").size == 4
    assert numbers == [1, 5, 9, 13]


def test_scores_of_frames_become_a_field_of_theirs(films) -> None:
    for samples in (films, frames_of(films)):
        neighbors = fiftyone_faiss.search(samples, red_of(films, 0), "frames", k=3)
        assert neighbors.save_scores("near") == 3
        ids, scores = films.values(["frames.id", "frames.near"], unwind=True)
        expected = dict(zip(neighbors.ids, neighbors.scores.tolist(), strict=True))
        assert dict(zip(ids, scores, strict=True)) == {id: expected.get(id) for id in ids}
    assert isinstance(films.get_field("frames.near"), fo.FloatField)
    with pytest.raises(ValueError, match=r"The field 'frames\.frame_number' holds other values"):
        neighbors.save_scores("frame_number")


def test_frames_have_no_tags(films) -> None:
    with pytest.raises(ValueError, match="Frames of videos cannot be tagged; save them as a view"):
        fiftyone_faiss.tag_neighbors(films, red_of(films, 0), brain_key="frames", k=2)
    assert films.count_sample_tags() == {}


def test_frames_of_a_slice_of_groups_are_used_through_the_dataset(films, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8), COLORS[1]).save(tmp_path / "left.png")
    grouped = fo.Dataset(persistent=True)
    grouped.add_group_field("group", default="left")
    for path in films.values("filepath"):
        group = fo.Group()
        grouped.add_samples(
            [
                fo.Sample(str(tmp_path / "left.png"), group=group.element("left")),
                fo.Sample(path, group=group.element("film")),
            ]
        )
    frames = frames_of(grouped.select_group_slices("film"))
    fiftyone_faiss.build_index(frames, "frames", "mean-color")
    check_current(grouped, 8)
    assert fiftyone_faiss.update_index(grouped, "frames").size == 8
    neighbors = fiftyone_faiss.search(grouped, Image.new("RGB", (8, 8), COLORS[0]), "frames", k=2)
    assert neighbors.view().values("id") == neighbors.ids
    assert {row["filepath"] for row in neighbors.to_dict()["results"]} == set(
        films.values("filepath")
    )
    assert neighbors.save_scores("red") == 2
    scores = dict(
        zip(*frames_of(grouped.select_group_slices("film")).values(["id", "red"]), strict=True)
    )
    assert {id: score for id, score in scores.items() if score is not None} == dict(
        zip(neighbors.ids, neighbors.scores.tolist(), strict=True)
    )
    grouped.delete()


# -- labels of frames ---------------------------------------------------------------------------


@pytest.fixture
def boxed(films: fo.Dataset) -> fo.Dataset:
    """Every second frame of those has two boxes; the index "boxes" is of them."""
    for sample in films:
        for number in list(sample.frames)[::2]:
            boxes = [fo.Detection(label="a", bounding_box=[x, 0.1, 0.3, 0.5]) for x in (0.1, 0.6)]
            sample.frames[number]["things"] = fo.Detections(detections=boxes)
        sample.save()
    report = fiftyone_faiss.build_index(
        frames_of(films), "boxes", "mean-color", patches_field="things"
    )
    assert report.size == 8
    return films


@pytest.mark.parametrize("through", ["frames", "videos", "both videos"])
def test_labels_of_frames_are_shown_tagged_and_scored(boxed, through: str) -> None:
    samples = {"frames": frames_of(boxed), "videos": boxed, "both videos": boxed[:2]}[through]
    paths = [f"frames.things.detections.{name}" for name in ("id", "bounding_box")]
    boxes = {
        id: box
        for of_videos in zip(*boxed.values(paths), strict=True)
        for of_frames in zip(*of_videos, strict=True)
        for id, box in zip(*(few or [] for few in of_frames), strict=True)
    }
    neighbors = fiftyone_faiss.search(samples, Image.new("RGB", (8, 8), COLORS[0]), "boxes", k=3)
    assert set(neighbors.ids) < set(boxes)
    view = neighbors.view()
    assert view.values("id") == neighbors.ids
    rows = neighbors.to_dict()["results"]
    assert view.values("filepath") == [row["filepath"] for row in rows]
    assert [row["bounding_box"] for row in rows] == [boxes[id] for id in neighbors.ids]
    red = Image.new("RGB", (8, 8), COLORS[0])
    assert fiftyone_faiss.search(samples, red, "boxes", skip=99).to_dict()["results"] == []
    by_id = fiftyone_faiss.search(samples, neighbors.ids[0], "boxes", k=3).to_dict()
    assert neighbors.ids[0] not in [row["id"] for row in by_id["results"]]
    (pinned,) = by_id["pinned"]
    expected = (neighbors.ids[0], boxes[neighbors.ids[0]], rows[0]["filepath"])
    assert (pinned["id"], pinned["bounding_box"], pinned["filepath"]) == expected
    assert neighbors.tag("red") == neighbors.ids
    assert neighbors.save_scores("red") == 3
    scores = dict(zip(neighbors.ids, neighbors.scores.tolist(), strict=True))
    stored = {
        id.id: (id.tags, getattr(id, "red", None))
        for sample in boxed
        for frame in sample.frames.values()
        for id in (frame.things.detections if frame.things else ())
    }
    assert stored == {id: (["red"] if id in scores else [], scores.get(id)) for id in boxes}
    assert fiftyone_faiss.untag_neighbors(boxed, "red") == 3
    assert boxed.count_label_tags() == {}


def test_an_index_of_labels_of_frames_is_kept_up_to_date(boxed) -> None:
    for samples in (boxed, frames_of(boxed)):
        health = fiftyone_faiss.index_health(samples, "boxes")
        assert (health.size, health.missing, health.orphaned) == (8, 0, 0)
        assert fiftyone_faiss.update_index(samples, "boxes").size == 8
    frame = boxed.first().frames[1]
    gone, _ = (id.id for id in frame.things.detections)
    boxed.delete_labels(ids=[gone])
    assert fiftyone_faiss.index_health(boxed, "boxes").orphaned == 1
    assert fiftyone_faiss.update_index(boxed, "boxes").size == 7
    neighbors = fiftyone_faiss.search(boxed, Image.new("RGB", (8, 8), COLORS[0]), "boxes", k=8)
    assert gone not in neighbors.ids


def test_a_label_of_a_frame_is_searched_with(boxed) -> None:
    frame = boxed.last().frames[9]
    (label, _) = frame.things.detections
    neighbors = fiftyone_faiss.search(boxed, label.id, "frames", k=1)
    vector = brain.load_index(boxed, "frames").vectors_of([frame.id])
    np.testing.assert_allclose(neighbors.distances, [0.0], atol=1e-3)
    np.testing.assert_allclose(
        brain.load_index(boxed, "frames").vectors_of(neighbors.ids), vector, atol=2e-2
    )


# -- what cannot be told ------------------------------------------------------------------------


def test_an_index_of_frames_that_says_it_is_of_videos_loses_none(films) -> None:
    ids, vectors = stored(films)
    method = FaissSimilarityConfig(model="mean-color").build()
    method.register_run(films, "old", overwrite=False)
    method.initialize(films, "old").add_to_index(vectors, ids)
    with pytest.raises(ValueError, match="holds videos; embed their frames: pass"):
        fiftyone_faiss.update_index(films, "old")
    with pytest.raises(ValueError, match="holds videos; embed their frames: pass"):
        fiftyone_faiss.index_health(films, "old")
    assert fiftyone_faiss.update_index(frames_of(films), "old").size == 8
    neighbors = fiftyone_faiss.search(films, vectors[2], "old", k=1)
    assert (neighbors.ids, neighbors.view().values("id")) == ([ids[2]], [ids[2]])
    neighbors = fiftyone_faiss.search(films, ids[2], "old", k=8)
    assert sorted(neighbors.ids) == sorted(set(ids) - {ids[2]})
    assert list(neighbors.pinned) == [ids[2]]


def test_an_index_of_whole_videos_is_kept(films, rng: np.random.Generator) -> None:
    vectors = rng.normal(size=(2, 4)).astype(np.float32)
    # They may be of a model that reads words too.
    method = FaissSimilarityConfig(model="mean-color").build()
    method.register_run(films, "whole", overwrite=False)
    method.initialize(films, "whole").add_to_index(vectors, films.values("id"))
    health = fiftyone_faiss.index_health(films, "whole")
    assert (health.size, health.missing, health.orphaned) == (2, 0, 0)
    assert fiftyone_faiss.update_index(films, "whole").size == 2
    neighbors = fiftyone_faiss.search(films, vectors[1], "whole", k=2)
    assert neighbors.view().values("id") == neighbors.ids == films.values("id")[::-1]


def test_nothing_is_forgotten_at_once_unless_told(dataset) -> None:
    fiftyone_faiss.register_embedder("mean-color", MeanColor)
    fiftyone_faiss.build_index(dataset, "colors", "mean-color")
    paths = dataset.values("filepath")
    dataset.delete_samples(dataset.values("id"))
    dataset.add_samples([fo.Sample(path) for path in paths[:3]])
    with pytest.raises(ValueError) as caught:
        fiftyone_faiss.update_index(dataset, "colors")
    assert str(caught.value) == (
        f"All samples of the index 'colors' were deleted from '{dataset.name}'; to replace them "
        "with the current samples, rebuild the index in the panel or with "
        "update_index(dataset, 'colors', force=True)."
    )
    assert brain.list_indexes(dataset)[0].size == 12
    report = fiftyone_faiss.update_index(dataset, "colors", force=True)
    assert (report.size, report.added) == (3, 3)
    dataset.delete_samples(dataset.values("id"))
    assert fiftyone_faiss.update_index(dataset, "colors").size == 0


def test_the_form_builds_an_index_of_frames(films) -> None:
    fields = form("build_index", films, {})
    assert (fields["every"]["default"], fields["every"]["invalid"]) == (1.0, False)
    assert form("build_index", films, {"every": 0})["every"]["invalid"]
    params = {"brain_key": "sparse", "model": "mean-color", "every": 1.6, "view_target": "DATASET"}
    run("build_index", films, params)
    films.reload()
    index = films.load_brain_results("sparse")
    # Two of the eight frames of each video that the other index has.
    assert index.total_index_size == 4
    neighbors = fiftyone_faiss.search(films, index.sample_ids[0], "sparse", k=4)
    # The frame of the query is no result.
    assert set(neighbors.ids) == set(index.sample_ids[1:])
