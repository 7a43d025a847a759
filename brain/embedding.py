"""Computing embeddings: images and patches through an embedder, saved as they come."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import fiftyone.core.collections as foc
import numpy as np
from fiftyone.brain.internal.core import utils as fbu

from fiftyone_faiss.brain.media import Media, collect_media
from fiftyone_faiss.brain.models import get_embedder
from fiftyone_faiss.brain.progress import Progress, ProgressOption, Steps, run_steps
from fiftyone_faiss.brain.segments import Matrix
from fiftyone_faiss.embedders import Embedder, embed_sources

COMMIT_SECONDS = 3.0
DEFAULT_EMBEDDINGS_FIELD = "embeddings"


@dataclass(frozen=True)
class EmbeddingReport:
    """What came of embedding.

    Attributes:
        embedded: how many were embedded
        failures: why the others were not, by their id
        seconds: how long it took
    """

    embedded: int
    failures: dict[str, str]
    seconds: float


def compute_embeddings(
    samples: foc.SampleCollection,
    model: str | Embedder,
    embeddings_field: str = DEFAULT_EMBEDDINGS_FIELD,
    patches_field: str | None = None,
    batch_size: int | None = None,
    num_workers: int | None = None,
    progress: ProgressOption = None,
) -> EmbeddingReport:
    """Embeds images, or the patches of a label field, and stores the vectors in a field.

    Args:
        samples: a dataset or view of images
        model: an embedder or its name; see :func:`fiftyone_faiss.brain.models.get_embedder`
        embeddings_field ("embeddings"): the field for the vectors; of the labels, for patches
        patches_field (None): a field of Detections or Polylines
        batch_size (None): images a batch
        num_workers (None): decoding threads
        progress (None): whether to show a progress bar, or a callback, as in FiftyOne

    Returns:
        an :class:`EmbeddingReport`

    Raises:
        ValueError: if the model, a field or the media is bad, saying what to do
    """
    steps = compute_embeddings_steps(
        samples, model, embeddings_field, patches_field, batch_size, num_workers
    )
    return run_steps(steps, progress)


def compute_embeddings_steps(
    samples: foc.SampleCollection,
    model: str | Embedder,
    embeddings_field: str = DEFAULT_EMBEDDINGS_FIELD,
    patches_field: str | None = None,
    batch_size: int | None = None,
    num_workers: int | None = None,
) -> Steps[EmbeddingReport]:
    """:func:`compute_embeddings`, step by step."""
    if not embeddings_field.replace(".", "_").isidentifier():
        raise ValueError(f"'{embeddings_field}' is no field name; give one such as 'embeddings'.")
    media = collect_media(samples, patches_field)
    embedder = get_embedder(model)
    dataset = samples._root_dataset

    def save(part: Media, vectors: Matrix) -> None:
        fbu.add_embeddings(
            dataset,
            vectors,
            part.sample_ids,
            part.label_ids,
            embeddings_field,
            patches_field=patches_field,
        )

    started = time.perf_counter()
    failures = yield from embed(embedder, media, save, batch_size, num_workers)
    return EmbeddingReport(len(media) - len(failures), failures, time.perf_counter() - started)


def embed(
    embedder: Embedder,
    media: Media,
    save: Callable[[Media, Matrix], None],
    batch_size: int | None,
    num_workers: int | None,
) -> Steps[dict[str, str]]:
    """Embeds and saves every few seconds; returns why some failed, by their id."""
    started = saved = time.perf_counter()
    failures: dict[str, str] = {}
    positions: list[int] = []
    vectors: list[Matrix] = []
    done = 0
    yield Progress(0, len(media), 0, 0.0)
    for batch in embed_sources(embedder, media.sources, batch_size, num_workers):
        positions += batch.positions.tolist()
        vectors.append(batch.vectors)
        failures.update({media.ids[f.position]: f.reason for f in batch.failures})
        done += len(batch.positions) + len(batch.failures)
        now = time.perf_counter()
        if positions and (now - saved > COMMIT_SECONDS or done == len(media)):
            save(media.keep(positions), np.concatenate(vectors))
            positions, vectors, saved = [], [], now
        yield Progress(done, len(media), len(failures), now - started)
    return failures
