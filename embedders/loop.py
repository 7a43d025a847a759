"""Embeds images in one loop: decodes them in threads, batches them, and reports failures."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.embedders.base import (
    Embedder,
    EmbedderError,
    Vectors,
    are_finite,
    not_finite_reason,
)
from fiftyone_faiss.embedders.boxes import EmptyBoxError
from fiftyone_faiss.embedders.images import DECODE_ERRORS, ImageSource


@dataclass(frozen=True)
class Failure:
    """An image that could not be embedded.

    Attributes:
        position: its position in the sources
        reason: why it failed
        is_empty_box: whether the box of the source covers no pixel of a readable image
    """

    position: int
    reason: str
    is_empty_box: bool = False


@dataclass(frozen=True)
class EmbeddedBatch:
    """The result of one batch of sources.

    Attributes:
        positions: ``(n,)`` int64 positions in the sources of the images that were embedded
        vectors: ``(n, dim)`` float32 unit vectors
        failures: the other images
    """

    positions: npt.NDArray[np.int64]
    vectors: Vectors
    failures: tuple[Failure, ...]


def embed_sources(
    embedder: Embedder,
    sources: Sequence[ImageSource],
    batch_size: int | None = None,
    num_workers: int | None = None,
) -> Iterator[EmbeddedBatch]:
    """Embeds images batch by batch, in order. Unreadable images are skipped and reported.

    While each of the embedder's workers embeds a batch, the next batch is decoded. Memory holds no
    more than these batches, however many images there are.

    Args:
        embedder: the model
        sources: the images
        batch_size (None): images in a batch, by default what the embedder asks for; it is halved
            when memory runs out
        num_workers (None): decoding threads, by default one for each processor that this process
            may use

    Yields:
        an :class:`EmbeddedBatch` for every ``batch_size`` sources

    Raises:
        EmbedderError: if a single image does not fit in memory
    """
    size = batch_size or embedder.batch_size()
    max_workers = embedder.max_workers()
    limit = _BatchLimit(size)
    running: deque[Future[EmbeddedBatch]] = deque()
    with _pools(embedder, num_workers or _processors(), max_workers) as (decoders, workers):
        for start in range(0, len(sources), size):
            decoded = [
                (i, decoders.submit(_load, embedder, sources[i]))
                for i in range(start, min(start + size, len(sources)))
            ]
            running.append(workers.submit(_embed_batch, embedder, decoded, limit))
            if len(running) > max_workers:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


def _processors() -> int:
    """The number of processors that this process may use; a container may have fewer than all."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _pools(
    embedder: Embedder, decoding_threads: int, max_workers: int
) -> Iterator[tuple[ThreadPoolExecutor, ThreadPoolExecutor]]:
    """Starts threads that decode and threads that embed; cancels pending work at the end."""
    decoders = ThreadPoolExecutor(decoding_threads, thread_name_prefix="decode")
    workers = ThreadPoolExecutor(
        max_workers, thread_name_prefix="embed", initializer=embedder.start_worker
    )
    try:
        yield decoders, workers
    finally:
        # Workers first: those that run still wait for decoded images.
        for pool in (workers, decoders):
            pool.shutdown(cancel_futures=True)


class _BatchLimit:
    """The largest number of images known to fit in memory at once."""

    def __init__(self, size: int) -> None:
        self.size = size


def _load(embedder: Embedder, source: ImageSource) -> Any:
    return source.apply(embedder.preprocess, embedder.image_size)


def _embed_batch(
    embedder: Embedder, batch: list[tuple[int, Future[Any]]], limit: _BatchLimit
) -> EmbeddedBatch:
    positions, images, failures = [], [], []
    for position, future in batch:
        try:
            images.append(future.result())
        except DECODE_ERRORS as error:
            is_empty_box = isinstance(error, EmptyBoxError)
            failures.append(Failure(position, reason_of(error), is_empty_box))
        else:
            positions.append(position)
    # The futures hold the images too; drop them so that only this list does.
    batch.clear()
    vectors = _embed(embedder, images, limit)
    return _without_infinite(embedder, np.array(positions, np.int64), vectors, failures)


def _without_infinite(
    embedder: Embedder,
    positions: npt.NDArray[np.int64],
    vectors: Vectors,
    failures: list[Failure],
) -> EmbeddedBatch:
    """Returns a batch in which the images without a finite vector are failures."""
    finite = are_finite(vectors)
    reason = not_finite_reason(embedder)
    failures = failures + [Failure(position, reason) for position in positions[~finite].tolist()]
    failures.sort(key=lambda failure: failure.position)
    return EmbeddedBatch(positions[finite], vectors[finite], tuple(failures))


def _embed(embedder: Embedder, images: list[Any], limit: _BatchLimit) -> Vectors:
    """Embeds images, in parts if they do not fit in memory at once."""
    parts = [np.empty((0, embedder.dim), np.float32)]
    done = 0
    while done < len(images):
        size = limit.size
        part = images[done : done + size]
        count = len(part)
        if embedder.pads_batches:
            part += part[-1:] * (size - count)
        try:
            parts.append(embedder.embed_images(part)[:count])
        except MemoryError as error:
            if size == 1:
                raise EmbedderError(
                    f"There is not enough memory to embed a single image with '{embedder.name}'; "
                    "free some, or choose a smaller model."
                ) from error
            # Another worker may have halved it already.
            limit.size = min(limit.size, max(1, len(part) // 2))
            continue
        done += count
    return np.concatenate(parts)


def reason_of(error: BaseException) -> str:
    """Returns why an image could not be read, in a few words."""
    if isinstance(error, FileNotFoundError):
        return "the file is missing"
    if isinstance(error, IsADirectoryError):
        return "the path is a folder"
    if isinstance(error, PermissionError):
        return "the file may not be read"
    message = str(error) or type(error).__name__
    # Each of Pillow's decoders has its own wording for this.
    return "the file is cut short" if "truncat" in message.lower() else message
