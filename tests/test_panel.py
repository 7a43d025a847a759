"""The panel's Python half, given a context with real attributes."""

from __future__ import annotations

import base64
import io
import json
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from bson import json_util
from PIL import Image
from support.clusters import Large, create
from support.colors import MeanColor
from support.indexes import index_of
from support.points import one_sentence, points_of

import fiftyone_faiss
from fiftyone_faiss.demo import MODEL_NAME
from fiftyone_faiss.panels.search import SearchPanel


class Calls:
    """Records what is asked of the App."""

    def __init__(self) -> None:
        self.made: list[tuple[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: self.made.append((name, args[0] if args else kwargs))


class Context(SimpleNamespace):
    """What a panel's methods read of FiftyOne's context."""

    def __init__(self, dataset: fo.Dataset, /, **params: Any) -> None:
        super().__init__(
            dataset=dataset,
            view=dataset.view(),
            params=params,
            ops=Calls(),
            panel=Calls(),
            panel_id="panel",
        )


def call(method: str, ctx: Context) -> dict[str, Any]:
    return getattr(SearchPanel(), method)(ctx)


def test_refresh_tells_the_page_of_the_indexes(book) -> None:
    ctx = Context(book)
    call("refresh", ctx)
    ((name, data),) = ctx.panel.made
    assert name == "set_data"
    assert (data["dataset"], data["size"]) == ("book", 160)
    (index,) = data["indexes"]
    assert (index["brain_key"], index["model"], index["size"]) == ("clip", MODEL_NAME, 160)


def test_words_are_answered_and_shown_in_the_grid(book) -> None:
    ctx = Context(book, query_type="text", query="a red car", k="6", brain_key="clip")
    answer = call("search", ctx)
    expected = fiftyone_faiss.search(book, "a red car", k=6)
    assert [one["id"] for one in answer["results"]] == expected.ids
    np.testing.assert_allclose(
        [one["score"] for one in answer["results"]], expected.scores, atol=1e-4
    )
    assert [one["filepath"] for one in answer["results"]] == expected.view().values("filepath")
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
    assert {one["id"] for one in answer["results"]} <= inside

    # The grid shows the answer now; a second search still means the view that a person chose.
    again = Context(
        book, query_type="text", query="a dog", k="3", scope="view",
        base=answer["base"], shown=answer["shown"],
    )  # fmt: skip
    again.view = shown
    second = call("search", again)
    assert [one["id"] for one in second["results"]] == fiftyone_faiss.search(view, "a dog", k=3).ids

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
    assert call("clear", ctx) == {}
    assert ctx.ops.made == [("clear_view", {})]


def test_tagging_and_taking_it_back(dataset, rng) -> None:
    index_of(dataset, rng.normal(size=(12, 4)))
    ids = dataset.values("id")[:3]
    assert call("tag", Context(dataset, ids=ids, tag="mine")) == {"tagged": 3, "ids": ids}
    assert dataset.match_tags("mine").values("id") == ids
    assert call("untag", Context(dataset, tag="mine")) == {"untagged": 3}
    assert dataset.count_sample_tags() == {}


def test_warming_loads_the_model(book) -> None:
    assert call("warm", Context(book, brain_key="clip"))["model"] == MODEL_NAME


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"query_type": "text", "query": ""}, "The query is empty; type what to look for"),
        ({"query_type": "text", "query": "x", "k": "0"}, "k is 0; ask for at least 1"),
        ({"query_type": "text", "query": "x", "k": ""}, "k is ''; give a whole number"),
        ({"query_type": "text", "query": "x", "brain_key": "no"}, "no FAISS index 'no'"),
        ({"query_type": "samples", "sample_ids": []}, "No samples are selected"),
        ({"query_type": "image", "image": {"content": "AAAA", "name": "a.txt"}}, "a.txt"),
    ],
)
def test_what_went_wrong_is_a_sentence(book, params, sentence) -> None:
    ctx = Context(book, **params)
    answer = call("search", ctx)
    assert sentence in answer["error"]
    assert ctx.ops.made == []


# -- while it is typed ---------------------------------------------------------------------------


def answer_of(method: str, ctx: Context) -> dict[str, Any]:
    """What the page gets, which is JSON and no error."""
    answer = json.loads(json.dumps(call(method, ctx)))
    assert not answer.get("error"), answer
    return answer


def test_a_line_is_explained_while_it_is_typed(book) -> None:
    good = answer_of("explain", Context(book, query="2: a car - @selected"))
    assert [(one["sign"], one["weight"], one["kind"]) for one in good["terms"]] == [
        ("+", 2.0, "text"),
        ("-", 1.0, "selected"),
    ]
    bad = call("explain", Context(book, query='a car - "b'))
    assert bad == {"terms": [], "error": "A quote is not closed; add a second one.", "at": [8, 10]}
    assert answer_of("explain", Context(book))["terms"] == []


# -- searching -----------------------------------------------------------------------------------


def test_an_answer_has_what_the_page_draws(book) -> None:
    ids = book.values("id")
    line = {"query": "2: a car + @selected", "selected": ids[:2], "liked": ids[5:6]}
    ctx = Context(book, **line, k="9", collapse=True, templates="single")
    answer = answer_of("search", ctx)
    query = line.pop("query")
    found = fiftyone_faiss.search(book, query, k=9, **line, fold=True, templates="one")
    rows = found.rows()
    # Exactly, for what the page has is what is exported.
    for name in ("id", "sample_id", "filepath", "score", "distance", "percentile", "band"):
        assert [one[name] for one in answer["results"]] == [row[name] for row in rows]
    assert [one["near_duplicates"] for one in answer["results"]] == [row["copies"] for row in rows]
    assert not any("bounding_box" in one for one in answer["results"])
    assert (answer["cutoff"], answer["has_more"]) == (found.cut, True)
    assert (answer["verdict"], answer["explanation"]) == (found.verdict, list(found.explanation))
    assert answer["query"] == '2 x "a car" + 2 samples'
    assert ctx.ops.made[0][1].values("id") == found.ids


def test_a_further_page_joins_what_the_grid_shows(book) -> None:
    first = answer_of("search", Context(book, query="a car", k="5"))
    before = [one["id"] for one in first["results"]]
    shown = {"base": first["base"], "shown": first["shown"]}
    ctx = Context(book, query="a car", k="5", skip=5, before=before, **shown)
    second = answer_of("search", ctx)
    whole = fiftyone_faiss.search(book, "a car", k=10)
    assert before + [one["id"] for one in second["results"]] == whole.ids
    assert ctx.ops.made[0][1].values("id") == whole.ids
    # Clearing gives back what the grid showed before either.
    clear = Context(book, base=second["base"], shown=second["shown"])
    clear.view = ctx.ops.made[0][1]
    assert answer_of("clear", clear) == {}
    assert clear.ops.made == [("clear_view", {})]


def test_the_last_page_has_no_more(dataset, line) -> None:
    assert answer_of("search", Context(dataset, query=line, k="5", skip=5))["has_more"] is True
    last = answer_of("search", Context(dataset, query=line, k="5", skip=10))
    assert (len(last["results"]), last["has_more"], last["notes"]) == (2, False, [])


def test_a_saved_view_is_searched_and_one_that_is_gone_named(book) -> None:
    view = book.match(fo.ViewField("scene.label") == "beach")
    book.save_view("beach", view)
    params = {"query": "a car", "k": "3", "scope": "beach"}
    answer = answer_of("search", Context(book, **params))
    book.delete_saved_view("beach")
    inside = fiftyone_faiss.search(view, "a car", k=3)
    assert [one["id"] for one in answer["results"]] == inside.ids
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
    assert [one["id"] for one in answer["results"]] == inside.ids
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
    fiftyone_faiss.build_index(dataset, "colours", model="patient")
    slow, fast = (
        Context(dataset, query="@upload", uploads={"upload": upload(colour)}, search_id=number)
        for number, colour in ((1, (0, 0, 0)), (2, (200, 55, 40)))
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
    made = [Context(book, query="a dog", k="3", page="late", search_id=n) for n in (2, 1)]
    answer_of("search", made[0])
    assert answer_of("clear", made[1]) == {"superseded": True}
    assert made[1].ops.made == []


def upload(colour: tuple[int, int, int]) -> dict[str, str]:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(stream, "PNG")
    return {"name": "colour.png", "content": base64.b64encode(stream.getvalue()).decode()}


def test_the_same_query_is_compared_in_another_index(book) -> None:
    other = fo.Dataset("compared", persistent=True)
    other.add_samples([fo.Sample(one) for one in book.values("filepath")[:30]])
    fiftyone_faiss.build_index(other, "colours", model="colorhist")
    sample = book.last()
    params = {"query": "@selected", "selected": [sample.id], "k": "4", "brain_key": "clip"}
    there = {"dataset": "compared", "other_key": "colours"}
    # Its results are liked or not for the first index, whose ids the second need not hold.
    ctx = Context(book, **params, **there, liked=book.values("id")[:1])
    answer = answer_of("compare", ctx)
    expected = fiftyone_faiss.search(other, Path(sample.filepath), k=4).ids
    assert [one["id"] for one in answer["results"]] == expected
    assert (answer["dataset"], answer["brain_key"]) == ("compared", "colours")
    assert ctx.ops.made == []
    few = Context(book, **params, other_key="clip", scope="view")
    few.view = book[:5]
    inside = answer_of("compare", few)["results"]
    assert {one["id"] for one in inside} <= set(book[:5].values("id"))
    here = answer_of("compare", Context(book, **params, other_key="clip"))
    assert (here["dataset"], here["results"][0]["id"]) == ("book", sample.id)
    other.delete()
    refused = call("compare", Context(book, **params, **there))["error"]
    assert "compared" in refused and one_sentence(refused), refused


def test_a_result_is_opened_or_its_dataset(book) -> None:
    ctx = Context(book, id=book.first().id, dataset="book")
    assert answer_of("open_sample", ctx) == {}
    assert ctx.ops.made == [("open_sample", {"id": book.first().id})]
    ctx = Context(book, id="0" * 24, dataset="compared")
    assert answer_of("open_sample", ctx) == {}
    assert ctx.ops.made == [("open_dataset", "compared")]


# -- acting on results ---------------------------------------------------------------------------


@pytest.fixture(params=["samples", "detections"])
def acting(request: pytest.FixtureRequest, dataset, rng) -> dict[str, Any]:
    """Of a dataset's samples or labels, the ids of five and the field."""
    points = points_of(dataset, request.param, rng)
    points.index()
    return {"ids": points.ids[:5], "patches_field": points.patches_field}


def test_scores_of_all_that_the_index_holds_become_a_field(book) -> None:
    dataset = book.clone()
    params = {"query": "a red car", "k": "5", "brain_key": "clip", "field": "red_car"}
    answer = answer_of("save_scores", Context(dataset, **params, everywhere=True))
    assert answer == {"field": "red_car", "count": 160}
    every = fiftyone_faiss.search(dataset, "a red car", k=160)
    stored = dict(zip(*dataset.values(["id", "red_car"]), strict=True))
    np.testing.assert_allclose([stored[one] for one in every.ids], every.scores, atol=1e-9)
    dataset.delete()


def test_a_tag_is_previewed_given_and_taken_back(dataset, acting) -> None:
    once = Context(dataset, **{**acting, "ids": acting["ids"][:2]}, tag="mine")
    assert answer_of("tag", once) == {"tagged": 2, "ids": acting["ids"][:2]}
    for tag, new in (("mine", 3), ("yours", 5)):
        preview = answer_of("preview_tag", Context(dataset, **acting, tag=tag))
        assert preview == {"new": new, "count": 5}
    again = answer_of("tag", Context(dataset, **acting, tag="mine"))
    assert again == {"tagged": 3, "ids": acting["ids"][2:]}
    preview = answer_of("preview_tag", Context(dataset, **acting, tag="mine"))
    assert preview == {"new": 0, "count": 5}
    # Undo takes back the last tagging alone, then the one before.
    assert answer_of("untag", Context(dataset, tag="mine", ids=again["ids"])) == {"untagged": 3}
    preview = answer_of("preview_tag", Context(dataset, **acting, tag="mine"))
    assert preview == {"new": 3, "count": 5}
    assert answer_of("untag", Context(dataset, tag="mine")) == {"untagged": 2}
    assert dataset.count_sample_tags() == {}
    assert acting["patches_field"] is None or dataset.count_label_tags() == {}
    for method in ("preview_tag", "tag"):
        refused = call(method, Context(dataset, **acting, tag=" "))["error"]
        assert refused == "The tag is empty; give a word, such as 'neighbors'."


def test_results_are_saved_as_a_view(dataset, acting) -> None:
    ctx = Context(dataset, **acting, name=" best ")
    assert answer_of("save_view", ctx) == {"name": "best", "saved_views": ["best"]}
    assert dataset.load_saved_view("best").values("id") == acting["ids"]
    assert ctx.ops.made == [("reload_dataset", {})]
    again = Context(dataset, **{**acting, "ids": acting["ids"][:1]}, name="best")
    refused = call("save_view", again)["error"]
    assert refused == "There is a saved view 'best' already; choose another name."
    assert call("save_view", Context(dataset, **acting))["error"].startswith("The name is empty")
    assert dataset.load_saved_view("best").values("id") == acting["ids"]


def test_scores_are_saved_in_a_field(dataset, acting) -> None:
    scores = [0.5, 0.4, 0.3, 0.2, 0.1]
    ctx = Context(dataset, **acting, scores=scores, field=" near ")
    assert answer_of("save_scores", ctx) == {"field": "near", "count": 5}
    path = "" if acting["patches_field"] is None else "things.detections."
    stored = zip(*dataset.values([f"{path}id", f"{path}near"], unwind=True), strict=True)
    expected = dict(zip(acting["ids"], scores, strict=True))
    assert {one: score for one, score in stored if score is not None} == expected
    refused = call("save_scores", Context(dataset, **acting, scores=scores, field="a b"))["error"]
    assert refused == "'a b' is no name for a field; give one such as 'dog_score'."


@pytest.mark.parametrize("patches_field", [None, "objects"])
def test_the_pages_results_are_exported_as_they_are(book, patches_field) -> None:
    dataset = book[:20].clone()
    fiftyone_faiss.build_index(
        dataset, "own", model=MODEL_NAME, patches_field=patches_field, progress=False
    )
    params = {"query": "a red car", "k": "4", "brain_key": "own"}
    first = answer_of("search", Context(dataset, **params))
    before = [one["id"] for one in first["results"]]
    second = answer_of("search", Context(dataset, **params, skip=4, before=before))
    page = {
        "results": [*first["results"], *second["results"]],
        **{name: first[name] for name in ("query", "brain_key", "metric", "patches_field")},
    }
    found = fiftyone_faiss.search(dataset, "a red car", k=8, brain_key="own")
    ctx = Context(dataset, **page, format="csv")
    table = answer_of("export", ctx)
    assert table["name"] == f"{dataset.name}-search.csv"
    assert table["content"] == found.to_text("csv")
    # What the grid shows stays.
    assert ctx.ops.made == []
    text = answer_of("export", Context(dataset, **page, format="json"))
    assert text["name"] == f"{dataset.name}-search.json"
    about = {"query": '"a red car"', "brain_key": "own", "metric": "cosine", "count": 8}
    assert json.loads(text["content"]) == {**about, "results": found.rows()}
    stages = answer_of("export", Context(dataset, **page, format="stages"))
    assert stages["name"] == f"{dataset.name}-search.stages.json"
    read = json_util.loads(stages["content"])
    assert fo.DatasetView._build(dataset, read["stages"]).values("id") == found.ids
    refused = call("export", Context(dataset, **page, format="xls"))
    assert refused == {"error": "'xls' is no format; choose csv, json or stages."}
    dataset.delete()


@pytest.mark.parametrize("scope", ["dataset", "view"])
def test_the_code_of_a_search_finds_the_same(book, scope) -> None:
    contexts = [Context(book, query="a car - a dog", k="4", scope=scope) for _ in range(2)]
    for ctx in contexts:
        ctx.view = book.match(fo.ViewField("scene.label") == "beach")
    names: dict[str, Any] = {}
    exec(answer_of("code", contexts[0])["code"], names)
    answer = answer_of("search", contexts[1])
    assert names["neighbors"].ids == [one["id"] for one in answer["results"]]
    assert call("code", Context(book, query="a car", k="x"))["error"].startswith("k is 'x'")


# -- the history ---------------------------------------------------------------------------------


@pytest.fixture
def line(dataset, rng) -> str:
    """A query of a dataset with an index."""
    index_of(dataset, rng.normal(size=(12, 4)))
    return f"@{dataset.first().id}"


def listed(dataset: fo.Dataset) -> list[dict[str, Any]]:
    return answer_of("history", Context(dataset))["searches"]


def test_searches_are_remembered_and_pages_uploads_and_failures_are_not(dataset, line) -> None:
    fiftyone_faiss.build_index(dataset, "colours", model="colorhist")
    params = {"query": line, "k": "3", "scope": "dataset", "brain_key": "given"}
    empty = {"liked": [], "thresh": None, "reverse": False}
    for skip in (0, 3):
        answer_of("search", Context(dataset, **params, **empty, skip=skip))
    answer_of("search", Context(dataset, query=line, k="4", brain_key="colours"))
    by_upload = {"query": "@upload", "uploads": {"upload": upload((1, 2, 3))}}
    answer_of("search", Context(dataset, **by_upload, brain_key="colours"))
    assert call("search", Context(dataset, query="a car - ", k="4"))["error"]
    newest, oldest = listed(dataset)
    assert newest["params"] == {"query": line, "k": 4, "brain_key": "colours"}
    # What is the default is left out: a search from Python and from the page is the same.
    assert oldest["params"] == {"query": line, "k": 3, "brain_key": "given"}
    assert (oldest["uses"], oldest["name"], oldest["pinned"]) == (1, None, False)
    # Searched again as it was kept, it is the same search.
    assert len(answer_of("search", Context(dataset, **oldest["params"]))["results"]) == 3
    assert [one["uses"] for one in listed(dataset)] == [2, 1]


def test_a_search_by_very_many_samples_is_answered_though_it_cannot_be_kept(dataset, line) -> None:
    selected = dataset.values("id") * 400
    answer = answer_of("search", Context(dataset, query="@selected", selected=selected, k="3"))
    assert len(answer["results"]) == 3
    (note,) = answer["notes"]
    assert note.endswith("can be kept; search by fewer samples.")
    assert listed(dataset) == []


def test_searches_are_saved_renamed_pinned_and_deleted(dataset, line) -> None:
    params = {"query": line, "k": "3"}
    saved = answer_of("save_search", Context(dataset, params=params, name="first"))
    assert (saved["name"], saved["params"]) == ("first", {"query": line, "k": 3})
    answer_of("search", Context(dataset, query=line, k="5"))
    assert [one["name"] for one in listed(dataset)] == [None, "first"]
    pinned = answer_of("pin_search", Context(dataset, id=saved["id"], pinned=True))
    assert pinned["pinned"] is True
    assert [one["name"] for one in listed(dataset)] == ["first", None]
    renamed = answer_of("rename_search", Context(dataset, id=saved["id"], name="best"))
    assert (renamed["name"], renamed["id"]) == ("best", saved["id"])
    other = listed(dataset)[1]["id"]
    taken = {"error": "Another search is named 'best' already; choose another name."}
    assert call("rename_search", Context(dataset, id=other, name="best")) == taken
    unpinned = answer_of("pin_search", Context(dataset, id=saved["id"], pinned=False))
    assert (unpinned["pinned"], unpinned["name"]) == (False, "best")
    unnamed = answer_of("rename_search", Context(dataset, id=saved["id"], name=" "))
    assert (unnamed["name"], unnamed["id"]) == (None, saved["id"])
    assert answer_of("delete_search", Context(dataset, id=saved["id"])) == {}
    assert [one["id"] for one in listed(dataset)] == [other]
    gone = call("delete_search", Context(dataset, id=saved["id"]))["error"]
    assert f"keeps no search '{saved['id']}'" in gone and one_sentence(gone)


def test_saving_a_search_under_a_bad_name_leaves_the_history_as_it_was(dataset, line) -> None:
    answer_of("save_search", Context(dataset, params={"query": line, "k": "3"}, name="first"))
    before = listed(dataset)
    for name in ("", "first"):
        new = Context(dataset, params={"query": line, "k": "9"}, name=name)
        assert call("save_search", new)["error"]
    assert listed(dataset) == before


def test_saving_a_search_is_no_further_use_of_it(dataset, line) -> None:
    params = {"query": line, "k": "3"}
    answer_of("search", Context(dataset, **params))
    saved = answer_of("save_search", Context(dataset, params=params, name="first"))
    assert listed(dataset) == [saved]
    assert saved["uses"] == 1


# -- indexes -------------------------------------------------------------------------------------


def ended(dataset: fo.Dataset, job: dict[str, Any]) -> dict[str, Any]:
    """A job once it has ended."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        jobs = answer_of("jobs", Context(dataset))["jobs"]
        now = next(one for one in jobs if one["id"] == job["id"])
        if now["state"] != "running":
            return now
        time.sleep(0.02)
    raise AssertionError(f"{job} did not end")


def test_the_page_is_told_why_indexes_cannot_be_listed(dataset, line) -> None:
    good = Context(dataset)
    assert answer_of("refresh", good) == {}
    assert good.panel.made[0][1]["error"] is None
    bad = Context(dataset)
    dataset.delete()
    error = call("refresh", bad)["error"]
    assert error == f"Dataset '{dataset.name}' is deleted"
    assert bad.panel.made == [("set_data", {"error": error})]


def test_the_health_of_an_index_is_told(dataset) -> None:
    fiftyone_faiss.build_index(dataset, "colours", model="colorhist")
    health = answer_of("health", Context(dataset, brain_key="colours"))
    assert (health["brain_key"], health["model"], health["size"]) == ("colours", "colorhist", 12)
    assert (health["missing"], health["orphaned"], health["is_current"]) == (0, 0, True)
    assert health["disk_bytes"] > 12 * 192 * 4
    path = Path(dataset.first().filepath)
    dataset.delete_samples(dataset.values("id")[5:7])
    Image.new("RGB", (40, 40), (9, 9, 9)).save(path)
    dataset.add_sample(fo.Sample(str(path.with_name("new.png"))))
    health = answer_of("health", Context(dataset, brain_key="colours"))
    assert (health["missing"], health["orphaned"], health["changed"]) == (1, 2, 1)
    # One is new, though the dataset has fewer samples than the index vectors.
    assert answer_of("missing", Context(dataset, brain_key="colours")) == {"missing": 1}
    assert health["is_current"] is False
    assert "no FAISS index 'none'" in call("health", Context(dataset, brain_key="none"))["error"]


def test_an_index_is_updated_and_all_of_it_rebuilt(dataset) -> None:
    fiftyone_faiss.build_index(dataset[:9], "colours", model="colorhist")
    job = answer_of("update", Context(dataset, brain_key="colours"))
    assert job["name"] == "colours"
    assert ended(dataset, job)["state"] == "done"
    index = dataset.load_brain_results("colours")
    assert index.total_index_size == 12
    # Vectors that are not those of the files are made anew.
    vectors, ids, _ = index.get_embeddings()
    index.remove_from_index(sample_ids=ids[:2].tolist())
    index.add_to_index(np.ones_like(vectors[:2]), ids[:2])
    again = ended(dataset, answer_of("rebuild", Context(dataset, brain_key="colours")))
    assert again["state"] == "done", again
    after, same, _ = dataset.load_brain_results("colours").get_embeddings()
    order = [same.tolist().index(one) for one in ids]
    np.testing.assert_allclose(after[order], vectors, atol=1e-6)


def test_exact_search_is_not_tuned(dataset, line) -> None:
    job = ended(dataset, answer_of("tune", Context(dataset, brain_key="given")))
    assert (job["state"], job["message"]) == (
        "failed",
        "The index 'given' is searched exactly, because it has only 12 vectors; there is no FAISS "
        "index to tune.",
    )


def test_an_index_is_tuned_anew() -> None:
    large = Large.make(600, 1)
    index = create(large.points("samples", 600), "graph", index_type="hnsw")
    before = answer_of("health", Context(large.dataset, brain_key="graph"))
    job = ended(large.dataset, answer_of("tune", Context(large.dataset, brain_key="graph")))
    assert job["state"] == "done", job
    after = answer_of("health", Context(large.dataset, brain_key="graph"))
    assert after["factory"] == before["factory"] == "HNSW32,SQfp16"
    assert after["recall"] > 0.9 and after["latency_ms"] > 0
    assert index.total_index_size == 600


def test_the_page_hears_of_indexes_when_work_has_ended(dataset) -> None:
    fiftyone_faiss.build_index(dataset[:9], "colours", model="colorhist")
    ended(dataset, answer_of("update", Context(dataset, brain_key="colours")))
    watching, idle = Context(dataset, watched=True), Context(dataset)
    (job,) = answer_of("jobs", watching)["jobs"]
    assert (job["name"], job["state"], job["fraction"]) == ("colours", "done", 1.0)
    ((name, data),) = watching.panel.made
    assert name == "set_data"
    assert data["indexes"][0]["size"] == 12
    assert answer_of("jobs", idle)["jobs"] == [job]
    assert idle.panel.made == []


def test_the_page_hears_of_saved_views_and_of_indexes_elsewhere(dataset, line) -> None:
    other = fo.Dataset("elsewhere", persistent=True)
    other.add_samples([fo.Sample(one) for one in dataset.values("filepath")])
    fiftyone_faiss.build_index(other, "colours", model="colorhist")
    dataset.save_view("some", dataset[:3])
    ctx = Context(dataset)
    answer_of("refresh", ctx)
    other.delete()
    ((_, data),) = ctx.panel.made
    assert data["saved_views"] == ["some"]
    index = {"brain_key": "colours", "model": "colorhist", "supports_text": False}
    assert {"dataset": "elsewhere", **index} in data["others"]
    assert all(one["dataset"] != dataset.name for one in data["others"])
    again = Context(dataset)
    answer_of("refresh", again)
    assert all(one["dataset"] != "elsewhere" for one in again.panel.made[0][1]["others"])
