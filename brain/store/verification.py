"""Verification: comparing all files of a store with their checksums."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fiftyone_faiss.brain.core.arrays import row_norms
from fiftyone_faiss.brain.store.compaction import COPY_ROWS
from fiftyone_faiss.brain.store.directory import StoreDirectory
from fiftyone_faiss.brain.store.manifest import MANIFEST, Manifest, StoreError, lost
from fiftyone_faiss.brain.store.segments import Segment
from fiftyone_faiss.brain.store.snapshot import Snapshot

# By how much norms may differ that another machine computed.
NORM_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Problem:
    """A missing, damaged or unreadable file.

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
        a :class:`Problem` for each missing, damaged or unreadable file, the segments first
    """
    problems = []
    for segment in manifest.segments:
        path = directory.path / segment.name
        try:
            _check_segment(Segment.of(directory.path, manifest, segment, 0, directory.filesystem))
        except StoreError as error:
            problems.append(Problem(path, str(error)))
        except FileNotFoundError:
            problems.append(Problem(path, f"{path} is missing."))
    for file in filter(None, (manifest.deleted, *manifest.index_files)):
        problem = directory.problem_of(file)
        if problem is not None:
            path = directory.path / file.name
            problems.append(
                Problem(path, f"{problem}.", is_rebuildable=file is not manifest.deleted)
            )
    if all(problem.is_rebuildable for problem in problems):
        problems = _find_contradictions(directory, manifest) + problems
    return problems


def _check_segment(segment: Segment) -> None:
    """Checks all blocks of a segment, and that the norms are those of the vectors.

    They are not if the manifest names another dimension or type of values.
    """
    segment.check_all()
    for start in range(0, segment.info.rows, COPY_ROWS):
        stop = start + COPY_ROWS
        vectors, norms = (
            segment.column("vectors", start, stop),
            segment.column("norms", start, stop),
        )
        with np.errstate(invalid="ignore"):
            norms_now = row_norms(vectors)
        if not np.allclose(norms_now, norms, rtol=NORM_TOLERANCE, atol=0):
            raise lost(f"{segment.path} is damaged (its norms are not those of its vectors)")


def _find_contradictions(directory: StoreDirectory, manifest: Manifest) -> list[Problem]:
    """Verifies that intact files belong together."""
    try:
        snapshot = Snapshot.of(directory.path, manifest, None, directory.filesystem)
    except (FileNotFoundError, StoreError) as error:
        # The segments were verified, so it is about the deleted rows.
        name = MANIFEST if manifest.deleted is None else manifest.deleted.name
        return [Problem(directory.path / name, str(error))]
    ids = snapshot.ids[snapshot.live_rows]
    if len(np.unique(ids)) == len(ids):
        return []
    path = directory.path / MANIFEST
    return [Problem(path, str(lost(f"{path} is damaged (an id has several rows)")))]
