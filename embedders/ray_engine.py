"""The embedding loop on a Ray cluster: actors of Ray Data embed chunk by chunk."""

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
    sentences,
)

if TYPE_CHECKING:
    from types import ModuleType

# Ray replaces workers without end, but a chunk that so many died of is given up: some images kill
# whoever reads them.
MOST_DEATHS = 3

Load = Callable[[], Embedder]


def embed_sources_on_ray(
    load: Load,
    sources: Sequence[ImageSource],
    batch_size: int | None = None,
    num_workers: int | None = None,
    concurrency: int | None = None,
) -> Iterator[EmbeddedBatch]:
    """Embeds images like :func:`fiftyone_faiss.embedders.embed_sources`, on a Ray cluster.

    It uses the Ray that this process is connected to; else it connects to the one that
    ``RAY_ADDRESS`` names or that runs on this machine, or starts one here, and ends that when it is
    done. Images are read on the workers, where this package has to be installed too. A worker
    that dies is replaced, and what it was at is done again. Closing the iterator stops the work.

    Args:
        load: makes the embedder, on every worker
        sources: the images, by paths that exist on the workers
        batch_size (None): images a batch, by default what suits the model and the worker
        num_workers (None): decoding threads of each worker, by default one a processor
        concurrency (None): how many workers, by default one a GPU of the cluster; without GPUs, as
            many as its processors make up, at most four a machine

    Returns:
        an iterator over :class:`EmbeddedBatch`, in the order in which they are done; every source
        is in exactly one of them

    Raises:
        EmbedderError: if Ray is not installed or cannot be reached, if ``load`` cannot be sent to
            the workers or fails there, or if workers die again and again
    """
    ray = import_ray()
    worker = _Worker(_pickled(ray, load), batch_size, num_workers, MOST_DEATHS)
    return _embedded(ray, worker, sources, concurrency)


def _embedded(
    ray: ModuleType, worker: _Worker, sources: Sequence[ImageSource], concurrency: int | None
) -> Iterator[EmbeddedBatch]:
    if not sources:
        return
    with connection(ray), no_progress_bars(ray), sentences(ray):
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
                # Ray may do a chunk again whose result was lost after it had been read.
                if row["start"] not in missing:
                    continue
                missing.remove(row["start"])
                result = pickle.loads(row["result"])
                if isinstance(result, EmbedderError):
                    raise result
                yield from result
        if missing:
            raise EmbedderError(f"Ray lost {len(missing)} of {len(chunks)} parts; try again.")


def _dataset(ray: ModuleType, chunks: dict[int, bytes], worker: _Worker, layout: Layout) -> Any:
    """A Ray dataset of the results, which are computed while they are read."""
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
    """What makes the embedder, as bytes; a function that is defined anywhere goes with its code."""
    try:
        data: bytes = ray.cloudpickle.dumps(load)
    except (TypeError, pickle.PicklingError) as error:
        raise EmbedderError(
            f"The embedder cannot be sent to Ray's workers ({error}). Give a model by its name, or "
            "a class of your own, which the workers make anew."
        ) from error
    return data


# -- on the workers ------------------------------------------------------------------------------


def _attempts(ray: ModuleType) -> Any:
    """An actor that counts how often each chunk was begun."""

    # Defined in here, its code is sent along: a process that runs it need not import the package.
    class Attempts:
        def __init__(self) -> None:
            self.begun: dict[int, int] = {}

        def begin(self, start: int) -> int:
            self.begun[start] = self.begun.get(start, 0) + 1
            return self.begun[start]

    return ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(Attempts).remote()


@dataclass(frozen=True)
class _Worker:
    """What a worker does.

    Attributes:
        load: makes the embedder, pickled
        batch_size: images a batch
        num_workers: decoding threads
        most_deaths: how many workers may die of a chunk
        attempts: what :func:`_attempts` returned
    """

    load: bytes
    batch_size: int | None
    num_workers: int | None
    most_deaths: int
    attempts: Any = None


class _Actor:
    """Embeds chunks. Ray Data replaces it when its process dies, and gives it the chunk again."""

    def __init__(self, worker: _Worker) -> None:
        self._worker = worker

    @cached_property
    def _embedder(self) -> Embedder:
        # With the first chunk, whose attempts then count what loading kills.
        load: Load = pickle.loads(self._worker.load)
        return load()

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        result: list[EmbeddedBatch] | EmbedderError
        try:
            result = self._embed(row["start"], pickle.loads(row["sources"]))
        except EmbedderError as error:
            # Raised, it would come out in Ray's words.
            result = error
        return {"start": row["start"], "result": pickle.dumps(result)}

    def _embed(self, start: int, sources: Sequence[ImageSource]) -> list[EmbeddedBatch]:
        import ray

        worker = self._worker
        deaths = ray.get(worker.attempts.begin.remote(start)) - 1
        if deaths >= worker.most_deaths:
            raise EmbedderError(
                f"{deaths} workers of Ray died, one after another, of the same images "
                f"({len(sources)}, from {sources[0].path} on): one may crash its decoder, or "
                "there is too little memory for the model."
            )
        batches = embed_sources(self._embedder, sources, worker.batch_size, worker.num_workers)
        return [_moved(batch, start) for batch in batches]


def _moved(batch: EmbeddedBatch, start: int) -> EmbeddedBatch:
    """A batch whose positions count from the first of all sources."""
    failures = tuple(replace(one, position=one.position + start) for one in batch.failures)
    return EmbeddedBatch(batch.positions + start, batch.vectors, failures)
