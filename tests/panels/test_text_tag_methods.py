"""The methods of the curation panel for tags by text, on drawn images with known objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from support.panels import Context, answer_of, call, ended

import fiftyone_faiss
from fiftyone_faiss.demo import MODEL_NAME
from fiftyone_faiss.panels import curate_runs

PROMPTS = "dog: a dog\nin the park\n\na zebra\na car\nthe car\n"
FIND = {"brain_key": "clip", "scope": "dataset", "prompts": PROMPTS, "propagate": False}
TEXTS = {
    "dog": "a dog",
    "in the park": "in the park",
    "a zebra": "a zebra",
    "a car": "a car",
    "the car": "the car",
}


@pytest.fixture(scope="module")
def album(book: fo.Dataset) -> Iterator[fo.Dataset]:
    """A copy of the drawn images, with their index."""
    dataset = book.clone(persistent=True)
    yield dataset
    dataset.delete()


@pytest.fixture(scope="module")
def truth(book: fo.Dataset) -> dict[str, set[int]]:
    """The positions of the images that show each kind of object, or each scene."""
    fields = ["scene.label", "objects.detections.label"]
    of: dict[str, set[int]] = {}
    for n, (scene, kinds) in enumerate(zip(*book.values(fields), strict=True)):
        for name in {scene, *kinds}:
            of.setdefault(name, set()).add(n)
    return of


def run_of(dataset: fo.Dataset, **params: Any) -> dict[str, Any]:
    """The result of comparing the prompts, once its job has ended."""
    started = answer_of("tag_by_text", Context(dataset, **{**FIND, **params}))
    job = ended(dataset, {"id": started["job"]})
    assert job["state"] == "done", job
    return answer_of("curate_state", Context(dataset))["text_tags"]


def rows_of(dataset: fo.Dataset, run: dict[str, Any]) -> dict[str, dict[str, Any]]:
    params = {"run": run["id"], "start": 0, "count": 50}
    answer = answer_of("text_tags", Context(dataset, **params))
    assert answer["total"] == run["count"]
    return {row["tag"]: row for row in answer["prompts"]}


def save(dataset: fo.Dataset, run: dict[str, Any], how: str, **params: Any) -> dict[str, Any]:
    given = {"run": run["id"], "how": how, "name": "", "tags": None, "other": "", "gt_field": None}
    return call("save_text_tags", Context(dataset, **{**given, **params}))


def undo(dataset: fo.Dataset, answer: dict[str, Any]) -> str:
    last = answer["state"]["undo"][-1]
    assert last["kind"] == "text_tags" and last["text"] == answer["text"]
    return answer_of("undo", Context(dataset, id=last["id"]))["text"]


def of_label(dataset: fo.Dataset, field: str, label: str) -> set[int]:
    """The positions of the samples with a label."""
    values = dataset.values(field)
    return {n for n, own in enumerate(values) if own == label or label in (own or [])}


def test_prompts_are_listed_with_their_scores(album: fo.Dataset) -> None:
    run = run_of(album)
    assert run["params"] == FIND
    assert (run["count"], run["tagged"], run["absent"], run["refused"]) == (5, 2, 1, 2)
    assert run["compared"] == len(album) and run["label_fields"] == ["scene"]
    rows = rows_of(album, run)
    expected = fiftyone_faiss.tag_by_text(album, TEXTS, "clip")
    assert list(rows) == list(TEXTS)
    for place, (tag, row) in enumerate(rows.items()):
        scores = expected.scores[place]
        assert (row["text"], row["count"]) == (TEXTS[tag], len(expected.ids(tag)))
        counts, edges = np.histogram(scores, 48)
        assert row["histogram"] == counts.tolist()
        assert (row["low"], row["high"]) == (pytest.approx(edges[0]), pytest.approx(edges[-1]))
        assert (row["answers"], row["precision"]) == (0, None)
        order = np.argsort(-scores, kind="stable")[:6]
        assert [best["file"]["id"] for best in row["best"]] == [expected.all_ids[n] for n in order]
        for best, n in zip(row["best"], order, strict=True):
            assert best["score"] == pytest.approx(scores[n])
            assert best["is_tagged"] == (expected.all_ids[n] in expected.ids(tag))
    assert rows["dog"]["threshold"] == pytest.approx(expected.thresholds["dog"])
    assert (rows["dog"]["status"], rows["a zebra"]["status"]) == ("tagged", "absent")
    assert "no better than those of unrelated texts" in rows["a zebra"]["reason"]
    assert rows["the car"]["reason"].endswith("have the same scores; give one of them.")
    params = {"run": run["id"], "start": 1, "count": 1}
    (second,) = answer_of("text_tags", Context(album, **params))["prompts"]
    assert second == rows["in the park"]
    ctx = Context(album, run=run["id"], tag="dog")
    answer_of("show_text_tag", ctx)
    ((_, view),) = ctx.ops.made
    assert view.values("id") == expected.ids("dog")


def test_a_person_answers_ten_questions(album: fo.Dataset, truth) -> None:
    run = run_of(album)
    ids = album.values("id")
    dogs = {ids[n] for n in truth["dog"]}

    def questions() -> list[dict[str, Any]]:
        return answer_of("tag_questions", Context(album, run=run["id"], tag="dog"))["questions"]

    asked = questions()
    assert len(asked) == 10 and sum(each["is_tagged"] for each in asked) == 6
    before = rows_of(album, run)["dog"]
    answers = {each["file"]["id"]: each["file"]["id"] in dogs for each in asked}
    params = {"run": run["id"], "tag": "dog", "answers": answers}
    learned = answer_of("answer_questions", Context(album, **params))
    assert learned["text"] == (
        f"Learned from 10 answers about “dog”: it tags {len(dogs)} samples now."
    )
    after = rows_of(album, run)["dog"]
    assert (after["count"], after["answers"]) == (len(dogs), 10)
    # Wilson's interval of the answers about tagged samples.
    right = sum(
        answers[each["file"]["id"]] for each in asked if each["score"] >= after["threshold"]
    )
    precision = after["precision"]
    z, n = 1.96, precision["answers"]
    share = right / n
    center = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    assert precision["value"] == pytest.approx(share)
    assert precision["low"] == pytest.approx(max(center - half, 0))
    assert precision["high"] == pytest.approx(min(center + half, 1))
    # Answered ones are not asked again.
    assert {each["file"]["id"] for each in questions()}.isdisjoint(answers)
    assert undo(album, learned) == "“dog” is as it was before the answers."
    assert rows_of(album, run)["dog"] == before and questions() == asked
    none = {**params, "answers": {}}
    refused = call("answer_questions", Context(album, **none))["error"]
    assert refused == "There are no answers; answer at least one question."
    unknown = {**params, "answers": {"0" * 24: True}}
    assert "was not compared" in call("answer_questions", Context(album, **unknown))["error"]


def test_tags_are_added_and_removed_again(album: fo.Dataset) -> None:
    run = run_of(album)
    expected = fiftyone_faiss.tag_by_text(album, TEXTS, "clip")
    own = {tag: set(expected.ids(tag)) for tag in ("dog", "in the park")}
    tagged = save(album, run, "tags", name="has ")
    count = len(own["dog"] | own["in the park"])
    assert tagged["text"] == f"Tagged {count} samples with 2 tags."
    for tag, ids in own.items():
        assert set(album.match_tags(f"has {tag}").values("id")) == ids
    assert undo(album, tagged) == "Removed 2 tags again."
    assert album.count_sample_tags() == {}
    single = save(album, run, "tags", tags=["dog"])
    assert single["text"] == f"Tagged {len(own['dog'])} samples with the tag “dog”."
    assert album.count_sample_tags() == {"dog": len(own["dog"])}
    assert undo(album, single) == "Removed the tag “dog” again."
    nothing = save(album, run, "tags", tags=["a zebra"])["error"]
    assert nothing == "None of these prompts tags anything; answer its questions first."


def test_labels_are_saved_evaluated_and_removed_again(album: fo.Dataset, truth) -> None:
    scenes = sorted(truth.keys() & set(album.distinct("scene.label")))
    run = run_of(album, prompts="\n".join(f"{name}: in the {name}" for name in scenes))
    rows = rows_of(album, run)
    saved = save(album, run, "classifications", name="places")
    assert saved["text"] == f"Saved {len(album)} samples in the field “places”."
    for name in scenes:
        saved_as = of_label(album, "places.classifications.label", name)
        assert len(saved_as) == rows[name]["count"]
        assert len(saved_as & truth[name]) >= 0.9 * len(saved_as)
    assert min(album.values("places.classifications.confidence", unwind=True)) >= 0.5
    assert undo(album, saved) == "The field “places” is as it was before."
    assert not album.has_field("places")
    single = save(album, run, "single", name="place", other="elsewhere", gt_field="scene")
    assert single["text"] == (
        f"Saved {len(album)} samples in the field “place”. The panel Model Evaluation shows its "
        "evaluation “eval_place”."
    )
    assert album.list_evaluations() == ["eval_place"]
    accuracy = np.mean(np.array(album.values("place.label")) == album.values("scene.label"))
    results = album.load_evaluation_results("eval_place")
    assert results.metrics()["accuracy"] == pytest.approx(accuracy) and accuracy > 0.9
    again = save(album, run, "single", name="place", gt_field="scene")["error"]
    assert again.startswith("There is an evaluation 'eval_place' already; choose another")
    assert undo(album, single) == "The field “place” is as it was before."
    assert album.list_evaluations() == [] and not album.has_field("place")
    assert not album.has_field("eval_place")
    for params, message in (
        ({"how": "single", "name": "place", "gt_field": "objects"}, "'objects' is no field of"),
        ({"how": "mail", "name": "x"}, "'mail' is not known; choose tags, classifications"),
        ({"how": "single", "name": "no name"}, "'no name' is no field name"),
        ({"how": "tags", "name": "", "tags": []}, "No tags were given"),
        ({"how": "tags", "name": "", "tags": ["cow"]}, "There is no tag 'cow'"),
    ):
        assert message in save(album, run, **params)["error"]


def test_labels_of_patches_get_tags_and_attributes(book: fo.Dataset) -> None:
    dataset = book[:60].clone(persistent=True)
    fiftyone_faiss.build_index(dataset, "patches", MODEL_NAME, patches_field="objects")
    run = run_of(dataset, brain_key="patches", prompts="dog: a dog")
    fields = [f"objects.detections.{name}" for name in ("id", "label")]
    kinds = dict(zip(*(dataset.values(field, unwind=True) for field in fields), strict=True))
    assert (run["patches_field"], run["compared"], run["label_fields"]) == (
        "objects",
        len(kinds),
        [],
    )
    answers = {id: kind == "dog" for id, kind in kinds.items()}
    params = {"run": run["id"], "tag": "dog", "answers": answers}
    answer_of("answer_questions", Context(dataset, **params))
    dogs = {id for id, kind in kinds.items() if kind == "dog"}
    row = rows_of(dataset, run)["dog"]
    assert row["count"] == len(dogs)
    assert all(best["file"]["bounding_box"] for best in row["best"])
    tagged = save(dataset, run, "tags")
    assert tagged["text"] == f"Tagged {len(dogs)} labels with the tag “dog”."
    dataset.reload()
    assert dataset.count_label_tags("objects") == {"dog": len(dogs)}
    undo(dataset, tagged)
    dataset.reload()
    assert dataset.count_label_tags("objects") == {}
    saved = save(dataset, run, "single", name="seen")
    assert saved["text"] == f"Saved {len(dogs)} labels in the attribute “seen”."
    dataset.delete()


def test_a_view_alone_and_lost_results(album: fo.Dataset) -> None:
    ctx = Context(album, **{**FIND, "scope": "view", "prompts": "in the park"})
    ctx.view = album[:100]
    started = answer_of("tag_by_text", ctx)
    assert ended(album, {"id": started["job"]})["state"] == "done"
    run = answer_of("curate_state", Context(album))["text_tags"]
    assert run["compared"] == 100
    curate_runs._RUNS.clear()
    assert answer_of("curate_state", Context(album))["text_tags"] is None
    lost = call("text_tags", Context(album, run=run["id"], start=0, count=10))["error"]
    assert lost == "The server does not have this result any more; click the button again."
    for prompts, message in (
        (" \n", "prompts has no texts"),
        (": a dog", "prompts has an empty text"),
    ):
        refused = call("tag_by_text", Context(album, **{**FIND, "prompts": prompts}))["error"]
        assert message in refused, refused
