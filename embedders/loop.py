"""The one loop that embeds images: decode in threads, batch, embed, tell what failed."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.embedders.base import Embedder, Vectors
from fiftyone_faiss.embedders.images import DECODE_ERRORS, ImageSource

DEFAULT_BATCH_SIZE = 32


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

    Args:
        embedder: the model
        sources: the images
        batch_size (None): images a batch, 32 by default
        num_workers (None): decoding threads, by default one a processor

    Yields:
        an :class:`EmbeddedBatch` for every ``batch_size`` sources
    """
    size = batch_size or DEFAULT_BATCH_SIZE
    workers = num_workers or os.cpu_count() or 1
    with ThreadPoolExecutor(workers, thread_name_prefix="decode") as pool:
        positions = iter(range(len(sources)))
        # Two batches are decoded ahead of the model; more would only hold memory.
        ahead = deque(
            (i, pool.submit(_load, embedder, sources[i])) for i in islice(positions, 2 * size)
        )
        try:
            while ahead:
                batch = [ahead.popleft() for _ in range(min(size, len(ahead)))]
                ahead.extend(
                    (i, pool.submit(_load, embedder, sources[i]))
                    for i in islice(positions, len(batch))
                )
                yield _embed_batch(embedder, batch)
        finally:
            for _, future in ahead:
                future.cancel()


def _load(embedder: Embedder, source: ImageSource) -> Any:
    return embedder.preprocess(source.open())


def _embed_batch(embedder: Embedder, batch: list[tuple[int, Future[Any]]]) -> EmbeddedBatch:
    positions, images, failures = [], [], []
    for position, future in batch:
        try:
            images.append(future.result())
        except DECODE_ERRORS as error:
            failures.append(Failure(position, _reason(error)))
        else:
            positions.append(position)
    no_vectors = np.empty((0, embedder.dim), np.float32)
    vectors = embedder.embed_images(images) if images else no_vectors
    return EmbeddedBatch(np.array(positions, np.int64), vectors, tuple(failures))


def _reason(error: BaseException) -> str:
    if isinstance(error, FileNotFoundError):
        return "the file is missing"
    if isinstance(error, IsADirectoryError):
        return "the path is a folder"
    if isinstance(error, PermissionError):
        return "the file may not be read"
    return str(error) or type(error).__name__
