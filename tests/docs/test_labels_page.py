"""The code in docs/labels.md runs and does what the page says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest

import fiftyone_faiss
from fiftyone_faiss.demo import MODEL_NAME

PAGE = Path(__file__).resolve().parents[2] / "docs" / "labels.md"


@pytest.fixture
def flipped(book: fo.Dataset) -> Iterator[tuple[fo.Dataset, dict[str, str]]]:
    """The drawn images with an index by color; eight have another scene's label."""
    # A clone of a view has no indexes.
    dataset = book.view().clone("my-dataset")
    fiftyone_faiss.build_index(dataset, "clip", model=MODEL_NAME, progress=False)
    fiftyone_faiss.build_index(dataset, "colors", model="colorhist", progress=False)
    scenes = dict(zip(*dataset.values(["id", "scene.label"]), strict=True))
    names, rng = sorted(set(scenes.values())), np.random.default_rng(5)
    chosen = rng.choice(list(scenes), 8, replace=False).tolist()
    wrong = {id: names[(names.index(scenes[id]) + 3) % len(names)] for id in chosen}
    dataset.set_values("scene.label", wrong, key_field="id")
    yield dataset, {**scenes, **wrong}
    dataset.delete()


def test_the_code_runs(flipped, capsys: pytest.CaptureFixture[str]) -> None:
    dataset, labels = flipped
    names: dict[str, Any] = {}
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL))
    exec(compile(code, str(PAGE), "exec"), names)
    printed = capsys.readouterr().out
    audit, comparison = names["audit"], names["comparison"]
    assert str(audit) in printed and len(audit.issues) >= 3
    assert names["rate"].low <= names["rate"].rate <= names["rate"].high
    # Applied and undone.
    assert set(names["applied"].changed) == {names["first"], names["second"]}
    assert dict(zip(*dataset.values(["id", "scene.label"]), strict=True)) == labels
    assert dataset.count("scene_audit_probability") == len(dataset)
    assert dataset.count_sample_tags() == {}
    assert {model.brain_key for model in comparison.models} == {"clip", "colors"}
    assert str(comparison) in printed and comparison.queries
    assert names["view"].values("id") == comparison.ids("clip", "colors")
