"""The audit of labels of samples, views, patches and frames, with flips that are known."""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import numpy as np
import pytest
from support.indexes import index_of
from support.labels import NAMES, clustered, flipped, labeled_dataset

import fiftyone_faiss
from fiftyone_faiss.brain import CancelledError, list_jobs, tracked
from fiftyone_faiss.brain.curation.labeling.audit_request import AuditRequest
from fiftyone_faiss.brain.curation.labeling.auditing import audit_steps

N, FLIPS = 240, 12


@pytest.fixture
def flips(rng: np.random.Generator) -> Iterator[tuple[fo.Dataset, dict[str, str]]]:
    """240 samples of four clear classes, and the true label of the twelve that are wrong."""
    vectors, labels = clustered(rng, N)
    wrong, chosen = flipped(rng, labels, FLIPS)
    dataset = labeled_dataset(vectors, wrong)
    ids = dataset.values("id")
    yield dataset, {ids[n]: NAMES[labels[n]] for n in chosen.tolist()}
    dataset.delete()


def test_wrong_labels_are_listed_with_the_right_ones(flips) -> None:
    dataset, truth = flips
    audit = fiftyone_faiss.audit_labels(dataset, "animal")
    assert {issue.id: issue.suggested for issue in audit.issues} == truth
    labels = dict(zip(*dataset.values(["id", "animal.label"]), strict=True))
    assert [issue.label for issue in audit.issues] == [labels[id] for id in audit.ids]
    probabilities = [issue.probability for issue in audit.issues]
    assert probabilities == sorted(probabilities, reverse=True) and min(probabilities) > 0.9
    assert all(max(i.votes, key=i.votes.get) == truth[i.id] for i in audit.issues)
    assert {sum(issue.votes.values()) for issue in audit.issues} == {audit.k}
    rest = [p for id, p in audit.probability.items() if id not in truth]
    assert len(rest) == N - FLIPS and max(rest) < 0.5
    rate = audit.noise_rate
    assert rate.low < FLIPS / N < rate.high and rate.rate == pytest.approx(FLIPS / N, abs=0.01)
    assert sum(pair.count for pair in rate.pairs) == pytest.approx(FLIPS, abs=1)
    assert audit.view().values("id") == audit.ids
    assert (audit.recall, audit.unlabeled, audit.notes) == (1.0, 0, ())
    assert str(audit).startswith("12 of 240 labels are probably wrong (12 are expected to be, ")
    shown = audit.to_dict()
    assert shown["issues"][0] == audit.issues[0].to_dict()
    assert (shown["audited"], shown["noise_rate"]["rate"]) == (N, rate.rate)


def test_right_labels_are_not_doubted(rng) -> None:
    vectors, labels = clustered(rng, N)
    dataset = labeled_dataset(vectors, labels)
    audit = fiftyone_faiss.audit_labels(dataset, "animal")
    assert (audit.issues, audit.noise_rate.low, audit.noise_rate.pairs) == ([], 0.0, [])
    assert str(audit).startswith("None of 240 labels stands out as wrong; at most ")
    assert len(audit.view()) == 0 and audit.tag() == []
    dataset.delete()


def test_near_duplicates_do_not_vote_for_their_own_label(rng) -> None:
    vectors, labels = clustered(rng, N)
    # Twelve versions of one image, all with the same wrong label.
    versions = vectors[:1] + 1e-4 * rng.normal(size=(12, 16)).astype(np.float32)
    wrong = (labels[0] + 1) % 4
    dataset = labeled_dataset(
        np.concatenate([vectors, versions]), [wrong, *labels[1:], *[wrong] * 12]
    )
    audit = fiftyone_faiss.audit_labels(dataset, "animal", thresh=1e-3)
    ids = dataset.values("id")
    assert set(audit.ids) == {ids[0], *ids[N:]}
    assert audit.grouped == 13
    # They are one image of 240.
    assert audit.noise_rate.rate == pytest.approx(1 / N, abs=1e-3)
    # Without groups, they vote for each other.
    voting = fiftyone_faiss.audit_labels(dataset, "animal", thresh=0)
    assert not set(voting.ids) & {ids[0], *ids[N:]}
    dataset.set_values("animal.label", {ids[N]: NAMES[labels[0]]}, key_field="id")
    audit = fiftyone_faiss.audit_labels(dataset, "animal", thresh=1e-3)
    assert audit.notes == ("1 groups of near duplicates have several labels.",)
    dataset.delete()


def test_a_view_is_audited_by_itself_and_unlabeled_samples_do_not_vote(flips) -> None:
    dataset, truth = flips
    view = dataset.match(fo.ViewField("number") < 200)
    dataset.set_values("animal", dict.fromkeys(view.values("id")[:20]), key_field="id")
    audit = fiftyone_faiss.audit_labels(view, "animal", "given")
    labeled = view.values("id")[20:]
    assert audit.ids and set(audit.ids) == set(truth) & set(labeled)
    assert (list(audit.labels), audit.unlabeled) == (labeled, 20)
    # A field of texts is a field of labels, too.
    dataset.add_sample_field("text", fo.StringField)
    names = dict(zip(*dataset.values(["id", "animal.label"]), strict=True))
    dataset.set_values("text", names, key_field="id")
    assert fiftyone_faiss.audit_labels(view, "text").ids == audit.ids


def test_patches_are_audited_by_an_attribute_and_by_their_label(rng) -> None:
    vectors, labels = clustered(rng, 120)
    wrong, chosen = flipped(rng, labels, 6)
    things = [
        fo.Detection(label=NAMES[label], kind=NAMES[label], bounding_box=[0, 0, 0.5, 0.5])
        for label in wrong
    ]
    dataset = fo.Dataset()
    dataset.add_samples(
        [
            fo.Sample(f"/none/{i}.png", things=fo.Detections(detections=things[3 * i : 3 * i + 3]))
            for i in range(40)
        ]
    )
    dataset.add_dynamic_sample_fields()
    of_sample = dict(zip(dataset.values("id"), vectors.reshape(40, 3, 16), strict=True))
    index_of(dataset, of_sample, patches_field="things")
    ids = dataset.values("things.detections.id", unwind=True)
    truth = {ids[n]: NAMES[labels[n]] for n in chosen.tolist()}
    audit = fiftyone_faiss.audit_labels(dataset, "things")
    assert {issue.id: issue.suggested for issue in audit.issues} == truth
    assert fiftyone_faiss.audit_labels(dataset, "things.kind").ids == audit.ids
    assert audit.view().values("id") == audit.ids
    audit.tag("check")
    assert dataset.count_label_tags() == {"check": 6}
    saved = audit.save("audit")
    path = "things.detections.audit_"
    paths = ["things.detections.id", path + "suggested"]
    suggested = dict(zip(*dataset.values(paths, unwind=True), strict=True))
    assert {id: name for id, name in suggested.items() if name} == truth
    applied = audit.apply(dict.fromkeys(truth, "relabel"))
    assert sorted(applied.changed) == sorted(truth)
    names = [NAMES[label] for label in labels]
    assert dataset.values("things.detections.label", unwind=True) == names
    assert applied.undo() == 6
    assert dataset.values("things.detections.label", unwind=True) == [NAMES[n] for n in wrong]
    saved.undo()
    assert not dataset.has_field(path + "suggested") and not dataset.has_field(path + "probability")
    with pytest.raises(ValueError, match="holds the patches of 'things'; give label_field='thin"):
        fiftyone_faiss.audit_labels(dataset, "animal")
    with pytest.raises(ValueError, match="The labels of 'things' have no texts in 'index'"):
        fiftyone_faiss.audit_labels(dataset, "things.index")
    dataset.delete()


def test_frames_are_audited(rng, tmp_path) -> None:
    vectors, labels = clustered(rng, 120)
    wrong, chosen = flipped(rng, labels, 6)
    dataset = fo.Dataset()
    for video in range(4):
        sample = fo.Sample(f"/none/{video}.mp4")
        for number in range(1, 31):
            label = fo.Classification(label=NAMES[wrong[30 * video + number - 1]])
            sample.frames[number] = fo.Frame(filepath=f"/none/{video}-{number}.png", animal=label)
        dataset.add_sample(sample)
    frames = dataset.to_frames()
    index_of(frames, vectors)
    ids = frames.values("id")
    truth = {ids[n]: NAMES[labels[n]] for n in chosen.tolist()}
    audit = fiftyone_faiss.audit_labels(dataset.to_frames(), "animal")
    assert {issue.id: issue.suggested for issue in audit.issues} == truth
    saved = audit.save()
    values = dataset.values("frames.animal_audit_suggested", unwind=True)
    assert [value for value in values if value] == [truth[ids[n]] for n in sorted(chosen)]
    written = audit.decide(dict.fromkeys(truth, "relabel"))
    assert written.count == 6
    applied = audit.apply()
    assert dataset.values("frames.animal.label", unwind=True) == [NAMES[n] for n in labels]
    assert applied.undo() == 6
    assert dataset.values("frames.animal.label", unwind=True) == [NAMES[n] for n in wrong]
    written.undo()
    saved.undo()
    assert not [name for name in dataset.get_frame_field_schema() if "audit" in name]
    dataset.delete()


def test_an_audit_has_progress_and_ends_where_it_is_canceled(flips) -> None:
    dataset, _ = flips
    schema = dataset.get_field_schema()
    steps = tracked(audit_steps(dataset, AuditRequest("animal")), dataset.name, "label audit")
    seen = []
    with pytest.raises(CancelledError):
        for step in steps:
            seen.append(step)
            if step.what == "tried":
                list_jobs(dataset.name)[0].cancel()
    assert seen[-1].what == "tried" and 0 < seen[-1].fraction <= 1
    assert dataset.get_field_schema() == schema


@pytest.mark.parametrize(
    ("field", "options", "sentence"),
    [
        ("none", {}, "The samples have no field 'none'; check its name"),
        ("number", {}, "'number' holds no labels; choose a field of labels or texts"),
        ("filepath", {"k": 0}, "k is 0; give 1 to 100 neighbors"),
        (" ", {}, "label_field is empty; give the field with the labels"),
        ("animal", {"min_probability": 2}, "min_probability is 2; give a number from 0 to 1"),
        ("animal", {"thresh": -1}, "thresh is -1; give a distance"),
        ("animal", {"k": "many"}, "k is 'many'; give a whole number"),
        ("things", {}, r"'things' holds several labels for each sample; choose an index of its"),
        ("one", {}, "'one' has 1 class in these samples, and two are needed"),
    ],
)
def test_bad_values_are_refused(flips, field: str, options: dict, sentence: str) -> None:
    dataset, _ = flips
    dataset.add_sample_field("things", fo.EmbeddedDocumentField, embedded_doc_type=fo.Detections)
    dataset.add_sample_field("one", fo.StringField)
    dataset.set_values("one", ["same"] * N)
    with pytest.raises(ValueError, match=sentence) as error:
        fiftyone_faiss.audit_labels(dataset, field, **options)
    assert len(str(error.value)) <= 300
