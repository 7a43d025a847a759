"""Stores that belong to a Brain run of a database.

Databases that were copied on one machine have the same run ids, and so the same folders. Each may
read the files, but only the database that they were written for may change or remove them. Another
database copies them to ``<run id>-<database>`` before its first change, and uses the copy from then
on.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from fiftyone_faiss.brain.core.files import FILE_SYSTEM, FileSystem
from fiftyone_faiss.brain.store.copying import copy_store
from fiftyone_faiss.brain.store.directory import StoreDirectory
from fiftyone_faiss.brain.store.manifest import MANIFEST, Manifest, StoreError, shortened
from fiftyone_faiss.brain.store.store import Store
from fiftyone_faiss.brain.store.verification import Problem

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Owner:
    """The database and the Brain run that use a store.

    Attributes:
        database: the identity of the database
        run_id: the id of the run
    """

    database: str
    run_id: str

    def is_database_of(self, manifest: Manifest) -> bool:
        """Whether a store belongs to this database; the first versions did not always say."""
        return manifest.metadata.get("database") in (None, self.database)

    def is_run_of(self, manifest: Manifest) -> bool:
        """Whether a store belongs to this run, or to one with its id; older stores do not say."""
        return manifest.metadata.get("run_id") in (None, self.run_id)

    def may_remove(self, directory: StoreDirectory) -> bool:
        """Whether a directory holds nothing that may belong to another database or run."""
        if not directory.exists:
            return True
        try:
            data = directory.manifest_bytes()
        except StoreError:
            return False
        try:
            manifest = directory.parse(data)
        except StoreError:
            # A damaged manifest may still name its database.
            return self.database.encode() in data
        return self.is_run_of(manifest) and self.is_database_of(manifest)


class OwnedStore(Store):
    """A store that is only changed for the database that it belongs to.

    Args:
        path: the directory, which may belong to another database
        owner: the database and the run that use the store
        filesystem (FILE_SYSTEM): opens the files, and carries out the writes
    """

    def __init__(self, path: Path, owner: Owner, filesystem: FileSystem = FILE_SYSTEM) -> None:
        super().__init__(path, filesystem)
        self._owner = owner
        self._copy = path.with_name(f"{path.name}-{owner.database}")
        self._uses_copy = False

    @property
    def path(self) -> Path:
        """The directory, or that of this database's copy if there is one."""
        # A copy that was used and is gone was deleted with its run.
        self._uses_copy = self._uses_copy or os.path.isfile(self._copy / MANIFEST)
        return self._copy if self._uses_copy else self._path

    def verify(self) -> list[Problem]:
        """See :meth:`Store.verify`; the files of another run are a problem, too."""
        problems = super().verify()
        try:
            self._check(self._directory.manifest())
        except StoreError as error:
            problems.insert(0, Problem(self.path / MANIFEST, str(error)))
        return problems

    def adopt(self) -> None:
        """Claims the files for the owner, whichever database or run they belong to."""
        directory = StoreDirectory(self._path, self._filesystem)
        if not directory.exists:
            return
        with directory.writing():
            manifest = directory.manifest()
            claimed = {**manifest.metadata, **asdict(self._owner)}
            if claimed != manifest.metadata:
                changed = replace(manifest, generation=manifest.generation + 1, metadata=claimed)
                changed.write(self._filesystem, self._path)

    def destroy(self) -> None:
        """See :meth:`Store.destroy`; files of another database or another run are kept."""
        self._current = None
        for path in (self._path, self._copy):
            directory = StoreDirectory(path, self._filesystem)
            if self._owner.may_remove(directory):
                directory.destroy()
            else:
                logger.warning(
                    "The files in %s are kept, because they may belong to another database.", path
                )

    def _check(self, manifest: Manifest) -> None:
        if not self._owner.is_run_of(manifest):
            names = [shortened(manifest.metadata.get(name)) for name in ("brain_key", "dataset")]
            raise StoreError(
                f"{self.path} holds the index '{names[0]}' of the dataset '{names[1]}' instead of "
                "this index; restore the right folder, or claim these files with "
                "update_index(..., adopt=True)."
            )

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        manifest = self._directory.manifest()
        self._check(manifest)
        if not self._owner.is_database_of(manifest):
            self._copy_files()
        with super()._writing():
            yield

    def _copy_files(self) -> None:
        """Copies the files of another database, and uses the copy from now on."""
        copy = StoreDirectory(self._copy, self._filesystem)
        copy_store(self._directory, copy, asdict(self._owner))
        logger.warning(
            "The files in %s belong to another database, so this database now uses a copy in %s; "
            "if they were moved here together with this database, claim them with "
            "update_index(..., adopt=True).",
            self._path,
            self._copy,
        )
