"""Runs the embedding loop on a Ray cluster: actors of Ray Data embed chunk by chunk."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fiftyone_faiss.embedders.base import Embedder, EmbedderError
from fiftyone_faiss.embedders.images import ImageSource
from fiftyone_faiss.embedders.loop import EmbeddedBatch, embed_sources
from fiftyone_faiss.embedders.ray_cluster import (
    Layout,
    connection,
    import_ray,
    no_progress_bars,
    readable_errors,
)
from fiftyone_faiss.embedders.ray_messages import decode_result, encode_result

if TYPE_CHECKING:
    from types import ModuleType

# Ray replaces workers without limit. Some images crash their decoder, so a chunk fails after this
# many workers died while embedding it.
MAX_DEATHS = 3

Load = Callable[[], Embedder]


def embed_sources_on_ray(
    load: Load,
    sources: Sequence[ImageSource],
    batch_size: int | None = None,
    num_workers: int | None = None,
    concurrency: int | None = None,
) -> Iterator[EmbeddedBatch]:
    """Embeds images like :func:`fiftyone_faiss.embedders.embed_sources`, on a Ray cluster.

    If this process is connected to Ray, that connection is used. If not, it connects to the
    cluster of ``RAY_ADDRESS`` or on this machine, or starts Ray here, and disconnects at the end.
    Workers read the images, so this package must be installed on them too. A worker that dies is
    replaced, and its chunk is repeated. Closing the iterator stops the work.

    The workers unpickle ``load`` and the sources that this process sends. Their results are arrays
    and text, so no worker can make this process run code through them. Ray itself authenticates
    nobody by default: connect only to a cluster in a network that you trust.

    Args:
        load: creates the embedder on every worker
        sources: the images, by paths that exist on the workers
        batch_size (None): images in a batch, by default what the embedder asks for
        num_workers (None): decoding threads of each worker, by default one for each processor
        concurrency (None): the number of workers, by default one for each GPU of the cluster or,
            without GPUs, at most four for each machine

    Returns:
        an iterator over :class:`EmbeddedBatch`, in order of completion; every source is in exactly
        one batch

    Raises:
        EmbedderError: if Ray is not installed or cannot be reached, if ``load`` cannot be sent to
            the workers or fails there, or if workers die repeatedly
    """
    ray = import_ray()
    worker = _Worker(_pickled(ray, load), batch_size, num_workers, MAX_DEATHS)
    return _embed_chunks(ray, worker, sources, concurrency)


def _embed_chunks(
    ray: ModuleType, worker: _Worker, sources: Sequence[ImageSource], concurrency: int | None
) -> Iterator[EmbeddedBatch]:
    if not sources:
        return
    with connection(ray), no_progress_bars(ray), readable_errors(ray):
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        layout = Layout.over(nodes, concurrency)
        size = layout.chunk_size(len(sources), worker.batch_size)
        chunks = {
            start: ray.cloudpickle.dumps(sources[start : start + size])
            for start in range(0, len(sources), size)
        }
        missing = set(chunks)
        results = _dataset(ray, chunks, worker, layout)
        with closing(iter(results.iter_rows())) as rows:
            for row in rows:
                # Ray may repeat a chunk whose result it lost after this loop had read it.
                if row["start"] not in missing:
                    continue
                missing.remove(row["start"])
                yield decode_result(row["result"])
        if missing:
            raise EmbedderError(f"Ray lost {len(missing)} of {len(chunks)} chunks; try again.")


def _dataset(ray: ModuleType, chunks: dict[int, bytes], worker: _Worker, layout: Layout) -> Any:
    """Returns a Ray dataset of the results, which Ray computes while they are read."""
    worker = replace(
        worker,
        num_workers=worker.num_workers or max(1, layout.num_cpus),
        attempts=_attempts(ray),
    )
    rows = [{"start": start, "sources": sources} for start, sources in chunks.items()]
    return ray.data.from_items(rows, override_num_blocks=len(rows)).map(
        _Actor,
        fn_constructor_args=(worker,),
        compute=ray.data.ActorPoolStrategy(size=min(layout.actors, len(rows))),
        num_cpus=layout.num_cpus,
        num_gpus=layout.num_gpus or None,
    )


def _pickled(ray: ModuleType, load: Load) -> bytes:
    """Pickles the function that creates the embedder, by value if it is not importable."""
    try:
        data: bytes = ray.cloudpickle.dumps(load)
    except (TypeError, pickle.PicklingError) as error:
        raise EmbedderError(
            f"The embedder cannot be sent to Ray's workers ({error}); pass the name of a model, or "
            "a class that the workers can create themselves."
        ) from error
    return data


# -- on the workers ------------------------------------------------------------------------------


def _attempts(ray: ModuleType) -> Any:
    """Starts an actor that counts the attempts at each chunk."""

    # A local class is pickled by value, so that its process need not import this package.
    class Attempts:
        def __init__(self) -> None:
            self.counts: dict[int, int] = {}

        def begin(self, start: int) -> int:
            self.counts[start] = self.counts.get(start, 0) + 1
            return self.counts[start]

    return ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(Attempts).remote()


@dataclass(frozen=True)
class _Worker:
    """The settings of a worker.

    Attributes:
        load: the pickled function that creates the embedder
        batch_size: images in a batch
        num_workers: decoding threads
        max_deaths: how many workers may die while embedding one chunk
        attempts: the actor of :func:`_attempts`
    """

    load: bytes
    batch_size: int | None
    num_workers: int | None
    max_deaths: int
    attempts: Any = None


class _Actor:
    """Embeds chunks. If its process dies, Ray Data starts another one and repeats the chunk."""

    def __init__(self, worker: _Worker) -> None:
        self._worker = worker

    @cached_property
    def _embedder(self) -> Embedder:
        # Loaded with the first chunk, so that deaths while loading count as attempts too.
        load: Load = pickle.loads(self._worker.load)
        return load()

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        result: list[EmbeddedBatch] | EmbedderError
        try:
            result = self._embed(row["start"], pickle.loads(row["sources"]))
        except EmbedderError as error:
            # Returned, since Ray would wrap a raised error in its own.
            result = error
        return {"start": row["start"], "result": encode_result(result)}

    def _embed(self, start: int, sources: Sequence[ImageSource]) -> list[EmbeddedBatch]:
        import ray

        worker = self._worker
        deaths = ray.get(worker.attempts.begin.remote(start)) - 1
        if deaths >= worker.max_deaths:
            raise EmbedderError(
                f"{deaths} of Ray's workers died while embedding the same chunk of {len(sources)} "
                f"images, which starts with {sources[0].path}; remove an image that crashes its "
                "decoder, or use a smaller model if memory ran out."
            )
        batches = embed_sources(self._embedder, sources, worker.batch_size, worker.num_workers)
        return [_moved(batch, start) for batch in batches]


def _moved(batch: EmbeddedBatch, start: int) -> EmbeddedBatch:
    """Shifts the positions of a batch, so that they count from the first of all sources."""
    failures = tuple(
        replace(failure, position=failure.position + start) for failure in batch.failures
    )
    return EmbeddedBatch(batch.positions + start, batch.vectors, failures)
