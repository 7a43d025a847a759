"""Files of indexes whose datasets were deleted: FiftyOne tells no backend when it deletes one."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bson import ObjectId

from fiftyone_faiss.brain.data.database import database_id, run_exists
from fiftyone_faiss.brain.similarity import FaissSimilarityConfig
from fiftyone_faiss.brain.store.manifest import MANIFEST, Manifest, StoreError
from fiftyone_faiss.brain.store.store import Store


@dataclass(frozen=True)
class OrphanedIndex:
    """The files of an index that no dataset of this database has any more.

    Attributes:
        run_id: the Brain run that they belonged to, which names their folder
        dataset: the name that the dataset had
        brain_key: the key that the index had
        disk_bytes: their size
        path: their folder
    """

    run_id: str
    dataset: str
    brain_key: str
    disk_bytes: int
    path: str

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return asdict(self)


def list_orphaned_indexes(root_dir: str | None = None) -> list[OrphanedIndex]:
    """Lists what deleted datasets left behind.

    Only files that were written for this database are listed; those of others, and those whose
    manifest cannot be read, are nobody's business here.

    Args:
        root_dir (None): the folder to look in, by default the one where indexes are kept

    Returns:
        an :class:`OrphanedIndex` for each, in the order of their datasets
    """
    root = FaissSimilarityConfig(root_dir=root_dir).root
    if not root.is_dir():
        return []
    ours = database_id()
    folders = [one for one in sorted(root.iterdir()) if ObjectId.is_valid(one.name)]
    found = [orphan for one in folders if (orphan := _orphan(one, ours)) is not None]
    return sorted(found, key=lambda one: (one.dataset, one.brain_key))


def delete_orphaned_index(run_id: str, root_dir: str | None = None) -> OrphanedIndex:
    """Removes what a deleted dataset left behind.

    Args:
        run_id: which, see :func:`list_orphaned_indexes`
        root_dir (None): the folder to look in, by default the one where indexes are kept

    Returns:
        what was removed

    Raises:
        ValueError: if there is no such folder, or its index is in use, or of another database
    """
    folder = FaissSimilarityConfig(root_dir=root_dir).root / run_id
    orphan = _orphan(folder, database_id()) if ObjectId.is_valid(run_id) else None
    if orphan is None:
        raise ValueError(
            f"'{run_id}' is not the folder of an index that a deleted dataset of this database "
            "left behind; list_orphaned_indexes() names those."
        )
    Store(folder).destroy()
    return orphan


def _orphan(folder: Path, database: str) -> OrphanedIndex | None:
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        metadata = Manifest.parse(path.read_bytes(), path).metadata
    except StoreError:
        return None
    if metadata.get("database") != database or run_exists(folder.name):
        return None
    return OrphanedIndex(
        run_id=folder.name,
        dataset=metadata["dataset"],
        brain_key=metadata["brain_key"],
        disk_bytes=Store(folder).disk_bytes,
        path=str(folder),
    )
