"""Stores imported vectors in a new index, which appears when it is complete."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np

from fiftyone_faiss.brain.backend.runs import run_id
from fiftyone_faiss.brain.core.arrays import Matrix, Rows
from fiftyone_faiss.brain.core.progress import Steps, timed_steps
from fiftyone_faiss.brain.core.vectors import check_vectors
from fiftyone_faiss.brain.indexing.writing import maintain_steps
from fiftyone_faiss.brain.similarity import FaissSimilarityConfig, FaissSimilarityIndex
from fiftyone_faiss.brain.store.batch import Batch
from fiftyone_faiss.brain.transfer.contents import (
    Block,
    Contents,
    VectorHasher,
    difference,
    rows_per_block,
)
from fiftyone_faiss.brain.transfer.description import IndexDescription, damaged
from fiftyone_faiss.brain.transfer.matching import Matches


@dataclass
class Stored:
    """What was stored so far.

    Attributes:
        hasher: hashes the stored vectors
        max_difference: the largest absolute difference to a number of the file
    """

    hasher: VectorHasher
    max_difference: float = 0.0


def store_steps(
    dataset: fo.Dataset,
    brain_key: str,
    config: FaissSimilarityConfig,
    contents: Contents,
    description: IndexDescription,
    matches: Matches,
    path: Path,
) -> Steps[Stored]:
    """Stores the matched rows of a file as a new index.

    Until the end, the run has no results, so that nothing can load it. If this fails or is
    stopped, the run and its files are removed; those of a killed process are those of an unfinished
    index, which ``delete_index`` removes.

    Args:
        dataset: the dataset
        brain_key: the key of the new index
        config: its configuration
        contents: the content of the file
        description: what the file says
        matches: which sample or label each row belongs to
        path: the file, for messages

    Raises:
        ValueError: if the file is damaged, or the vectors cannot be stored
    """
    method = config.build()
    method.register_run(dataset, brain_key, overwrite=False)
    try:
        index = FaissSimilarityIndex(
            dataset, config, brain_key, run_id=run_id(dataset, brain_key), backend=method
        )
        index.create_store()
        index.store.check_space(len(matches.rows), contents.dim)
        rows = _store_rows(index, contents, description, matches, path)
        stored = yield from timed_steps(rows, "imported")
        yield from timed_steps(_read_again(index, stored), "read again")
        yield from maintain_steps(index)
        method.save_run_results(dataset, brain_key, index)
    except BaseException:
        dataset.delete_brain_run(brain_key)
        raise
    return stored


def _store_rows(
    index: FaissSimilarityIndex,
    contents: Contents,
    description: IndexDescription,
    matches: Matches,
    path: Path,
) -> Generator[tuple[int, int], None, Stored]:
    """Stores the rows block by block, and proves that the file is what was exported."""
    exported, stored, start = VectorHasher(), Stored(VectorHasher()), 0
    for block in contents.blocks():
        stop = start + len(block.vectors)
        vectors = check_vectors(block.vectors)
        if contents.description is not None:
            exported.update(vectors)
        first, last = np.searchsorted(matches.rows, [start, stop])
        if last > first:
            kept = matches.rows[first:last] - start
            batch = _batch(block, vectors, kept, matches, slice(first, last), description)
            as_stored = batch.columns(index.config.dtype)["vectors"]
            stored.hasher.update(as_stored)
            stored.max_difference = max(stored.max_difference, difference(batch.vectors, as_stored))
            index.store.commit(batch)
        start = stop
        yield start, len(contents.keys)
    if start != len(contents.keys):
        raise damaged(path, f"it has {start:,} vectors for {len(contents.keys):,} ids")
    if contents.description is not None and exported.hexdigest() != description.vectors_hash:
        raise damaged(path, "its vectors are not those that were exported")
    index.store.commit(metadata=_metadata(description))
    return stored


def _batch(
    block: Block,
    vectors: Matrix,
    kept: Rows,
    matches: Matches,
    places: slice,
    description: IndexDescription,
) -> Batch:
    """Returns the matched rows of a block, with the ids that they have in the dataset."""
    labels = matches.label_ids
    # Of files that were matched otherwise, the times of changes are those of another machine.
    media = block.media if matches.by == "id" else None
    is_whole = len(kept) == len(vectors)
    return Batch(
        vectors if is_whole else vectors[kept],
        matches.sample_ids[places],
        None if labels is None else labels[places],
        None if media is None else media[kept],
        model=block.model or description.fingerprint,
        precision=block.precision or description.precision,
    )


def _metadata(description: IndexDescription) -> dict[str, Any]:
    """What the manifest keeps of the model."""
    values = {"fingerprint": description.fingerprint, "precision": description.precision}
    return {name: value for name, value in values.items() if value is not None}


def _read_again(
    index: FaissSimilarityIndex, stored: Stored
) -> Generator[tuple[int, int], None, None]:
    """Reads what was stored.

    Raises:
        ValueError: if it is not what was given to the store
    """
    hasher, snapshot, done = VectorHasher(), index.snapshot, 0
    for _, vectors, _ in snapshot.blocks(rows_per_block(snapshot.dim)):
        hasher.update(vectors)
        done += len(vectors)
        yield done, snapshot.total_rows
    if hasher.hexdigest() != stored.hasher.hexdigest():
        raise ValueError(
            f"The stored vectors of '{index.key}' are not those of the file, so nothing was "
            "imported; check the disk, and try again."
        )
