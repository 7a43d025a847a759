"""What is damaged in a store: all of its files compared with their checksums."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fiftyone_faiss.brain.folder import Folder
from fiftyone_faiss.brain.manifest import Manifest, StoreError
from fiftyone_faiss.brain.segments import Segment


@dataclass(frozen=True)
class Problem:
    """A file that is not as it was written.

    Attributes:
        file: where it is, or should be
        sentence: what is wrong with it
        is_derived: whether it can be made anew of the vectors
    """

    file: Path
    sentence: str
    is_derived: bool = False


def find_problems(folder: Folder, manifest: Manifest) -> list[Problem]:
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
    derived = manifest.derived.file if manifest.derived else None
    for file in filter(None, (manifest.deleted, derived)):
        if not folder.is_sound(file):
            path = folder.path / file.name
            sentence = f"{path} is missing or damaged."
            problems.append(Problem(path, sentence, is_derived=file is derived))
    return problems
