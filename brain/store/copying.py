"""Copying a store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from fiftyone_faiss.brain.core.files import FileSystem, link_or_copy
from fiftyone_faiss.brain.store.checked_files import explain_read_errors
from fiftyone_faiss.brain.store.directory import StoreDirectory
from fiftyone_faiss.brain.store.entries import IndexFileInfo, IndexFileKind
from fiftyone_faiss.brain.store.manifest import Manifest, lost


def copy_store(source: StoreDirectory, target: StoreDirectory, metadata: dict[str, Any]) -> None:
    """Copies the newest generation of a store, unless the target is a store already.

    Args:
        source: the store
        target: where to copy it
        metadata: values that replace those of the source

    Raises:
        StoreError: if a file of the source that cannot be rebuilt is missing, or the disk is full
            or not writable
    """
    target.create()
    with target.writing():
        if not target.exists:
            manifest = _link_generation(source, target)
            changed = replace(manifest, metadata={**manifest.metadata, **metadata})
            changed.write(target.filesystem, target.path)


def _link_generation(source: StoreDirectory, target: StoreDirectory) -> Manifest:
    """Links the files of the newest generation, and returns the manifest of the copy."""
    while True:
        data = source.manifest_bytes()
        manifest = source.parse(data)
        missing = _link_files(source.path, manifest.file_names, target.path, target.filesystem)
        if missing and source.manifest_bytes() != data:
            # A writer has replaced them in the meantime.
            continue
        # The copy does without files that can be rebuilt.
        for kind in get_args(IndexFileKind):
            info: IndexFileInfo | None = getattr(manifest, kind)
            if info is not None and info.file.name in missing:
                missing.remove(info.file.name)
                manifest = manifest.with_index_file(kind, None)
        if missing:
            raise lost(f"{source.path / min(missing)} is missing")
        return manifest


def _link_files(
    source: Path, names: Iterable[str], target: Path, filesystem: FileSystem
) -> set[str]:
    """Links or copies files to a directory, and returns the names of missing ones."""
    missing = set()
    for name in names:
        try:
            # What cannot be read must not be linked, and is not a failure to write.
            with explain_read_errors(source / name):
                filesystem.open(source / name).close()
            link_or_copy(filesystem, source / name, target / name)
        except FileNotFoundError:
            missing.add(name)
    return missing
