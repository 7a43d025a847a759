"""An index restricted to a view: each answer is NumPy's over what the view holds at the moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import fiftyone as fo
import numpy as np
import pytest
from fiftyone import ViewField as F
from support.points import Points, check_answers, nearest, neighbors_of

from fiftyone_faiss.brain.data import view_filter

View = Callable[[fo.Dataset], fo.DatasetView]


def inside(points: Points, view: fo.DatasetView) -> Points:
    """The points that a view of samples holds, in the order of the view."""
    return points.at(
        [
            i
            for s in view.values("id")
            for i, point_id in enumerate(points.sample_ids)
            if point_id == s
        ]
    )


def labels_inside(points: Points, view: fo.DatasetView) -> Points:
    """The points of the labels that a view keeps."""
    path = "id" if view._is_patches else "things.detections.id"
    return points.of(view.values(path, unwind=not view._is_patches))


# -- setting and restoring ---------------------------------------------------------------------


def test_a_view_is_set_cleared_and_nested(points: Points) -> None:
    results, dataset = points.index(), points.dataset
    query = points.vectors[0]
    outer = dataset.match(F("number") < 8)
    inner = dataset.match(F("number").is_in([1, 3, 10]))

    def check(view: fo.Dataset | fo.DatasetView, has_view: bool) -> None:
        expected = inside(points, view)
        assert (results.has_view, results.view) == (has_view, view)
        assert results.index_size == len(expected.ids)
        assert results.total_index_size == len(points.ids)
        assert results.current_sample_ids.tolist() == expected.sample_ids
        if points.label_ids is None:
            assert results.current_label_ids is None
        else:
            assert results.current_label_ids.tolist() == expected.label_ids
        check_answers(results, query, expected, None)

    check(dataset, False)
    with results.use_view(outer):
        check(outer, True)
        with results.use_view(inner):
            check(inner, True)
        check(outer, True)
    check(dataset, False)
    assert results.use_view(inner) is results
    check(inner, True)
    results.clear_view()
    check(dataset, False)


def test_an_error_within_a_view_restores_the_previous_one(samples: Points) -> None:
    results = samples.index()
    with pytest.raises(KeyError), results.use_view(samples.dataset[:3]):
        check_answers(results, samples.vectors[5], samples.at(range(3)))
        raise KeyError
    check_answers(results, samples.vectors[5], samples)


def test_samples_of_a_view_that_are_not_indexed(points: Points) -> None:
    indexed = points.at(range(6))
    results, dataset = indexed.index(), points.dataset
    assert results.missing_size is None
    view = dataset.match(F("number") >= 2)
    expected = inside(points, view)
    known = [point_id for point_id in expected.ids if point_id in indexed.ids]
    with results.use_view(view):
        assert results.missing_size == len(expected.ids) - len(known)
        assert results.index_size == len(known)
        check_answers(results, points.vectors[0], points.of(known), None)
    query = points.vectors[0]
    with (
        results.use_view(view, allow_missing=False),
        pytest.raises(ValueError, match="not present in the index"),
    ):
        neighbors_of(results, query, 3)
    with (
        results.use_view(view, allow_missing=False),
        pytest.raises(ValueError, match="not present in the index"),
    ):
        _ = results.index_size
    check_answers(results, query, indexed)


def test_values_are_in_the_order_of_the_ids(samples: Points, patches: Points) -> None:
    dataset = samples.dataset
    results = samples.index("samples")
    assert results.values("number") == list(range(12))
    with results.use_view(dataset.sort_by("number", reverse=True)[3:7]):
        assert results.values("number") == [8, 7, 6, 5]
        assert results.values(F("number") * 10) == [80, 70, 60, 50]
    results = patches.index("patches")
    path = "things.detections.label"
    assert results.values(path) == dataset.values(path, unwind=True)
    with results.use_view(dataset[2:4]):
        assert results.values(path) == ["a", "a", "b"]


# -- every kind of view ------------------------------------------------------------------------

SAMPLE_VIEWS: dict[str, View] = {
    "match": lambda d: d.match(F("number") % 3 != 0),
    "select": lambda d: d.select([d.values("id")[i] for i in (9, 2, 6, 4, 0)]),
    "ordered": lambda d: d.select([d.values("id")[i] for i in (9, 2, 6, 4, 0)], ordered=True),
    "exclude": lambda d: d.exclude(d.values("id")[2:5]),
    "sort and limit": lambda d: d.sort_by("number", reverse=True).limit(7),
    "take": lambda d: d.take(6, seed=51),
    "skip": lambda d: d.skip(4),
    "shuffle": lambda d: d.shuffle(seed=51),
    "slice": lambda d: d[3:9],
    "tags": lambda d: d.match_tags("even"),
    "classes": lambda d: d.filter_labels("thing", F("label") == "b"),
    "several": lambda d: d.match(F("number") > 2).match_tags("even").sort_by("number").limit(3),
    "one": lambda d: d[5:6],
    "none": lambda d: d.match(F("number") > 99),
    "saved": lambda d: d.load_saved_view("odd"),
}


@pytest.fixture
def tagged(samples: Points) -> Points:
    dataset = samples.dataset
    dataset.set_values("tags", [["even"] if i % 2 == 0 else [] for i in range(12)])
    dataset.set_values("thing", [fo.Classification(label="ab"[i // 6]) for i in range(12)])
    dataset.save_view("odd", dataset.match(F("number") % 2 == 1))
    return samples


@pytest.mark.parametrize("name", SAMPLE_VIEWS)
def test_a_view_of_samples(tagged: Points, name: str) -> None:
    results = tagged.index()
    view = SAMPLE_VIEWS[name](tagged.dataset)
    expected = inside(tagged, view)
    query = tagged.vectors[4] - tagged.vectors[7]
    for k in (3, None):
        ids, distances = nearest(query, expected, k=k)
        # FiftyOne cannot make a field out of no distances at all.
        field = "near" if ids else None
        neighbors = view.sort_by_similarity(query, k=k, brain_key="given", dist_field=field)
        assert neighbors.values("id") == ids
        if field:
            np.testing.assert_allclose(neighbors.values(field), distances, atol=1e-6)
        with results.use_view(view):
            check_answers(results, query, expected, k)
            assert results.sort_by_similarity(query, k=k).values("id") == ids
    # A sample outside of the view may be asked about, and is not among the answers.
    for point_id in tagged.ids[4:6]:
        ids, _ = nearest(tagged.vectors[tagged.ids.index(point_id)], expected, k=4)
        neighbors = view.sort_by_similarity(point_id, k=4, brain_key="given")
        assert neighbors.values("id") == ids


LABEL_VIEWS: dict[str, View] = {
    "filter_labels": lambda d: d.filter_labels("things", F("label") == "b"),
    "kept samples": lambda d: d.filter_labels("things", F("label") == "b", only_matches=False),
    "match_labels": lambda d: d.match_labels(filter=F("label") == "b", fields="things"),
    "select_labels": lambda d: d.select_labels(
        ids=d.values("things.detections.id", unwind=True)[3:9], fields="things"
    ),
    "exclude_labels": lambda d: d.exclude_labels(
        ids=d.values("things.detections.id", unwind=True)[3:9], fields="things"
    ),
    "match": lambda d: d.match(F("number") > 4),
    "patches": lambda d: d.to_patches("things"),
    "patches matched": lambda d: d.to_patches("things").match(F("things.label") == "b"),
    "patches of a view": lambda d: d.match(F("number") < 5).to_patches("things"),
    "patches of labels": lambda d: d.filter_labels("things", F("label") == "a").to_patches(
        "things"
    ),
    "patches sorted": lambda d: d.to_patches("things").sort_by("things.id", reverse=True)[:7],
}


@pytest.mark.parametrize("name", LABEL_VIEWS)
def test_a_view_of_labels(patches: Points, name: str) -> None:
    results = patches.index()
    view = LABEL_VIEWS[name](patches.dataset)
    expected = labels_inside(patches, view)
    query = patches.vectors[4] - patches.vectors[7]
    ids, _ = nearest(query, expected, k=4)
    with results.use_view(view):
        check_answers(results, query, expected, 4)
        check_answers(results, query, expected, None)
        assert results.current_label_ids.tolist() == expected.ids
    neighbors = view.sort_by_similarity(query, k=4, brain_key="given")
    if view._is_patches:
        assert neighbors.values("id") == ids
    else:
        # The samples in the order of their first label, and of their labels only those found.
        shown = neighbors.values("things.detections.id")
        assert sorted(point_id for few in shown for point_id in few) == sorted(ids)
        owners = [expected.sample_ids[expected.ids.index(point_id)] for point_id in ids]
        assert neighbors.values("id") == list(dict.fromkeys(owners))


# -- views whose data changes ------------------------------------------------------------------


def test_a_query_sees_new_matches_of_a_view(points: Points) -> None:
    results, dataset = points.index(), points.dataset
    view = dataset.match(F("number") % 2 == 0)
    query = points.vectors[3]
    with results.use_view(view):
        before = inside(points, view)
        check_answers(results, query, before, None)
        dataset.set_values("number", list(range(1, 13)))
        after = inside(points, view)
        assert not set(before.ids) & set(after.ids)
        check_answers(results, query, after, None)
        assert results.index_size == len(after.ids)
        assert results.current_sample_ids.tolist() == after.sample_ids
        dataset.set_values("number", [0] * 6 + [1] * 6)
        check_answers(results, query, inside(points, view), None)
    check_answers(results, query, points, None)


def test_a_query_sees_added_and_deleted_samples(samples: Points) -> None:
    results, dataset = samples.at(range(10)).index(), samples.dataset
    view = dataset.match(F("number") > 3)
    query = samples.vectors[10]
    with results.use_view(view):
        check_answers(results, query, samples.at(range(4, 10)), None)
        results.add_to_index(*samples.at([10, 11]).added)
        check_answers(results, query, samples.at(range(4, 12)), None)
        dataset.delete_samples(samples.ids[5:7])
        check_answers(results, query, samples.at([4, *range(7, 12)]), None)
        results.remove_from_index(sample_ids=samples.ids[8:9])
        check_answers(results, query, samples.at([4, 7, 9, 10, 11]), None)
        dataset.add_sample(fo.Sample("new.png", number=99))
        new = dataset.last().id
        check_answers(results, query, samples.at([4, 7, 9, 10, 11]), None)
        results.add_to_index(query[None], [new])
        ids, distances = neighbors_of(results, query, 2)
        assert set(ids) == {new, samples.ids[10]}
        np.testing.assert_allclose(distances, [0, 0], atol=1e-6)


def test_a_query_sees_changed_and_deleted_labels(patches: Points) -> None:
    results, dataset = patches.index(), patches.dataset
    view = dataset.filter_labels("things", F("label") == "b")
    query = patches.vectors[3]
    with results.use_view(view):
        before = labels_inside(patches, view)
        check_answers(results, query, before, None)
        dataset.delete_labels(ids=before.ids[1:3], fields="things")
        rest = labels_inside(patches, view)
        assert rest.ids == before.ids[:1] + before.ids[3:]
        check_answers(results, query, rest, None)
        labels = dataset.values("things.detections.label")
        assert labels[0] == labels[2] == labels[4] == ["a"]
        dataset.set_values(
            "things.detections.label",
            [["b"] if i in (0, 2, 4) else few for i, few in enumerate(labels)],
        )
        more = labels_inside(patches, view)
        assert len(more.ids) == len(rest.ids) + 3
        check_answers(results, query, more, None)
    kept = [point_id for point_id in patches.ids if point_id not in before.ids[1:3]]
    check_answers(results, query, patches.of(kept), None)


def test_a_query_sees_changes_of_a_machine_with_a_slow_clock(
    samples: Points,
) -> None:
    results, dataset = samples.index(), samples.dataset
    view = dataset.match(F("number") > 3).limit(12)
    with results.use_view(view):
        check_answers(results, samples.vectors[5], samples.at(range(4, 12)), None)
        dataset._sample_collection.update_one(
            {"number": 5}, {"$set": {"number": 0, "last_modified_at": datetime(2020, 1, 1)}}
        )
        check_answers(results, samples.vectors[5], samples.at([4, *range(6, 12)]), None)


def test_a_query_sees_changed_frames_of_a_view_of_videos(rng: np.random.Generator) -> None:
    dataset = fo.Dataset()
    for i in range(6):
        sample = fo.Sample(f"{i}.mp4")
        sample.frames[1] = fo.Frame(number=i)
        dataset.add_sample(sample)
    vectors = rng.normal(size=(6, 5)).astype(np.float32)
    videos = Points(dataset, vectors, dataset.values("id"))
    results = videos.index()
    view = dataset.match_frames(F("number") > 2)
    with results.use_view(view):
        check_answers(results, videos.vectors[5], videos.at(range(3, 6)), None)
        frame = dataset.last().frames[1]
        frame["number"] = 0
        frame.save()
        check_answers(results, videos.vectors[5], videos.at([3, 4]), None)


def test_a_label_that_a_view_holds_twice_is_found_once(patches: Points) -> None:
    results, dataset = patches.index(), patches.dataset
    view = dataset[:3].concat(dataset[:2])
    with results.use_view(view):
        check_answers(results, patches.vectors[0], labels_inside(patches, dataset[:3]), None)


def test_label_ids_may_exceed_the_size_of_a_message(patches: Points) -> None:
    results, dataset = patches.index(), patches.dataset
    # The first digits of a sample's id and a number make an id of each.
    other = {
        "$toObjectId": {
            "$concat": [{"$substrBytes": [{"$toString": "$_id"}, 6, 18]}, {"$toString": "$$i"}]
        }
    }
    numbers = {"$range": [100_000, 180_000]}
    labels = {"$map": {"input": numbers, "as": "i", "in": {"_id": other}}}
    path = "things.detections"
    dataset._sample_collection.update_many(
        {}, [{"$set": {path: {"$concatArrays": [f"${path}", labels]}}}]
    )
    check_answers(results, patches.vectors[0], patches, None)


@pytest.mark.parametrize(("limit", "asked"), [(200_000, [1, 1, 1, 1]), (0, [1, 2, 3, 4])])
def test_a_small_view_is_listed_when_it_is_searched_again(
    samples: Points, monkeypatch: pytest.MonkeyPatch, limit: int, asked: list[int]
) -> None:
    results = samples.index()
    monkeypatch.setattr(view_filter, "LISTED_ROWS", limit)
    inner = view_filter.ViewFilter._inside
    calls: list[int] = []

    def counted(self: view_filter.ViewFilter, *arguments: object) -> object:
        calls.append(1)
        return inner(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(view_filter.ViewFilter, "_inside", counted)
    view = samples.dataset.match(F("number") > 0)
    expected = samples.at(range(1, 12))
    seen = []
    for n in range(4):
        # Nearest to points that are in the view, so that the first winners are answers.
        with results.use_view(view):
            check_answers(results, samples.vectors[n + 2], expected, 1)
        seen.append(len(calls))
    assert seen == asked
    samples.dataset.delete_samples(samples.ids[5])
    with results.use_view(view):
        check_answers(results, samples.vectors[5], samples.at([*range(1, 5), *range(6, 12)]), 1)
