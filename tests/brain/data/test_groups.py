"""Indexes of a slice of a grouped dataset: what is found is used, through the dataset too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image
from support.colors import MeanColor

import fiftyone_faiss
from fiftyone_faiss.brain.data.lookup import by_ids
from fiftyone_faiss.brain.data.media import find_media

COLORS = [(200, 20, 20), (20, 200, 20), (20, 20, 200), (200, 200, 20)]
RED = Image.new("RGB", (8, 8), COLORS[0])


@pytest.fixture
def cars(tmp_path: Path) -> Iterator[fo.Dataset]:
    """Four groups of a left image, gray, and a right one with a box of its color; the slice shown
    is the left one. The index "right" is of the right images, "boxes" of their boxes."""
    fiftyone_faiss.register_embedder("mean-color", MeanColor)
    dataset = fo.Dataset(persistent=True)
    dataset.add_group_field("group", default="left")
    samples = []
    for i, color in enumerate(COLORS):
        group = fo.Group()
        for side, shown in (("left", (90, 90, 90 + i)), ("right", color)):
            path = tmp_path / f"{side}{i}.png"
            Image.new("RGB", (16, 16), shown).save(path)
            box = fo.Detection(label=str(i), bounding_box=[0.1, 0.1, 0.5, 0.5])
            boxes = fo.Detections(detections=[box] if side == "right" else [])
            samples.append(fo.Sample(str(path), group=group.element(side), things=boxes))
    dataset.add_samples(samples)
    right = dataset.select_group_slices("right")
    assert fiftyone_faiss.build_index(right, "right", "mean-color").size == 4
    fiftyone_faiss.build_index(right, "boxes", "mean-color", patches_field="things")
    yield dataset
    dataset.delete()


@pytest.fixture(params=["dataset", "slice"])
def searched(request: pytest.FixtureRequest, cars: fo.Dataset) -> fo.Dataset | fo.DatasetView:
    return cars if request.param == "dataset" else cars.select_group_slices("right")


def right_of(dataset: fo.Dataset) -> fo.DatasetView:
    return dataset.select_group_slices("right")


def test_samples_of_a_slice_are_shown_and_exported(cars, searched) -> None:
    neighbors = fiftyone_faiss.search(searched, RED, "right", k=3)
    ids, paths = right_of(cars).values(["id", "filepath"])
    assert neighbors.ids[0] == ids[0]
    assert set(neighbors.ids) < set(ids)
    by_id = dict(zip(ids, paths, strict=True))
    rows = neighbors.to_dict()["results"]
    assert [row["filepath"] for row in rows] == [by_id[id] for id in neighbors.ids]
    assert neighbors.view().values("id") == neighbors.ids
    neighbors.save_view("red")
    assert cars.load_saved_view("red").values("id") == neighbors.ids


def test_samples_of_a_slice_are_tagged(cars, searched) -> None:
    tagging = fiftyone_faiss.tag_neighbors(searched, RED, "red", k=2, brain_key="right")
    assert tagging.ids == tagging.neighbors.ids
    assert set(right_of(cars).match_tags("red").values("id")) == set(tagging.ids)
    assert cars.match_tags("red").values("id") == []
    assert fiftyone_faiss.untag_neighbors(cars, "red") == 2
    assert right_of(cars).match_tags("red").values("id") == []


def test_scores_are_stored_with_samples_of_a_slice(cars, searched) -> None:
    for k in (3, 2):
        neighbors = fiftyone_faiss.search(searched, RED, "right", k=k)
        assert neighbors.save_scores("red") == k
        stored = dict(zip(*right_of(cars).values(["id", "red"]), strict=True))
        scores = dict(zip(neighbors.ids, neighbors.scores.tolist(), strict=True))
        assert stored == {id: scores.get(id) for id in right_of(cars).values("id")}
    assert cars.values("red") == [None] * 4


def test_labels_of_a_slice_are_shown_tagged_and_scored(cars, searched) -> None:
    neighbors = fiftyone_faiss.search(searched, RED, "boxes", k=3)
    labels = right_of(cars).values("things.detections.id", unwind=True)
    assert neighbors.ids[0] == labels[0]
    view = neighbors.view()
    assert view.values("id") == neighbors.ids
    assert view.values("filepath") == [row["filepath"] for row in neighbors.to_dict()["results"]]
    assert [row["bounding_box"] for row in neighbors.to_dict()["results"]] == [
        [0.1, 0.1, 0.5, 0.5]
    ] * 3
    assert neighbors.tag("red") == neighbors.ids
    assert neighbors.save_scores("red") == 3
    paths = [f"things.detections.{name}" for name in ("id", "tags", "red")]
    # By unwinding, tags would be too.
    stored = zip(*([row[0] for row in column] for column in right_of(cars).values(paths)),
                 strict=True)  # fmt: skip
    scores = dict(zip(neighbors.ids, neighbors.scores.tolist(), strict=True))
    expected = [(id, ["red"] if id in scores else [], scores.get(id)) for id in labels]
    assert list(stored) == expected
    assert fiftyone_faiss.untag_neighbors(cars, "red") == 3


def test_what_another_slice_shows_is_searched_with(cars) -> None:
    left = cars.values("id")
    assert find_media(cars, left[0]).path == cars.first().filepath
    right, paths = right_of(cars).values(["id", "filepath"])
    assert find_media(cars, right[2]).path == paths[2]
    label = right_of(cars).values("things.detections.id", unwind=True)[2]
    assert find_media(cars, label).path == paths[2]
    assert fiftyone_faiss.search(cars, label, "right", k=1).ids == [right[2]]
    assert find_media(cars, "0" * 24) is None


def test_the_slices_of_an_index_are_kept_up_to_date_through_the_dataset(cars, tmp_path) -> None:
    health = fiftyone_faiss.index_health(cars, "right")
    assert (health.size, health.missing, health.orphaned) == (4, 0, 0)
    path = tmp_path / "new.png"
    Image.new("RGB", (16, 16), (200, 20, 200)).save(path)
    group = fo.Group()
    ids = cars.add_samples(
        [fo.Sample(str(path), group=group.element(side)) for side in ("left", "right")]
    )
    assert fiftyone_faiss.index_health(cars, "right").missing == 1
    report = fiftyone_faiss.update_index(cars, "right")
    assert (report.size, report.added) == (5, 1)
    _, held, _ = cars.load_brain_results("right").get_embeddings()
    assert held.tolist()[-1] == ids[1]
    assert fiftyone_faiss.update_index(cars, "boxes").size == 4


def test_of_a_view_of_groups_the_slices_of_an_index_count(cars) -> None:
    index = cars.load_brain_results("right")
    ids = right_of(cars).values("id")
    index.remove_from_index(ids[1:3])
    assert fiftyone_faiss.index_health(cars[:2], "right").missing == 1
    assert fiftyone_faiss.update_index(cars[:2], "right").size == 3
    assert set(index.get_embeddings()[1]) == {ids[0], ids[1], ids[3]}


def test_failures_of_a_slice_are_remembered(cars) -> None:
    sample = right_of(cars).last()
    cars.load_brain_results("right").remove_from_index([sample.id])
    Path(sample.filepath).unlink()
    for retry in (True, False):
        fiftyone_faiss.update_index(cars, "right", retry_failed=retry)
        assert set(fiftyone_faiss.list_failures(cars, "right")) == {sample.id}


def test_an_index_that_is_of_no_slice_yet_is_refused(cars) -> None:
    cars.load_brain_results("right").remove_from_index(right_of(cars).values("id"))
    with pytest.raises(ValueError, match="is grouped; choose a slice of images: pass"):
        fiftyone_faiss.update_index(cars, "right")
    assert fiftyone_faiss.update_index(right_of(cars), "right").size == 4


def test_samples_of_several_kinds_of_media_are_found_together(cars, rng) -> None:
    clouds = [fo.Sample(f"/{i}.pcd", group=fo.Group().element("cloud")) for i in range(2)]
    ids = cars.add_samples(clouds)
    wanted = [ids[1], right_of(cars).values("id")[3], cars.values("id")[0]]
    assert by_ids(cars, wanted, ordered=True).values("id") == wanted
    vectors = rng.normal(size=(2, 4)).astype(np.float32)
    view = cars.select_group_slices("cloud")
    fo.brain.compute_similarity(view, backend="faiss", embeddings=vectors, brain_key="clouds")
    neighbors = fiftyone_faiss.search(cars, vectors[1], "clouds", k=2)
    assert neighbors.view().values("filepath") == ["/1.pcd", "/0.pcd"]
    assert fiftyone_faiss.update_index(cars, "clouds").size == 2


# -- views of groups, and of another slice ---------------------------------------------------------


def test_a_view_of_groups_is_searched_like_the_dataset(cars) -> None:
    """The slice that is shown is the left one, the index is of the right one."""
    vectors = cars.load_brain_results("right").get_embeddings()[0]
    ids = right_of(cars).values("id")
    everything = cars.match(fo.ViewField("filepath") != "")
    neighbors = fiftyone_faiss.search(everything, vectors[2], "right", k=4)
    assert neighbors.ids == fiftyone_faiss.search(cars, vectors[2], "right", k=4).ids
    assert (neighbors.ids[0], set(neighbors.ids), neighbors.notes) == (ids[2], set(ids), ())
    assert neighbors.view().values("id") == neighbors.ids
    # The second and the third group, by what their left images show.
    some = cars.select(cars.values("id")[1:3])
    assert set(fiftyone_faiss.search(some, vectors[2], "right", k=2).ids) == set(ids[1:3])
    labels = right_of(cars).values("things.detections.id", unwind=True)
    neighbors = fiftyone_faiss.search(some, RED, "boxes", k=2)
    assert set(neighbors.ids) == set(labels[1:3])
    assert neighbors.view().values("id") == neighbors.ids
    index = cars.load_brain_results("right")
    with index.use_view(some):
        assert set(index._kneighbors(vectors[2], k=3)[0]) == set(ids[1:3])
        assert index.index_size == 2
        assert set(index.current_sample_ids) == set(ids[1:3])


def test_a_view_of_another_slice_names_the_indexed_one(cars, caplog) -> None:
    note = (
        "The view holds the slice 'left' of the groups, but the index holds 'right'; use "
        "dataset.select_group_slices('right')."
    )
    left = cars.select_group_slices("left")
    neighbors = fiftyone_faiss.search(left, RED, "right", k=2)
    assert (neighbors.ids, neighbors.notes) == ([], (note,))
    # FiftyOne sorts the slice that is shown.
    for view in (cars, left, cars.match(fo.ViewField("filepath") != "")):
        caplog.clear()
        assert view.sort_by_similarity([1.0, 0, 0], k=2, brain_key="right").values("id") == []
        assert [record.message for record in caplog.records] == [note]


def test_fiftyone_sorts_the_slice_that_is_shown(cars, rng) -> None:
    both = cars.select_group_slices(["left", "right"])
    vectors = rng.normal(size=(8, 4)).astype(np.float32)
    fiftyone_faiss.build_index(both, "both", embeddings=vectors)
    ids = both.values("id")
    shown = [i for i, id in enumerate(ids) if id in cars.values("id")]
    order = sorted(shown, key=lambda i: -vectors[i] @ vectors[1] / np.linalg.norm(vectors[i]))
    for view in (cars, cars.match(fo.ViewField("filepath") != "")):
        ordered = view.sort_by_similarity(vectors[1], k=3, brain_key="both", dist_field="near")
        assert ordered.values("id") == [ids[i] for i in order[:3]]
        assert set(fiftyone_faiss.search(view, vectors[1], "both", k=8).ids) == set(ids)


def test_groups_of_equal_values_are_searched_with_all_their_samples(dataset, rng) -> None:
    vectors = rng.normal(size=(12, 4)).astype(np.float32)
    fiftyone_faiss.build_index(dataset, "given", embeddings=vectors)
    dataset.set_values("half", ["a"] * 6 + ["b"] * 6)
    groups = dataset.group_by("half")
    neighbors = fiftyone_faiss.search(groups, vectors[3], "given", k=12)
    assert neighbors.ids == fiftyone_faiss.search(dataset, vectors[3], "given", k=12).ids
    assert neighbors.view().values("id") == neighbors.ids
    health = fiftyone_faiss.index_health(groups, "given")
    assert (health.missing, health.orphaned) == (0, 0)
    with pytest.raises(ValueError, match=r"is grouped; pass view\.flatten\(\)\."):
        fiftyone_faiss.build_index(groups, "more", MeanColor())
