"""The panel's methods for searching, and the App's grid."""

from __future__ import annotations

import base64
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image
from support.colors import MeanColor
from support.indexes import index_of
from support.panels import Context, answer_of, call, upload
from support.points import one_sentence

import fiftyone_faiss


@pytest.fixture
def line(dataset, rng) -> str:
    """A query of a dataset with an index."""
    index_of(dataset, rng.normal(size=(12, 4)))
    return f"@{dataset.first().id}"


def test_a_line_is_explained_while_it_is_typed(book) -> None:
    good = answer_of("explain", Context(book, query="2: a car - @selected"))
    assert [(row["sign"], row["weight"], row["kind"]) for row in good["terms"]] == [
        ("+", 2.0, "text"),
        ("-", 1.0, "selected"),
    ]
    bad = call("explain", Context(book, query='a car - "b'))
    assert bad == {
        "terms": [],
        "corrections": [],
        "error": "A quote is not closed; add a second one.",
        "at": [8, 10],
    }
    assert answer_of("explain", Context(book))["terms"] == []


# -- searching -----------------------------------------------------------------------------------


def test_words_are_answered_and_shown_in_the_grid(book) -> None:
    ctx = Context(book, query_type="text", query="a red car", k="6", brain_key="clip")
    answer = call("search", ctx)
    expected = fiftyone_faiss.search(book, "a red car", k=6)
    assert [row["id"] for row in answer["results"]] == expected.ids
    np.testing.assert_allclose(
        [row["score"] for row in answer["results"]], expected.scores, atol=1e-4
    )
    assert [row["filepath"] for row in answer["results"]] == expected.view().values("filepath")
    ((name, view),) = ctx.ops.made
    assert name == "set_view"
    assert view.values("id") == expected.ids
    assert answer["count"] == 6
    assert answer["milliseconds"] > 0


def test_an_upload_is_answered(book) -> None:
    path = Path(book.first().filepath)
    upload = {"name": path.name, "content": base64.b64encode(path.read_bytes()).decode()}
    answer = call("search", Context(book, query_type="image", image=upload, k="1"))
    assert answer["results"][0]["id"] == book.first().id


def test_the_view_from_before_the_first_search_is_searched_and_restored(book) -> None:
    view = book.match(fo.ViewField("scene.label") == "beach")
    ctx = Context(book, query_type="text", query="a car", k="3", scope="view")
    ctx.view = view
    answer = call("search", ctx)
    shown = ctx.ops.made[0][1]
    inside = set(view.values("id"))
    assert {row["id"] for row in answer["results"]} <= inside

    # The grid shows the answer now; a second search still means the view that a person chose.
    again = Context(
        book, query_type="text", query="a dog", k="3", scope="view",
        base=answer["base"], shown=answer["shown"],
    )  # fmt: skip
    again.view = shown
    second = call("search", again)
    assert [row["id"] for row in second["results"]] == fiftyone_faiss.search(view, "a dog", k=3).ids

    # The grid may lag behind when a person clears the second answer.
    for showing in (view, shown, again.ops.made[0][1]):
        clear = Context(book, base=second["base"], shown=second["shown"])
        clear.view = showing
        call("clear", clear)
        ((name, restored),) = clear.ops.made
        assert name == "set_view"
        assert restored.values("id") == view.values("id")


def test_a_view_chosen_after_the_search_is_kept(book) -> None:
    ctx = Context(book, query_type="text", query="a car", k="3")
    answer = call("search", ctx)
    clear = Context(book, base=answer["base"], shown=answer["shown"])
    clear.view = book[3:9]
    call("clear", clear)
    assert clear.ops.made[0][1].values("id") == book[3:9].values("id")


def test_clearing_without_a_view_shows_the_dataset(book) -> None:
    ctx = Context(book)
    assert call("clear", ctx) == {"filters": {}, "moves": False}
    assert ctx.ops.made == [("clear_view", {})]


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"query_type": "text", "query": ""}, "The query is empty; type what to look for"),
        ({"query_type": "text", "query": "x", "k": "0"}, "k must be at least 1, got 0"),
        ({"query_type": "text", "query": "x", "k": ""}, "k is ''; give a whole number"),
        ({"query_type": "text", "query": "x", "brain_key": "no"}, "no similarity index 'no'"),
        ({"query_type": "samples", "sample_ids": []}, "No samples are selected"),
        ({"query_type": "image", "image": {"content": "AAAA", "name": "a.txt"}}, "a.txt"),
    ],
)
def test_what_went_wrong_is_a_sentence(book, params, sentence) -> None:
    ctx = Context(book, **params)
    answer = call("search", ctx)
    assert sentence in answer["error"]
    assert ctx.ops.made == []


def test_the_answer_is_that_of_the_search(book) -> None:
    ids = book.values("id")
    options = {"selected": ids[:2], "liked": ids[5:6], "collapse": True, "templates": "single"}
    ctx = Context(book, query="2: a car + @selected", k="9", **options)
    answer = answer_of("search", ctx)
    neighbors = fiftyone_faiss.search(book, "2: a car + @selected", k=9, **options)
    expected = neighbors.to_dict()
    # The time also contains that of the view.
    for answers in (answer, expected):
        answers.pop("milliseconds")
    assert {name: answer[name] for name in expected} == expected
    assert set(answer) - set(expected) == {
        "base", "sidebar", "shown", "filters", "moves", "index_version",
    }  # fmt: skip
    assert (answer["cutoff"], answer["has_more"]) == (neighbors.cutoff, True)
    assert answer["query"] == '2 x "a car" + 2 samples'
    assert ctx.ops.made[0][1].values("id") == neighbors.ids


def test_the_images_of_the_answer_are_those_of_the_grid(dataset, line) -> None:
    dataset.add_sample_field("thumbnail_path", fo.StringField)
    dataset.set_values("thumbnail_path", [f"/small/{i}.png" for i in range(12)])
    dataset.app_config.grid_media_field = "thumbnail_path"
    dataset.save()
    answer = answer_of("search", Context(dataset, query=line, k="11"))
    numbers = dict(zip(*dataset.values(["id", "number"]), strict=True))
    assert {numbers[row["id"]] for row in answer["results"]} == set(range(1, 12))
    for row in answer["results"]:
        assert row["filepath"] == f"/small/{numbers[row['id']]}.png"
    (pinned,) = answer["pinned"]
    assert pinned["filepath"] == "/small/0.png"


def test_a_further_page_joins_what_the_grid_shows(book) -> None:
    first = answer_of("search", Context(book, query="a car", k="5"))
    before = [row["id"] for row in first["results"]]
    shown = {"base": first["base"], "shown": first["shown"]}
    ctx = Context(book, query="a car", k="5", skip=5, before=before, **shown)
    second = answer_of("search", ctx)
    whole = fiftyone_faiss.search(book, "a car", k=10)
    assert before + [row["id"] for row in second["results"]] == whole.ids
    assert ctx.ops.made[0][1].values("id") == whole.ids
    # Clearing gives back what the grid showed before either.
    clear = Context(book, base=second["base"], shown=second["shown"])
    clear.view = ctx.ops.made[0][1]
    assert answer_of("clear", clear) == {"filters": {}, "moves": True}
    assert clear.ops.made == [("clear_view", {})]


def test_the_last_page_has_no_more(dataset, line) -> None:
    assert answer_of("search", Context(dataset, query=line, k="5", skip=5))["has_more"] is True
    last = answer_of("search", Context(dataset, query=line, k="5", skip=10))
    # The sample of the query is none of the results.
    assert (len(last["results"]), last["has_more"], last["notes"]) == (1, False, [])
    assert [row["id"] for row in last["pinned"]] == [dataset.first().id]


def test_a_saved_view_is_searched_and_one_that_is_gone_named(book) -> None:
    view = book.match(fo.ViewField("scene.label") == "beach")
    book.save_view("beach", view)
    params = {"query": "a car", "k": "3", "scope": "beach"}
    answer = answer_of("search", Context(book, **params))
    book.delete_saved_view("beach")
    inside = fiftyone_faiss.search(view, "a car", k=3)
    assert [row["id"] for row in answer["results"]] == inside.ids
    refused = call("search", Context(book, **params))["error"]
    assert refused == "There is no saved view 'beach' any more; choose what to search in."


@pytest.mark.parametrize("name", ["dataset", "view", "saved:beach"])
def test_a_saved_view_may_have_the_name_of_another_place(book, name: str) -> None:
    view = book.match(fo.ViewField("scene.label") == "beach")
    book.save_view(name, view)
    params = {"query": "a car", "k": "3", "scope": f"saved:{name}"}
    ctx = Context(book, **params)
    ctx.view = book[:20]
    answer = answer_of("search", ctx)
    book.delete_saved_view(name)
    inside = fiftyone_faiss.search(view, "a car", k=3)
    assert [row["id"] for row in answer["results"]] == inside.ids
    refused = call("search", Context(book, **params))["error"]
    assert refused == f"There is no saved view '{name}' any more; choose what to search in."


def test_an_older_search_that_comes_late_is_dropped(book) -> None:
    slow, fast, another = (
        Context(book, query="a dog", k="3", page=page, search_id=number)
        for page, number in (("one", 1), ("one", 2), ("another", 1))
    )
    made: dict[str, Any] = {}
    # While the slow one looks for where to search, the panel begins another search.
    slow.params["scope"] = "view"

    class Late(Context):
        @property
        def view(self) -> fo.DatasetView:
            if "fast" not in made:
                made["fast"] = answer_of("search", fast)
                made["another"] = answer_of("search", another)
            return book.view()

        @view.setter
        def view(self, view: fo.DatasetView) -> None:
            pass

    late = Late(book, **slow.params)
    assert call("search", late) == {"superseded": True}
    assert (late.ops.made, len(fast.ops.made), len(another.ops.made)) == ([], 1, 1)
    assert len(made["fast"]["results"]) == len(made["another"]["results"]) == 3


class Patient(MeanColor):
    """A model that embeds a black picture when it is told to."""

    name = fingerprint = "patient"
    asked = threading.Event()
    told = threading.Event()

    def embed_images(self, images: Sequence[Image.Image]) -> np.ndarray:
        if images[0].getpixel((0, 0)) == (0, 0, 0):
            self.asked.set()
            assert self.told.wait(60)
        return super().embed_images(images)


@pytest.mark.parametrize("by", ["search", "clear"])
def test_a_search_that_is_overtaken_does_not_reach_the_grid(dataset, by: str) -> None:
    Patient.asked.clear()
    Patient.told.clear()
    fiftyone_faiss.register_embedder("patient", Patient)
    fiftyone_faiss.build_index(dataset, "colors", model="patient")
    slow, fast = (
        Context(dataset, query="@upload", uploads={"upload": upload(color)}, search_id=number)
        for number, color in ((1, (0, 0, 0)), (2, (200, 55, 40)))
    )
    slow.panel_id = fast.panel_id = f"overtaken by {by}"
    answers: list[dict[str, Any]] = []
    thread = threading.Thread(target=lambda: answers.append(call("search", slow)))
    thread.start()
    assert Patient.asked.wait(60)
    answer = answer_of(by, fast)
    Patient.told.set()
    thread.join(60)
    assert answers == [{"superseded": True}]
    assert (len(fast.ops.made), slow.ops.made) == (1, [])
    assert by == "clear" or answer["results"][0]["id"] == dataset.skip(10).first().id


def test_a_clearing_that_comes_late_leaves_the_grid_to_the_search_after_it(book) -> None:
    # Pages number their searches by the time in ms.
    made = [Context(book, query="a dog", k="3", page="late", search_id=1_795_867_221_301 - n)
            for n in (0, 1)]  # fmt: skip
    answer_of("search", made[0])
    assert answer_of("clear", made[1]) == {"superseded": True}
    assert made[1].ops.made == []


def test_the_same_query_is_compared_in_another_index(book) -> None:
    other = fo.Dataset("compared", persistent=True)
    other.add_samples([fo.Sample(row) for row in book.values("filepath")[:30]])
    fiftyone_faiss.build_index(other, "colors", model="colorhist")
    sample = book.last()
    params = {"query": "@selected", "selected": [sample.id], "k": "4", "brain_key": "clip"}
    there = {"dataset": "compared", "other_key": "colors"}
    # Its results are liked or not for the first index, whose ids the second need not hold.
    ctx = Context(book, **params, **there, liked=book.values("id")[:1])
    answer = answer_of("compare", ctx)
    expected = fiftyone_faiss.search(other, Path(sample.filepath), k=4).ids
    assert [row["id"] for row in answer["results"]] == expected
    assert (answer["dataset"], answer["brain_key"]) == ("compared", "colors")
    assert ctx.ops.made == []
    few = Context(book, **params, other_key="clip", scope="view")
    few.view = book[:5]
    inside = answer_of("compare", few)["results"]
    assert {row["id"] for row in inside} <= set(book[:5].values("id"))
    here = answer_of("compare", Context(book, **params, other_key="clip"))
    assert (here["dataset"], [row["id"] for row in here["pinned"]]) == ("book", [sample.id])
    expected = fiftyone_faiss.search(book, sample.id, k=4).ids
    assert [row["id"] for row in here["results"]] == expected
    assert answer["pinned"] == []
    other.delete()
    refused = call("compare", Context(book, **params, **there))["error"]
    assert "compared" in refused and one_sentence(refused), refused
