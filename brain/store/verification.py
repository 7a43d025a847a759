"""Verification: comparing all files of a store with their checksums."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fiftyone_faiss.brain.store.directory import StoreDirectory
from fiftyone_faiss.brain.store.manifest import Manifest, StoreError
from fiftyone_faiss.brain.store.segments import Segment


@dataclass(frozen=True)
class Problem:
    """A missing or damaged file.

    Attributes:
        file: its path
        sentence: what is wrong
        is_rebuildable (False): whether it can be rebuilt from the vectors
    """

    file: Path
    sentence: str
    is_rebuildable: bool = False


def find_problems(directory: StoreDirectory, manifest: Manifest) -> list[Problem]:
    """Verifies the files of a generation.

    Returns:
        a :class:`Problem` for each missing or damaged file, the segments first
    """
    problems = []
    for segment in manifest.segments:
        path = directory.path / segment.name
        try:
            Segment.of(directory.path, manifest, segment, 0).check_all()
        except StoreError as error:
            problems.append(Problem(path, str(error)))
        except FileNotFoundError:
            problems.append(Problem(path, f"{path} is missing."))
    ann_index = manifest.ann_index.file if manifest.ann_index else None
    for file in filter(None, (manifest.deleted, ann_index)):
        if not directory.is_sound(file):
            path = directory.path / file.name
            sentence = f"{path} is missing or damaged."
            problems.append(Problem(path, sentence, is_rebuildable=file is ann_index))
    return problems
