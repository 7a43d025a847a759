"""The one loop that embeds images: decode in threads, batch, embed, tell what failed."""

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

from fiftyone_faiss.embedders.base import Embedder, EmbedderError, Vectors
from fiftyone_faiss.embedders.images import DECODE_ERRORS, ImageSource


@dataclass(frozen=True)
class Failure:
    """An image that could not be embedded.

    Attributes:
        position: its place among the sources
        reason: why, in words
    """

    position: int
    reason: str


@dataclass(frozen=True)
class EmbeddedBatch:
    """What came of one batch of sources.

    Attributes:
        positions: ``(n,)`` int64, the places among the sources of those embedded
        vectors: ``(n, dim)`` float32 unit vectors
        failures: the others
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
    """Embeds images batch by batch, in order; a broken image costs only itself.

    While the model embeds one batch, or one in each of its lanes, the next is decoded. No more
    than that is held in memory, however many images there are.

    Args:
        embedder: the model
        sources: the images
        batch_size (None): images a batch, by default what suits the model and the machine; it is
            halved when memory runs out
        num_workers (None): decoding threads, by default one a processor that this process may use

    Yields:
        an :class:`EmbeddedBatch` for every ``batch_size`` sources

    Raises:
        EmbedderError: if there is not enough memory for a single image
    """
    size = batch_size or embedder.batch_size()
    limit = _Limit(size)
    running: deque[Future[EmbeddedBatch]] = deque()
    with _pools(embedder, num_workers or _processors()) as (decoders, lanes):
        for start in range(0, len(sources), size):
            decoded = [
                (i, decoders.submit(_load, embedder, sources[i]))
                for i in range(start, min(start + size, len(sources)))
            ]
            running.append(lanes.submit(_embed_batch, embedder, decoded, limit))
            if len(running) > embedder.lanes:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


def _processors() -> int:
    """How many this process may use, as in a container with some of the machine's."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _pools(
    embedder: Embedder, workers: int
) -> Iterator[tuple[ThreadPoolExecutor, ThreadPoolExecutor]]:
    """Threads that decode, and threads that embed; what waits in them is dropped at the end."""
    decoders = ThreadPoolExecutor(workers, thread_name_prefix="decode")
    lanes = ThreadPoolExecutor(
        embedder.lanes, thread_name_prefix="embed", initializer=embedder.enter_lane
    )
    try:
        yield decoders, lanes
    finally:
        # The lanes first: those that run still wait for what is decoded.
        for pool in (lanes, decoders):
            pool.shutdown(cancel_futures=True)


class _Limit:
    """The most images that fit into memory at once, as far as is known."""

    def __init__(self, size: int) -> None:
        self.size = size


def _load(embedder: Embedder, source: ImageSource) -> Any:
    return embedder.preprocess(source.open(embedder.image_size))


def _embed_batch(
    embedder: Embedder, batch: list[tuple[int, Future[Any]]], limit: _Limit
) -> EmbeddedBatch:
    positions, images, failures = [], [], []
    for position, future in batch:
        try:
            images.append(future.result())
        except DECODE_ERRORS as error:
            failures.append(Failure(position, reason_of(error)))
        else:
            positions.append(position)
    # Images are held by what they were decoded in, too; from here on only where they are used.
    batch.clear()
    vectors = _embed(embedder, images, limit)
    return EmbeddedBatch(np.array(positions, np.int64), vectors, tuple(failures))


def _embed(embedder: Embedder, images: list[Any], limit: _Limit) -> Vectors:
    """Embeds images, in parts when they do not fit into memory at once."""
    parts = [np.empty((0, embedder.dim), np.float32)]
    done = 0
    while done < len(images):
        size = limit.size
        try:
            parts.append(embedder.embed_images(images[done : done + size]))
        except MemoryError as error:
            if size == 1:
                raise EmbedderError(
                    f"There is not enough memory to embed a single image with '{embedder.name}'; "
                    "free some, or choose a smaller model."
                ) from error
            # Another lane may have halved it already.
            limit.size = min(limit.size, max(1, min(size, len(images) - done) // 2))
            continue
        done += size
    return np.concatenate(parts)


def reason_of(error: BaseException) -> str:
    """Why an image could not be read, in a few words."""
    if isinstance(error, FileNotFoundError):
        return "the file is missing"
    if isinstance(error, IsADirectoryError):
        return "the path is a folder"
    if isinstance(error, PermissionError):
        return "the file may not be read"
    words = str(error) or type(error).__name__
    # Each of Pillow's decoders has words of its own for it.
    return "the file is cut short" if "truncat" in words.lower() else words
