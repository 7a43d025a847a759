"""The code in docs/explain.md runs and does what the page says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest

from fiftyone_faiss.brain import Explanation

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "explain.md").read_text()


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
    why = names["why"]
    assert printed[0] == f"(224, 224) {why.score:.2f} {why.method} True"
    assert printed[1:3] == ["(3, 3) True True", "(3, 3, 3, 3) True"]
    assert names["partners"].shape == (3, 3)
    deletion, random, insertion = re.findall(r"-?\d\.\d+", printed[3])[:3]
    assert float(deletion) < float(random) < float(insertion)
    assert printed[-2:] == ["None", "1"]
    assert not named.has_field("why_similar")


def test_the_table_names_attributes_of_the_result() -> None:
    section = PAGE.split("## What you get")[1].split("## ")[0]
    cells = [row.split("|")[1] for row in section.splitlines() if row.startswith("| `")]
    names = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    assert len(names) == 12
    known = {*Explanation.__dataclass_fields__, *vars(Explanation)}
    assert names <= known
