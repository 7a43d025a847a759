"""Views of patches, clips and frames: they have ids of their own, and show what an index holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import fiftyone as fo
import fiftyone.brain as fob
import numpy as np
import pytest
from fiftyone import ViewField as F
from support.points import Points, check_answers, nearest

import fiftyone_faiss


@pytest.fixture
def films(rng: np.random.Generator) -> Iterator[fo.Dataset]:
    """Two videos of four frames, every second with two boxes; each frame has a file."""
    dataset = fo.Dataset(persistent=True)
    for v in range(2):
        metadata = fo.VideoMetadata(frame_rate=5, total_frame_count=4)
        sample = fo.Sample(f"/{v}.mp4", metadata=metadata)
        for i in range(1, 5):
            boxes = [
                fo.Detection(label="ab"[j], bounding_box=[0.1 + j / 2, 0.1, 0.3, 0.5], index=j)
                for j in range(2 if i % 2 else 0)
            ]
            things = fo.Detections(detections=boxes)
            sample.frames[i] = fo.Frame(filepath=f"/{v}-{i}.png", place=i, things=things)
        dataset.add_sample(sample)
    yield dataset
    dataset.delete()


@pytest.fixture
def frames(films: fo.Dataset, rng: np.random.Generator) -> Points:
    """Vectors of the frames, in an index "given"."""
    vectors = rng.normal(size=(8, 6)).astype(np.float32)
    view = films.to_frames()
    fiftyone_faiss.build_index(view, "given", embeddings=vectors)
    return Points(films, vectors, view.values("id"))


def ids_of_frames(films: fo.Dataset, numbers: tuple[int, ...]) -> list[str]:
    return [frame.id for sample in films for number, frame in sample.frames.items()
            if number in numbers]  # fmt: skip


PARTS: dict[str, tuple[Callable[[fo.Dataset], fo.DatasetView], tuple[int, ...]]] = {
    "patches": (lambda d: d.to_frames().to_patches("things"), (1, 3)),
    "some patches": (
        lambda d: d.to_frames().to_patches("things").match(F("frame_number") == 3), (3,)
    ),
    "patches of some": (
        lambda d: d.to_frames().match(F("place") < 3).to_patches("things"), (1,)
    ),
    "frames of some videos": (lambda d: d.match(F("filepath") != "").to_frames(), (1, 2, 3, 4)),
    "matched frames": (lambda d: d.match_frames(F("place") > 2), (3, 4)),
    "clips": (lambda d: d.to_clips([[[2, 3]], [[2, 3]]]), (2, 3)),
    "clips that overlap": (lambda d: d.to_clips([[[1, 2], [2, 3]]] * 2), (1, 2, 3)),
    "frames of clips": (lambda d: d.to_clips([[[2, 3]], [[2, 3]]]).to_frames(), (2, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("k", [3, 8])
def test_an_index_of_frames_is_searched_in_views_of_their_parts(films, frames, name, k) -> None:
    make, numbers = PARTS[name]
    view, inside = make(films), frames.of(ids_of_frames(films, numbers))
    query = frames.vectors[2] - frames.vectors[5]
    expected, distances = nearest(query, inside, k=k)
    neighbors = fiftyone_faiss.search(view, query, "given", k=k)
    assert neighbors.ids == expected
    np.testing.assert_allclose(neighbors.distances, distances, rtol=1e-5)
    assert neighbors.view().values("id") == expected
    paths = dict(zip(frames.ids, films.values("frames.filepath", unwind=True), strict=True))
    rows = neighbors.to_dict()["results"]
    assert [row["filepath"] for row in rows] == [paths[id] for id in expected]
    results = films.load_brain_results("given")
    with results.use_view(view):
        check_answers(results, query, inside, k)
        assert results.index_size == len(inside.ids)


def test_patches_of_frames_are_sorted_by_their_frames(films, frames) -> None:
    view = films.to_frames().to_patches("things")
    query = frames.vectors[1]
    order, distances = nearest(query, frames.of(ids_of_frames(films, (1, 3))), k=3)
    ordered = view.sort_by_similarity(query, k=3, brain_key="given", dist_field="near")
    assert ordered.values("frame_id") == [id for id in order for _ in range(2)]
    np.testing.assert_allclose(ordered.values("near"), np.repeat(distances, 2), rtol=1e-5)
    with pytest.raises(ValueError, match="'given' holds frames, which a view of videos cannot"):
        films.sort_by_similarity(query, brain_key="given")


@pytest.fixture
def boxes(films: fo.Dataset, rng: np.random.Generator) -> Points:
    """Vectors of the labels of the frames, in an index "boxes" built from their patches."""
    view = films.to_frames().to_patches("things")
    vectors = rng.normal(size=(8, 6)).astype(np.float32)
    fob.compute_similarity(
        view, backend="faiss", patches_field="things", embeddings=list(vectors[:, None]),
        brain_key="boxes",
    )  # fmt: skip
    return Points(films, vectors, view.values("frame_id"), view.values("id"), "things")


def test_an_index_of_patches_of_frames_is_found_through_all_of_them(films, boxes) -> None:
    query = boxes.vectors[3]
    views = (films, films.view(), films.to_frames(), films.to_frames().to_patches("things"))
    for view in views:
        neighbors = fiftyone_faiss.search(view, query, "boxes", k=5)
        assert neighbors.ids == nearest(query, boxes, k=5)[0]
        assert neighbors.view().values("id") == neighbors.ids
    some = films.to_frames().to_patches("things").match(F("things.label") == "b")
    inside = boxes.of(some.values("id"))
    assert fiftyone_faiss.search(some, query, "boxes", k=8).ids == nearest(query, inside)[0]
    health = fiftyone_faiss.index_health(films.to_frames(), "boxes")
    assert (health.size, health.missing, health.orphaned) == (8, 0, 0)


def test_an_index_of_whole_videos_is_searched_in_views_of_their_parts(films, rng) -> None:
    vectors = rng.normal(size=(2, 6)).astype(np.float32)
    fiftyone_faiss.build_index(films, "whole", embeddings=vectors)
    videos = Points(films, vectors, films.values("id"))
    clips = films.to_clips([[[1, 2], [3, 4]]] * 2)
    frames = films.to_frames()
    for view in (clips, frames, frames.to_patches("things"), clips.to_frames()):
        neighbors = fiftyone_faiss.search(view, vectors[1], "whole", k=2)
        assert neighbors.ids == nearest(vectors[1], videos)[0]
        assert neighbors.view().values("id") == neighbors.ids
        assert [row["filepath"] for row in neighbors.to_dict()["results"]] == ["/1.mp4", "/0.mp4"]
    ordered = clips.sort_by_similarity(vectors[1], brain_key="whole")
    assert ordered.values("sample_id") == [id for id in neighbors.ids for _ in range(2)]
    of_one = clips.select_by("sample_id", videos.ids[:1])
    assert fiftyone_faiss.search(of_one, vectors[1], "whole", k=2).ids == videos.ids[:1]


# -- evaluation ----------------------------------------------------------------------------------


@pytest.fixture
def evaluated(patches: Points) -> fo.Dataset:
    """The labels of "things" evaluated against copies of themselves; every third is elsewhere."""
    dataset = patches.dataset
    for i, sample in enumerate(dataset):
        predicted = [
            fo.Detection(label=d.label, bounding_box=[0.8, 0.8, 0.1, 0.1] if (i + j) % 3 == 0
                         else d.bounding_box)
            for j, d in enumerate(sample.things.detections)
        ]  # fmt: skip
        sample["found"] = fo.Detections(detections=predicted)
        sample.save()
    dataset.evaluate_detections("found", gt_field="things", eval_key="eval")
    return dataset


@pytest.mark.parametrize("field", ["things", "found"])
def test_labels_are_found_among_the_patches_of_an_evaluation(
    evaluated: fo.Dataset, rng: np.random.Generator, field: str
) -> None:
    ids = evaluated.values(f"{field}.detections.id", unwind=True)
    vectors = rng.normal(size=(len(ids), 8)).astype(np.float32)
    fiftyone_faiss.build_index(evaluated, "given", embeddings=vectors, patches_field=field)
    points = Points(evaluated, vectors, ids, ids, field)
    view = evaluated.to_evaluation_patches("eval")
    query = vectors[4]
    for shown in (view, view.match(F("type") == "tp")):
        inside = points.of(shown.values(f"{field}.detections.id", unwind=True))
        expected, _ = nearest(query, inside, k=5)
        neighbors = fiftyone_faiss.search(shown, query, "given", k=5)
        assert neighbors.ids == expected
        assert neighbors.view().values(f"{field}.detections.id", unwind=True) == expected
        ordered = shown.sort_by_similarity(query, k=5, brain_key="given")
        assert ordered.values(f"{field}.detections.id", unwind=True) == expected


def test_patches_are_sorted_by_an_index_of_their_samples(evaluated, samples: Points) -> None:
    samples.index()
    query = samples.vectors[4]
    for view in (evaluated.to_patches("things"), evaluated.to_evaluation_patches("eval")):
        order, _ = nearest(query, samples, k=4)
        assert fiftyone_faiss.search(view, query, "given", k=4).ids == order
        ordered = view.sort_by_similarity(query, k=4, brain_key="given")
        assert list(dict.fromkeys(ordered.values("sample_id"))) == order


def test_patches_of_another_field_are_refused(evaluated, patches: Points) -> None:
    results = patches.index()
    view = evaluated.to_patches("found")
    with pytest.raises(ValueError) as caught:
        fiftyone_faiss.search(view, patches.vectors[0], "given")
    assert str(caught.value) == (
        "This view holds patches of 'found', not of 'things'; pass the dataset, or a view of "
        "patches of 'things'."
    )
    with results.use_view(view), pytest.raises(ValueError, match="not of 'things'; pass"):
        results._kneighbors(patches.vectors[0], k=3)
