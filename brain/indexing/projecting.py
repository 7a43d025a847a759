"""Makes an index from the vectors of another one, without embedding images again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np

from fiftyone_faiss.brain.core.arrays import Matrix, Rows
from fiftyone_faiss.brain.core.progress import Progress, Steps
from fiftyone_faiss.brain.data.private import root_dataset
from fiftyone_faiss.brain.indexing.key_names import check_free_key
from fiftyone_faiss.brain.indexing.writing import maintain_steps
from fiftyone_faiss.brain.similarity import FaissSimilarityConfig, FaissSimilarityIndex
from fiftyone_faiss.brain.store.batch import Batch
from fiftyone_faiss.brain.store.snapshot import Snapshot
from fiftyone_faiss.embedders import Embedder

# Rows whose vectors are in memory at once.
BLOCK_ROWS = 20_000


def check_new_key(index: FaissSimilarityIndex, brain_key: str) -> str:
    """Checks the brain key of a new index, and returns it.

    Raises:
        ValueError: if it is no valid key, or taken
    """
    return check_free_key(index.samples, "new_key", brain_key, f"{index.key}_taught")


def projected_index_steps(
    index: FaissSimilarityIndex,
    brain_key: str,
    project: Callable[[Matrix], Matrix],
    model: str | None = None,
    embedder: Embedder | None = None,
) -> Steps[FaissSimilarityIndex]:
    """Makes an index of the same samples, frames or labels as another one.

    If it is stopped, or fails, nothing of the new index is left.

    Args:
        index: the index whose vectors are projected
        brain_key: the key of the new index; see :func:`check_new_key`
        project: maps ``(n, dim)`` float32 vectors to those of the new index
        model (None): the name of the new index's embedder, None if its vectors have none
        embedder (None): that embedder
    """
    started = time.perf_counter()
    dataset, snapshot = root_dataset(index.samples), index.snapshot
    method = _config(index, model, embedder).build()
    method.register_run(dataset, brain_key, overwrite=False)
    try:
        new: FaissSimilarityIndex = method.initialize(dataset, brain_key)
        new.store.check_space(snapshot.size, snapshot.dim)
        done = 0
        for batch in _batches(snapshot, project, embedder):
            new.add_batch(batch)
            done += len(batch.vectors)
            seconds = time.perf_counter() - started
            yield Progress(done, snapshot.size, 0, seconds, "projected")
        new.store.commit(metadata=_metadata(snapshot, embedder))
        yield from maintain_steps(new)
    except BaseException:
        dataset.delete_brain_run(brain_key)
        raise
    new.reload()
    return new


def _config(
    index: FaissSimilarityIndex, model: str | None, embedder: Embedder | None
) -> FaissSimilarityConfig:
    old = index.config
    return FaissSimilarityConfig(
        metric=old.metric,
        index_type=old.index_type,
        dtype=old.dtype,
        alpha=old.alpha,
        force_square=old.force_square,
        frames=old.frames,
        root_dir=old.root_dir,
        model=model,
        patches_field=old.patches_field,
        supports_prompts=bool(embedder and embedder.supports_text),
    )


def _batches(
    snapshot: Snapshot, project: Callable[[Matrix], Matrix], embedder: Embedder | None
) -> Iterator[Batch]:
    """Projects the live rows of each segment, block by block."""
    for segment in snapshot.segments:
        rows = np.arange(segment.start, segment.stop)
        rows = rows[snapshot.live[rows]]
        # Of vectors that were given, it is only assumed which model made them.
        is_known = segment.info.model is not None and embedder is not None
        fingerprint = embedder.fingerprint if is_known and embedder is not None else None
        for start in range(0, len(rows), BLOCK_ROWS):
            yield _batch(
                snapshot, rows[start : start + BLOCK_ROWS], project, fingerprint,
                segment.info.precision,
            )  # fmt: skip


def _batch(
    snapshot: Snapshot,
    rows: Rows,
    project: Callable[[Matrix], Matrix],
    model: str | None,
    precision: str | None,
) -> Batch:
    labels = snapshot.label_ids
    return Batch(
        project(snapshot.vectors_at(rows)),
        snapshot.sample_ids[rows],
        None if labels is None else labels[rows],
        snapshot.media[rows],
        model=model,
        precision=precision,
    )


def _metadata(snapshot: Snapshot, embedder: Embedder | None) -> dict[str, object]:
    """What the manifest keeps of the build: failures stay failures of the new index."""
    known = snapshot.manifest.metadata
    names = ("failures", "precision", "rate")
    kept: dict[str, object] = {name: value for name, value in known.items() if name in names}
    if "fingerprint" in known and embedder is not None:
        kept["fingerprint"] = embedder.fingerprint
    return kept
