"""A FIFO, a socket, a folder or a device in the place of a file is refused by name, at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.points import one_sentence
from support.special_files import SPECIAL, replace_by
from support.stores import contents, create_store, file_of, ids_of, save_index_file, unused_files

from fiftyone_faiss.brain.store.directory import LOCK
from fiftyone_faiss.brain.store.manifest import MANIFEST, StoreError
from fiftyone_faiss.brain.store.store import Store
from fiftyone_faiss.brain.store.verification import Problem

READS: dict[str, Callable[[Store], object]] = {
    "snapshot": Store.snapshot,
    "commit": lambda store: store.commit(delete=ids_of([2])),
    "compact": Store.compact,
    "copy": lambda store: store.copy_to(store.path.with_name("copy"), {}),
}

pytestmark = pytest.mark.parametrize("kind", SPECIAL)


@pytest.fixture
def store(tmp_path: Path, rng: np.random.Generator) -> Store:
    """A store with deleted rows and an ANN index."""
    store = create_store(tmp_path / "s", rng.normal(size=(20, 4)).astype(np.float32))
    store.commit(delete=ids_of([1]))
    save_index_file(store, b"index")
    return store


def path_of(store: Store, name: str) -> Path:
    return store.path / MANIFEST if name == "manifest" else file_of(store, name)


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("name", ["manifest", "segment", "deleted"])
def test_what_is_needed_is_refused(store: Store, name: str, kind: str, read: str) -> None:
    path = path_of(store, name)
    reason = replace_by(kind, path)
    with pytest.raises(StoreError) as error:
        READS[read](Store(store.path))
    assert str(error.value) == (
        f"{path} could not be read ({reason}); remove it, and restore the file from a backup."
    )
    assert one_sentence(str(error.value).replace(MANIFEST, ""))


def test_verification_names_each(store: Store, kind: str) -> None:
    paths = [path_of(store, name) for name in ("segment", "deleted", "derived")]
    reason = replace_by(kind, paths[0])
    for path in paths[1:]:
        replace_by(kind, path)
    problems = store.verify()
    assert [problem.file for problem in problems] == paths
    assert [problem.is_rebuildable for problem in problems] == [False, False, True]
    assert all(f"could not be read ({reason})" in problem.sentence for problem in problems)


def test_an_index_file_is_not_needed(store: Store, kind: str) -> None:
    before, path = contents(store.snapshot()), file_of(store, "derived")
    reason = replace_by(kind, path)
    assert contents(Store(store.path).snapshot()) == before
    sentence = f"{path} could not be read ({reason})."
    assert store.verify() == [Problem(path, sentence, is_rebuildable=True)]
    save_index_file(store, b"rebuilt")
    assert store.verify() == []
    store.commit()
    # A folder may hold something else, so it is left there.
    assert unused_files(store) == ({path.name} if kind == "folder" else set())


def test_a_lock_is_refused_before_anything_is_written(store: Store, kind: str) -> None:
    before, path = contents(store.snapshot()), store.path / LOCK
    reason = replace_by(kind, path)
    reason = "it is a symbolic link instead of a file" if kind == "device" else reason
    for write in (store.commit, store.compact, lambda: store.remove_index_file("ann_index")):
        with pytest.raises(StoreError) as error:
            write()
        assert str(error.value) == f"{path} could not be used ({reason}); remove it, and try again."
    with pytest.raises(StoreError, match=f"{path} could not be removed"):
        store.destroy()
    assert contents(Store(store.path).snapshot()) == before
    shutil.rmtree(path) if kind == "folder" else path.unlink()
    store.commit(delete=ids_of([2]))
    assert len(contents(store.snapshot())) == 18


def test_a_path_replaced_after_it_was_opened_changes_no_answer(store: Store, kind: str) -> None:
    path, snapshot = file_of(store, "segment"), Store(store.path).snapshot()
    before = np.concatenate([segment.column("vectors") for segment in snapshot.segments])
    reason = replace_by(kind, path)
    np.testing.assert_array_equal(snapshot.vectors_at(np.arange(3)), before[:3])
    with pytest.raises(StoreError) as error:
        Store(store.path).snapshot()
    assert f"{path} could not be read ({reason})" in str(error.value)
