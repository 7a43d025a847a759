"""A store of another database is read where it is, copied before a change, and never removed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.points import one_sentence
from support.stores import contents, ids_of, make_batch, save_index_file

from fiftyone_faiss.brain.store import ownership
from fiftyone_faiss.brain.store.manifest import MANIFEST, StoreError
from fiftyone_faiss.brain.store.ownership import OwnedStore, Owner
from fiftyone_faiss.brain.store.store import Store

VECTORS = np.random.default_rng(51).normal(size=(30, 4)).astype(np.float32)
RUN = "0123456789abcdef01234567"
FIRST, SECOND = Owner("a1" * 16, RUN), Owner("b2" * 16, RUN)

CHANGES: dict[str, Callable[[Store], object]] = {
    "add": lambda store: store.commit(make_batch(VECTORS[20:22], [20, 21])),
    "delete": lambda store: store.commit(delete=ids_of([3, 5])),
    "set metadata": lambda store: store.commit(metadata={"failures": {"f": "no"}}),
    "compact": Store.compact,
    "save_ann_index": lambda store: save_index_file(store, b"rebuilt", a=2),
    "remove_ann_index": lambda store: store.remove_index_file("ann_index"),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The directory of a store of the first database."""
    metadata = {"database": FIRST.database, "run_id": RUN, "dataset": "d", "brain_key": "k"}
    path = tmp_path / RUN
    store = Store.create(path, has_labels=False, metadata=metadata)
    store.commit(make_batch(VECTORS[:20], range(20)))
    store.commit(delete=ids_of([1]))
    save_index_file(store, b"index", a=1)
    return path


def files(path: Path) -> dict[str, bytes]:
    """The content of all files but the lock, which readers of a copy create."""
    return {file.name: file.read_bytes() for file in path.iterdir() if file.name != "lock"}


def expected_after(path: Path, change: Callable[[Store], object]) -> object:
    """The contents after a change of an ordinary copy."""
    plain = Store(path).copy_to(path.with_name("plain"), {})
    change(plain)
    return contents(plain.snapshot())


@pytest.mark.parametrize("name", CHANGES)
def test_the_first_change_copies_the_files_of_another_database(
    path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    before, change = files(path), CHANGES[name]
    expected = expected_after(path, change)
    store = OwnedStore(path, SECOND)
    reader = OwnedStore(path, SECOND)
    assert contents(reader.snapshot()) == contents(Store(path).snapshot())
    assert store.path == path and [p.name for p in path.parent.iterdir() if "-" in p.name] == []
    with caplog.at_level(logging.WARNING, ownership.logger.name):
        change(store)
    copy = path.with_name(f"{RUN}-{SECOND.database}")
    assert files(path) == before
    assert store.path == reader.path == copy
    assert contents(store.snapshot()) == contents(reader.snapshot()) == expected
    assert store.snapshot().manifest.metadata["database"] == SECOND.database
    (record,) = caplog.records
    assert str(path) in record.message and str(copy) in record.message
    assert "update_index(..., adopt=True)" in record.message
    change(OwnedStore(path, FIRST))
    assert contents(OwnedStore(path, FIRST).snapshot()) == expected
    assert OwnedStore(path, FIRST).path == path


def test_each_database_removes_only_its_own_files(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = files(path)
    with caplog.at_level(logging.WARNING, ownership.logger.name):
        OwnedStore(path, SECOND).destroy()
    assert files(path) == before
    assert caplog.messages == [
        f"The files in {path} are kept, because they may belong to another database."
    ]
    OwnedStore(path, SECOND).commit(delete=ids_of([2]))
    OwnedStore(path, SECOND).destroy()
    assert files(path) == before and not path.with_name(f"{RUN}-{SECOND.database}").exists()
    OwnedStore(path, SECOND).commit(delete=ids_of([2]))
    OwnedStore(path, FIRST).destroy()
    assert not path.exists()
    assert len(contents(OwnedStore(path, SECOND).snapshot())) == 18


def test_a_copy_that_was_deleted_is_not_replaced_by_the_original(path: Path) -> None:
    store = OwnedStore(path, SECOND)
    store.commit(delete=ids_of([2]))
    OwnedStore(path, SECOND).destroy()
    with pytest.raises(StoreError, match="There is no index at"):
        store.snapshot()
    assert not store.exists


def test_moved_files_can_be_claimed(path: Path) -> None:
    store = OwnedStore(path, SECOND)
    store.adopt()
    store.commit(delete=ids_of([2]))
    assert [p.name for p in path.parent.iterdir()] == [RUN]
    generation = Store(path).snapshot().manifest.generation
    store.adopt()
    assert Store(path).snapshot().manifest.generation == generation
    OwnedStore(path, FIRST).commit(delete=ids_of([4]))
    assert sorted(p.name for p in path.parent.iterdir()) == [RUN, f"{RUN}-{FIRST.database}"]
    store.destroy()
    assert [p.name for p in path.parent.iterdir()] == [f"{RUN}-{FIRST.database}"]


def test_claimed_files_are_removed_together_with_an_earlier_copy(path: Path) -> None:
    store = OwnedStore(path, SECOND)
    store.commit(delete=ids_of([2]))
    store.adopt()
    assert store.path == path.with_name(f"{RUN}-{SECOND.database}")
    store.destroy()
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("corruption", ["flipped", "empty"])
def test_files_with_a_damaged_manifest_are_removed_only_if_they_are_surely_ours(
    path: Path, corruption: str
) -> None:
    manifest = path / MANIFEST
    data = manifest.read_bytes()
    manifest.write_bytes(data.replace(b"epoch", b"epoxy") if corruption == "flipped" else b"")
    before = files(path)
    OwnedStore(path, SECOND).destroy()
    assert files(path) == before
    OwnedStore(path, FIRST).destroy()
    assert path.exists() == (corruption == "empty")


def test_the_files_of_another_run_are_refused_until_they_are_claimed(path: Path) -> None:
    other = path.with_name("f" * 24)
    path.rename(other)
    before = files(other)
    store = OwnedStore(other, Owner(FIRST.database, "f" * 24))
    sentence = f"{other} holds the index 'k' of the dataset 'd' instead of this index"
    for method in (store.snapshot, store.commit, store.compact):
        with pytest.raises(StoreError, match=sentence) as error:
            method()
        assert one_sentence(error.value)
    (problem,) = store.verify()
    assert problem.file == other / MANIFEST and problem.sentence.startswith(sentence)
    store.destroy()
    assert files(other) == before
    store.adopt()
    assert len(contents(store.snapshot())) == 19 and store.verify() == []
    store.destroy()
    assert not other.exists()


def test_a_store_that_names_neither_database_nor_run_is_changed_in_place(tmp_path: Path) -> None:
    Store.create(tmp_path / RUN, has_labels=False, metadata={})
    store = OwnedStore(tmp_path / RUN, SECOND)
    store.commit(make_batch(VECTORS[:2], range(2)))
    assert [p.name for p in tmp_path.iterdir()] == [RUN]
    assert store.verify() == []
    store.destroy()
    assert list(tmp_path.iterdir()) == []
