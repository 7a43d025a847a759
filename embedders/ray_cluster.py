"""Ray itself: connecting to it, laying actors out over its machines, and its errors in words."""

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

# Each actor holds the model; more of them on one machine would fill its memory with copies.
ACTORS_PER_NODE = 4
# A chunk is what comes back at once, and what is done again when a worker dies: some seconds.
CHUNK_PER_CPU, GPU_CHUNK = 64, 2048
# Of few images, each actor still gets so many chunks, so that all finish at about the same time.
CHUNKS_PER_ACTOR = 4


@dataclass(frozen=True)
class Layout:
    """How actors lie on a cluster.

    Attributes:
        actors: how many
        num_cpus: the processors of each
        num_gpus: the GPUs of each, 0 or 1
    """

    actors: int
    num_cpus: int
    num_gpus: int

    @classmethod
    def over(cls, nodes: Sequence[dict[str, float]], concurrency: int | None = None) -> Layout:
        """What suits a cluster: one actor a GPU; without GPUs, at most four a machine.

        Args:
            nodes: what each machine has, as Ray counts it: ``{"CPU": 8.0, "GPU": 1.0, ...}``
            concurrency (None): how many actors to have instead
        """
        sizes = [(int(node.get("CPU", 0)), int(node.get("GPU", 0))) for node in nodes]
        if any(gpus for _, gpus in sizes):
            actors = sum(gpus for _, gpus in sizes)
            num_cpus = min(cpus // gpus for cpus, gpus in sizes if gpus)
            return cls(concurrency or actors, num_cpus, 1)
        # A cluster that grows when it is asked to may have none yet.
        machines = [cpus for cpus, _ in sizes if cpus] or [1]
        num_cpus = min(-(-cpus // ACTORS_PER_NODE) for cpus in machines)
        return cls(concurrency or sum(cpus // num_cpus for cpus in machines), num_cpus, 0)

    def chunk_size(self, sources: int, batch_size: int | None) -> int:
        """How many of the sources to embed at once."""
        most = GPU_CHUNK if self.num_gpus else CHUNK_PER_CPU * self.num_cpus
        share = -(-sources // (CHUNKS_PER_ACTOR * self.actors))
        return max(1, min(max(most, batch_size or 1), share))


@contextmanager
def connection(ray: ModuleType) -> Iterator[None]:
    """The process's connection to Ray; one that is made here ends with its last user."""
    ours = _own.enter(ray)
    try:
        yield
    finally:
        if ours:
            _own.leave(ray)


class _Own:
    """The connection that was made here, while it has users."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._level = logging.NOTSET

    def enter(self, ray: ModuleType) -> bool:
        """Connects if the process is not connected; returns whether this connection is used."""
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
                f"No Ray could be reached or started at {address} ({_reason(error)}); start one "
                "with 'ray start --head', or set RAY_ADDRESS to that of a cluster."
            ) from error
        # What goes wrong is raised. Whoever connected himself decides what he is told besides.
        logger = logging.getLogger("ray.data")
        self._level = logger.level
        logger.setLevel(logging.CRITICAL)


_own = _Own()


@contextmanager
def no_progress_bars(ray: ModuleType) -> Iterator[None]:
    """Without Ray Data's own progress bars: whoever embeds shows progress himself."""
    context = ray.data.DataContext.get_current()
    shown, context.enable_progress_bars = context.enable_progress_bars, False
    try:
        yield
    finally:
        context.enable_progress_bars = shown


@contextmanager
def sentences(ray: ModuleType) -> Iterator[None]:
    """Says in a sentence what went wrong on a cluster."""
    try:
        yield
    except ray.exceptions.RayActorError as error:
        raise EmbedderError(
            f"The workers of Ray did not start ({_reason(error)}). They need fiftyone-faiss, and "
            "what the embedder imports, installed."
        ) from error
    except ray.exceptions.RayError as error:
        raise EmbedderError(f"Embedding on Ray failed: {_reason(error)}.") from error


def _reason(error: Exception) -> str:
    """What is wrong, of a message with tracebacks, each of which ends with it."""
    first = str(error).split("\n\nThe above exception was the direct cause")[0]
    lines = first.strip().splitlines()
    return lines[-1].strip().rstrip(".") if lines else type(error).__name__


def import_ray() -> ModuleType:
    """Ray, with Ray Data.

    Raises:
        EmbedderError: if it is not installed
    """
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise EmbedderError(
            'engine="ray" needs Ray Data: pip install "fiftyone-faiss[ray]"'
        ) from error
    return ray
