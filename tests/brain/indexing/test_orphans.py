"""What deleted datasets leave behind is listed, and removed only if it is surely ours."""

from __future__ import annotations

import os
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from bson import ObjectId
from support.indexes import index_of
from support.privileges import without_privileges

import fiftyone_faiss
from fiftyone_faiss.brain.core.ids import pack_ids
from fiftyone_faiss.brain.store.batch import Batch
from fiftyone_faiss.brain.store.store import Store


@pytest.fixture
def orphan(dataset: fo.Dataset, tmp_path: Path, rng: np.random.Generator) -> Path:
    """The folder that the index of a deleted dataset leaves in ``tmp_path / "root"``."""
    dataset.name = "the lost one"
    root = str(tmp_path / "root")
    folder = index_of(dataset, rng.normal(size=(12, 4)), "lost", root_dir=root).path
    dataset.delete()
    return folder


def test_an_index_in_use_is_not_orphaned(dataset, tmp_path, rng) -> None:
    index = index_of(dataset, rng.normal(size=(12, 4)), root_dir=str(tmp_path / "root"))
    assert fiftyone_faiss.list_orphaned_indexes(str(tmp_path / "root")) == []
    with pytest.raises(
        ValueError, match=f"'{index.path.name}' is not the run id of an orphaned index"
    ):
        fiftyone_faiss.delete_orphaned_index(index.path.name, str(tmp_path / "root"))
    assert index.total_index_size == 12


def test_orphaned_files_are_listed_and_deleted(orphan: Path) -> None:
    root = str(orphan.parent)
    (orphan_info,) = fiftyone_faiss.list_orphaned_indexes(root)
    assert (orphan_info.run_id, orphan_info.dataset, orphan_info.brain_key) == (
        orphan.name,
        "the lost one",
        "lost",
    )
    assert orphan_info.disk_bytes == sum(file.stat().st_size for file in orphan.iterdir())
    assert fiftyone_faiss.delete_orphaned_index(orphan.name, root) == orphan_info
    assert not orphan.exists()
    assert fiftyone_faiss.list_orphaned_indexes(root) == []


def test_files_of_other_databases_are_not_listed(orphan: Path) -> None:
    Store(orphan).commit(metadata={"database": "another"})
    assert fiftyone_faiss.list_orphaned_indexes(str(orphan.parent)) == []
    with pytest.raises(ValueError, match="of this database"):
        fiftyone_faiss.delete_orphaned_index(orphan.name, str(orphan.parent))
    assert orphan.exists()


def test_unreadable_folders_are_not_listed(orphan: Path) -> None:
    root = orphan.parent
    (orphan / "manifest.json").write_bytes(b"{}")
    (root / "notes").mkdir()
    (root / str(ObjectId())).mkdir()
    store = Store.create(root / "not-a-run", has_labels=False, metadata={})
    store.commit(Batch(np.ones((1, 2), np.float32), pack_ids([ObjectId()])))
    assert fiftyone_faiss.list_orphaned_indexes(str(root)) == []


def test_folders_that_cannot_be_read_are_not_listed(orphan: Path) -> None:
    root = orphan.parent
    with without_privileges():
        for closed in (orphan / "manifest.json", orphan):
            mode = closed.stat().st_mode
            closed.chmod(0)
            assert fiftyone_faiss.list_orphaned_indexes(str(root)) == []
            closed.chmod(mode)
        root.chmod(0)
        try:
            with pytest.raises(ValueError, match=f"{root} could not be read"):
                fiftyone_faiss.list_orphaned_indexes(str(root))
        finally:
            root.chmod(0o755)
    (orphan / "manifest.json").rename(root / "kept")
    os.mkfifo(orphan / "manifest.json")
    assert fiftyone_faiss.list_orphaned_indexes(str(root)) == []
    with pytest.raises(ValueError, match="is not the run id of an orphaned index"):
        fiftyone_faiss.delete_orphaned_index(orphan.name, str(root))


def test_a_missing_root_has_no_orphans(tmp_path: Path) -> None:
    assert fiftyone_faiss.list_orphaned_indexes(str(tmp_path / "none")) == []
