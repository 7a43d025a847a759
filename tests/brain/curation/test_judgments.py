"""What people judged: kept with the dataset, and used by selections and near duplicates."""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import numpy as np
import pytest
from support.scored import clusters, dataset_of

import fiftyone_faiss
from fiftyone_faiss.brain.curation.judgments import (
    checked_ids,
    different_pairs,
    record_selected,
    rejected_ids,
    selected_ids,
)

QUIET = {"progress": False}


@pytest.fixture
def mixed(rng: np.random.Generator) -> Iterator[fo.Dataset]:
    """120 samples in two clusters with a label; 0 to 2 are near each other, 3 is near 4."""
    vectors, numbers = clusters(rng, [60, 60])
    for copy, original in ((1, 0), (2, 0), (4, 3)):
        vectors[copy] = vectors[original] + 1e-3 * rng.normal(size=16)
    labels = [fo.Classification(label="ab"[n]) for n in numbers]
    dataset = dataset_of(vectors, kind=labels)
    yield dataset
    dataset.delete()


def test_judgments_are_listed_by_kind_and_removed(mixed: fo.Dataset) -> None:
    ids = mixed.values("id")
    selected = record_selected(mixed.limit(3), ids[5:8])
    pair = fiftyone_faiss.record_different(mixed, ids[4], ids[3])
    fiftyone_faiss.record_different(mixed, ids[3], ids[4])
    listed = fiftyone_faiss.list_judgments(mixed)
    assert [judgment.kind for judgment in listed] == ["selected", "different"]
    assert [judgment.ids for judgment in listed] == [tuple(ids[5:8]), (ids[3], ids[4])]
    assert selected_ids(mixed, None) == set(ids[5:8]) and selected_ids(mixed, "objects") == set()
    assert different_pairs(mixed, None) == {(ids[3], ids[4])}
    fiftyone_faiss.remove_judgment(mixed, selected)
    fiftyone_faiss.remove_judgment(mixed, pair.key)
    assert fiftyone_faiss.list_judgments(mixed) == []
    with pytest.raises(ValueError, match="is given twice; give two different ids"):
        fiftyone_faiss.record_different(mixed, ids[0], ids[0])
    with pytest.raises(ValueError, match="which is no id"):
        fiftyone_faiss.record_different(mixed, ids[0], "b")


def test_what_was_selected_counts_as_labeled(mixed: fo.Dataset) -> None:
    first = fiftyone_faiss.select_samples(mixed, 10, "given", **QUIET)
    judgment = first.record()
    second = fiftyone_faiss.select_samples(mixed, 10, "given", **QUIET)
    by_hand = fiftyone_faiss.select_samples(
        mixed, 10, "given", labeled=list(first.ids), judgments=False, **QUIET
    )
    assert list(second.ids) == list(by_hand.ids)
    assert second.receipt.figures == by_hand.receipt.figures
    assert second.notes[0] == (
        "10 that were selected before, or whose label a person checked, count as labeled."
    )
    fiftyone_faiss.remove_judgment(mixed, judgment)
    again = fiftyone_faiss.select_samples(mixed, 10, "given", **QUIET)
    assert list(again.ids) == list(first.ids)


def test_checked_labels_count_as_labeled(mixed: fo.Dataset) -> None:
    ids = mixed.values("id")
    audit = fiftyone_faiss.audit_labels(mixed, "kind", "given", **QUIET)
    written = audit.decide(
        {ids[7]: "keep", ids[8]: {"action": "relabel", "label": "b"}, ids[9]: "not sure"}
    )
    assert checked_ids(mixed, None) == {ids[7], ids[8]} and checked_ids(mixed, "kind") == set()
    selection = fiftyone_faiss.select_samples(mixed, 5, "given", **QUIET)
    assert selection.notes[0].startswith("2 that were selected before, or whose label")
    written.undo()
    assert checked_ids(mixed, None) == set()


def test_disliked_results_of_the_same_query_are_not_selected(mixed: fo.Dataset) -> None:
    ids = mixed.values("id")
    near = f"@{ids[70]}"
    plain = fiftyone_faiss.select_samples(
        mixed, 4, "given", near=near, nearness=9, diversity=0, **QUIET
    )
    disliked = plain.ids[1]
    query = {"query_type": "text", "query": f" {near} "}
    fiftyone_faiss.record_search(mixed, {**query, "disliked": [disliked], "brain_key": "given"})
    assert rejected_ids(mixed, near) == {disliked} and rejected_ids(mixed, "other") == set()
    after = fiftyone_faiss.select_samples(
        mixed, 4, "given", near=near, nearness=9, diversity=0, **QUIET
    )
    assert after.ids[:3] == [plain.ids[0], *plain.ids[2:]] and disliked not in after.ids
    assert f"1 that were disliked in searches for '{near}' are not selected." in after.notes
    other = fiftyone_faiss.select_samples(mixed, 4, "given", **QUIET)
    assert not any("disliked" in note for note in other.notes)


def test_pairs_that_are_different_stay_apart(mixed: fo.Dataset) -> None:
    ids = mixed.values("id")
    options = {"thresh": 1e-3, **QUIET}
    before = fiftyone_faiss.find_near_duplicates(mixed, "given", **options)
    assert {frozenset(group) for group in before.groups} == {
        frozenset(ids[:3]),
        frozenset(ids[3:5]),
    }
    fiftyone_faiss.record_different(mixed, ids[3], ids[4])
    judgment = fiftyone_faiss.record_different(mixed, ids[1], ids[2])
    after = fiftyone_faiss.find_near_duplicates(mixed, "given", **options)
    assert [set(group) for group in after.groups] == [set(ids[:3])]
    assert after.pair_count == before.pair_count - 2
    assert after.notes == ("2 pairs that a person judged to be different are left out.",)
    # The first one covers both others, which are not compared with each other.
    assert set(after.redundant) == {ids[1], ids[2]}
    fiftyone_faiss.record_different(mixed, ids[0], ids[1])
    left = fiftyone_faiss.find_near_duplicates(mixed, "given", **options)
    assert [set(group) for group in left.groups] == [{ids[0], ids[2]}]
    every = fiftyone_faiss.find_near_duplicates(mixed, "given", judgments=False, **options)
    assert (every.groups, every.notes) == (before.groups, ())
    fiftyone_faiss.remove_judgment(mixed, judgment)
    back = fiftyone_faiss.find_near_duplicates(mixed, "given", **options)
    # 1 is near 2 again, and 2 near 0: one of the two that are different is kept besides.
    assert set(back.groups[0]) == set(ids[:3])
