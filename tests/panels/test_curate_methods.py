"""The methods of the curation panel, on planted duplicates and leaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from support.indexes import index_of
from support.panels import Context, answer_of, call, ended

from fiftyone_faiss.panels import curate_runs

FIND = {
    "equal_files": False,
    "brain_key": "given",
    "scope": "dataset",
    "thresh": 0.01,
    "verify": False,
    "split_field": None,
    "rules": ["labels", "age"],
}
N = 120


@pytest.fixture
def planted(rng: np.random.Generator) -> Iterator[fo.Dataset]:
    """120 samples: 100 to 109 are near 0 to 9, 110 to 119 as well; odd ones are test samples."""
    vectors = rng.normal(size=(N, 32)).astype(np.float32)
    for start in (100, 110):
        vectors[start : start + 10] = vectors[:10] + 0.005 * rng.normal(size=(10, 32))
    dataset = fo.Dataset(persistent=True)
    dataset.add_samples(
        [
            fo.Sample(
                f"/none/{i:03}.png",
                split="test" if i % 2 or 100 <= i < 110 else "train",
                scene=fo.Classification(label="beach") if i < 10 else None,
            )
            for i in range(N)
        ]
    )
    index_of(dataset, vectors)
    yield dataset
    dataset.delete()


def run_of(dataset: fo.Dataset, kind: str = "duplicates", **params: Any) -> dict[str, Any]:
    """The result of a search, once its job has ended."""
    started = answer_of(f"find_{kind}", Context(dataset, **{**FIND, **params}))
    job = ended(dataset, {"id": started["job"]})
    assert job["state"] == "done", job
    return answer_of("curate_state", Context(dataset))[kind]


def decisions(run: dict[str, Any], **params: Any) -> dict[str, Any]:
    return {"run": run["id"], "keep": [], "remove": [], "groups": None, **params}


def page(dataset: fo.Dataset, run: dict[str, Any], start: int = 0, count: int = 50) -> Any:
    params = {"run": run["id"], "start": start, "count": count, "verdict": None}
    return answer_of("groups", Context(dataset, **params))


def act(dataset: fo.Dataset, run: dict[str, Any], action: str, **params: Any) -> dict[str, Any]:
    given = decisions(run, **params)
    plan = answer_of("plan", Context(dataset, **given))
    given = {"ids": plan["ids"], "name": "", **given, **params, "action": action}
    return answer_of("act", Context(dataset, **given))


def undo(dataset: fo.Dataset, answer: dict[str, Any]) -> str:
    return answer_of("undo", Context(dataset, id=answer["state"]["undo"][-1]["id"]))["text"]


def test_the_distances_tell_what_each_threshold_finds(planted) -> None:
    answer = answer_of("distances", Context(planted, **FIND))
    table, proposal = answer["table"], answer["proposal"]
    assert answer["compared"] == N
    assert [row["thresh"] for row in table] == sorted(row["thresh"] for row in table)
    counts = [row["pairs"] for row in table]
    assert counts == sorted(counts) and counts[0] == 0
    # Three of a kind, ten times.
    assert proposal["pairs"] == 30
    assert proposal["expected"]["low"] <= proposal["expected"]["value"] < 1
    assert proposal["thresh"] < table[-1]["thresh"]
    # Of 30, 20 are between splits: 10 with the first copies, 5 + 5 with the second ones.
    across = answer_of("distances", Context(planted, **{**FIND, "split_field": "split"}))
    assert across["proposal"]["thresh"] == proposal["thresh"]
    splits = planted.values("split")
    groups = [(i, 100 + i, 110 + i) for i in range(10)]
    pairs = [(a, b) for a, b, c in groups for a, b in ((a, b), (a, c), (b, c))]
    assert across["proposal"]["pairs"] == sum(splits[a] != splits[b] for a, b in pairs) == 10
    bad = call("distances", Context(planted, **{**FIND, "split_field": "none"}))
    assert bad["error"] == "There is no field 'none' of splits; check its name."


def test_groups_are_paged_with_their_files(planted) -> None:
    run = run_of(planted)
    ids = planted.values("id")
    assert (run["groups"], run["redundant"], run["pair_count"], run["compared"]) == (10, 20, 30, N)
    assert (run["copies"], run["unverified"], run["thresh"]) == (0, 30, 0.01)
    first, rest = page(planted, run, 0, 4), page(planted, run, 4, 50)
    assert (len(first["groups"]), len(rest["groups"]), first["total"]) == (4, 6, 10)
    groups = [*first["groups"], *rest["groups"]]
    assert [group["number"] for group in groups] == list(range(10))
    members = {tuple(member["id"] for member in group["members"]) for group in groups}
    expected = {(ids[i], ids[100 + i], ids[110 + i]) for i in range(10)}
    assert {frozenset(group) for group in members} == {frozenset(group) for group in expected}
    for group in groups:
        keeper, *others = group["members"]
        # The one with labels is kept.
        assert keeper["id"] in ids[:10] and keeper["keeper"] == keeper["id"]
        assert keeper["rule"] == "labels" and keeper["reason"] == "1 label beats 0"
        assert set(keeper["near"]) == {member["id"] for member in others}
        assert [member["keeper"] for member in others] == [keeper["id"]] * 2
        assert keeper["file"]["filepath"] == f"/none/{ids.index(keeper['id']):03}.png"
    refused = call("groups", Context(planted, run=run["id"], start=0, count=0, verdict=None))
    assert refused["error"].startswith("start is 0 and count 0; give")


def test_decisions_change_what_is_redundant(planted) -> None:
    run = run_of(planted)
    ids = planted.values("id")
    plain = answer_of("plan", Context(planted, **decisions(run)))
    assert set(plain["ids"]) == {*ids[100:]} and plain["groups"] == 10
    # The keeper is removed: the nearest other one is kept instead.
    swapped = answer_of("plan", Context(planted, **decisions(run, remove=[ids[0]])))
    assert ids[0] in swapped["ids"] and len(swapped["ids"]) == 20
    kept = answer_of("plan", Context(planted, **decisions(run, keep=[ids[101]])))
    assert set(kept["ids"]) == {*ids[100:]} - {ids[101]}
    number = next(
        group["number"]
        for group in page(planted, run)["groups"]
        if group["members"][0]["id"] == ids[3]
    )
    chosen = answer_of("plan", Context(planted, **decisions(run, groups=[number])))
    assert set(chosen["ids"]) == {ids[103], ids[113]} and chosen["groups"] == 1
    whole = [ids[0], ids[100], ids[110]]
    refused = call("plan", Context(planted, **decisions(run, remove=whole)))
    assert refused["error"].startswith("Nothing would be kept of a group; keep one")


def test_actions_are_told_and_undone(planted) -> None:
    run = run_of(planted)
    ids = planted.values("id")
    tagged = act(planted, run, "tag", name="twin", keep=[ids[100]])
    assert tagged["text"] == "Tagged 19 samples “twin”."
    assert set(planted.match_tags("twin").values("id")) == {*ids[101:]}
    assert undo(planted, tagged) == "Removed the tag “twin” from 19 again."
    assert planted.count_sample_tags() == {}
    saved = act(planted, run, "save", name="twins")
    assert saved["text"] == "Saved 10 groups of 30 samples in the fields “twins_…”."
    keepers = dict(zip(*planted.values(["id", "twins_keeper"]), strict=True))
    assert [keepers[ids[i]] for i in (0, 100, 110, 50)] == [ids[0], ids[0], ids[0], None]
    # A second saving is undone to the first.
    again = act(planted, run, "save", name="twins", keep=[ids[100]], groups=[0, 1])
    assert again["text"] != saved["text"]
    assert planted.count("twins_keeper") == 6
    undo(planted, again)
    restored = dict(zip(*planted.values(["id", "twins_keeper"]), strict=True))
    assert restored == keepers
    (first,) = again["state"]["undo"][:-1]
    answer = answer_of("undo", Context(planted, id=first["id"]))
    assert answer["text"] == "Restored the fields “twins_…”."
    assert not planted.has_field("twins_keeper")
    sample = planted[ids[115]]
    sample.tags = ["night"]
    sample.save()
    assert answer_of("plan", Context(planted, **decisions(run)))["merged"] == 1
    merged = act(planted, run, "merge")
    assert merged["text"] == "Merged labels and tags into 1 sample."
    planted.reload()
    assert planted[ids[5]].tags == ["night"]
    undo(planted, merged)
    planted.reload()
    assert planted[ids[5]].tags == []


def test_only_what_was_confirmed_is_removed(planted) -> None:
    run = run_of(planted)
    ids = planted.values("id")
    shown = answer_of("plan", Context(planted, **decisions(run)))["ids"]
    # Meanwhile, somebody removes a keeper and a redundant sample.
    planted.delete_samples([ids[0], ids[104]])
    answer = act(planted, run, "remove", ids=shown)
    assert answer["text"] == (
        "Removed 18 samples from the dataset. Files stay on disk. 2 others were deleted meanwhile "
        "or are not redundant any more."
    )
    left = {*ids} - {*ids[100:], ids[0]}
    remaining = set(planted.values("id"))
    # The group without its keeper keeps another one.
    (extra,) = remaining - left
    assert extra in (ids[100], ids[110])
    left_over = page(planted, run)
    assert (left_over["total"], left_over["gone"]) == (0, 20)
    assert undo(planted, answer) == "Brought 18 samples back."
    assert set(planted.values("id")) == {*ids} - {ids[0], ids[104]}
    back = page(planted, run)
    assert (back["total"], back["gone"]) == (10, 2)
    again = call("undo", Context(planted, id=answer["state"]["undo"][-1]["id"]))
    assert again["error"] == "This action was undone already, or the server was restarted."
    unknown = {**decisions(run), "ids": [], "name": "", "action": "burn"}
    refused = call("act", Context(planted, **unknown))["error"]
    assert refused == "'burn' is no action; choose one of tag, save, merge, remove."


def test_two_people_do_not_remove_each_others_keepers(planted) -> None:
    run = run_of(planted)
    ids = planted.values("id")
    group = [ids[0], ids[100], ids[110]]
    other = decisions(run, remove=[ids[0]])
    plan = answer_of("plan", Context(planted, **other))["ids"]
    act(planted, run, "remove")
    assert set(planted.values("id")) & set(group) == {ids[0]}
    given = {**other, "ids": plan, "name": "", "action": "remove"}
    refused = call("act", Context(planted, **given))
    assert "error" in refused
    assert ids[0] in planted.values("id")


def test_leaks_are_listed_tagged_and_undone(planted) -> None:
    run = run_of(planted, "leaks", split_field="split")
    ids, splits = planted.values(["id", "split"])
    assert (run["pair_count"], run["listed"], run["leaking"]) == (10, 10, 15)
    rates = {(rate["split"], rate["other"]): rate for rate in run["rates"]}
    test = rates["test", "train"]
    assert (test["leaking"], test["total"]) == (5, splits.count("test"))
    assert test["low"] < test["rate"] == 5 / splits.count("test") < test["high"]
    assert (run["training"], run["without_split"], run["in_several"]) == (10, 0, 0)
    params = {"run": run["id"], "start": 0, "count": 4, "verdict": None}
    rows = answer_of("pairs", Context(planted, **params))
    assert (len(rows["pairs"]), rows["total"]) == (4, 10)
    for row in rows["pairs"]:
        assert (row["split_a"], row["split_b"]) == ("train", "test")
        assert splits[ids.index(row["a"]["id"])] == "train"
    copied = answer_of("pairs", Context(planted, **{**params, "verdict": "copy"}))
    assert (copied["pairs"], copied["total"]) == ([], 0)
    tagged = answer_of("tag_leaks", Context(planted, run=run["id"], name="leak"))
    assert tagged["text"] == "Tagged 15 samples “leak”."
    assert len(planted.match_tags("leak")) == 15
    undo(planted, tagged)
    assert len(planted.match_tags("leak")) == 0
    ctx = Context(planted, run=run["id"])
    answer_of("show_clean", ctx)
    ((name, view),) = ctx.ops.made
    assert name == "set_view" and len(view) == N - 10
    assert set(view.values("split")) == {"train", "test"}
    assert view.count_values("split")["test"] == splits.count("test")
    missing = call("find_leaks", Context(planted, **FIND))["error"]
    assert missing == "Choose the field with the names of the splits."


def test_sampled_pairs_are_those_that_count(planted) -> None:
    run = run_of(planted)
    answer = answer_of("sampled_pairs", Context(planted, run=run["id"]))
    assert (len(answer["pairs"]), answer["total"]) == (20, 20)
    again = answer_of("sampled_pairs", Context(planted, run=run["id"]))
    assert again == answer
    pairs = {(pair["a"]["id"], pair["b"]["id"]) for pair in answer["pairs"]}
    assert len(pairs) == 20
    assert {pair["verdict"] for pair in answer["pairs"]} == {"unverified"}


def test_pairs_that_a_person_judged_different_stay_apart(planted) -> None:
    run = run_of(planted)
    ids = planted.values("id")
    pair = {"run": run["id"], "id_a": ids[100], "id_b": ids[0]}
    answer_of("judge_pair", Context(planted, **pair, is_different=True))
    answer_of("judge_pair", Context(planted, **{**pair, "id_b": ids[110]}, is_different=True))
    after = run_of(planted)
    assert (after["groups"], after["redundant"], after["pair_count"]) == (10, 19, 28)
    assert after["notes"] == ["2 pairs that a person judged to be different are left out."]
    answer_of("judge_pair", Context(planted, **{**pair, "run": after["id"]}, is_different=False))
    back = run_of(planted)
    assert (back["redundant"], back["pair_count"]) == (20, 29)
    wrong = {**pair, "run": back["id"], "id_b": ids[100], "is_different": True}
    assert "is given twice" in call("judge_pair", Context(planted, **wrong))["error"]


def test_a_lost_or_replaced_result_is_told(planted) -> None:
    assert answer_of("curate_state", Context(planted))["duplicates"] is None
    first = run_of(planted)
    second = run_of(planted, thresh=0.02)
    assert second["params"]["thresh"] == 0.02
    refused = call("plan", Context(planted, **decisions(first)))["error"]
    assert refused.startswith("Someone has run this again; reload the page")
    # A restarted server has no results.
    curate_runs._RUNS.clear()
    lost = call("plan", Context(planted, **decisions(second)))["error"]
    assert lost == "The server does not have this result any more; click the button again."
    bad = call("find_duplicates", Context(planted, **{**FIND, "thresh": 3}))["error"]
    assert bad.startswith("thresh is 3; give a distance of 0 to 2")


def test_the_grid_shows_a_group_and_what_it_showed_before(planted) -> None:
    ids = planted.values("id")
    ctx = Context(planted, ids=[ids[100], ids[0]], patches_field=None)
    answer = answer_of("show_ids", ctx)
    ((_, view),) = ctx.ops.made
    assert view.values("id") == [ids[100], ids[0]]
    assert answer["moves"] is True and answer["base"] == []
    back = Context(planted, ids=None, patches_field=None, **answer)
    back.view = view
    assert answer_of("show_ids", back)["moves"] is True
    assert [name for name, _ in back.ops.made] == ["clear_view"]
