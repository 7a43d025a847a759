"""The panel's methods for the grid: its view, the sidebar's filters, and counts of values."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import pytest
from fiftyone import ViewField as F
from support.panels import Context, answer_of, call

import fiftyone_faiss
from fiftyone_faiss.panels import grid_methods

BEACH = {"scene.label": {"values": ["beach"], "exclude": False, "isMatching": True}}
PARK = {"scene.label": {"values": ["park"], "exclude": False, "isMatching": True}}
QUERY = {"query": "a car", "k": "5", "brain_key": "clip"}


def in_grid(
    dataset: fo.Dataset, view: fo.DatasetView, filters: dict[str, Any], **params: Any
) -> Context:
    """A request of a page whose grid shows a view with filters, as the App sends it."""
    ctx = Context(dataset, **params)
    ctx.request_params = {"view": view._serialize(), "filters": filters}
    ctx.view = view
    if filters:
        wanted = filters["scene.label"]["values"]
        ctx.view = view.match(F("scene.label").is_in(wanted))
    return ctx


def state_of(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: answer[name] for name in ("base", "sidebar", "shown")}


@pytest.fixture
def half(book) -> fo.DatasetView:
    return book[:80]


def test_a_search_in_view_keeps_the_filters_in_force(book, half) -> None:
    ctx = in_grid(book, half, BEACH, **QUERY, scope="view")
    answer = answer_of("search", ctx)
    inside = half.match(F("scene.label") == "beach")
    expected = fiftyone_faiss.search(inside, "a car", k=5).ids
    assert [row["id"] for row in answer["results"]] == expected
    ((set_view, shown),) = ctx.ops.made
    assert (set_view, answer["filters"], answer["moves"]) == ("set_view", BEACH, True)
    assert shown.values("id") == expected
    # The filters are no stages of the view: they are still those of the sidebar.
    assert (len(shown._stages), answer["sidebar"]) == (len(half._stages) + 1, {})

    # A second search means the same samples, and one with other filters those.
    for chosen, scene in ((BEACH, "beach"), (PARK, "park")):
        again = in_grid(book, shown, chosen, **{**QUERY, "query": "a dog"}, scope="view")
        again.params.update(state_of(answer))
        second = answer_of("search", again)
        expected = fiftyone_faiss.search(half.match(F("scene.label") == scene), "a dog", k=5).ids
        assert [row["id"] for row in second["results"]] == expected

    # Clearing gives back the view; the filters are in force as before.
    clear = in_grid(book, shown, BEACH, **state_of(answer))
    assert answer_of("clear", clear) == {"filters": BEACH, "moves": True}
    ((name, view),) = clear.ops.made
    assert (name, view.values("id")) == ("set_view", half.values("id"))


def test_a_search_of_everything_puts_the_filters_aside(book, half) -> None:
    ctx = in_grid(book, half, BEACH, **QUERY, scope="dataset")
    answer = answer_of("search", ctx)
    expected = fiftyone_faiss.search(book, "a car", k=5).ids
    assert [row["id"] for row in answer["results"]] == expected
    assert (answer["filters"], answer["sidebar"]) == ({}, BEACH)
    shown = ctx.ops.made[0][1]

    # Back to what was in view before.
    back = in_grid(book, shown, {}, **QUERY, scope="view", **state_of(answer))
    inside = half.match(F("scene.label") == "beach")
    second = answer_of("search", back)
    assert [row["id"] for row in second["results"]] == fiftyone_faiss.search(
        inside, "a car", k=5
    ).ids
    assert (second["filters"], second["sidebar"]) == (BEACH, {})

    clear = in_grid(book, shown, {}, **state_of(answer))
    assert answer_of("clear", clear)["filters"] == BEACH
    assert clear.ops.made[0][1].values("id") == half.values("id")
    # The same results again move nothing.
    same = in_grid(book, shown, {}, **QUERY, scope="dataset", **state_of(answer))
    assert answer_of("search", same)["moves"] is False


def test_filters_that_the_page_is_about_to_set_are_in_force(book, half) -> None:
    """The App reports no filters from when it has loaded a view until the page has set them."""
    answer = answer_of("search", in_grid(book, half, BEACH, **QUERY, scope="view"))
    shown = half.select([row["id"] for row in answer["results"]], ordered=True)
    state = {**state_of(answer), "pending": answer["filters"]}

    everything = in_grid(book, shown, {}, **QUERY, scope="dataset", **state)
    answer = answer_of("search", everything)
    assert (answer["filters"], answer["sidebar"]) == ({}, BEACH)

    # Filters that a person sets meanwhile count instead.
    chosen = in_grid(book, shown, PARK, **QUERY, scope="dataset", **state)
    assert answer_of("search", chosen)["sidebar"] == PARK

    # The view is back, its filters not yet.
    inside = half.match(F("scene.label") == "beach")
    back = in_grid(book, half, {}, **QUERY, scope="view", pending=BEACH)
    results = [row["id"] for row in answer_of("search", back)["results"]]
    assert results == fiftyone_faiss.search(inside, "a car", k=5).ids


def test_the_page_is_told_what_the_grid_shows(book, half) -> None:
    whole = answer_of("look", Context(book, brain_key="clip"))
    version = whole.pop("index_version")
    assert whole == {
        "total": 160, "in_view": None, "has_filters": False, "has_results": False,
        "is_of_parts": False,
    }  # fmt: skip
    assert version == answer_of("search", Context(book, **QUERY))["index_version"]
    assert answer_of("look", Context(book, brain_key="none"))["index_version"] is None

    look = answer_of("look", in_grid(book, half, BEACH, brain_key="clip"))
    count = len(half.match(F("scene.label") == "beach"))
    assert (look["in_view"], look["has_filters"], look["has_results"]) == (count, True, False)

    ctx = in_grid(book, half, {}, **QUERY, scope="view")
    state = state_of(answer_of("search", ctx))
    shown = ctx.ops.made[0][1]
    look = answer_of("look", in_grid(book, shown, {}, brain_key="clip", **state))
    assert (look["in_view"], look["has_results"]) == (80, True)
    other = answer_of("look", in_grid(book, book[3:9], {}, brain_key="clip", **state))
    assert (other["in_view"], other["has_results"]) == (6, False)


def test_results_are_shown_in_the_grid_again(book, half) -> None:
    answer = answer_of("search", Context(book, **QUERY))
    ids = [row["id"] for row in answer["results"]]
    ctx = in_grid(
        book, half, BEACH, ids=ids, patches_field=None, scope="dataset", **state_of(answer)
    )
    state = answer_of("show_results", ctx)
    assert ctx.ops.made[0][1].values("id") == ids
    assert (state["filters"], state["moves"]) == ({}, True)
    # What the grid showed meanwhile comes back.
    clear = in_grid(book, ctx.ops.made[0][1], {}, **state_of(state))
    assert answer_of("clear", clear)["filters"] == BEACH
    assert clear.ops.made[0][1].values("id") == half.values("id")


def test_values_are_counted_for_the_page(book, half, monkeypatch) -> None:
    ids = book[:7].values("id")
    counted = answer_of("facets", Context(book, ids=ids, patches_field=None, scope="view"))
    facets = {facet["path"]: facet["values"] for facet in counted["facets"]}
    scenes = book[:7].count_values("scene.label")
    assert {row["value"]: row["count"] for row in facets["scene"]} == scenes
    ctx = in_grid(book, half, BEACH, ids=None, patches_field=None, scope="view")
    facets = {facet["path"]: facet["values"] for facet in answer_of("facets", ctx)["facets"]}
    beaches = len(half.match(F("scene.label") == "beach"))
    assert facets["scene"] == [{"value": "beach", "count": beaches}]
    # Many samples are counted only where they are results.
    monkeypatch.setattr(grid_methods, "MAX_COUNTED", beaches)
    assert answer_of("facets", ctx)["is_counted"]
    monkeypatch.setattr(grid_methods, "MAX_COUNTED", beaches - 1)
    assert answer_of("facets", ctx) == {"facets": [], "is_counted": False}
    few = Context(book, ids=ids, patches_field=None, scope="view")
    assert answer_of("facets", few) == counted
    refused = call("facets", Context(book, ids=["x"], patches_field=None, scope="view"))
    assert refused["error"].startswith("ids has 'x', which is no id;")


def test_a_few_images_are_returned_in_order(book) -> None:
    samples = book[5:12]
    ids = samples.values("id")[::-1]
    paths = samples.values("filepath")[::-1]
    assert answer_of("images", Context(book, ids=ids)) == {"filepaths": paths[:3]}
    assert answer_of("images", Context(book, ids=["0" * 24])) == {"filepaths": []}


def test_examples_and_corrections_use_the_words_of_the_labels(book) -> None:
    things = book.count_values("objects.detections.label")
    scenes = book.count_values("scene.label")
    examples = answer_of("examples", Context(book))["examples"]
    assert len(examples) == 4
    first, second = (name.split(" ", 1)[1] for name in examples[:2])
    assert {first, second} <= set(things)
    assert examples[2].split(" + ")[1] in scenes
    assert " - " in examples[3]

    explained = answer_of("explain", Context(book, query="a red umbrela - boats + @selected"))
    assert explained["corrections"] == [
        {"word": "umbrela", "suggestion": "umbrella", "at": [6, 13]}
    ]
    for line in ("a red umbrella", "umbrellas", "/umbrela.png", 'a "', ""):
        assert call("explain", Context(book, query=line))["corrections"] == []


def test_results_of_another_page_are_no_chosen_view(book, half) -> None:
    first = in_grid(book, half, BEACH, **QUERY, scope="dataset")
    answer_of("search", first)
    shown = first.ops.made[0][1]
    # The other page knows nothing of these results.
    other = in_grid(book, shown, {}, **{**QUERY, "query": "a dog"}, scope="view")
    answer = answer_of("search", other)
    inside = half.match(F("scene.label") == "beach")
    expected = fiftyone_faiss.search(inside, "a dog", k=5).ids
    assert [row["id"] for row in answer["results"]] == expected
    assert answer["filters"] == BEACH
    look = answer_of("look", in_grid(book, shown, {}, brain_key="clip"))
    assert (look["in_view"], look["has_results"]) == (len(inside), False)


def test_a_saved_view_is_chosen_also_if_it_was_saved_from_results(book) -> None:
    first = Context(book, **QUERY)
    state = state_of(answer_of("search", first))
    shown = first.ops.made[0][1]
    book.save_view("results", shown)
    ctx = in_grid(book, shown, {}, brain_key="clip", **state)
    ctx.request_params["view_name"] = "results"
    look = answer_of("look", ctx)
    book.delete_saved_view("results")
    assert (look["in_view"], look["has_results"]) == (5, False)
