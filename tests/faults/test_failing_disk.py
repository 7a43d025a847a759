"""When a file system call fails, the store is as before or as after the operation."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.failing_filesystem import FailingFileSystem, PowerFailure
from support.stores import contents, ids_of, make_batch, unused_files

from fiftyone_faiss.brain.store.manifest import MANIFEST, StoreError
from fiftyone_faiss.brain.store.store import Store

DIM = 3
VECTORS = np.random.default_rng(51).normal(size=(64, DIM)).astype(np.float32)


def save_index(store: Store) -> None:
    store.save_index_file(
        "ann_index", store.snapshot(), {"n": 2}, lambda path: path.write_bytes(b"rebuilt")
    )


OPERATIONS: dict[str, Callable[[Store], Any]] = {
    "add": lambda store: store.commit(make_batch(VECTORS[20:22], [20, 21])),
    "add and merge": lambda store: store.commit(make_batch(VECTORS[20:60], range(20, 60))),
    "replace": lambda store: store.commit(make_batch(VECTORS[30:33], [1, 4, 40])),
    "delete": lambda store: store.commit(delete=ids_of([3, 5])),
    "set metadata": lambda store: store.commit(metadata={"b": 2}),
    "compact": Store.compact,
    "save_ann_index": save_index,
    "remove_ann_index": lambda store: store.remove_index_file("ann_index"),
}


def prepare(path: Path) -> Store:
    """Creates a store with two segments, deleted rows, an ANN index, and an unused file."""
    store = Store.create(path, has_labels=False, metadata={"a": 1})
    store.commit(make_batch(VECTORS[:12], range(12)))
    store.commit(make_batch(VECTORS[12:14], range(12, 14)))
    store.save_index_file(
        "ann_index", store.snapshot(), {"n": 1}, lambda path: path.write_bytes(b"index")
    )
    store.commit(delete=ids_of([2]))
    return store


def state(path: Path) -> tuple[object, ...] | None:
    """Returns the rows, the metadata and the ANN index of a store, None if there is none."""
    if not (path / MANIFEST).exists():
        return None
    snapshot = Store(path).snapshot()
    ann_index = snapshot.manifest.ann_index
    return contents(snapshot), snapshot.manifest.metadata, ann_index and ann_index.metadata


def assert_usable(path: Path) -> None:
    """Asserts that the next writer can add a row, and removes unused files."""
    before = state(path)
    store = Store.create(path, has_labels=False, metadata={"a": 1})
    store.commit(make_batch(VECTORS[63:], [63]))
    expected = [] if before is None else before[0]
    added = (63, VECTORS[63].tobytes(), 630)
    assert state(path)[0] == [*expected, added]
    # The files that a commit replaces are removed by the next one.
    store.commit()
    assert unused_files(store) == set()
    assert all(problem.is_rebuildable for problem in store.verify())


def attempts(
    directory: Path, error: BaseException, operation: Callable[[Store], Any]
) -> Iterator[tuple[Path, FailingFileSystem, bool]]:
    """Runs an operation repeatedly; a different file system call fails each time.

    Yields:
        the directory of the store, its file system, and whether the operation raised
    """
    prepare(directory / "origin")
    for n in range(1, 200):
        path = directory / "store"
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(directory / "origin", path)
        filesystem = FailingFileSystem(path, n, error)
        expected = PowerFailure if isinstance(error, PowerFailure) else StoreError
        has_raised = False
        try:
            operation(Store(path, filesystem))
        except expected as problem:
            has_raised = True
            assert isinstance(problem, PowerFailure) or "could not be written" in str(problem)
        if not filesystem.has_failed:
            # Each operation makes more than five calls.
            assert not has_raised and n > 5
            return
        yield path, filesystem, has_raised
    pytest.fail("the operation never ends")


def before_and_after(directory: Path, operation: Callable[[Store], Any]) -> list[object]:
    """Returns the states of a store before and after a successful operation."""
    store = prepare(directory / "example")
    before = state(store.path)
    operation(store)
    after = state(store.path)
    assert before != after or operation is OPERATIONS["compact"]
    return [before, after]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
@pytest.mark.parametrize("name", OPERATIONS)
def test_a_disk_error_is_raised_and_changes_nothing(tmp_path: Path, name: str, code: int) -> None:
    before, after = before_and_after(tmp_path, OPERATIONS[name])
    error = OSError(code, "no")
    for path, filesystem, has_raised in attempts(tmp_path, error, OPERATIONS[name]):
        assert has_raised
        # After the manifest is replaced, the operation has happened.
        is_replaced = "replace" in filesystem.calls[: filesystem.fail_at - 1]
        assert state(path) == (after if is_replaced else before)
        assert_usable(path)


@pytest.mark.parametrize("error", [PowerFailure(), OSError(errno.EIO, "no")])
@pytest.mark.parametrize("name", OPERATIONS)
def test_a_power_failure_leaves_the_state_before_or_after(
    tmp_path: Path, name: str, error: BaseException, extent: Any, rng: np.random.Generator
) -> None:
    states = before_and_after(tmp_path, OPERATIONS[name])
    seen = []
    for probability in [1.0, 0.0] + [0.5] * extent.outcomes:
        directory = tmp_path / str(len(seen))
        for path, filesystem, _ in attempts(directory, error, OPERATIONS[name]):
            filesystem.fail_power(rng, probability)
            seen.append(state(path))
            assert seen[-1] in states
            assert_usable(path)
    assert all(expected in seen for expected in states)


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_completed_operation_survives_a_power_failure(
    tmp_path: Path, name: str, rng: np.random.Generator
) -> None:
    _, after = before_and_after(tmp_path, OPERATIONS[name])
    store = prepare(tmp_path / "store")
    filesystem = FailingFileSystem(store.path, 1_000, PowerFailure())
    OPERATIONS[name](Store(store.path, filesystem))
    filesystem.fail_power(rng, 1.0)
    assert state(store.path) == after
    assert_usable(store.path)


def test_a_store_is_created_completely_or_not_at_all(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    seen = []
    for error in (PowerFailure(), OSError(errno.ENOSPC, "no")):
        for n in range(1, 10):
            path = tmp_path / f"{n} {error!r:.5}"
            path.mkdir()
            filesystem = FailingFileSystem(path, n, error)
            try:
                Store.create(path, has_labels=False, metadata={"a": 1}, filesystem=filesystem)
            except (PowerFailure, StoreError):
                assert filesystem.has_failed
            filesystem.fail_power(rng, 1.0 if n % 2 else 0.0)
            seen.append(state(path))
            assert seen[-1] in (None, ([], {"a": 1}, None))
            assert_usable(path)
    assert seen[0] is None and seen[8] == ([], {"a": 1}, None)
