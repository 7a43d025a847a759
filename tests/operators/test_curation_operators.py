"""The operators that find duplicates and leaks, and their forms."""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from support.indexes import index_of
from support.operators import PLUGIN, form, run


@pytest.fixture
def doubled(rng: np.random.Generator) -> Iterator[fo.Dataset]:
    """40 samples without files; the last ten are near duplicates of the first ten."""
    vectors = rng.normal(size=(40, 16)).astype(np.float32)
    vectors[30:] = vectors[:10] + 0.001
    dataset = fo.Dataset(persistent=True)
    splits = ["train"] * 30 + ["test"] * 10
    dataset.add_samples([fo.Sample(f"/none/{i}.png", split=s) for i, s in enumerate(splits)])
    index_of(dataset, vectors)
    yield dataset
    dataset.delete()


NEAR = {"brain_key": "given", "thresh": 0.01, "verify": False}


def test_near_duplicates_are_tagged_and_saved(doubled: fo.Dataset) -> None:
    ids = doubled.values("id")
    params = {**NEAR, "tag": "twin", "field": "twins", "split_field": "split"}
    run("find_duplicates", doubled, params)
    doubled.reload()
    # A test sample is not removed in favor of a training sample.
    assert sorted(doubled.match_tags("twin").values("id")) == sorted(ids[:10])
    groups = doubled.exists("twins_group").values(["id", "twins_group"])
    by_group: dict[int, set[str]] = {}
    for id, group in zip(*groups, strict=True):
        by_group.setdefault(group, set()).add(id)
    expected = [{ids[n], ids[30 + n]} for n in range(10)]
    assert sorted(map(sorted, by_group.values())) == sorted(map(sorted, expected))


def test_nothing_is_tagged_without_a_tag(doubled: fo.Dataset) -> None:
    run("find_duplicates", doubled, {**NEAR, "tag": " "})
    assert doubled.count_sample_tags() == {}


def test_leaks_are_tagged(doubled: fo.Dataset) -> None:
    ids = doubled.values("id")
    run("find_leaks", doubled, {**NEAR, "split_field": "split", "tag": "leak"})
    doubled.reload()
    tagged = set(doubled.match_tags("leak").values("id"))
    assert tagged == {*ids[:10], *ids[30:]}


def test_bad_values_are_refused(doubled: fo.Dataset) -> None:
    with pytest.raises(foo.executor.ExecutionError, match="thresh is 3; give a distance"):
        run("find_duplicates", doubled, {**NEAR, "thresh": 3}).raise_exceptions()
    # FiftyOne itself refuses values that a form does not offer.
    with pytest.raises(foo.executor.ExecutionError, match="split_field"):
        run("find_leaks", doubled, {**NEAR, "split_field": "no"}).raise_exceptions()
    with pytest.raises(ValueError, match="kind is 'odd'; choose 'near' or 'exact'"):
        foo.get_operator(f"{PLUGIN}/find_duplicates")(doubled, kind="odd")
    assert doubled.count_sample_tags() == {}


def test_operators_are_called_from_python(doubled: fo.Dataset) -> None:
    find = foo.get_operator(f"{PLUGIN}/find_duplicates")
    near = find(doubled, brain_key="given", thresh=0.01, rules=("labels",))
    assert len(near.redundant) == 10
    # None of the files exists.
    equal = find(doubled, kind="exact")
    assert (equal.groups, len(equal.unreadable)) == ([], 40)
    leaks = foo.get_operator(f"{PLUGIN}/find_leaks")(doubled, "split", thresh=0.01)
    assert len(leaks.pairs) == 10


def test_the_forms_follow_the_choices(doubled: fo.Dataset) -> None:
    near = form("find_duplicates", doubled, {})
    assert {"kind", "brain_key", "thresh", "verify", "split_field", "tag", "field"} <= set(near)
    assert near["split_field"]["type"]["values"] == ["", "split"]
    equal = form("find_duplicates", doubled, {"kind": "exact"})
    assert "pixels" in equal and "thresh" not in equal
    wrong = form("find_duplicates", doubled, {"thresh": -1})["thresh"]
    assert wrong["invalid"] and wrong["error_message"].startswith("thresh is -1; give a distance")
    leaks = form("find_leaks", doubled, {})
    assert leaks["split_field"]["default"] == "split"
    doubled.delete_sample_field("split")
    assert form("find_leaks", doubled, {})["no_splits"]["invalid"]
