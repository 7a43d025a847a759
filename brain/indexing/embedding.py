"""Computing embeddings: images and parts of them through an embedder, saved as they come."""

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
from fiftyone_faiss.brain.data.media import WHOLE, Media, Regions, collect_media
from fiftyone_faiss.brain.data.progress_bar import ProgressOption, run_steps
from fiftyone_faiss.brain.indexing.field_record import FieldRecord
from fiftyone_faiss.brain.models.loading import ModelLike, get_embedder, precision_of, stored_name
from fiftyone_faiss.embedders import (
    EmbeddedBatch,
    Embedder,
    Failure,
    embed_sources,
    is_registered,
)

COMMIT_SECONDS = 3.0
DEFAULT_EMBEDDINGS_FIELD = "embeddings"
Engine = Literal["local", "ray"]
Failures = dict[str, str]
Save = Callable[[Media, Matrix, Failures], None]


@dataclass(frozen=True)
class EmbeddingReport:
    """What came of embedding.

    Attributes:
        embedded: how many were embedded
        failures: why the others were not, by their id
        skipped: how many had their vectors already
        seconds: how long it took
    """

    embedded: int
    failures: Failures
    skipped: int
    seconds: float

    def __str__(self) -> str:
        failed = f", {len(self.failures):,} could not be read" if self.failures else ""
        skipped = f", {self.skipped:,} had embeddings already" if self.skipped else ""
        return f"{self.embedded:,} embedded{skipped}{failed}."


@dataclass(frozen=True)
class Execution:
    """How to embed.

    Attributes:
        batch_size: images a batch, None for what suits the model and the machine
        num_workers: decoding threads, None for one a processor
        engine: ``"local"``, or ``"ray"`` for actors on a Ray cluster
    """

    batch_size: int | None = None
    num_workers: int | None = None
    engine: Engine = "local"

    def __post_init__(self) -> None:
        for name in ("batch_size", "num_workers"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} is {value}; give a whole number of at least 1.")
        if self.engine not in ("local", "ray"):
            raise ValueError(f"'{self.engine}' is no engine; choose 'local' or 'ray'.")


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
    progress: ProgressOption = None,
) -> EmbeddingReport:
    """Embeds images, or parts of them, and stores the vectors in a field.

    What has a vector already is passed over, so a run that was stopped goes on where it was.

    Args:
        samples: a dataset or view of images, or of frames
        model: an embedder or its name; see :func:`fiftyone_faiss.brain.models.loading.get_embedder`
        embeddings_field ("embeddings"): the field for the vectors; of the labels, for patches
        patches_field (None): a field of Detections or Polylines, to embed each label's patch
        roi_field (None): a field of Detections or Polylines, to embed the mean of their patches
        alpha (0.0): by how much to widen the boxes of these, as a part of their size
        force_square (False): whether to grow the boxes to squares
        force (False): whether to embed all again, also with another model than before; it then has
            to be all that has a vector in the field
        check_media (False): whether to embed again what changed on disk since it was embedded
        batch_size (None): images a batch, by default what suits the model and the machine
        num_workers (None): decoding threads, by default one a processor
        engine ("local"): ``"ray"`` embeds on a Ray cluster
        progress (None): whether to show a progress bar, or a callback, as in FiftyOne

    Returns:
        an :class:`EmbeddingReport`

    Raises:
        ValueError: if the model, a field or the media is bad, saying what to do
    """
    steps = compute_embeddings_steps(
        samples, model, embeddings_field, Regions(patches_field, roi_field, alpha, force_square),
        force, check_media, Execution(batch_size, num_workers, engine),
    )  # fmt: skip
    return run_steps(steps, progress)


def compute_embeddings_steps(
    samples: foc.SampleCollection,
    model: ModelLike,
    embeddings_field: str = DEFAULT_EMBEDDINGS_FIELD,
    regions: Regions = WHOLE,
    force: bool = False,
    check_media: bool = False,
    execution: Execution = LOCAL,
) -> Steps[EmbeddingReport]:
    """:func:`compute_embeddings`, step by step."""
    if not embeddings_field.replace(".", "_").isidentifier():
        raise ValueError(f"'{embeddings_field}' is no field name; give one such as 'embeddings'.")
    started = time.perf_counter()
    now = datetime.now(timezone.utc)
    media = collect_media(samples, regions)
    embedder = get_embedder(model)
    record = FieldRecord.open(samples, embeddings_field, embedder, regions, media, force)
    todo = media if force else record.lacking(samples, media, check_media)

    def save(part: Media, vectors: Matrix, failures: Failures) -> None:
        if len(part):
            record.write(part, vectors)
        record.note(part.ids, failures)

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
    """Embeds and saves every few seconds; returns why some failed, by their id.

    Whatever ends it early, what was embedded by then is saved.

    Args:
        embedder: the embedder
        media: what to embed
        save: takes what was embedded, its vectors, and why others failed
        execution: how
        model (None): what the embedder was found by, for other processes to find it too
    """
    started = saved = time.perf_counter()
    failures: Failures = {}
    pending = _Pending(media, save)
    yield Progress(0, len(media), 0, 0.0)
    done = 0
    try:
        for batch in _averaged(_batches(embedder, media, execution, model), media):
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
    """What is embedded and not saved yet."""

    def __init__(self, media: Media, save: Save) -> None:
        self._media = media
        self._save = save
        self._positions: list[int] = []
        self._vectors: list[Matrix] = []
        self._failures: Failures = {}

    def named(self, failures: tuple[Failure, ...]) -> Failures:
        return {self._media.ids[one.position]: one.reason for one in failures}

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

    # By name where the workers know it: the weights need not travel.
    name = None if model is None else stored_name(model)
    is_known = name is not None and not is_registered(name)
    precision = precision_of(embedder)
    load = partial(get_embedder, name, precision) if is_known else partial(get_embedder, embedder)
    return embed_sources_on_ray(load, media.sources, size, workers)


def _averaged(batches: Iterator[EmbeddedBatch], media: Media) -> Iterator[EmbeddedBatch]:
    """Brings the vectors of several regions of a sample down to their mean.

    A sample of which one region fails, fails: its vector would say something else than it should.
    """
    if media.parts is None:
        yield from batches
        return
    owners = np.repeat(np.arange(len(media)), media.parts)
    found: dict[int, list[Matrix]] = {}
    failed: set[int] = set()
    for batch in batches:
        failures = []
        for failure in batch.failures:
            owner = int(owners[failure.position])
            if owner not in failed:
                failures.append(Failure(owner, failure.reason))
            failed.add(owner)
            found.pop(owner, None)
        whole, means = [], []
        for position, vector in zip(batch.positions, batch.vectors, strict=True):
            owner = int(owners[position])
            if owner in failed:
                continue
            vectors = found.setdefault(owner, [])
            vectors.append(vector)
            if len(vectors) == media.parts[owner]:
                whole.append(owner)
                means.append(np.mean(found.pop(owner), axis=0, dtype=np.float32))
        dim = batch.vectors.shape[1]
        vectors_of = np.stack(means) if means else np.empty((0, dim), np.float32)
        yield EmbeddedBatch(np.array(whole, np.int64), vectors_of, tuple(failures))
