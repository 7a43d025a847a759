"""The methods of the curation panel for clusters, on drawn images with known scenes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from support.indexes import index_of
from support.panels import Context, answer_of, call, ended

import fiftyone_faiss
from fiftyone_faiss.demo.world import KINDS, SCENE_NAMES
from fiftyone_faiss.panels import curate_runs

FIND = {
    "brain_key": "colors",
    "scope": "dataset",
    "method": "kmeans",
    "n_clusters": 8,
    "min_size": None,
    "vocabulary": "own",
    "texts": [*SCENE_NAMES, *KINDS],
    "names_key": "clip",
}
PLAIN = {**FIND, "vocabulary": "none", "texts": [], "names_key": None}


@pytest.fixture(scope="module")
def scenes(book: fo.Dataset) -> Iterator[fo.Dataset]:
    """The drawn images with an index "colors", which tells their scenes apart, beside "clip"."""
    dataset = book.clone(persistent=True)
    fiftyone_faiss.build_index(dataset, "colors", model="colorhist", progress=False)
    yield dataset
    dataset.delete()


def run_of(dataset: fo.Dataset, **params: Any) -> dict[str, Any]:
    """The result of clustering, once its job has ended."""
    started = answer_of("find_clusters", Context(dataset, **{**FIND, **params}))
    job = ended(dataset, {"id": started["job"]})
    assert job["state"] == "done", job
    return answer_of("curate_state", Context(dataset))["clusters"]


def rows_of(dataset: fo.Dataset, run: dict[str, Any], start: int = 0, count: int = 50) -> Any:
    answer = answer_of("clusters", Context(dataset, run=run["id"], start=start, count=count))
    assert answer["total"] == run["count"]
    return answer["clusters"]


def undo(dataset: fo.Dataset, answer: dict[str, Any]) -> str:
    last = answer["state"]["undo"][-1]
    assert last["kind"] == "clusters" and last["text"] == answer["text"]
    return answer_of("undo", Context(dataset, id=last["id"]))["text"]


def name_of(dataset: fo.Dataset, run: dict[str, Any], number: int) -> str | None:
    return next(row["name"] for row in rows_of(dataset, run) if row["number"] == number)


def test_clusters_are_listed_with_their_evidence(scenes: fo.Dataset) -> None:
    run = run_of(scenes)
    scene = dict(zip(*scenes.values(["id", "scene.label"]), strict=True))
    path = dict(zip(*scenes.values(["id", "filepath"]), strict=True))
    expected = fiftyone_faiss.cluster_samples(
        scenes, "colors", 8, vocabulary=FIND["texts"], names_key="clip"
    )
    assert (run["count"], run["compared"], run["unclustered"]) == (8, len(scenes), 0)
    assert (run["runs"], run["proposed"], run["candidates"]) == (5, None, [])
    assert run["agreement"] == pytest.approx(expected.agreement)
    assert run["named"] == sum(name is not None for name in expected.names)
    assert run["params"] == FIND
    rows = rows_of(scenes, run)
    assert sum(row["size"] for row in rows) == len(scenes)
    for row in rows:
        of = expected.clusters[row["number"]]
        assert (row["name"], row["size"], row["reason"]) == (of.name, of.size, of.reason)
        assert [file["id"] for file in row["medoids"]] == of.medoids
        assert [file["filepath"] for file in row["medoids"]] == [path[id] for id in of.medoids]
        assert [case["file"]["id"] for case in row["borders"]] == [case.id for case in of.borders]
        for case in row["borders"]:
            assert case["other"] != row["number"] and 0 < case["confidence"] <= 1
            assert case["other_label"] == expected.clusters[case["other"]].label
        if row["name"] is None:
            assert row["evidence"]["text"] in FIND["texts"]
            assert row["evidence"]["confidence"] < 0.5
            assert row["reason"].startswith("No text fits; the best one is not sure: '")
        else:
            # The name is the scene of most members.
            own = Counter(scene[id] for id in expected.members(row["number"]))
            assert own.most_common(1)[0][0] == row["name"]
    first, rest = rows_of(scenes, run, 0, 3), rows_of(scenes, run, 3, 50)
    assert [*first, *rest] == rows


def test_groups_are_headings_of_their_clusters(scenes: fo.Dataset, rng) -> None:
    dataset = _dataset_of(_two_levels(rng))
    run = run_of(dataset, **{**PLAIN, "brain_key": "given", "n_clusters": 6})
    rows = rows_of(dataset, run)
    assert run["groups"] == 2
    headings = [row["heading"] for row in rows]
    assert [heading is not None for heading in headings] == [True, False, False] * 2
    for place in (0, 3):
        own = [row["number"] for row in rows[place : place + 3]]
        assert sorted(headings[place]["clusters"]) == own == sorted(own)
        assert headings[place]["size"] == sum(row["size"] for row in rows[place : place + 3])
        # The groups are the two directions that the vectors were drawn around.
        numbers = {int(file["filepath"][-8:-4]) // 120 for file in rows[place]["medoids"]}
        assert len(numbers) == 1
    assert headings[0]["size"] >= headings[3]["size"]
    dataset.delete()


def test_no_number_stands_out(rng: np.random.Generator) -> None:
    dataset = _dataset_of(rng.normal(size=(300, 24)))
    run = run_of(dataset, **{**PLAIN, "brain_key": "given", "n_clusters": None})
    assert (run["count"], run["proposed"], run["compared"]) == (0, None, 300)
    assert [each["k"] for each in run["candidates"]][:3] == [2, 3, 4]
    assert max(each["gain"] for each in run["candidates"]) < 0.03
    assert run["notes"][0].startswith("No number of clusters stands out")
    assert rows_of(dataset, run) == []
    dataset.delete()


def test_names_are_given_reset_and_undone(scenes: fo.Dataset) -> None:
    run = run_of(scenes)
    named = next(row for row in rows_of(scenes, run) if row["name"])
    number, before = named["number"], named["name"]

    def rename(name: str | None) -> dict[str, Any]:
        params = {"run": run["id"], "cluster": number, "name": name}
        return answer_of("rename_cluster", Context(scenes, **params))

    renamed = rename("my place")
    assert renamed["text"] == f"Renamed “{before}” to “my place”."
    row = next(row for row in rows_of(scenes, run) if row["number"] == number)
    assert (row["name"], row["is_edited"], row["reason"]) == (
        "my place",
        True,
        "A person named it.",
    )
    # It survives another run, and undo reaches that one, too.
    second = run_of(scenes)
    assert name_of(scenes, second, number) == "my place"
    assert undo(scenes, renamed) == f"It is “{before}” again."
    assert name_of(scenes, second, number) == before
    assert name_of(scenes, run_of(scenes), number) == before
    run = run_of(scenes)
    rename("first")
    rename("second")
    reset = rename(None)
    assert reset["text"] == f"Renamed “second” to “{before}”."
    assert undo(scenes, reset) == "It is “second” again."
    removed = rename("")
    assert removed["text"] == f"Cluster {number} has no name now."
    assert name_of(scenes, run, number) is None
    # Each action is undone on its own, newest first.
    for text in ("It is “second” again.", "It is “first” again.", f"It is “{before}” again."):
        state = answer_of("curate_state", Context(scenes))
        last = [entry for entry in state["undo"] if entry["kind"] == "clusters"][-1]
        assert answer_of("undo", Context(scenes, id=last["id"]))["text"] == text
    other = next(row for row in rows_of(scenes, run) if row["number"] != number)
    params = {"run": run["id"], "cluster": other["number"], "name": before.upper()}
    refused = call("rename_cluster", Context(scenes, **params))["error"]
    assert refused.startswith(f"Cluster {number} is named '{before.upper()}' already; choose")


def test_clusters_are_tagged_shown_saved_and_undone(scenes: fo.Dataset) -> None:
    run = run_of(scenes, **PLAIN)
    expected = fiftyone_faiss.cluster_samples(scenes, "colors", 8, vocabulary="none")
    members = expected.members(1), expected.members(4)
    params = {"run": run["id"], "clusters": [1, 4]}
    tagged = answer_of("tag_clusters", Context(scenes, **params, name="two"))
    count = len(members[0]) + len(members[1])
    assert tagged["text"] == f"Tagged {count} samples “two”."
    assert set(scenes.match_tags("two").values("id")) == {*members[0], *members[1]}
    assert undo(scenes, tagged) == f"Removed the tag “two” from {count} again."
    assert scenes.count_sample_tags().get("two") is None
    ctx = Context(scenes, **params)
    assert answer_of("show_clusters", ctx)["moves"] is True
    ((_, view),) = ctx.ops.made
    assert view.values("id") == [*members[0], *members[1]]
    saved = answer_of("save_clusters", Context(scenes, run=run["id"], name="place"))
    assert saved["text"] == f"Saved {len(scenes)} samples in the field “place”."
    labels = dict(zip(*scenes.values(["id", "place"]), strict=True))
    assert {id: label.cluster for id, label in labels.items()} == expected.cluster_of
    assert all(0 < label.confidence <= 1 for label in labels.values())
    assert undo(scenes, saved) == "The field “place” is as it was before."
    assert not scenes.has_field("place")
    for method, given, message in (
        ("tag_clusters", {"clusters": [8], "name": "x"}, "There is no cluster 8; give a number"),
        ("tag_clusters", {"clusters": [0], "name": " "}, "tag"),
        ("save_clusters", {"name": "no name"}, "'no name' is no field name"),
        ("save_clusters", {"name": "scene"}, "The field 'scene' holds other values"),
        ("clusters", {"start": 0, "count": 0}, "start is 0 and count 0"),
        ("rename_cluster", {"cluster": None, "name": "x"}, "No cluster was given"),
    ):
        refused = call(method, Context(scenes, run=run["id"], **given))["error"]
        assert message in refused, refused


def test_what_is_in_no_cluster_is_shown(rng: np.random.Generator) -> None:
    centers = 6 * np.linalg.qr(rng.normal(size=(16, 16)))[0][:3]
    dense = np.repeat(centers, 60, axis=0) + 0.3 * rng.normal(size=(180, 16))
    dataset = _dataset_of(np.concatenate([dense, 3 * rng.normal(size=(30, 16))]))
    ids = dataset.values("id")
    params = {**PLAIN, "brain_key": "given", "method": "density", "n_clusters": None}
    run = run_of(dataset, **{**params, "min_size": 20})
    assert run["count"] == 3 and run["unclustered"] >= 25
    ctx = Context(dataset, run=run["id"], clusters=[-1])
    answer_of("show_clusters", ctx)
    ((_, view),) = ctx.ops.made
    expected = fiftyone_faiss.cluster_samples(dataset, method="density", min_size=20)
    assert view.values("id") == expected.unclustered and set(view.values("id")) <= {*ids[180:]}
    tagged = answer_of("tag_clusters", Context(dataset, run=run["id"], clusters=[-1], name="odd"))
    assert set(dataset.match_tags("odd").values("id")) == set(view.values("id"))
    undo(dataset, tagged)
    dataset.delete()


def test_clusters_of_labels_in_the_view(scenes: fo.Dataset, rng) -> None:
    dataset = scenes[:40].clone(persistent=True)
    owners = dataset.values("objects.detections.id")
    vectors = rng.normal(size=(sum(map(len, owners)), 16)).astype(np.float32)
    rows = iter(vectors)
    by_owner = {
        id: np.stack([next(rows) for _ in labels]) if labels else None
        for id, labels in zip(dataset.values("id"), owners, strict=True)
    }
    index_of(dataset, by_owner, "patches", patches_field="objects")
    view = dataset[:20]
    own = {id for labels in owners[:20] for id in labels}
    params = {**PLAIN, **FIND, "brain_key": "patches", "n_clusters": 3, "vocabulary": "none"}
    params |= {"scope": "view", "names_key": None, "texts": []}
    ctx = Context(dataset, **params)
    ctx.view = view
    started = answer_of("find_clusters", ctx)
    assert ended(dataset, {"id": started["job"]})["state"] == "done"
    run = answer_of("curate_state", Context(dataset))["clusters"]
    assert (run["patches_field"], run["compared"]) == ("objects", len(own))
    shown = rows_of(dataset, run)
    assert all(file["bounding_box"] for row in shown for file in row["medoids"])
    saved = answer_of("save_clusters", Context(dataset, run=run["id"], name="group_of"))
    assert saved["text"] == f"Saved {len(own)} labels in the attribute “group_of”."
    field = "objects.detections.group_of"
    assert dataset.count(field) == len(own)
    undo(dataset, saved)
    assert dataset.count(field) == 0 if dataset.get_field(field) else True
    tagged = answer_of("tag_clusters", Context(dataset, run=run["id"], clusters=[0], name="zero"))
    dataset.reload()
    assert dataset.count_label_tags("objects") == {"zero": shown[0]["size"]}
    undo(dataset, tagged)
    dataset.delete()


def test_a_lost_or_refused_result_is_told(scenes: fo.Dataset) -> None:
    first = run_of(scenes, **PLAIN)
    run_of(scenes, **PLAIN)
    params = {"start": 0, "count": 10}
    refused = call("clusters", Context(scenes, run=first["id"], **params))["error"]
    assert refused.startswith("Someone has run this again; reload the page")
    curate_runs._RUNS.clear()
    assert answer_of("curate_state", Context(scenes))["clusters"] is None
    lost = call("clusters", Context(scenes, run=first["id"], **params))["error"]
    assert lost == "The server does not have this result any more; click the button again."
    for given, message in (
        ({"n_clusters": 1}, "n_clusters is 1; give 2 or more"),
        ({"vocabulary": "own", "texts": []}, "vocabulary has no texts"),
        ({"scope": "saved:no"}, "There is no saved view 'no' any more"),
    ):
        refused = call("find_clusters", Context(scenes, **{**PLAIN, **given}))["error"]
        assert message in refused


def _two_levels(rng: np.random.Generator) -> np.ndarray:
    """Two directions of three clusters each, with 40 vectors in each cluster."""
    basis = np.linalg.qr(rng.normal(size=(32, 32)))[0]
    centers = [6 * basis[n // 3] + 2.5 * basis[2 + n] for n in range(6)]
    return np.repeat(centers, 40, axis=0) + 0.15 * rng.normal(size=(240, 32))


def _dataset_of(vectors: np.ndarray) -> fo.Dataset:
    dataset = fo.Dataset(persistent=True)
    samples = [fo.Sample(f"/none/{i:04}.png") for i in range(len(vectors))]
    dataset.add_samples(samples, progress=False)
    index_of(dataset, vectors.astype(np.float32))
    return dataset
