"""The methods of the map panel, against NumPy and the maps themselves."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from support.panels import Context, answer_of, call, ended
from support.scored import clusters, dataset_of

import fiftyone_faiss
from fiftyone_faiss.brain import IndexMap

N = 90
SEARCH = {"query": "", "brain_key": "given", "k": 25, "scope": "dataset"}


@pytest.fixture(scope="module")
def mapped() -> Iterator[fo.Dataset]:
    """90 samples in clusters "a", "b" and "c", with a map "given_pca" of two dimensions."""
    vectors, numbers = clusters(np.random.default_rng(51), [30, 30, 30])
    dataset = dataset_of(
        vectors,
        kind=[fo.Classification(label="abc"[n]) for n in numbers],
        size=[i / 4 for i in range(N)],
        tags=[["night"] if i < 12 else [] for i in range(N)],
    )
    fiftyone_faiss.visualize_index(dataset, "given", "pca", progress=False)
    yield dataset
    dataset.delete()


@pytest.fixture(scope="module")
def own_map(mapped: fo.Dataset) -> IndexMap:
    return fiftyone_faiss.load_map(mapped, "given_pca")


def floats(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f4")


def as_places(places: list[int]) -> str:
    return base64.b64encode(np.array(places, "<u4").tobytes()).decode()


def opened(dataset: fo.Dataset, vis_key: str = "given_pca") -> dict[str, str]:
    """What the page sends with each further call."""
    answer = answer_of("draw_map", Context(dataset, vis_key=vis_key))
    return {"vis_key": vis_key, "version": answer["version"]}


def test_the_points_of_a_map_are_sent_with_its_quality(
    mapped: fo.Dataset, own_map: IndexMap
) -> None:
    (entry,) = answer_of("maps", Context(mapped))["maps"]
    kind = {"vis_key": "given_pca", "brain_key": "given", "method": "pca", "num_dims": 2}
    assert entry == {**kind, "count": N}
    answer = answer_of("draw_map", Context(mapped, vis_key="given_pca"))
    np.testing.assert_array_equal(floats(answer["points"]).reshape(N, 2), own_map.points)
    assert {name: answer[name] for name in entry} == entry
    assert answer["neighbors_kept"] == pytest.approx(float(own_map.quality.kept.mean()))
    assert answer["trustworthiness"] == pytest.approx(own_map.quality.trustworthiness)
    assert (answer["neighbors"], answer["placed"], answer["placed_count"]) == (15, "", 0)
    assert answer["chance_kept"] == pytest.approx(15 / (N - 1))


def test_points_are_colored_by_classes_numbers_tags_and_quality(
    mapped: fo.Dataset, own_map: IndexMap
) -> None:
    own = opened(mapped)
    choices = answer_of("color_choices", Context(mapped, **own))["choices"]
    assert {"kind": "field", "name": "kind"} in choices
    assert {"kind": "field", "name": "size"} in choices
    assert choices[-2:] == [{"kind": "tag", "name": "night"}, {"kind": "quality", "name": ""}]
    place_of = {id: i for i, id in enumerate(mapped.values("id"))}
    order = [place_of[id] for id in own_map.ids]
    kinds = answer_of("point_colors", Context(mapped, **own, kind="field", name="kind"))
    assert (kinds["names"], kinds["counts"], kinds["numbers"]) == (["a", "b", "c"], [30] * 3, None)
    codes = np.frombuffer(base64.b64decode(kinds["codes"]), np.uint8)
    np.testing.assert_array_equal(codes, np.array(order) // 30)
    sizes = answer_of("point_colors", Context(mapped, **own, kind="field", name="size"))
    np.testing.assert_array_equal(floats(sizes["numbers"]), np.array(order) / 4)
    assert (sizes["low"], sizes["high"], sizes["codes"]) == (0, (N - 1) / 4, None)
    night = answer_of("point_colors", Context(mapped, **own, kind="tag", name="night"))
    assert (night["names"], night["counts"], night["missing"]) == (["night"], [12], N - 12)
    kept = answer_of("point_colors", Context(mapped, **own, kind="quality", name=""))
    np.testing.assert_array_equal(floats(kept["numbers"]), own_map.quality.kept)


def test_the_scores_of_a_search_are_those_of_all_points(
    mapped: fo.Dataset, own_map: IndexMap
) -> None:
    query = mapped.values("id")[5]
    search = {**SEARCH, "query": "@selected", "selected": [query]}
    answer = answer_of("point_scores", Context(mapped, **opened(mapped), search=search))
    index = mapped.load_brain_results("given")
    vectors, sample_ids, _ = index.get_embeddings()
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = dict(zip(sample_ids, unit @ unit[list(sample_ids).index(query)], strict=True))
    expected = [cosine[id] for id in own_map.ids]
    np.testing.assert_allclose(floats(answer["numbers"]), expected, atol=1e-5)
    assert answer["missing"] == 0


def test_ids_are_located_and_a_query_is_placed_by_its_hits(
    mapped: fo.Dataset, own_map: IndexMap
) -> None:
    own = opened(mapped)
    ids = [own_map.ids[40], "0" * 24, own_map.ids[3]]
    located = answer_of("locate", Context(mapped, **own, ids=ids, distances=None, pinned=None))
    assert located["places"] == [40, -1, 3] and located["marker"] is None
    query = mapped.values("id")[5]
    hits = fiftyone_faiss.search(mapped, query, "given", k=20)
    asked: dict[str, Any] = {"ids": hits.ids, "distances": [float(d) for d in hits.distances]}
    placed = answer_of("locate", Context(mapped, **own, **asked, pinned=None))
    expected = [list(own_map.ids).index(id) for id in hits.ids]
    assert placed["places"] == expected and not placed["is_sample"]
    nearest = np.argsort(np.linalg.norm(own_map.points - placed["marker"], axis=1))[:20]
    assert placed["hits_nearest"] == len(set(nearest) & set(expected))
    assert placed["nearest"] == 20 and 0 < placed["placed_by"] <= 20
    assert placed["predicted"] == pytest.approx(20 * float(own_map.quality.kept.mean()))
    itself = answer_of("locate", Context(mapped, **own, **asked, pinned=query))
    place = list(own_map.ids).index(query)
    assert itself["is_sample"] and itself["placed_by"] == 0
    np.testing.assert_allclose(itself["marker"], own_map.points[place])


def test_points_are_shown_in_the_grid_and_the_view_before_comes_back(
    mapped: fo.Dataset, own_map: IndexMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, places = opened(mapped), [7, 80, 3]
    ctx = Context(mapped, **own, places=as_places(places))
    before = ctx.view = mapped.limit(50)
    shown = answer_of("show_points", ctx)
    ((name, view),) = ctx.ops.made
    assert name == "set_view" and view.values("id") == [own_map.ids[place] for place in places]
    grid = {key: shown[key] for key in ("base", "sidebar", "shown")}
    undo = Context(mapped, **own, **grid, places=None)
    undo.view = view
    assert answer_of("show_points", undo)["shown"] == []
    ((name, view),) = undo.ops.made
    assert name == "set_view" and view == before
    empty = call("show_points", Context(mapped, **own, places=""))
    assert empty["error"] == "There is no point to show; draw the lasso around some points."
    monkeypatch.setattr("fiftyone_faiss.panels.map_methods.MAX_ORDERED_IDS", 2)
    many = call("show_points", Context(mapped, **own, places=as_places(places)))
    assert many["error"].startswith("There are 3 points; the grid can show 2 of them at most.")


def test_files_and_ids_of_points(mapped: fo.Dataset, own_map: IndexMap) -> None:
    own = opened(mapped)
    files = answer_of("map_files", Context(mapped, **own, places=[8, 2]))["files"]
    assert [(file["place"], file["id"]) for file in files] == [
        (8, own_map.ids[8]),
        (2, own_map.ids[2]),
    ]
    assert files[0]["filepath"] == mapped[own_map.ids[8]].filepath
    assert files[0]["kept"] == pytest.approx(float(own_map.quality.kept[8]))
    ids = answer_of("point_ids", Context(mapped, **own, places=as_places([8, 2])))["ids"]
    assert ids == [own_map.ids[8], own_map.ids[2]]
    many = call("point_ids", Context(mapped, **own, places=as_places([0] * 2001)))
    assert many["error"].startswith("There are 2,001 points; select 2,000 at most")
    for method, places in (("map_files", [N]), ("point_ids", as_places([N]))):
        failed = call(method, Context(mapped, **own, places=places))
        assert "There is no point" in failed["error"] and f"{N} points" in failed["error"]
    wrong = call("point_ids", Context(mapped, **own, places="?"))
    assert wrong["error"] == "places are no base64 text of positions; give uint32 values."


def test_a_map_is_made_updated_replaced_and_deleted() -> None:
    vectors, _ = clusters(np.random.default_rng(7), [20, 20])
    dataset = dataset_of(vectors)
    asked = {"brain_key": "given", "method": "pca", "num_dims": 3, "axes": [], "vis_key": "three"}
    started = answer_of("make_map", Context(dataset, **asked))
    job = ended(dataset, {"id": started["job"]})
    assert (job["state"], job["topic"]) == ("done", "map"), job
    dataset.reload()
    own = opened(dataset, "three")
    assert answer_of("draw_map", Context(dataset, vis_key="three"))["num_dims"] == 3
    taken = answer_of("make_map", Context(dataset, **asked))
    failed = ended(dataset, {"id": taken["job"]})
    assert failed["state"] == "failed" and "There is a map 'three' already" in failed["message"]
    added = dataset.add_samples([fo.Sample("/none/new.png", number=40)], progress=False)
    index = dataset.load_brain_results("given")
    index.add_to_index(vectors[:1] + 0.01, added)
    updating = answer_of("update_map", Context(dataset, vis_key="three"))
    assert ended(dataset, {"id": updating["job"]})["state"] == "done"
    answer = answer_of("draw_map", Context(dataset, vis_key="three"))
    placed = np.frombuffer(base64.b64decode(answer["placed"]), np.uint8)
    new = list(fiftyone_faiss.load_map(dataset, "three").ids).index(added[0])
    assert (answer["count"], answer["placed_count"], np.flatnonzero(placed).tolist()) == (
        41,
        1,
        [new],
    )
    stale = call("point_ids", Context(dataset, **own, places=as_places([0])))
    assert stale["error"] == "The map 'three' has changed; open it again."
    assert answer_of("delete_map", Context(dataset, vis_key="three")) == {"maps": []}
    gone = call("draw_map", Context(dataset, vis_key="three"))
    assert gone["error"].startswith("There is no map 'three'")
    dataset.delete()
