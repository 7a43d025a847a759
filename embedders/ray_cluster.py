"""Connects to Ray, plans actors for its machines, and turns its errors into sentences."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fiftyone_faiss.embedders.base import EmbedderError

if TYPE_CHECKING:
    from types import ModuleType

# Each actor holds a copy of the model, so many actors on one machine would fill its memory.
ACTORS_PER_NODE = 4
# A chunk is returned at once, and is repeated if a worker dies: a few seconds of work.
CHUNK_PER_CPU, GPU_CHUNK = 64, 2048
# Each actor gets at least this many chunks, so that all of them finish at about the same time.
CHUNKS_PER_ACTOR = 4


@dataclass(frozen=True)
class Layout:
    """The actors of a cluster.

    Attributes:
        actors: the number of actors
        num_cpus: the processors of each actor
        num_gpus: the GPUs of each actor, 0 or 1
    """

    actors: int
    num_cpus: int
    num_gpus: int

    @classmethod
    def over(cls, nodes: Sequence[dict[str, float]], concurrency: int | None = None) -> Layout:
        """Plans one actor for each GPU or, without GPUs, at most four for each machine.

        Args:
            nodes: the resources of each machine as Ray reports them:
                ``{"CPU": 8.0, "GPU": 1.0, ...}``
            concurrency (None): the number of actors to use instead
        """
        sizes = [(int(node.get("CPU", 0)), int(node.get("GPU", 0))) for node in nodes]
        if any(gpus for _, gpus in sizes):
            actors = sum(gpus for _, gpus in sizes)
            num_cpus = min(cpus // gpus for cpus, gpus in sizes if gpus)
            return cls(concurrency or actors, num_cpus, 1)
        # A cluster that scales on demand may have no machines yet.
        machines = [cpus for cpus, _ in sizes if cpus] or [1]
        num_cpus = min(-(-cpus // ACTORS_PER_NODE) for cpus in machines)
        return cls(concurrency or sum(cpus // num_cpus for cpus in machines), num_cpus, 0)

    def chunk_size(self, sources: int, batch_size: int | None) -> int:
        """Returns how many sources to put into one chunk."""
        limit = GPU_CHUNK if self.num_gpus else CHUNK_PER_CPU * self.num_cpus
        share = -(-sources // (CHUNKS_PER_ACTOR * self.actors))
        return max(1, min(max(limit, batch_size or 1), share))


@contextmanager
def connection(ray: ModuleType) -> Iterator[None]:
    """Connects to Ray if this process is not connected; the last user closes that connection."""
    is_shared = _shared.enter(ray)
    try:
        yield
    finally:
        if is_shared:
            _shared.leave(ray)


class _SharedConnection:
    """The connection that this module opened, and the number of its users."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._level = logging.NOTSET

    def enter(self, ray: ModuleType) -> bool:
        """Connects if the process is not connected; returns whether this connection is in use."""
        with self._lock:
            if not self._users:
                if ray.is_initialized():
                    return False
                self._connect(ray)
            self._users += 1
            return True

    def leave(self, ray: ModuleType) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                ray.shutdown()
                logging.getLogger("ray.data").setLevel(self._level)

    def _connect(self, ray: ModuleType) -> None:
        try:
            ray.init(logging_level=logging.ERROR, log_to_driver=False)
        except (ConnectionError, RuntimeError, ValueError) as error:
            address = os.environ.get("RAY_ADDRESS", "this machine")
            raise EmbedderError(
                f"Ray could not be reached or started at {address} ({_reason(error)}); start it "
                "with 'ray start --head', or set RAY_ADDRESS to the address of a cluster."
            ) from error
        # Errors are raised, so its log would only repeat them. A connection that the caller opened
        # keeps its own log level.
        logger = logging.getLogger("ray.data")
        self._level = logger.level
        logger.setLevel(logging.CRITICAL)


_shared = _SharedConnection()


@contextmanager
def no_progress_bars(ray: ModuleType) -> Iterator[None]:
    """Hides Ray Data's own progress bars, since the caller shows progress."""
    context = ray.data.DataContext.get_current()
    shown, context.enable_progress_bars = context.enable_progress_bars, False
    try:
        yield
    finally:
        context.enable_progress_bars = shown


@contextmanager
def readable_errors(ray: ModuleType) -> Iterator[None]:
    """Turns errors of a cluster into an :class:`EmbedderError` of one sentence."""
    try:
        yield
    except ray.exceptions.RayActorError as error:
        raise EmbedderError(
            f"Ray's workers did not start ({_reason(error)}); install fiftyone-faiss, and what the "
            "embedder imports, on every machine of the cluster."
        ) from error
    except ray.exceptions.RayError as error:
        raise EmbedderError(f"Embedding on Ray failed: {_reason(error)}.") from error


def _reason(error: Exception) -> str:
    """The last line of an error's first traceback, which names the cause."""
    traceback = str(error).split("\n\nThe above exception was the direct cause")[0]
    lines = traceback.strip().splitlines()
    return lines[-1].strip().rstrip(".") if lines else type(error).__name__


def import_ray() -> ModuleType:
    """Imports Ray and Ray Data.

    Raises:
        EmbedderError: if they are not installed
    """
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise EmbedderError(
            'engine="ray" needs Ray Data: pip install "fiftyone-faiss[ray]"'
        ) from error
    return ray
