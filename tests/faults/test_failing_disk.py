"""Whatever call to the disk fails, a store is as before the operation or as after it."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.disks import FailingDisk, PowerCut
from support.stores import batch, contents, ids_of, leftovers

from fiftyone_faiss.brain.store.manifest import MANIFEST, StoreError
from fiftyone_faiss.brain.store.store import Store

DIM = 3
VECTORS = np.random.default_rng(51).normal(size=(64, DIM)).astype(np.float32)


def put(store: Store) -> None:
    store.save_ann_index(store.snapshot(), {"n": 2}, lambda path: path.write_bytes(b"derived anew"))


OPERATIONS: dict[str, Callable[[Store], Any]] = {
    "add": lambda store: store.commit(batch(VECTORS[20:22], [20, 21])),
    "add and take along": lambda store: store.commit(batch(VECTORS[20:60], range(20, 60))),
    "overwrite": lambda store: store.commit(batch(VECTORS[30:33], [1, 4, 40])),
    "remove": lambda store: store.commit(delete=ids_of([3, 5])),
    "remember": lambda store: store.commit(metadata={"b": 2}),
    "compact": Store.compact,
    "save_ann_index": put,
    "remove_ann_index": Store.remove_ann_index,
}


def prepare(path: Path) -> Store:
    """A store with two segments, deleted rows, a derived file, and leftovers."""
    store = Store.create(path, has_labels=False, metadata={"a": 1})
    store.commit(batch(VECTORS[:12], range(12)))
    store.commit(batch(VECTORS[12:14], range(12, 14)))
    store.save_ann_index(store.snapshot(), {"n": 1}, lambda path: path.write_bytes(b"derived"))
    store.commit(delete=ids_of([2]))
    return store


def state(path: Path) -> tuple[object, ...] | None:
    """All that a store says of itself, None if there is none."""
    if not (path / MANIFEST).exists():
        return None
    snapshot = Store(path).snapshot()
    ann_index = snapshot.manifest.ann_index
    return contents(snapshot), snapshot.manifest.metadata, ann_index and ann_index.metadata


def check_goes_on(path: Path) -> None:
    """Fails unless the next writer adds a row to what there is, and tidies up."""
    before = state(path)
    store = Store.create(path, has_labels=False, metadata={"a": 1})
    store.commit(batch(VECTORS[63:], [63]))
    expected = [] if before is None else before[0]
    added = (63, VECTORS[63].tobytes(), 630)
    assert state(path)[0] == [*expected, added]
    # What a commit replaces, the next one removes.
    store.commit()
    assert leftovers(store) == set()
    assert all(problem.is_rebuildable for problem in store.verify())


def attempts(
    folder: Path, error: BaseException, operation: Callable[[Store], Any]
) -> Iterator[tuple[Path, FailingDisk, bool]]:
    """The operation, with each of its calls failing in turn.

    Yields:
        the store's folder, its disk, and whether the operation reported the failure
    """
    prepare(folder / "origin")
    for n in range(1, 200):
        path = folder / "store"
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(folder / "origin", path)
        disk = FailingDisk(path, n, error)
        expected = PowerCut if isinstance(error, PowerCut) else StoreError
        reported = False
        try:
            operation(Store(path, disk))
        except expected as problem:
            reported = True
            assert isinstance(problem, PowerCut) or "could not be written" in str(problem)
        if not disk.failed:
            # Some calls may fail without harm; more than these, an operation always makes.
            assert not reported and n > 5
            return
        yield path, disk, reported
    pytest.fail("the operation never ends")


def before_and_after(folder: Path, operation: Callable[[Store], Any]) -> list[object]:
    store = prepare(folder / "example")
    before = state(store.path)
    operation(store)
    after = state(store.path)
    assert before != after or operation is OPERATIONS["compact"]
    return [before, after]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
@pytest.mark.parametrize("name", OPERATIONS)
def test_an_error_of_the_disk_is_reported_and_changes_nothing(
    tmp_path: Path, name: str, code: int
) -> None:
    before, after = before_and_after(tmp_path, OPERATIONS[name])
    error = OSError(code, "no")
    for path, disk, reported in attempts(tmp_path, error, OPERATIONS[name]):
        assert reported
        # Once the manifest is replaced, a failure comes too late to change nothing.
        late = "replace" in disk.calls[: disk.fail_at - 1]
        assert state(path) == (after if late else before)
        check_goes_on(path)


@pytest.mark.parametrize("error", [PowerCut(), OSError(errno.EIO, "no")])
@pytest.mark.parametrize("name", OPERATIONS)
def test_a_power_cut_at_any_moment_leaves_the_state_before_or_after(
    tmp_path: Path, name: str, error: BaseException, extent: Any, rng: np.random.Generator
) -> None:
    both = before_and_after(tmp_path, OPERATIONS[name])
    seen = []
    for part in [1.0, 0.0] + [0.5] * extent.cuts:
        for path, disk, _ in attempts(tmp_path / str(len(seen)), error, OPERATIONS[name]):
            disk.cut_power(rng, part)
            seen.append(state(path))
            assert seen[-1] in both
            check_goes_on(path)
    assert all(one in seen for one in both)


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_was_reported_as_done_survives_a_power_cut(
    tmp_path: Path, name: str, rng: np.random.Generator
) -> None:
    _, after = before_and_after(tmp_path, OPERATIONS[name])
    store = prepare(tmp_path / "store")
    disk = FailingDisk(store.path, 1_000, PowerCut())
    OPERATIONS[name](Store(store.path, disk))
    disk.cut_power(rng, 1.0)
    assert state(store.path) == after
    check_goes_on(store.path)


def test_a_store_is_created_in_full_or_not_at_all(tmp_path: Path, rng: np.random.Generator) -> None:
    seen = []
    for error in (PowerCut(), OSError(errno.ENOSPC, "no")):
        for n in range(1, 10):
            path = tmp_path / f"{n} {error!r:.5}"
            path.mkdir()
            disk = FailingDisk(path, n, error)
            try:
                Store.create(path, has_labels=False, metadata={"a": 1}, disk=disk)
            except (PowerCut, StoreError):
                assert disk.failed
            disk.cut_power(rng, 1.0 if n % 2 else 0.0)
            seen.append(state(path))
            assert seen[-1] in (None, ([], {"a": 1}, None))
            check_goes_on(path)
    assert seen[0] is None and seen[8] == ([], {"a": 1}, None)
