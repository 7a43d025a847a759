"""The code in docs/maps.md runs and does what the page says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "maps.md"


@pytest.fixture
def named(book: fo.Dataset) -> Iterator[fo.Dataset]:
    """The drawn images with their index, called "my-dataset"."""
    dataset = book.clone("my-dataset")
    yield dataset
    dataset.delete()


def test_the_code_runs(named: fo.Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    scenes = dict(zip(*named.values(["id", "scene.label"]), strict=True))
    names: dict[str, Any] = {}
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    exec(compile("\n".join(blocks), str(PAGE), "exec"), names)
    printed = capsys.readouterr().out
    assert "The map 'clip_umap' (umap, 2-D) has 160 points: trustworthiness 0.8" in printed
    assert len(names["torn"]) == 10
    made, same = names["made"], names["same"]
    assert made.ids == same.ids == named.values("id") and len(made) == 155
    np.testing.assert_array_equal(made.points, same.points)
    assert not made.placed.any()
    seasons = names["named"]
    snowy = np.array([scenes[id] == "snow" for id in seasons.ids])
    assert seasons.points[snowy, 0].min() > np.median(seasons.points[:, 0])
    listed = "clip_umap clip umap 2 155\nseasons clip axes 2 160"
    assert listed in printed and not named.has_brain_run("between")
