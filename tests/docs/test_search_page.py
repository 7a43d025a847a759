"""The code in docs/search.md runs and does what the page says."""

from __future__ import annotations

import csv
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest

import fiftyone_faiss
from fiftyone_faiss.brain.queries.query_line import parse_line

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "search.md").read_text()


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
    """The kinds of objects in images."""
    labels = names["dataset"].select(ids, ordered=True).values("objects.detections.label")
    return [set(of_image) for of_image in labels]


def test_a_negative_term_excludes_images(names: dict[str, Any]) -> None:
    best = kinds(names, names["dogs"].ids[:5])
    assert all("dog" in labels for labels in best)
    assert not any("ball" in labels for labels in best)


def test_selected_samples_and_a_text(names: dict[str, Any]) -> None:
    assert names["similar"].query == '1 sample + "in the snow"'
    assert "deviations" in names["similar"].explanation[0]


def test_names_in_the_query_are_given_in_python(names: dict[str, Any]) -> None:
    mixed, dataset = names["mixed"], names["dataset"]
    name = Path(dataset.first().filepath).name
    assert mixed.query == f"1 sample - 1 sample + 2 x {name}"
    # The selected sample is no result, and what is like it is.
    assert mixed.pinned == {dataset.first().id: dataset.first().id}
    assert not {dataset.first().id, dataset.last().id} & {*mixed.ids}


def test_the_scores_with_feedback_become_a_field(names: dict[str, Any]) -> None:
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
    for neighbors, key in zip(names["both"], ("clip", "colors"), strict=True):
        alone = fiftyone_faiss.search(names["dataset"], names["chosen"], brain_key=key)
        assert (neighbors.brain_key, neighbors.ids) == (key, alone.ids)
        assert list(neighbors.pinned) == names["chosen"]


def test_the_results_are_saved_and_the_tags_undone(names: dict[str, Any]) -> None:
    dogs = names["dogs"]
    assert names["dataset"].load_saved_view("dogs").values("id") == dogs.ids
    rows = list(csv.DictReader(names["csv"].splitlines()))
    assert [row["id"] for row in rows] == dogs.ids
    assert [float(row["distance"]) for row in rows] == dogs.distances.tolist()
    assert names["dataset"].match_tags("dogs").count() == 0


def test_every_query_of_the_table_parses() -> None:
    section = PAGE.split("## Query syntax")[1].split("\n\n")[0]
    lines = re.findall(r"^\| `([^`]+)` \| images ", section, re.MULTILINE)
    kinds = {term.kind for line in lines for term in parse_line(line)}
    assert len(lines) == 9
    assert kinds == {"text", "selected", "path", "url", "id"}


def test_the_options_table_names_parameters_of_search() -> None:
    section = PAGE.split("## Options")[1].split("\n\n")[0]
    rows = re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert len(named) == 10
    assert named <= inspect.signature(fiftyone_faiss.search).parameters.keys()
