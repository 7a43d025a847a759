"""What is damaged in a store: all of its files compared with their checksums."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fiftyone_faiss.brain.store.directory import StoreDirectory
from fiftyone_faiss.brain.store.manifest import Manifest, StoreError
from fiftyone_faiss.brain.store.segments import Segment


@dataclass(frozen=True)
class Problem:
    """A file that is not as it was written.

    Attributes:
        file: where it is, or should be
        sentence: what is wrong with it
        is_rebuildable: whether it can be made anew of the vectors
    """

    file: Path
    sentence: str
    is_rebuildable: bool = False


def find_problems(folder: StoreDirectory, manifest: Manifest) -> list[Problem]:
    """A :class:`Problem` for each damaged file of a generation, the segments first."""
    problems = []
    for segment in manifest.segments:
        path = folder.path / segment.name
        try:
            Segment.of(folder.path, manifest, segment, 0).check_all()
        except StoreError as error:
            problems.append(Problem(path, str(error)))
        except FileNotFoundError:
            problems.append(Problem(path, f"{path} is missing."))
    ann_index = manifest.ann_index.file if manifest.ann_index else None
    for file in filter(None, (manifest.deleted, ann_index)):
        if not folder.is_sound(file):
            path = folder.path / file.name
            sentence = f"{path} is missing or damaged."
            problems.append(Problem(path, sentence, is_rebuildable=file is ann_index))
    return problems
