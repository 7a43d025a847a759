"""A manifest with a right checksum and wrong contents is damaged; unknown keys are ignored."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.points import one_sentence
from support.stored_format import read_manifest, write_manifest
from support.stores import contents, create_store, ids_of, make_batch, save_index_file

from fiftyone_faiss.brain.store.manifest import MANIFEST, StoreError
from fiftyone_faiss.brain.store.store import Store

Path_ = tuple[str | int, ...]


@pytest.fixture
def store(tmp_path: Path, rng: np.random.Generator) -> Store:
    """A store of two segments with deleted rows and an ANN index."""
    store = create_store(tmp_path / "s", rng.normal(size=(20, 4)).astype(np.float32))
    store.commit(make_batch(np.ones((2, 4), np.float32), [30, 31], "m"))
    store.commit(delete=ids_of([1, 2]))
    save_index_file(store, b"index")
    return store


def assert_damaged(store: Store, reason: str) -> None:
    """Asserts that whatever reads the manifest says in one sentence that it is damaged."""
    path = store.path / MANIFEST
    fresh = Store(store.path)
    for method in (fresh.snapshot, fresh.verify, fresh.commit, fresh.compact):
        with pytest.raises(StoreError) as error:
            method()
        text = str(error.value)
        assert text.startswith(f"{path} is damaged ({reason})"), text
        assert one_sentence(text.replace(MANIFEST, "")) and len(text) <= 300 + len(str(path))


WRONG: list[tuple[Path_, Any, str]] = [
    (("generation",), -1, "generation is not an integer in its range"),
    (("generation",), True, "generation is not an integer in its range"),
    (("generation",), 10**40, "generation is not an integer in its range"),
    (("epoch",), None, "epoch is not an integer in its range"),
    (("dim",), 0, "dim is not an integer in its range"),
    (("dim",), "4", "dim is not an integer in its range"),
    (("dim",), None, "dim is null although there are segments"),
    (("dtype",), "int8", "dtype is not one of float32, float16"),
    (("dtype",), ["float32"], "dtype is not a text"),
    (("has_labels",), 0, "has_labels is not true or false"),
    (("facts",), [], "facts is not a JSON object"),
    (("facts", "database"), 5, "facts.database is not a text"),
    (("facts", "failures"), [], "facts.failures is not a JSON object"),
    (("facts", "failures"), {"a": 1}, "facts.failures.a is not a text"),
    (("facts", "rate"), "fast", "facts.rate is not a number"),
    (("segments",), {}, "segments is not a list"),
    (("segments", 0), "x", "segments[0] is not a JSON object"),
    (("segments", 0, "rows"), -20, "segments[0].rows is not an integer in its range"),
    (("segments", 0, "rows"), 20.0, "segments[0].rows is not an integer in its range"),
    (("segments", 0, "name"), "../s/x.segment", "segments[0].name is not the name of a file"),
    (("segments", 0, "name"), "/etc/passwd", "segments[0].name is not the name of a file"),
    (("segments", 0, "name"), "\0", "segments[0].name is not the name of a file"),
    (("segments", 1, "checksum"), 2**32, "segments[1].checksum is not an integer in its range"),
    (("segments", 1, "model"), 3, "segments[1].model is not a text"),
    (("deleted",), False, "deleted is not a JSON object"),
    (("deleted", "bytes"), -8, "deleted.bytes is not an integer in its range"),
    (("derived", "rows"), 23, "derived.rows is more than the rows of all segments"),
    (("derived", "facts"), None, "derived.facts is not a JSON object"),
    (("derived", "file"), {}, "derived.file.name is missing"),
    (("format_version",), "2", "format_version is not an integer in its range"),
    (("format_version",), 1, "format_version is not an integer in its range"),
]


@pytest.mark.parametrize(("path", "value", "reason"), WRONG)
def test_a_wrong_value_is_named(store: Store, path: Path_, value: Any, reason: str) -> None:
    values: Any = read_manifest(store.path)
    *parents, last = path
    parent = values
    for key in parents:
        parent = parent[key]
    parent[last] = value
    write_manifest(store.path, values)
    assert_damaged(store, reason)


@pytest.mark.parametrize(
    "key",
    [
        "generation", "epoch", "dim", "dtype", "has_labels", "facts", "segments", "deleted",
        "derived", "format_version",
    ],
)  # fmt: skip
def test_a_missing_key_is_named(store: Store, key: str) -> None:
    values = read_manifest(store.path)
    del values[key]
    write_manifest(store.path, values)
    assert_damaged(store, f"{key} is missing")


def test_a_file_that_is_listed_twice_is_refused(store: Store) -> None:
    values = read_manifest(store.path)
    values["segments"].append(values["segments"][0])
    write_manifest(store.path, values)
    assert_damaged(store, "a file is listed twice")


@pytest.mark.parametrize("body", [b"[" * 100_000, b"{}" * 2, b"\xff", b'{"generation": 1%s}'])
def test_what_is_not_json_is_refused(store: Store, body: bytes) -> None:
    write_manifest(store.path, body.replace(b"%s", b"0" * 5_000))
    assert_damaged(store, "it is not JSON")


def test_a_document_that_is_no_object_is_refused(store: Store) -> None:
    write_manifest(store.path, [1])
    assert_damaged(store, "the content is not a JSON object")


def test_unknown_keys_are_ignored(store: Store) -> None:
    before, values = contents(store.snapshot()), read_manifest(store.path)
    unknown: Any = {"deep": []}
    for _ in range(200):
        unknown = {"deep": [unknown]}
    for place in (
        values, values["facts"], values["segments"][0], values["deleted"], values["derived"],
        values["derived"]["file"], values["derived"]["facts"],
    ):  # fmt: skip
        place["unknown"] = unknown
    write_manifest(store.path, values)
    fresh = Store(store.path)
    assert contents(fresh.snapshot()) == before and fresh.verify() == []
    fresh.commit(delete=ids_of([3]))
    assert len(contents(fresh.snapshot())) == len(before) - 1


DELETED: dict[str, Callable[[np.ndarray], object]] = {
    "negative": lambda rows: [-1, *rows],
    "repeated": lambda rows: [rows[0], *rows],
    "descending": lambda rows: rows[::-1],
    "past the end": lambda rows: [*rows, 22],
    "half a row": lambda rows: rows.view(np.int32)[:-1],
}


@pytest.mark.parametrize("change", DELETED)
def test_deleted_rows_that_there_cannot_be_are_damage(store: Store, change: str) -> None:
    values = read_manifest(store.path)
    path = store.path / values["deleted"]["name"]
    rows = np.asarray(DELETED[change](np.fromfile(path, np.int64)))
    data = rows.tobytes() if change == "half a row" else rows.astype(np.int64).tobytes()
    path.write_bytes(data)
    values["deleted"].update(bytes=len(data), checksum=zlib.crc32(data))
    write_manifest(store.path, values)
    for method in (Store.snapshot, Store.commit, Store.compact):
        with pytest.raises(StoreError, match=f"{path} is damaged"):
            method(Store(store.path))
    (problem,) = store.verify()
    assert (problem.file, problem.is_rebuildable) == (path, False)


def test_values_of_another_type_or_dimension_are_found_by_verification(store: Store) -> None:
    """The file has the same size and checksum, but its vectors are others."""
    values = read_manifest(store.path)
    values.update(dtype="float16", dim=8)
    write_manifest(store.path, values)
    problems = store.verify()
    assert [problem.file.suffix for problem in problems] == [".segment", ".segment"]
    assert "its norms are not those of its vectors" in problems[0].sentence


def test_rows_with_one_id_are_found_by_verification(store: Store) -> None:
    """Rows that were replaced come back if the manifest does not name the deleted rows."""
    store.commit(make_batch(np.zeros((2, 4), np.float32), [5, 6]))
    assert store.verify() == []
    values = read_manifest(store.path)
    values["deleted"] = None
    write_manifest(store.path, values)
    (problem,) = store.verify()
    assert problem.file == store.path / MANIFEST
    assert "is damaged (an id has several rows)" in problem.sentence
