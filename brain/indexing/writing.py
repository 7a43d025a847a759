"""Writes embeddings into an index, and keeps its FAISS index up to date."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator

from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.core.ids import pack_ids
from fiftyone_faiss.brain.core.progress import Progress, Steps
from fiftyone_faiss.brain.data.media import Media, media_fingerprints
from fiftyone_faiss.brain.indexing.embedding import LOCAL, Execution, Failures, embed
from fiftyone_faiss.brain.models.loading import ModelLike
from fiftyone_faiss.brain.similarity import FaissSimilarityIndex
from fiftyone_faiss.brain.store.batch import Batch
from fiftyone_faiss.brain.store.store import Metadata
from fiftyone_faiss.embedders import Embedder

# The rate of fewer media says little about many.
MIN_MEASURED = 20


def maintain_steps(index: FaissSimilarityIndex, force: bool = False) -> Iterator[Progress]:
    """Brings the FAISS index up to date, step by step."""
    started = time.perf_counter()
    for done, total in index.vectors.maintenance.maintain_steps(force=force):
        yield Progress(done, total, 0, time.perf_counter() - started, "indexed")


def embed_into(
    index: FaissSimilarityIndex,
    embedder: Embedder,
    media: Media,
    execution: Execution = LOCAL,
    model: ModelLike | None = None,
) -> Steps[Failures]:
    """Embeds media and commits the vectors every few seconds.

    Each commit holds the vectors and the failures of the same media, so that a stopped build loses
    neither. It also keeps the rate so far, from which the duration of a rebuild is estimated.

    Args:
        index: the index
        embedder: the embedder
        media: the media to embed
        execution (LOCAL): how to embed
        model (None): the model as it was given, so that other processes can load it too

    Returns:
        the reasons of the failures, by id
    """
    if not media:
        return {}
    index.store.check_space(len(media), embedder.dim)
    started, settled = time.perf_counter(), 0

    def save(part: Media, vectors: Matrix, failures: Failures) -> None:
        nonlocal settled
        settled += len(part) + len(failures)
        measured: Metadata = {}
        if len(part) and settled >= MIN_MEASURED:
            measured = {"rate": round(settled / (time.perf_counter() - started), 3)}

        def metadata(known: Metadata) -> Metadata:
            # The new outcome of retried media replaces their earlier failures.
            now = failures_after(known, {*part.ids, *failures}, failures)
            precision = {"precision": embedder.precision} if len(part) else {}
            return {"fingerprint": embedder.fingerprint, "failures": now, **precision, **measured}

        if len(part):
            labels = None if part.label_ids is None else pack_ids(part.label_ids)
            batch = Batch(
                vectors,
                pack_ids(part.sample_ids),
                labels,
                media_fingerprints(part),
                model=embedder.fingerprint,
                precision=embedder.precision,
            )
            index.add_batch(batch, metadata=metadata)
            return
        known = index.snapshot.manifest.metadata
        if any(known.get(name) != value for name, value in metadata(known).items()):
            index.store.commit(metadata=metadata)

    return (yield from embed(embedder, media, save, execution, model))


def failures_after(known: Metadata, settled: Collection[str], new: Failures) -> Failures:
    """Returns the known failures without those that are settled, and with new ones."""
    old: Failures = known.get("failures", {})
    kept = {media_id: reason for media_id, reason in old.items() if media_id not in settled}
    return {**kept, **new}
