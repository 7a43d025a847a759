"""Checkpoints of the build of a neighbor graph, with which an interrupted build resumes."""

from __future__ import annotations

import logging
import time
import zipfile
import zlib
from dataclasses import dataclass

import numpy as np

from fiftyone_faiss.brain.ann.graph_recall import Limits
from fiftyone_faiss.brain.ann.top_neighbors import TopNeighbors
from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.store.snapshot import Snapshot
from fiftyone_faiss.brain.store.store import Store

logger = logging.getLogger(__name__)

# A checkpoint of a million rows takes about a second.
PERIOD_SECONDS = 30.0


@dataclass
class Progress:
    """What a build has done.

    Attributes:
        centroids: ``(c, dim)`` float32
        limits: how near a border guests are
        done: how many cells were compared, of ``2 * c``: first members, then guests
        top: the neighbors so far
    """

    centroids: Matrix
    limits: Limits
    done: int
    top: TopNeighbors


class GraphCheckpoint:
    """Saves and loads the progress of a build in a store.

    Args:
        store: the store
        snapshot: the rows of the graph
        metric: the metric of the graph
        k: its number of neighbors
    """

    def __init__(self, store: Store, snapshot: Snapshot, metric: str, k: int) -> None:
        self.store = store
        self._name = [
            metric, k, snapshot.manifest.compaction_count, snapshot.total_rows,
            zlib.crc32(np.packbits(snapshot.live)),
        ]  # fmt: skip
        self._rows = snapshot.size
        self._saved_at = time.monotonic()

    def load(self) -> Progress | None:
        """Loads the progress of an interrupted build of the same graph, if there is one."""
        try:
            with np.load(self.store.checkpoint_path, allow_pickle=False) as values:
                if values["name"].tolist() != [str(part) for part in self._name]:
                    return None
                limits = Limits(*values["limits"].tolist())
                neighbors, closeness = values["neighbors"], values["closeness"]
                if len(neighbors) != self._rows or neighbors.shape != closeness.shape:
                    raise ValueError("its arrays are not those of the rows")
                top = TopNeighbors.of(neighbors, closeness)
                return Progress(values["centroids"], limits, int(values["done"]), top)
        except FileNotFoundError:
            return None
        except (OSError, EOFError, KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
            path = self.store.checkpoint_path
            logger.warning(
                "%s cannot be used (%s), so the neighbor graph is built from the start.",
                path, error,
            )  # fmt: skip
            return None

    def save_if_due(self, progress: Progress) -> None:
        """Saves the progress if the last checkpoint is half a minute old.

        Raises:
            StoreError: if it cannot be written
        """
        if time.monotonic() - self._saved_at < PERIOD_SECONDS:
            return
        progress.top.merge()
        self.store.save_checkpoint(
            name=np.array([str(part) for part in self._name]),
            centroids=progress.centroids,
            limits=np.array([progress.limits.both, progress.limits.single]),
            done=np.array(progress.done),
            neighbors=progress.top.neighbors,
            closeness=progress.top.closeness,
        )
        self._saved_at = time.monotonic()
