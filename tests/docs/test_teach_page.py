"""The code in docs/teach.md runs and does what the page says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from support.indexes import index_of

import fiftyone_faiss

PAGE = Path(__file__).resolve().parents[2] / "docs" / "teach.md"
TEACHING, COMPRESSION = PAGE.read_text().split("## Compress vectors")


def code_of(text: str) -> Any:
    return compile("\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL)), "page", "exec")


@pytest.fixture
def dataset(book: fo.Dataset) -> Iterator[fo.Dataset]:
    dataset = book.clone("my-dataset", persistent=True)
    yield dataset
    dataset.delete()


def test_the_code_that_teaches_runs(dataset: fo.Dataset, capsys) -> None:
    names: dict[str, Any] = {}
    exec(code_of(TEACHING), names)
    printed = capsys.readouterr().out
    assert "The index 'scenes' was made: improvement +0." in printed
    keys = [info.brain_key for info in fiftyone_faiss.list_indexes(dataset)]
    assert {"clip", "scenes", "by_scene"} <= {*keys} and "nothing" not in keys
    assert not names["report"].is_kept and names["report"].refusals
    assert len(names["neighbors"]) == len(names["similar"]) == 25
    scenes = dataset.select(names["neighbors"].ids[:10]).values("scene.label")
    assert scenes.count("beach") >= 8
    comparison = fiftyone_faiss.compare_models(dataset, ["clip", "scenes", "by_scene"], "scene")
    assert set(comparison.leaders) <= {"scenes", "by_scene"}
    assert "True" in printed.splitlines()


def test_the_code_that_compresses_runs(rng: np.random.Generator, capsys) -> None:
    large = fo.Dataset()
    large.add_samples([fo.Sample(f"/none/{i}.png") for i in range(1_100)], progress=False)
    vectors = rng.normal(size=(1_100, 6)) @ rng.normal(size=(6, 16))
    index_of(large, vectors.astype(np.float32), "clip")
    names: dict[str, Any] = {"dataset": large, "fiftyone_faiss": fiftyone_faiss}
    exec(code_of(COMPRESSION), names)
    printed = capsys.readouterr().out
    assert str(names["table"]) in printed and names["table"].to_markdown() in printed
    assert str(names["table"].row("PQ").rescored_recall) in printed
    large.delete()
