"""The operators that export and import indexes, with their forms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from support.indexes import index_of
from support.operators import PLUGIN, form, run

import fiftyone_faiss
from fiftyone_faiss.brain import EXPORT_FORMATS, IMPORT_MATCHES, load_faiss_index


@pytest.fixture
def vectors(dataset: fo.Dataset, rng: np.random.Generator) -> Iterator[np.ndarray]:
    vectors = rng.normal(size=(12, 8)).astype(np.float32)
    index_of(dataset, vectors)
    yield vectors


def vectors_of(dataset: fo.Dataset, key: str) -> dict[str, bytes]:
    vectors, ids, _ = load_faiss_index(dataset, key).get_embeddings()
    return {id: vector.tobytes() for id, vector in zip(ids.tolist(), vectors, strict=True)}


def test_an_index_is_exported_and_imported(
    dataset: fo.Dataset, vectors: np.ndarray, tmp_path: Path
) -> None:
    path = tmp_path / "given.bin"
    params = {"brain_key": "given", "path": str(path), "format": "archive", "content_hashes": True}
    run("export_index", dataset[3:], params).raise_exceptions()
    for match in IMPORT_MATCHES:
        params = {"path": str(path), "format": "archive", "brain_key": match, "match": match}
        run("import_index", dataset, params).raise_exceptions()
        dataset.reload()
        expected = {
            id: vector.tobytes()
            for id, vector in zip(dataset.values("id")[3:], vectors[3:], strict=True)
        }
        assert vectors_of(dataset, match) == expected


def test_it_is_called_from_python(dataset: fo.Dataset, vectors: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "given.parquet"
    exported = foo.get_operator(f"{PLUGIN}/export_index")(dataset, "given", path, dtype="float16")
    assert (exported.action, exported.count) == ("exported", 12)
    imported = foo.get_operator(f"{PLUGIN}/import_index")(dataset, path, "back", metric="euclidean")
    assert (imported.action, imported.brain_key) == ("imported", "back")
    (info,) = (i for i in fiftyone_faiss.list_indexes(dataset) if i.brain_key == "back")
    assert (info.metric, info.size, info.dim) == ("euclidean", 12, 8)


def test_the_forms(dataset: fo.Dataset, vectors: np.ndarray, tmp_path: Path) -> None:
    existing = tmp_path / "a.npy"
    existing.touch()
    fields = form("export_index", dataset, {})
    assert fields["brain_key"]["default"] == "given" and not fields["path"]["invalid"]
    assert [c["value"] for c in fields["format"]["view"]["choices"]] == list(EXPORT_FORMATS)
    asked = {"path": str(existing)}
    assert form("export_index", dataset, asked)["path"]["error_message"].endswith("exists already")
    assert form("export_index", dataset, asked)["path"]["invalid"]
    assert not form("export_index", dataset, {**asked, "overwrite": True})["path"]["invalid"]
    fields = form("import_index", dataset, {**asked, "brain_key": "given"})
    assert not fields["path"]["invalid"]
    assert [c["value"] for c in fields["match"]["view"]["choices"]] == list(IMPORT_MATCHES)
    assert fields["brain_key"]["error_message"] == "There is a run of this name already"
    assert fields["brain_key"]["invalid"]
    assert form("import_index", dataset, {"path": str(tmp_path / "b.npy")})["path"]["invalid"]
    assert form("import_index", dataset, {"brain_key": "a b"})["brain_key"]["invalid"]


def test_a_bad_file_is_an_error_of_the_operator(
    dataset: fo.Dataset, vectors: np.ndarray, tmp_path: Path
) -> None:
    (tmp_path / "a.parquet").write_text("no table")
    params = {"path": str(tmp_path / "a.parquet"), "brain_key": "back"}
    with pytest.raises(foo.executor.ExecutionError, match=r"a\.parquet is damaged .* so nothing"):
        run("import_index", dataset, params).raise_exceptions()
    dataset.reload()
    assert dataset.list_brain_runs() == ["given"]
