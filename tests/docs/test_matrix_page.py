"""The code in docs/matrix.md runs and does what the page says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image
from support.distances import reference

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "matrix.md").read_text()


@pytest.fixture
def named(book: fo.Dataset) -> Iterator[fo.Dataset]:
    dataset = book.clone("my-dataset")
    yield dataset
    dataset.delete()


def test_the_code_runs(named, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec("\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)), names)
    matrix = names["matrix"]
    assert str(matrix) in capsys.readouterr().out
    assert matrix.ids == names["view"].values("id")
    assert matrix.labels == names["view"].values("scene.label")
    assert names["labels"] == sorted(matrix.labels)
    vectors = named.load_brain_results("clip").vectors_of(matrix.ids)
    np.testing.assert_allclose(matrix.distances, reference(vectors, vectors, "cosine"), atol=1e-6)
    # 160 vectors: all pairs of the index.
    pairs = names["pairs"]
    assert (len(pairs), pairs.margin) == (160 * 159 // 2, 0)
    order = matrix.order
    assert names["distances"].index.tolist() == [matrix.ids[place] for place in order]
    np.testing.assert_allclose(names["distances"], matrix.distances[np.ix_(order, order)])
    assert Image.open("matrix.png").size == (1800, 1800)
    assert Path("matrix.svg").read_text().count("<svg") == 1


def test_same_scenes_are_nearer_than_others(book: fo.Dataset) -> None:
    import fiftyone_faiss

    matrix = fiftyone_faiss.distance_matrix(book, brain_key="clip", label_field="scene")
    labels = np.array(matrix.labels)
    same, off = labels[:, None] == labels, ~np.eye(len(labels), dtype=bool)
    assert matrix.percentiles is not None
    assert np.median(matrix.percentiles[same & off]) < 35
    assert np.median(matrix.percentiles[~same]) > 50
    # Neighbors in the order of the leaves show the same scene more often than by chance.
    ordered = labels[matrix.order]
    assert np.mean(ordered[1:] == ordered[:-1]) > 2 * np.mean(same[off])
