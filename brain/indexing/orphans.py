"""Files of indexes whose datasets were deleted. FiftyOne deletes datasets without notice."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bson import ObjectId

from fiftyone_faiss.brain.core.files import FILE_SYSTEM
from fiftyone_faiss.brain.data.connection import explain_outage
from fiftyone_faiss.brain.data.database import database_id, run_exists
from fiftyone_faiss.brain.similarity import FaissSimilarityConfig
from fiftyone_faiss.brain.store.checked_files import explain_read_errors
from fiftyone_faiss.brain.store.directory import StoreDirectory
from fiftyone_faiss.brain.store.manifest import StoreError
from fiftyone_faiss.brain.store.store import Store


@dataclass(frozen=True)
class OrphanedIndex:
    """The files of an index whose dataset was deleted.

    Attributes:
        run_id: the name of its folder: the id of its Brain run, for a copy of the files of another
            database followed by the id of this one
        dataset: the name of the deleted dataset
        brain_key: the key of the index
        disk_bytes: the size of the files
        path: the folder
    """

    run_id: str
    dataset: str
    brain_key: str
    disk_bytes: int
    path: str

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields as JSON values."""
        return asdict(self)


@explain_outage()
def list_orphaned_indexes(root_dir: str | None = None) -> list[OrphanedIndex]:
    """Lists the indexes of deleted datasets.

    Only files that were written for this database are listed, not those of other databases or
    those whose manifest cannot be read.

    Args:
        root_dir (None): the folder to search, by default the folder of all indexes

    Returns:
        a list of :class:`OrphanedIndex`, sorted by dataset

    Raises:
        ValueError: if the folder cannot be listed
    """
    root = FaissSimilarityConfig(root_dir=root_dir).root
    try:
        with explain_read_errors(root):
            folders = sorted(root.iterdir())
    except FileNotFoundError:
        return []
    database = database_id()
    orphans = [orphan for folder in folders if (orphan := _orphan(folder, database)) is not None]
    return sorted(orphans, key=lambda orphan: (orphan.dataset, orphan.brain_key))


@explain_outage()
def delete_orphaned_index(run_id: str, root_dir: str | None = None) -> OrphanedIndex:
    """Deletes the files of an index whose dataset was deleted.

    Args:
        run_id: the run id that :func:`list_orphaned_indexes` gives
        root_dir (None): the folder to search, by default the folder of all indexes

    Returns:
        the deleted :class:`OrphanedIndex`

    Raises:
        ValueError: if there is no such folder, its dataset exists, or it belongs to another
            database
    """
    folder = FaissSimilarityConfig(root_dir=root_dir).root / run_id
    orphan = _orphan(folder, database_id()) if folder.name == run_id else None
    if orphan is None:
        raise ValueError(
            f"'{run_id}' is not the run id of an orphaned index of this database; "
            "list_orphaned_indexes() lists them."
        )
    Store(folder).destroy()
    return orphan


def _orphan(folder: Path, database: str) -> OrphanedIndex | None:
    """Returns the orphaned index in a folder; None for other folders."""
    run_id, _, copied_for = folder.name.partition("-")
    if not ObjectId.is_valid(run_id) or copied_for not in ("", database):
        return None
    directory = StoreDirectory(folder, FILE_SYSTEM)
    try:
        metadata = directory.manifest().metadata
        disk_bytes = directory.disk_bytes
    except StoreError:
        return None
    if metadata.get("database") != database or run_exists(run_id):
        return None
    return OrphanedIndex(
        run_id=folder.name,
        dataset=metadata.get("dataset") or "",
        brain_key=metadata.get("brain_key") or "",
        disk_bytes=disk_bytes,
        path=str(folder),
    )
