"""The README's code runs, and its table names what there is."""

from __future__ import annotations

import re
from pathlib import Path

import fiftyone as fo
import pytest

import fiftyone_faiss
from fiftyone_faiss.demo import MODEL_NAME
from fiftyone_faiss.operators import OPERATORS

README = (Path(__file__).resolve().parent.parent / "README.md").read_text()
OPERATOR_SECTION = README.split("## Operators")[1].split("\n## ")[0]
DOWNLOADED = "ViT-B-32/laion2b_s34b_b79k"


def test_the_examples_run(book, capsys) -> None:
    dataset = book[:60].clone("my-dataset")
    code, upkeep = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    # The one change: a model that needs no download.
    assert DOWNLOADED in code
    names: dict[str, object] = {}
    exec(code.replace(DOWNLOADED, MODEL_NAME), names)

    found = fiftyone_faiss.search(dataset, "a dog playing fetch", k=10)
    assert names["neighbors"].ids == found.ids
    assert str(found.ids) in capsys.readouterr().out
    expected = fiftyone_faiss.search(dataset, "a red car", k=10).ids
    assert names["view"].values("id") == expected
    alike = fiftyone_faiss.search(dataset, dataset.first().id).ids
    tagged = set(dataset.match_tags("look at these").values("id"))
    assert tagged == {*alike[:3], *fiftyone_faiss.search(dataset, alike[:3]).ids}

    gone = dataset.first().id
    dataset.delete_samples(gone)
    exec(upkeep, names)
    assert capsys.readouterr().out.splitlines()[0] == "0 1 0 0 True"
    assert gone not in fiftyone_faiss.brain.load_index(dataset, "clip").sample_ids
    fo.delete_dataset("my-dataset")


def test_the_table_names_every_listed_operator() -> None:
    table = set(re.findall(r"^\| `(\w+)` \|", OPERATOR_SECTION, re.MULTILINE))
    assert table == {cls().config.name for cls in OPERATORS if not cls().config.unlisted}


@pytest.mark.parametrize("name", re.findall(r"`(\w+)\(\)`", OPERATOR_SECTION))
def test_the_table_s_functions_are_public(name) -> None:
    assert callable(getattr(fiftyone_faiss, name))
