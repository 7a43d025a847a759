"""The code in docs/search.md runs and does what the page says."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest

import fiftyone_faiss
from fiftyone_faiss.brain.queries.query_line import parse_line

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "search.md").read_text()


@pytest.fixture(scope="module")
def names(book: fo.Dataset, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the page's code leaves behind, run from the top in an empty folder."""
    dataset = book.clone("my-dataset")
    fiftyone_faiss.build_index(dataset, "colors", model="colorhist", progress=False)
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 5
    names: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("docs"))
        for code in blocks:
            # The one change: the dataset has a second index here.
            exec(code.replace("selected=chosen)", 'selected=chosen, brain_key="clip")')
                 .replace('"a dog", ', '"a dog", brain_key="clip", '), names)  # fmt: skip
        names["csv"] = Path("dogs.csv").read_text()
    yield names
    dataset.delete()


def kinds(names: dict[str, Any], ids: list[str]) -> list[set[str]]:
    """The kinds of things in pictures."""
    found = names["dataset"].select(ids, ordered=True).values("objects.detections.label")
    return [set(labels) for labels in found]


def test_what_is_to_be_avoided_is(names: dict[str, Any]) -> None:
    best = kinds(names, names["dogs"].ids[:5])
    assert all("dog" in found for found in best)
    assert not any("ball" in found for found in best)


def test_the_selection_and_words(names: dict[str, Any]) -> None:
    assert names["alike"].query == '1 sample + "in the snow"'
    assert "each counted in deviations" in names["alike"].explanation[0]


def test_names_in_the_line_from_python(names: dict[str, Any]) -> None:
    mixed, dataset = names["mixed"], names["dataset"]
    name = Path(dataset.first().filepath).name
    assert mixed.query == f"1 sample - 1 sample + 2 x {name}"
    assert mixed.ids[0] == dataset.first().id
    assert dataset.last().id not in mixed.ids


def test_feedback_becomes_a_field(names: dict[str, Any]) -> None:
    again, dataset = names["again"], names["dataset"]
    scores = dataset.select(again.ids, ordered=True).values("dog_score")
    np.testing.assert_allclose(scores, again.scores, atol=1e-12)
    assert dataset.exists("dog_score").count() == len(dataset) == 160
    others = dataset.exclude(again.ids).values("dog_score")
    assert max(others) <= min(scores)


def test_pages_and_views(names: dict[str, Any]) -> None:
    first = fiftyone_faiss.search(names["beach"], "a dog", brain_key="clip", k=10)
    assert names["second_page"].ids == first.ids[5:]
    assert len(names["varied"]) == 5


def test_two_indexes_side_by_side(names: dict[str, Any]) -> None:
    for found, key in zip(names["both"], ("clip", "colors"), strict=True):
        alone = fiftyone_faiss.search(names["dataset"], names["chosen"], brain_key=key)
        assert (found.brain_key, found.ids) == (key, alone.ids)


def test_the_results_were_saved_and_the_tags_taken_back(names: dict[str, Any]) -> None:
    dogs = names["dogs"]
    assert names["dataset"].load_saved_view("dogs").values("id") == dogs.ids
    rows = list(csv.DictReader(names["csv"].splitlines()))
    assert [row["id"] for row in rows] == dogs.ids
    assert [float(row["distance"]) for row in rows] == dogs.distances.tolist()
    assert names["dataset"].match_tags("dogs").count() == 0


def test_every_line_of_the_table_is_one() -> None:
    lines = re.findall(r"^\| `([^`]+)` \| (?:what|dogs|both|the words)", PAGE, re.MULTILINE)
    kinds = {term.kind for line in lines for term in parse_line(line)}
    assert len(lines) == 9
    assert kinds == {"text", "selected", "path", "url", "id"}
