"""Frames, groups, regions of interest, distances in fields, several queries in one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import fiftyone as fo
import fiftyone.brain as fob
import numpy as np
import pytest
from fiftyone import ViewField as F
from PIL import Image
from support.colors import MeanColor, color_vector
from support.distances import reference
from support.points import Points, check_answers, check_stored, nearest, neighbors_of, points_of

from fiftyone_faiss.brain.models.zoo import EmbedderModel

# -- frames ------------------------------------------------------------------------------------


@pytest.fixture
def video(tmp_path: Path) -> Iterator[fo.Dataset]:
    """Two videos of four frames; each frame is an image on disk too, as sampling leaves it."""
    dataset = fo.Dataset(persistent=True)
    for v in range(2):
        path = str(tmp_path / f"{v}.mp4")
        writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"mp4v"), 5, (32, 32))
        sample = fo.Sample(path)
        for i in range(4):
            image = np.full((32, 32, 3), 20 * i + 60 * v, np.uint8)
            writer.write(image)
            Image.fromarray(image).save(tmp_path / f"{v}-{i}.png")
            sample.frames[i + 1] = fo.Frame(
                filepath=str(tmp_path / f"{v}-{i}.png"), place=10 * v + i
            )
        writer.release()
        dataset.add_sample(sample)
    yield dataset
    dataset.delete()


@pytest.fixture
def frames(video: fo.Dataset, rng: np.random.Generator) -> Points:
    vectors = rng.normal(size=(8, 6)).astype(np.float32)
    view = video.to_frames()
    fob.compute_similarity(view, backend="faiss", embeddings=vectors, brain_key="given")
    return Points(video, vectors, view.values("id"))


def test_frames_are_found_by_frame_and_by_vector(video: fo.Dataset, frames: Points) -> None:
    assert frames.ids == video.values("frames.id", unwind=True)
    for reloads in (False, True):
        if reloads:
            video.clear_cache()
        view = video.to_frames()
        check_stored(video.load_brain_results("given"), frames)
        for query in (frames.ids[5], frames.vectors[5], frames.vectors[0] - frames.vectors[3]):
            vector = frames.vectors[5] if isinstance(query, str) else query
            expected, distances = nearest(vector, frames, k=5)
            nearest_view = view.sort_by_similarity(query, k=5, brain_key="given", dist_field="near")
            assert nearest_view.values("id") == expected
            np.testing.assert_allclose(nearest_view.values("near"), distances, atol=1e-6)
    places = video.to_frames().sort_by_similarity(frames.ids[5], brain_key="given").values("place")
    assert places[0] == 11
    assert sorted(places) == [0, 1, 2, 3, 10, 11, 12, 13]


def test_a_view_of_frames_is_searched_alone(video: fo.Dataset, frames: Points) -> None:
    view = video.to_frames().match(F("frame_number") > 2)
    expected, _ = nearest(frames.vectors[0], frames.at([2, 3, 6, 7]))
    nearest_view = view.sort_by_similarity(frames.ids[0], brain_key="given")
    assert nearest_view.values("id") == expected
    results = video.load_brain_results("given")
    with results.use_view(view):
        check_answers(results, frames.vectors[0], frames.at([2, 3, 6, 7]), 3)


@pytest.mark.parametrize("loaded", ["before", "after"])
def test_deleted_frames_are_not_found(video: fo.Dataset, frames: Points, loaded: str) -> None:
    results = video.load_brain_results("given")
    check_answers(results, frames.vectors[1], frames)
    gone = [frames.ids[1], *nearest(frames.vectors[1], frames, k=3)[0][1:]]
    video.delete_frames(gone)
    assert not set(gone) & set(video.values("frames.id", unwind=True))
    live = frames.at([i for i, point_id in enumerate(frames.ids) if point_id not in gone])
    if loaded == "after":
        video.clear_cache()
        results = video.load_brain_results("given")
    check_answers(results, frames.vectors[1], live, 4)
    nearest_view = video.to_frames().sort_by_similarity(live.ids[0], k=4, brain_key="given")
    assert nearest_view.values("id") == nearest(live.vectors[0], live, k=4)[0]


# -- groups ------------------------------------------------------------------------------------


@pytest.fixture
def grouped(rng: np.random.Generator) -> Iterator[Points]:
    """Six groups of a left and a right image."""
    dataset = fo.Dataset(persistent=True)
    dataset.add_group_field("group", default="left")
    for i in range(6):
        group = fo.Group()
        dataset.add_samples(
            [
                fo.Sample(f"{side}{i}.png", group=group.element(side), number=i)
                for side in ("left", "right")
            ]
        )
    view = dataset.select_group_slices(["left", "right"])
    vectors = rng.normal(size=(12, 6)).astype(np.float32)
    fob.compute_similarity(view, backend="faiss", embeddings=vectors, brain_key="given")
    yield Points(dataset, vectors, view.values("id"))
    dataset.delete()


@pytest.mark.parametrize("slices", [["left", "right"], "left", "right"])
def test_slices_of_a_group_are_searched_alone(grouped: Points, slices: str | list[str]) -> None:
    view = grouped.dataset.select_group_slices(slices)
    expected = grouped.of(view.values("id"))
    assert len(expected.ids) == (12 if isinstance(slices, list) else 6)
    query = grouped.vectors[0] + grouped.vectors[1]
    ids, distances = nearest(query, expected, k=4)
    nearest_view = view.sort_by_similarity(query, k=4, brain_key="given", dist_field="near")
    assert nearest_view.values("id") == ids
    np.testing.assert_allclose(nearest_view.values("near"), distances, atol=1e-6)
    results = grouped.dataset.load_brain_results("given")
    with results.use_view(view.match(F("number") < 3)):
        inside = view.match(F("number") < 3).values("id")
        check_answers(results, query, grouped.of(inside), None)


def test_deleted_samples_of_a_group_are_not_found(grouped: Points) -> None:
    grouped.dataset.delete_samples(grouped.ids[2:7])
    live = grouped.at([0, 1, *range(7, 12)])
    results = grouped.dataset.load_brain_results("given")
    check_answers(results, grouped.vectors[4], live, 5)
    check_answers(results, grouped.vectors[4], live, None)


# -- regions of interest -----------------------------------------------------------------------


def test_a_samples_vector_is_the_mean_of_its_regions(tmp_path: Path) -> None:
    colors = [((200, 10, 10), (10, 200, 10)), ((10, 10, 200), (200, 200, 10)), ((90, 0, 90),) * 2]
    halves = [[0.0, 0.0, 0.5, 1.0], [0.5, 0.0, 0.5, 1.0]]
    dataset = fo.Dataset()
    for i, (left, right) in enumerate(colors):
        image = np.zeros((16, 16, 3), np.uint8)
        image[:, :8], image[:, 8:] = left, right
        Image.fromarray(image).save(tmp_path / f"{i}.png")
        # Both halves; the left one; none, which stands for the whole image.
        regions = [fo.Detection(bounding_box=box) for box in halves[: 2 - i]]
        sample = fo.Sample(str(tmp_path / f"{i}.png"), regions=fo.Detections(detections=regions))
        dataset.add_sample(sample)
    results = fob.compute_similarity(
        dataset,
        backend="faiss",
        model=EmbedderModel(MeanColor()),
        roi_field="regions",
        brain_key="given",
    )
    expected = [
        (color_vector(*colors[0][0]) + color_vector(*colors[0][1])) / 2,
        color_vector(*colors[1][0]),
        color_vector(*colors[2][0]),
    ]
    vectors, sample_ids, label_ids = results.get_embeddings()
    assert (sample_ids.tolist(), label_ids) == (dataset.values("id"), None)
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    points = Points(dataset, np.array(expected), dataset.values("id"))
    check_answers(results, color_vector(90, 80, 20), points, 3)
    assert (
        dataset.sort_by_similarity(points.ids[1], k=3, brain_key="given").values("id")
        == (nearest(points.vectors[1], points)[0])
    )
    dataset.delete()


# -- distances in fields -----------------------------------------------------------------------


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "dotproduct"])
@pytest.mark.parametrize("k", [5, None])
def test_each_sample_or_label_gets_its_own_distance(
    points: Points, metric: str, k: int | None
) -> None:
    points.index(metric=metric)
    query = points.vectors[2]
    ids, distances = nearest(query, points, metric, k)
    by_id = dict(zip(ids, distances, strict=True))
    nearest_view = points.dataset.sort_by_similarity(
        query, k=k, brain_key="given", dist_field="near"
    )
    path = {None: "near", "things": "things.detections.near", "thing": "thing.near"}
    values = points.dataset.values(path[points.patches_field])
    if points.patches_field == "things":
        values = [value for few in values for value in few]
    assert [i for i, value in enumerate(values) if value is not None] == [
        i for i, point_id in enumerate(points.ids) if point_id in by_id
    ]
    for point_id, value in zip(points.ids, values, strict=True):
        if point_id in by_id:
            np.testing.assert_allclose(value, by_id[point_id], rtol=1e-5, atol=1e-6)
    owners = [points.sample_ids[points.ids.index(point_id)] for point_id in ids]
    assert nearest_view.values("id") == list(dict.fromkeys(owners))


def test_each_patch_of_a_patches_view_gets_its_own_distance(patches: Points) -> None:
    patches.index(metric="euclidean")
    ids, distances = nearest(patches.vectors[2], patches, "euclidean", 6)
    view = patches.dataset.to_patches("things")
    nearest_view = view.sort_by_similarity(
        patches.ids[2], k=6, brain_key="given", dist_field="near"
    )
    assert nearest_view.values("id") == ids
    np.testing.assert_allclose(nearest_view.values("near"), distances, rtol=1e-5, atol=1e-6)
    by_id = dict(zip(*view.values(["id", "near"]), strict=True))
    assert {point_id for point_id, value in by_id.items() if value is not None} == set(ids)


# -- several queries in one --------------------------------------------------------------------

AFTER = {"post-mean": np.mean, "post-min": np.min, "post-max": np.max}


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "dotproduct"])
@pytest.mark.parametrize("aggregation", ["mean", *AFTER])
def test_several_queries_are_combined(
    dataset: fo.Dataset, rng: np.random.Generator, metric: str, aggregation: str
) -> None:
    points = points_of(dataset, "detections", rng)
    results = points.index(metric=metric)
    queries = points.vectors[[1, 4, 9]]

    def expected(inside: Points) -> dict[str, float]:
        if aggregation == "mean":
            distances = reference(queries.mean(axis=0)[None], inside.vectors, metric)[0]
        else:
            distances = AFTER[aggregation](reference(queries, inside.vectors, metric), axis=0)
        return dict(zip(inside.ids, distances, strict=True))

    def check(query: object, by_id: dict[str, float], k: int | None, reverse: bool) -> None:
        ids, distances = neighbors_of(results, query, k, aggregation=aggregation, reverse=reverse)
        ordered = sorted(by_id.values(), reverse=reverse)[:k]
        np.testing.assert_allclose(distances, ordered, rtol=1e-5, atol=1e-6)
        # Of the queries themselves some are equally far, and may come in any order.
        np.testing.assert_allclose(
            distances, [by_id[point_id] for point_id in ids], rtol=1e-5, atol=1e-6
        )
        assert len(set(ids)) == len(ids) == len(ordered)

    view = dataset.filter_labels("things", F("label") == "a")
    kept = points.of(view.values("things.detections.id", unwind=True))
    for query in ([points.ids[i] for i in (1, 4, 9)], queries):
        for inside, shown in ((points, dataset), (kept, view)):
            with results.use_view(shown):
                for k, reverse in ((4, False), (None, False), (4, True)):
                    check(query, expected(inside), k, reverse)
    with pytest.raises(ValueError, match="'median' is no aggregation; choose one of mean, "):
        neighbors_of(results, queries, 3, aggregation="median")
