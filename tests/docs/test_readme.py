"""The README's code runs, its table names every operator, and its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from PIL import Image

import fiftyone_faiss
from fiftyone_faiss.demo import MODEL_NAME
from fiftyone_faiss.operators import OPERATORS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
OPERATOR_SECTION = README.split("## Operators")[1].split("\n## ")[0]
DOWNLOADED = "ViT-B-32/laion2b_s34b_b79k"


def test_the_examples_run(book: fo.Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = book[:60].clone("my-dataset")
    code, cleaning, understanding, seeing, upkeep = re.findall(
        r"```python\n(.*?)```", README, re.DOTALL
    )
    # The one change: a model that needs no download.
    assert DOWNLOADED in code
    names: dict[str, Any] = {}
    exec(code.replace(DOWNLOADED, MODEL_NAME), names)

    neighbors = fiftyone_faiss.search(dataset, "a dog playing fetch", k=10)
    assert names["neighbors"].ids == neighbors.ids
    assert str(neighbors.ids) in capsys.readouterr().out
    expected = fiftyone_faiss.search(dataset, "a red car", k=10).ids
    assert names["view"].values("id") == expected
    similar = fiftyone_faiss.search(dataset, dataset.first().id).ids
    tagged = set(dataset.match_tags("review").values("id"))
    assert dataset.first().id not in similar
    assert tagged == {*similar[:3], *fiftyone_faiss.search(dataset, similar[:3]).ids}

    exec(cleaning, names)
    assert (names["near"].compared, names["leaks"].splits.names) == (60, ["train", "val", "test"])
    expected = fiftyone_faiss.find_near_duplicates(dataset, "clip").thresh
    assert names["near"].thresh == expected

    exec(understanding, names)
    assert dataset.count("outlier_score") == 60 and len(names["selection"]) == 20
    dataset.delete_sample_field("outlier_score")

    exec(seeing, names)
    assert sorted(names["made"].ids) == sorted(dataset.values("id"))
    assert names["why"].heatmap.shape == Image.open(dataset[neighbors.ids[0]].filepath).size[::-1]
    assert sorted(names["matrix"].ids) == sorted(dataset.take(40, seed=51).values("id"))

    capsys.readouterr()
    deleted = dataset.first().id
    dataset.delete_samples(deleted)
    exec(upkeep, names)
    assert capsys.readouterr().out.splitlines()[0] == "0 1 0 0 True"
    assert deleted not in fiftyone_faiss.brain.load_index(dataset, "clip").sample_ids
    fo.delete_dataset("my-dataset")


def test_the_table_names_every_listed_operator() -> None:
    table = set(re.findall(r"^\| `(\w+)` \|", OPERATOR_SECTION, re.MULTILINE))
    assert table == {cls().config.name for cls in OPERATORS if not cls().config.unlisted}


@pytest.mark.parametrize("name", re.findall(r"`(\w+)\(\)`", OPERATOR_SECTION))
def test_the_functions_of_the_table_are_public(name) -> None:
    assert callable(getattr(fiftyone_faiss, name))


@pytest.mark.parametrize(
    "page",
    ["README.md", "CHANGELOG.md", *sorted(f"docs/{path.name}" for path in ROOT.glob("docs/*.md"))],
)
def test_the_links_lead_to_files(page: str) -> None:
    path = ROOT / page
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text())
    assert [link for link in links if not (path.parent / link).exists()] == []
