"""The code in docs/understand.md runs and does what the page says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "understand.md").read_text()


@pytest.fixture
def named(book: fo.Dataset) -> Iterator[fo.Dataset]:
    dataset = book.clone("my-dataset")
    yield dataset
    dataset.delete()


def test_the_code_runs(named: fo.Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    exec("\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)), names)
    # Progress bars are printed, too.
    lines = capsys.readouterr().out.replace("\r", "\n").splitlines()
    printed = [line for line in lines if line.strip() and "elapsed" not in line]
    assert printed[0].startswith("The field 'outlier_score' has 160 scores of 0 to ")
    # The dataset is ordinary.
    assert printed[0].endswith("nothing stands out.") and len(names["view"]) == 20
    assert names["strangest"].values("id") == names["outliers"].top(10)
    assert printed[1].startswith("160 (0.0, ")
    assert len(names["odd"].classes) == 8 and not named.has_field("odd_scene")
    typicality = names["by_typicality"].values("typicality")
    assert typicality == sorted(typicality, reverse=True)
    assert (min(typicality) > 0, max(typicality) < 1) == (True, True)
    assert named.count("uniqueness") == 160
    selection, more = names["selection"], names["more"]
    assert named.match_tags("to label").count() == 20 == len(set(selection.ids))
    assert not set(more.ids) & set(selection.ids) and len(more) == 12
    assert sum(more.receipt.counts.values()) == 12
    assert not set(names["next_ones"].ids) & set(selection.ids)
    assert "20 that were selected before, or whose label a person checked" in printed[-3]
    assert printed[-2:] == ["selected 20", "different 2"]
    assert names["fiftyone_faiss"].list_judgments(named) == []
    figures, random = selection.receipt.figures, selection.receipt.random
    assert figures.coverage_radius < random["coverage_radius"].value


def test_the_options_of_the_table_exist() -> None:
    from fiftyone_faiss.brain import SelectionRequest

    section = PAGE.split("## What to label next")[1].split("A weight is")[0]
    cells = [row.split("|")[1] for row in section.splitlines() if row.startswith("| `")]
    options = {name for cell in cells for name in re.findall(r"`(\w+)=", cell)}
    assert options == set(SelectionRequest.__dataclass_fields__) - {"n", "brain_key", "thresh"}
