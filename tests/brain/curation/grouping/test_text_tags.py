"""Tags by text against the labels of drawn images."""

from __future__ import annotations

import fiftyone as fo
import numpy as np
import pytest
from support.indexes import index_of

import fiftyone_faiss
from fiftyone_faiss.brain.curation.grouping.answers import precision_of
from fiftyone_faiss.brain.curation.grouping.tag_thresholds import threshold_of
from fiftyone_faiss.brain.curation.grouping.text_tags import TextTags
from fiftyone_faiss.demo.world import KINDS, SCENE_NAMES

ABSENT = (
    "a zebra",
    "tax law",
    "a nuclear reactor",
    "a bowl of ramen",
    "the Eiffel Tower",
    "a violin",
)
KIND_PROMPTS = {kind: f"a {kind}" for kind in KINDS}
SCENE_PROMPTS = {scene: f"in the {scene}" for scene in SCENE_NAMES}


@pytest.fixture(scope="module")
def tags(book: fo.Dataset) -> TextTags:
    prompts = {**KIND_PROMPTS, **SCENE_PROMPTS, **{text: text for text in ABSENT}}
    return fiftyone_faiss.tag_by_text(book, prompts, "clip")


@pytest.fixture(scope="module")
def truth(book: fo.Dataset) -> dict[str, set[str]]:
    """The ids of the images that each prompt is true of."""
    of: dict[str, set[str]] = {}
    fields = ["id", "scene.label", "objects.detections.label"]
    for id, scene, kinds in zip(*book.values(fields), strict=True):
        for name in {scene, *kinds}:
            of.setdefault(name, set()).add(id)
    return of


def micro_f1(chosen: dict[str, set[str]], truth: dict[str, set[str]]) -> float:
    right = sum(len(ids & truth[tag]) for tag, ids in chosen.items())
    count = sum(len(ids) + len(truth[tag]) for tag, ids in chosen.items())
    return 2 * right / count


def best_of(tags: TextTags, tag: str, wanted: set[str]) -> set[str]:
    """The ids above the threshold that is best for the truth."""
    place = [p.tag for p in tags.prompts].index(tag)
    order = np.argsort(-tags.scores[place])
    hits = np.cumsum([tags.all_ids[n] in wanted for n in order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + len(wanted))
    return {tags.all_ids[n] for n in order[: int(f1.argmax()) + 1]}


def test_tags_are_about_as_good_as_the_best_thresholds(tags: TextTags, truth) -> None:
    names = [*KIND_PROMPTS, *SCENE_PROMPTS]
    chosen = {name: set(tags.ids(name)) for name in names}
    best = {name: best_of(tags, name, truth[name]) for name in names}
    assert micro_f1(chosen, truth) >= micro_f1(best, truth) - 0.03
    assert micro_f1(best, truth) > 0.95
    assert set(names) == set(tags.thresholds)
    for name in names:
        scores = dict(zip(tags.all_ids, tags.scores[names.index(name)], strict=True))
        assert all((s >= tags.thresholds[name]) == (id in chosen[name]) for id, s in scores.items())
        ordered = [scores[id] for id in tags.ids(name)]
        assert ordered == sorted(ordered, reverse=True)


def test_absent_things_tag_nothing(tags: TextTags) -> None:
    assert set(tags.absent) == set(ABSENT)
    assert all(tags.ids(text) == [] for text in ABSENT)
    prompt = tags.prompts[-1]
    assert prompt.status == "absent" and prompt.presence < 0.5
    assert "no better than those of unrelated texts" in prompt.reason
    assert f"absent: {', '.join(tags.absent)}" in str(tags)


def test_prompts_with_the_same_scores_are_refused(book: fo.Dataset) -> None:
    tags = fiftyone_faiss.tag_by_text(book, ["a car", "the car", "a dog"], "clip")
    assert set(tags.refused) == {"a car", "the car"}
    assert tags.refused["a car"] == "'a car' and 'the car' have the same scores; give one of them."
    assert tags.ids("a car") == [] and len(tags.ids("a dog")) > 10


def test_answers_move_a_threshold(book: fo.Dataset, truth) -> None:
    tags = fiftyone_faiss.tag_by_text(book, KIND_PROMPTS, "clip")
    asked = tags.questions("dog")
    assert len(asked) == len(set(asked)) == 10
    assert sum(id in set(tags.ids("dog")) for id in asked) == 6
    refined = tags.refine({"dog": {id: id in truth["dog"] for id in asked}})
    assert set(refined.ids("dog")) == truth["dog"]
    precision = refined.precisions["dog"]
    assert precision.value == 1 and precision.high == pytest.approx(1)
    assert 0.5 < precision.low < 0.7
    assert tags.precisions["dog"] is None
    again = refined.questions("dog", 4)
    assert set(again).isdisjoint(asked)
    more = refined.refine({"dog": {again[0]: True}})
    assert len(more.prompts[list(KIND_PROMPTS).index("dog")].answers) == 11
    none = tags.refine({"dog": dict.fromkeys(tags.ids("dog")[:10], False)})
    assert none.ids("dog") == [] and none.absent == ["dog"]
    # A person who means only dogs in the park: each answer holds, whatever the score.
    strict = truth["dog"] & truth["park"]
    answers = {id: id in strict for id in tags.ids("dog")}
    chosen = set(tags.refine({"dog": answers}).ids("dog"))
    assert strict <= chosen <= strict | (set(tags.all_ids) - set(answers))


def test_an_absent_prompt_is_corrected_by_a_person(tags: TextTags) -> None:
    asked = tags.questions("a zebra")
    refined = tags.refine({"a zebra": dict.fromkeys(asked[:3], True)})
    assert "a zebra" not in refined.absent and set(asked[:3]) <= set(refined.ids("a zebra"))


def test_precision_intervals_are_wilsons() -> None:
    precision = precision_of(9, 10)
    assert (round(precision.low, 4), round(precision.high, 4)) == (0.5958, 0.9821)
    assert precision_of(0, 0) is None


def test_tags_are_saved_and_undone(book: fo.Dataset, tags: TextTags) -> None:
    assert tags.view("dog").values("id") == tags.ids("dog")
    dataset = book.clone(persistent=True)
    own = fiftyone_faiss.tag_by_text(dataset, KIND_PROMPTS, "clip", field="things")
    saved = dict(zip(*dataset.values(["id", "things.classifications.label"]), strict=True))
    for kind in KINDS:
        assert {id for id, labels in saved.items() if kind in labels} == set(own.ids(kind))
    confidences = dataset.values("things.classifications.confidence", unwind=True)
    assert min(confidences) >= 0.5
    single = own.save("main_thing", single=True, other="nothing")
    assert single.count == len(dataset)
    assert dataset.evaluate_classifications("main_thing", gt_field="scene").report()
    single.undo()
    assert not dataset.has_sample_field("main_thing")
    tagged = own.tag("has ")
    assert {name: set(ids) for name, ids in tagged.items()} == {
        f"has {kind}": set(own.ids(kind)) for kind in KINDS
    }
    count = fiftyone_faiss.untag_neighbors(dataset, "has dog")
    assert count == len(own.ids("dog"))
    dataset.delete()


def test_some_prompts_alone_keep_what_they_tag(tags: TextTags) -> None:
    some = tags.of_prompts(["park", "dog"])
    assert [prompt.tag for prompt in some.prompts] == ["dog", "park"]
    for tag in ("dog", "park"):
        assert some.ids(tag) == tags.ids(tag) and len(tags.ids(tag)) > 5
        assert np.array_equal(some.scores[some.place(tag)], tags.scores[tags.place(tag)])
    assert all(tags.all_ids[place] == id for id, place in tags.position_of.items())
    with pytest.raises(ValueError, match="There is no tag 'cow'"):
        tags.of_prompts(["cow"])
    with pytest.raises(ValueError, match="No tags were given"):
        tags.of_prompts([])


def test_a_view_is_tagged_alone(book: fo.Dataset, tags: TextTags) -> None:
    view = book.limit(100)
    of_view = fiftyone_faiss.tag_by_text(view, SCENE_PROMPTS, "clip")
    assert set(of_view.all_ids) == set(view.values("id"))
    assert all(set(of_view.ids(s)) <= set(view.values("id")) for s in SCENE_NAMES)
    assert set(of_view.ids("park")) == set(tags.ids("park")) & set(of_view.all_ids)


def test_propagation_changes_little_here(book: fo.Dataset, truth) -> None:
    prompts = SCENE_PROMPTS
    plain = fiftyone_faiss.tag_by_text(book, prompts, "clip")
    mixed = fiftyone_faiss.tag_by_text(book, prompts, "clip", propagate=True)
    f1 = [micro_f1({s: set(t.ids(s)) for s in prompts}, truth) for t in (plain, mixed)]
    # Why it is off by default.
    assert f1[0] >= f1[1]


def test_a_topmost_mode_is_chosen(rng: np.random.Generator) -> None:
    for parts, count in (
        ([(0.1, 0.02, 900), (0.3, 0.02, 80)], 80),
        ([(0.1, 0.02, 800), (0.25, 0.02, 150), (0.45, 0.02, 40)], 40),
        ([(0.1, 0.02, 20_000), (0.3, 0.02, 3_000)], 3_000),
    ):
        scores = np.concatenate([rng.normal(m, s, n) for m, s, n in parts])
        threshold = threshold_of(scores, 0.05, 0.0)
        assert abs(np.count_nonzero(scores >= threshold.score) - count) <= 2
        assert threshold.is_separated
    for flat in (rng.uniform(0, 0.2, 1000), rng.normal(0.2, 0.02, 2000)):
        assert not threshold_of(flat, 0.05, float(np.median(flat))).is_separated


def test_bad_values_are_refused(book: fo.Dataset, tags: TextTags) -> None:
    for prompts, options, message in (
        ([], {}, "prompts has no texts"),
        (["a dog", " "], {}, "prompts has an empty text"),
        ([7], {}, "prompts is 7; give a text"),
        (["a dog"], {"templates": "many"}, "templates is 'many'; choose one of 'off'"),
        (["a dog"], {"brain_key": "no"}, "has no FAISS index 'no'"),
    ):
        with pytest.raises(ValueError, match=message):
            fiftyone_faiss.tag_by_text(book, prompts, **{"brain_key": "clip", **options})
    with pytest.raises(ValueError, match="There is no tag 'cow'; give one of the prompts"):
        tags.ids("cow")
    with pytest.raises(ValueError, match="was not compared; give ids of questions"):
        tags.refine({"dog": {"0" * 24: True}})
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(f"/none/{i}.png") for i in range(4)], progress=False)
    index_of(dataset, np.eye(4, dtype=np.float32))
    with pytest.raises(ValueError, match="cannot be searched by text"):
        fiftyone_faiss.tag_by_text(dataset, ["a dog"])
    dataset.delete()
