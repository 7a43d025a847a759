"""The code in docs/groups.md runs and does what the page says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest

import fiftyone_faiss

PAGE = Path(__file__).resolve().parents[2] / "docs" / "groups.md"


@pytest.fixture
def named(book: fo.Dataset) -> Iterator[fo.Dataset]:
    """The drawn images with the indexes of the page, called "my-dataset"."""
    dataset = book.clone("my-dataset")
    fiftyone_faiss.build_index(dataset, "colors", model="colorhist", progress=False)
    yield dataset
    dataset.delete()


def test_the_code_runs(named: fo.Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    exec(compile("\n".join(blocks), str(PAGE), "exec"), names)
    assert len(names["clusters"].clusters) == 16
    assert len(names["scenes"].clusters) == 8 and None not in names["scenes"].names[1:]
    assert not named.has_sample_field("cluster")
    assert names["view"].values("id") == names["clusters"].members(0)
    assert names["tags"].absent == ["a zebra"]
    truth = named.filter_labels("objects", fo.ViewField("label") == "dog").values("id")
    assert set(names["tags"].ids("a dog")) == set(truth)
    assert set(named.match_tags("a dog").values("id")) == set(truth)
    assert set(named.count_sample_tags()) == {"a dog", "a cat", "on the highway"}
    assert named.count_values("things.classifications.label")["a dog"] == len(truth)
    assert named.get_evaluation_info("eval_thing") is not None
    assert "Precision(value=1.0" in capsys.readouterr().out
