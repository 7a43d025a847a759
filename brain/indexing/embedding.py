"""Computes embeddings of images and of their regions, and saves them every few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from typing import Literal

import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.core.progress import Progress, Steps
from fiftyone_faiss.brain.data.connection import explain_outage_in_steps
from fiftyone_faiss.brain.data.media import WHOLE, Media, Regions, collect_media
from fiftyone_faiss.brain.data.progress_bar import ProgressOption, run_steps
from fiftyone_faiss.brain.indexing.field_record import FieldRecord
from fiftyone_faiss.brain.indexing.precisions import field_precision, load_steps
from fiftyone_faiss.brain.indexing.region_means import region_means
from fiftyone_faiss.brain.models.loading import (
    ModelLike,
    absolute_name,
    get_embedder,
    loadable_name,
)
from fiftyone_faiss.embedders import (
    EmbeddedBatch,
    Embedder,
    Failure,
    embed_sources,
    is_registered,
)

# The most work in seconds that is lost when an embedding is stopped.
COMMIT_SECONDS = 3.0
DEFAULT_EMBEDDINGS_FIELD = "embeddings"
Engine = Literal["local", "ray"]
Failures = dict[str, str]
"""The reasons of failures, by the id of the sample or label."""

Save = Callable[[Media, Matrix, Failures], None]
"""Saves embedded media, their vectors, and the failures of other media."""


@dataclass(frozen=True)
class EmbeddingReport:
    """The result of computing embeddings.

    Attributes:
        embedded: the number of new embeddings
        failures: the reasons of the failures, by id
        skipped: the number of samples, or labels, that had embeddings
        seconds: the duration
    """

    embedded: int
    failures: Failures
    skipped: int
    seconds: float

    def __str__(self) -> str:
        failed = f", {len(self.failures):,} failed" if self.failures else ""
        skipped = f", {self.skipped:,} skipped" if self.skipped else ""
        return f"{self.embedded:,} embedded{skipped}{failed}."


@dataclass(frozen=True)
class Execution:
    """How to embed.

    Attributes:
        batch_size: images per batch, None for what suits the model and the machine
        num_workers: decoding threads, None for one per processor
        engine: ``"local"``, or ``"ray"`` for actors on a Ray cluster
        precision: the precision of the network; see :func:`fiftyone_faiss.get_embedder`
    """

    batch_size: int | None = None
    num_workers: int | None = None
    engine: Engine = "local"
    precision: str = "auto"

    def __post_init__(self) -> None:
        for name in ("batch_size", "num_workers"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}.")
        if self.engine not in ("local", "ray"):
            raise ValueError(f"engine must be 'local' or 'ray', got '{self.engine}'.")


LOCAL = Execution()


def compute_embeddings(
    samples: foc.SampleCollection,
    model: ModelLike,
    embeddings_field: str = DEFAULT_EMBEDDINGS_FIELD,
    patches_field: str | None = None,
    roi_field: str | None = None,
    alpha: float = 0.0,
    force_square: bool = False,
    force: bool = False,
    check_media: bool = False,
    batch_size: int | None = None,
    num_workers: int | None = None,
    engine: Engine = "local",
    precision: str = "auto",
    progress: ProgressOption = None,
) -> EmbeddingReport:
    """Embeds images, or regions of them, and stores the vectors in a field.

    Samples and labels with embeddings are skipped, so rerunning a stopped computation resumes it.

    Args:
        samples: a dataset or view of images, or of frames
        model: an embedder or its name; see :func:`fiftyone_faiss.brain.models.loading.get_embedder`
        embeddings_field ("embeddings"): the field for the vectors, of the labels for patches
        patches_field (None): a field of Detections or Polylines, to embed each label's patch
        roi_field (None): a field of Detections or Polylines, to embed the mean of their patches
        alpha (0.0): the padding of the boxes, as a fraction of their size
        force_square (False): whether to expand the boxes to squares
        force (False): whether to embed everything again. A different model must embed all samples
            that have a vector in the field
        check_media (False): whether to embed files again that changed since they were embedded
        batch_size (None): images per batch, by default what suits the model and the machine
        num_workers (None): decoding threads, by default one per processor
        engine ("local"): ``"ray"`` embeds on a Ray cluster
        precision ("auto"): the precision of the network; see :func:`fiftyone_faiss.get_embedder`
        progress (None): whether to show a progress bar, or a callback, as in FiftyOne

    Returns:
        an :class:`EmbeddingReport`

    Raises:
        ValueError: if the model, a field or the media is invalid
    """
    steps = compute_embeddings_steps(
        samples, model, embeddings_field, Regions(patches_field, roi_field, alpha, force_square),
        force, check_media, Execution(batch_size, num_workers, engine, precision),
    )  # fmt: skip
    return run_steps(steps, progress)


@explain_outage_in_steps("then run it again, which resumes it")
def compute_embeddings_steps(
    samples: foc.SampleCollection,
    model: ModelLike,
    embeddings_field: str = DEFAULT_EMBEDDINGS_FIELD,
    regions: Regions = WHOLE,
    force: bool = False,
    check_media: bool = False,
    execution: Execution = LOCAL,
) -> Steps[EmbeddingReport]:
    """Runs :func:`compute_embeddings` step by step."""
    if not embeddings_field.replace(".", "_").isidentifier():
        raise ValueError(
            f"'{embeddings_field}' is not a field name; use 'embeddings', for example."
        )
    started = time.perf_counter()
    now = datetime.now(timezone.utc)
    media = collect_media(samples, regions)
    precision = field_precision(
        samples, embeddings_field, regions, model, execution.precision, force
    )
    embedder = yield from load_steps(model, precision, media.sources)
    record = FieldRecord.open(samples, embeddings_field, embedder, regions, media, force)
    todo = media if force else record.missing(samples, media, check_media)

    def save(part: Media, vectors: Matrix, failures: Failures) -> None:
        if len(part):
            record.write(part, vectors, embedder.precision)
        record.save_failures(part.ids, failures)

    failures = yield from embed(embedder, todo, save, execution, model)
    if force or check_media:
        record.finish(media, now)
    return EmbeddingReport(
        len(todo) - len(failures), failures, len(media) - len(todo), time.perf_counter() - started
    )


def embed(
    embedder: Embedder,
    media: Media,
    save: Save,
    execution: Execution,
    model: ModelLike | None = None,
) -> Steps[Failures]:
    """Embeds media and saves the vectors every few seconds.

    If the work ends early, for any reason, the vectors so far are saved.

    Args:
        embedder: the embedder
        media: the media
        save: saves embedded media, their vectors, and the failures of other media
        execution: how to embed
        model (None): the model as it was given, so that other processes can load it too

    Returns:
        the reasons of the failures, by id
    """
    started = saved = time.perf_counter()
    failures: Failures = {}
    pending = _Pending(media, save)
    yield Progress(0, len(media), 0, 0.0)
    done = 0
    try:
        for batch in region_means(_batches(embedder, media, execution, model), media.parts):
            pending.take(batch)
            failures.update(pending.named(batch.failures))
            done += len(batch.positions) + len(batch.failures)
            now = time.perf_counter()
            if now - saved > COMMIT_SECONDS:
                pending.flush()
                saved = now
            yield Progress(done, len(media), len(failures), now - started)
    finally:
        pending.flush()
    return failures


class _Pending:
    """The media that are embedded and not yet saved."""

    def __init__(self, media: Media, save: Save) -> None:
        self._media = media
        self._save = save
        self._positions: list[int] = []
        self._vectors: list[Matrix] = []
        self._failures: Failures = {}

    def named(self, failures: tuple[Failure, ...]) -> Failures:
        return {self._media.ids[failure.position]: failure.reason for failure in failures}

    def take(self, batch: EmbeddedBatch) -> None:
        self._positions += batch.positions.tolist()
        self._vectors.append(batch.vectors)
        self._failures.update(self.named(batch.failures))

    def flush(self) -> None:
        if self._positions or self._failures:
            vectors = np.concatenate(self._vectors)
            self._save(self._media.keep(self._positions), vectors, self._failures)
        self._positions, self._vectors, self._failures = [], [], {}


def _batches(
    embedder: Embedder, media: Media, execution: Execution, model: ModelLike | None
) -> Iterator[EmbeddedBatch]:
    size, workers = execution.batch_size, execution.num_workers
    if execution.engine == "local":
        return embed_sources(embedder, media.sources, size, workers)
    from fiftyone_faiss.embedders.ray_engine import embed_sources_on_ray

    # Workers load the model by name where they can, so that its weights need not be sent.
    name = loadable_name(embedder)
    if isinstance(model, str) and not is_registered(model):
        name = absolute_name(model)
    if name is None:
        return embed_sources_on_ray(partial(get_embedder, embedder), media.sources, size, workers)
    load = partial(get_embedder, name, embedder.precision)
    return embed_sources_on_ray(load, media.sources, size, workers)
