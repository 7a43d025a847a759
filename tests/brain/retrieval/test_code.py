"""A search as Python code."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest

from fiftyone_faiss import brain


def run(code: str) -> dict[str, Any]:
    """What the names of some code are once it ran."""
    names: dict[str, Any] = {}
    exec(compile(code, "search.py", "exec"), names)
    return names


def check(samples: fo.Dataset | fo.DatasetView, params: dict[str, Any]) -> str:
    """Fails unless the code of a search finds what the search finds; returns it."""
    code = brain.as_code(samples, brain.SearchRequest.from_params(params))
    expected = brain.run_search(samples, brain.SearchRequest.from_params(params))
    names = run(code)
    assert names["neighbors"].ids == expected.ids
    np.testing.assert_allclose(names["neighbors"].scores, expected.scores, atol=1e-9)
    assert names["view"].values("id") == expected.ids
    assert expected.ids
    return code


def test_code_of_a_search_is_short(book) -> None:
    assert check(book, {"query": "  a red car "}) == (
        "import fiftyone as fo\n"
        "\n"
        "import fiftyone_faiss\n"
        "\n"
        "dataset = fo.load_dataset('book')\n"
        "neighbors = fiftyone_faiss.search(\n"
        "    dataset,\n"
        "    'a red car',\n"
        ")\n"
        "view = neighbors.view()\n"
    )


OPTIONS = [
    {"query": 'a "red" car - 2: it\'s \\ snow', "k": "7", "brain_key": "clip"},
    {"query": "a cat", "k": 5, "skip": 3, "reverse": True},
    {"query": "a cat", "k": 5, "templates": "ensemble", "hubness": True, "diversity": "0.4"},
    {"query": "a cat", "k": 5, "collapse": True},
    {"query": "a cat", "k": 5, "collapse": 0.2},
    {"query": "a cat", "k": None, "thresh": "0.7"},
    {"query": "a cat", "k": 4, "thresh": None, "selected": [], "alt": [], "liked": []},
]


@pytest.mark.parametrize("params", OPTIONS, ids=[str(id) for id in OPTIONS])
def test_code_finds_the_same_with_every_option(book, params) -> None:
    check(book, params)


def test_code_finds_the_same_with_what_was_selected_and_liked(book) -> None:
    ids = book.values("id")
    params = {
        "query": "@selected + a cat", "k": 6, "selected": ids[:2], "alt": ids[2:3],
        "liked": ids[3:5], "disliked": ids[5:6],
    }  # fmt: skip
    check(book, params)
    check(book, {"query": f"@{ids[7]} - {book.first().filepath}", "k": 6})
    label = book.first().objects.detections[0].id
    check(book, {"query": f"@{label}", "k": 6})


def test_code_finds_the_same_by_selected_samples_alone(book) -> None:
    ids = book.values("id")
    check(book, {"query_type": "samples", "sample_ids": ids[:2], "k": 6})


def test_code_finds_the_same_in_views(book) -> None:
    view = book.match(fo.ViewField("scene.label") == "beach").sort_by("filepath", reverse=True)
    assert "build_view" in check(view, {"query": "a car", "k": 5})
    assert "build_view" not in check(book.view(), {"query": "a car", "k": 5})
    book.save_view("by the sea", view)
    try:
        saved = book.load_saved_view("by the sea")
        code = check(saved, {"query": "a car", "k": 5})
        assert "load_saved_view('by the sea')" in code
        # What was made of a saved view is another one.
        part = saved.limit(4)
        assert len(run(check(part, {"query": "a car", "k": 25}))["neighbors"]) == 4
    finally:
        book.delete_saved_view("by the sea")
    ids = book.values("id")
    check(book.select(ids[3:40]), {"query": "a car", "k": 5})
    check(book.match_tags("none").concat(book[:9]), {"query": "a car", "k": 5})


def test_code_finds_the_same_with_uploads_beside_it(book, tmp_path, monkeypatch) -> None:
    paths = [Path(id) for id in book.values("filepath")[:2]]
    uploads = {}
    for name, path in zip(("upload", "upload2"), paths, strict=True):
        file = tmp_path / f"my '{name}'.jpg"
        shutil.copy(path, file)
        content = base64.b64encode(path.read_bytes()).decode()
        uploads[name] = {"name": file.name, "content": content}
    monkeypatch.chdir(tmp_path)
    code = check(book, {"query": "2: @upload + @upload2 - a car", "k": 5, "uploads": uploads})
    assert uploads["upload"]["content"] not in code


def test_code_finds_the_same_labels(patches) -> None:
    patches.index()
    dataset = patches.dataset
    params = {"query": f"@{patches.ids[0]} + @{patches.ids[3]}", "k": 6, "brain_key": "given"}
    check(dataset, params)
    check(dataset.match(fo.ViewField("number") > 3), params)
    check(dataset.to_patches("things").limit(9), params)


def test_code_of_a_bad_search_is_refused(book) -> None:
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        brain.SearchRequest.from_params({"query": "a car", "k": 0})
