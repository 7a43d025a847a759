"""The tabs of the curation panel on frames of videos, and work that is canceled."""

from __future__ import annotations

import re
from collections.abc import Iterator

import fiftyone as fo
import numpy as np
import pytest
from playwright.sync_api import Page, expect
from support.browser import PATIENCE, cy, shoot, shows
from support.colors import MeanColor
from support.curate import CURATE_PANEL, choose_tab, find, undo_last
from support.indexes import index_of
from support.videos import write_video

import fiftyone_faiss
from fiftyone_faiss.demo import MODEL_NAME


@pytest.fixture(scope="module")
def films(book: fo.Dataset, tmp_path_factory: pytest.TempPathFactory) -> Iterator[fo.Dataset]:
    """Six videos of the same four colors, with indexes of their frames, four each."""
    fiftyone_faiss.register_embedder("mean-color", MeanColor)
    folder = tmp_path_factory.mktemp("films")
    dataset = fo.Dataset("films", persistent=True)
    dataset.add_samples([fo.Sample(write_video(folder / f"{i}.mp4", i)) for i in range(6)])
    frames = fiftyone_faiss.video_frames(dataset, every=0.8)
    fiftyone_faiss.build_index(frames, "frames", "mean-color", progress=False)
    fiftyone_faiss.build_index(frames, "clip", MODEL_NAME, progress=False)
    yield dataset
    dataset.delete()


def color_of(films: fo.Dataset) -> dict[str, int]:
    """The number of the color of each frame that an index holds."""
    frames = fiftyone_faiss.video_frames(films, every=0.8)
    videos = {id: i for i, id in enumerate(films.values("id"))}
    rows = zip(*frames.values(["id", "sample_id", "frame_number"]), strict=True)
    return {id: ((number - 1) // 4 + videos[video]) % 4 for id, video, number in rows}


def picture_ids(page: Page, name: str = "curate-picture") -> list[str]:
    ids: list[str] = cy(page, name).evaluate_all("all => all.map(p => p.dataset.id)")
    return ids


def test_frames_are_scored_selected_and_clustered(films: fo.Dataset, open_app) -> None:
    page: Page = open_app(films, panel=CURATE_PANEL, width=1600, height=900, dark=False)
    colors = color_of(films)
    assert len(colors) == 24

    choose_tab(page, "scores")
    cy(page, "curate-index").select_option("frames")
    cy(page, "scores-kind").select_option("uniqueness")
    cy(page, "scores-field").fill("rare")
    find(page)
    expect(cy(page, "curate-summary")).to_contain_text("24 scores of ")
    films.reload()
    saved = dict(zip(*films.values(["frames.id", "frames.rare"], unwind=True), strict=True))
    assert {id for id, score in saved.items() if score is not None} == set(colors)
    cy(page, "scores-list").select_option("highest")
    expect(cy(page, "curate-picture")).to_have_count(24)
    shown = picture_ids(page)
    assert [saved[id] for id in shown] == sorted((saved[id] for id in shown), reverse=True)
    # The pictures are those of the frames, not of their videos.
    expect(cy(page, "curate-picture").first.locator("img")).to_be_visible()
    shoot(page, "frames-scores")
    undo_last(page, "The field “rare” is as it was before.")
    films.reload()
    assert not films.has_frame_field("rare")

    choose_tab(page, "selection")
    cy(page, "curate-index").select_option("frames")
    cy(page, "select-n").fill("4")
    find(page)
    expect(cy(page, "curate-picture")).to_have_count(4)
    assert {colors[id] for id in picture_ids(page)} == {0, 1, 2, 3}
    # All frames of a color are alike.
    expect(cy(page, "select-uncovered")).to_contain_text("No other is nearer to it than to these.")
    expect(cy(page, "curate-tag")).to_have_attribute("aria-disabled", "true")
    expect(cy(page, "curate-tag")).to_have_attribute("title", re.compile("cannot be tagged"))
    shoot(page, "frames-select")

    choose_tab(page, "clusters")
    cy(page, "curate-index").select_option("frames")
    cy(page, "curate-number").fill("4")
    cy(page, "curate-vocabulary").select_option("none")
    find(page)
    expect(cy(page, "curate-cluster")).to_have_count(4)
    expect(cy(page, "curate-cluster-size")).to_have_text(["6 samples"] * 4)
    medoids = {colors[id] for id in picture_ids(page, "curate-medoid")}
    assert medoids == {0, 1, 2, 3}
    shoot(page, "frames-clusters")


def test_canceled_work_changes_nothing_and_runs_again(book: fo.Dataset, open_app) -> None:
    dataset = fo.Dataset("canceled", persistent=True)
    count = 40_000
    (path,) = book.limit(1).values("filepath")
    dataset.add_samples([fo.Sample(path) for _ in range(count)], progress=False)
    vectors = np.random.default_rng(51).normal(size=(count, 48)).astype(np.float32)
    index_of(dataset, vectors)
    page: Page = open_app(dataset, panel=CURATE_PANEL, width=1600, height=900, view=dataset[:8])
    choose_tab(page, "scores")
    cy(page, "curate-find").click()
    label = cy(page, "faiss-job-label")
    expect(label).to_contain_text("of 40,000", timeout=3 * PATIENCE)
    cy(page, "faiss-job-cancel").click()
    expect(label.get_by_role("status")).to_have_text(
        re.compile(r"Cancelled at [\d,]+ of 40,000 \w+; finished work is kept")
    )
    shoot(page, "scores-canceled")
    dataset.reload()
    assert not dataset.has_field("outlier_score")
    expect(cy(page, "curate-nothing")).to_be_visible()
    # The view is small, and the index is as it was.
    shows(page, 8)
    cy(page, "curate-scope").select_option("view")
    find(page)
    expect(cy(page, "curate-summary")).to_contain_text("8 scores of ")
    dataset.reload()
    assert dataset.count("outlier_score") == 8
    dataset.delete()
