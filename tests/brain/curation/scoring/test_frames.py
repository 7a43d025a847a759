"""Frames of videos are scored and selected like samples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fiftyone as fo
import pytest
from support.colors import MeanColor
from support.videos import write_video

import fiftyone_faiss


@pytest.fixture
def films(tmp_path: Path) -> Iterator[fo.Dataset]:
    """Two videos with an index of eight frames, of four colors in turn."""
    fiftyone_faiss.register_embedder("mean-color", MeanColor)
    dataset = fo.Dataset(persistent=True)
    dataset.add_samples([fo.Sample(write_video(tmp_path / f"{i}.mp4", i)) for i in range(2)])
    frames = fiftyone_faiss.video_frames(dataset, every=0.8)
    fiftyone_faiss.build_index(frames, "frames", "mean-color", progress=False)
    yield dataset
    dataset.delete()


def saved(films: fo.Dataset) -> dict[str, float]:
    pairs = zip(*films.values(["frames.id", "frames.odd"], unwind=True), strict=True)
    return {id: score for id, score in pairs if score is not None}


def test_frames_are_scored_through_their_videos_and_undone(films: fo.Dataset) -> None:
    frames = fiftyone_faiss.video_frames(films, every=0.8)
    # The same color in both videos is a near duplicate.
    first = fiftyone_faiss.compute_uniqueness(films, "frames", "odd", thresh=0.01, progress=False)
    assert (first.count, first.near_duplicates) == (8, 4)
    assert len(set(first.scores.values())) <= 4
    before = saved(films)
    assert before == dict(first.scores) and set(before) == set(frames.values("id"))
    assert "Fewer than 20 samples cannot tell what is unusual." in first.notes
    part = films[:1]
    report = fiftyone_faiss.compute_typicality(part, "frames", "odd", thresh=0, progress=False)
    assert report.count == 4 and saved(films) == dict(report.scores)
    assert set(report.view(3).values("id")) < set(report.scores)
    report.undo()
    assert saved(films) == before
    first.undo()
    assert not films.has_frame_field("odd")


def test_frames_are_selected_and_cannot_be_tagged(films: fo.Dataset) -> None:
    selection = fiftyone_faiss.select_samples(films, 4, "frames", thresh=0.01, progress=False)
    assert len(set(selection.ids)) == 4 and selection.receipt.near_duplicates == 4
    # One frame of each of the four colors covers all.
    assert selection.receipt.figures.coverage_radius < 0.01
    # The frames of a color are equal, so none is nearer to another one than to the selected.
    assert selection.receipt.uncovered.count == 1
    assert selection.view().values("id") == selection.ids
    with pytest.raises(ValueError, match="Frames of videos cannot be tagged"):
        selection.tag()
