"""The code in docs/export.md runs and does what the page says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest

import fiftyone_faiss
from fiftyone_faiss.brain import EXPORT_FORMATS, IMPORT_MATCHES, load_faiss_index
from fiftyone_faiss.brain.transfer.formats.registry import FORMATS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "export.md").read_text()
CODE = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture
def dataset(book: fo.Dataset) -> Iterator[fo.Dataset]:
    dataset = book.clone("my-dataset", persistent=True)
    yield dataset
    dataset.delete()


def test_the_code_runs(
    dataset: fo.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    (tmp_path / "exported").mkdir()
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(compile(CODE, "page", "exec"), names)
    printed = capsys.readouterr().out
    file = tmp_path / "exported" / "clip.parquet"
    expected = f"to {file}: 160 vectors were read again and are equal."
    assert re.search(rf"Exported 160 vectors of dimension \d+ of 'clip' {expected}", printed)
    original, ids, _ = load_faiss_index(dataset, "clip").get_embeddings()
    np.testing.assert_array_equal(names["vectors"], original)
    assert names["table"]["sample_id"].to_pylist() == ids.tolist()
    beach = dataset.match(fo.ViewField("scene.label") == "beach").values("id")
    halves = original[np.isin(ids, beach)].astype(np.float16)
    np.testing.assert_array_equal(names["beach"], halves)
    again = load_faiss_index(dataset, "clip_again").get_embeddings()
    np.testing.assert_array_equal(again[0], original)
    expected = fiftyone_faiss.search(dataset, "a car on the beach", brain_key="clip").ids
    assert names["neighbors"].ids == expected
    other = names["other"]
    path_of = dict(zip(*dataset.values(["id", "filepath"]), strict=True))
    vectors, other_ids, _ = load_faiss_index(other, "clip").get_embeddings()
    other_paths = dict(zip(*other.values(["id", "filepath"]), strict=True))
    assert [other_paths[id] for id in other_ids] == [path_of[id] for id in ids]
    np.testing.assert_array_equal(vectors, original)
    assert "has no hashes" in names["report"].notes[0]
    other.delete()


def test_the_tables_name_all_formats_and_matches() -> None:
    rows = re.findall(r'^\| `"(\w+)"` \| ([^|]+) \|', PAGE, re.MULTILINE)
    formats = {name: suffix.strip(" `") for name, suffix in rows if name in EXPORT_FORMATS}
    assert formats == {name: FORMATS[name].suffixes[0] for name in EXPORT_FORMATS}
    assert tuple(name for name, _ in rows if name not in formats) == IMPORT_MATCHES
