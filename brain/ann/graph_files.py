"""The file of a neighbor graph in a store."""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from fiftyone_faiss.brain.ann.graph_checkpoint import GraphCheckpoint
from fiftyone_faiss.brain.ann.graph_recall import Limits
from fiftyone_faiss.brain.ann.neighbor_graph import (
    DEFAULT_NEIGHBORS,
    MAX_NEIGHBORS,
    NeighborGraph,
    build_steps,
    update_steps,
)
from fiftyone_faiss.brain.store.entries import IndexFileInfo
from fiftyone_faiss.brain.store.json_fields import FieldError, Fields
from fiftyone_faiss.brain.store.snapshot import Snapshot
from fiftyone_faiss.brain.store.store import Store

logger = logging.getLogger(__name__)

# A graph is built again rather than updated if more than this share of the rows is new.
MAX_NEW_SHARE = 0.25


class GraphMaintenance:
    """Builds, updates and opens the neighbor graph of a store.

    Args:
        store: the vectors
        metric: one of ``METRICS``
    """

    def __init__(self, store: Store, metric: str) -> None:
        self.store = store
        self.metric = metric
        self._opened: tuple[str, NeighborGraph | None] | None = None
        self._opening = threading.Lock()

    def graph_of(self, snapshot: Snapshot) -> NeighborGraph | None:
        """Opens the graph of a generation, which may lack its newest rows.

        Returns:
            the graph, or None if the generation has none or its file cannot be used
        """
        info = snapshot.manifest.neighbor_graph
        if info is None:
            return None
        with self._opening:
            if self._opened is None or self._opened[0] != info.file.name:
                self._opened = (info.file.name, self._open(info, snapshot.dim))
            return self._opened[1]

    def current_steps(
        self, k: int = DEFAULT_NEIGHBORS
    ) -> Generator[tuple[int, int], None, tuple[Snapshot, NeighborGraph]]:
        """Builds or updates the graph if it is not that of the newest generation.

        Args:
            k (15): the least number of neighbors

        Yields:
            how many rows are done, and how many there are

        Returns:
            the newest generation, and the graph of its live rows

        Raises:
            ValueError: if the metric has no neighbor graph
        """
        while True:
            snapshot = self.store.snapshot()
            graph = self.graph_of(snapshot)
            if graph is None or graph.k < k or _new_share(graph, snapshot) > MAX_NEW_SHARE:
                checkpoint = GraphCheckpoint(self.store, snapshot, self.metric, k)
                made = yield from build_steps(snapshot, self.metric, k, checkpoint)
            elif _is_current(graph, snapshot):
                return snapshot, graph
            else:
                made = yield from update_steps(graph, snapshot, self.metric)
            if not snapshot.total_rows:
                return snapshot, made
            metadata = _metadata(made, snapshot)
            if self.store.save_index_file(
                "neighbor_graph", snapshot, metadata, partial(_write, made)
            ):
                return snapshot, made

    def _open(self, info: IndexFileInfo, dim: int) -> NeighborGraph | None:
        path = self.store.path / info.file.name
        problem = self.store.problem_of(info.file)
        if problem is None:
            try:
                return _read(path, info, dim)
            except FieldError as error:
                problem = f"the manifest describes {path} wrongly ({error})"
        logger.warning("%s, so the neighbor graph is built again.", problem)
        return None


def _new_share(graph: NeighborGraph, snapshot: Snapshot) -> float:
    return (snapshot.total_rows - graph.rows) / max(1, graph.rows)


def _is_current(graph: NeighborGraph, snapshot: Snapshot) -> bool:
    """Whether a graph covers all rows, and names none that was deleted since."""
    if graph.rows != snapshot.total_rows:
        return False
    # Deleted rows have no cell.
    return bool(np.array_equal(graph.cells >= 0, snapshot.live))


def _metadata(graph: NeighborGraph, snapshot: Snapshot) -> dict[str, Any]:
    """The values that are needed to read a graph; the keys are a data format."""
    return {
        "k": graph.k,
        "cells": len(graph.centroids),
        "dim": snapshot.dim,
        "limit": graph.limits.both,
        "update_limit": graph.limits.single,
        "recall": graph.recall,
        "sampled": graph.sampled,
    }


def _write(graph: NeighborGraph, path: Path) -> None:
    with path.open("xb") as file:
        for values, dtype in _columns(graph):
            np.ascontiguousarray(values, dtype).tofile(file)


def _columns(graph: NeighborGraph) -> list[tuple[np.ndarray, str]]:
    # The widest values come first, so that all are aligned.
    return [
        (graph.distances, "<f8"),
        (graph.neighbors, "<i4"),
        (graph.cells, "<i4"),
        (graph.centroids, "<f4"),
    ]


def _read(path: Path, info: IndexFileInfo, dim: int) -> NeighborGraph:
    """Maps the file of a graph, whose checksum was verified by the caller.

    Raises:
        FieldError: if the manifest does not describe the file
    """
    fields = Fields(info.metadata)
    k, cells = fields.integer("k", 1, MAX_NEIGHBORS), fields.integer("cells", 1, max(1, info.rows))
    if fields.integer("dim") != dim:
        raise FieldError("dim is not that of the vectors")
    shapes = (("<f8", (info.rows, k)), ("<i4", (info.rows, k)), ("<i4", (info.rows,)),
              ("<f4", (cells, dim)))  # fmt: skip
    sizes = [np.dtype(dtype).itemsize * int(np.prod(shape)) for dtype, shape in shapes]
    if sum(sizes) != info.file.bytes:
        raise FieldError("its size is not that of the rows")
    starts = np.cumsum([0, *sizes])
    distances, neighbors, cell_of, centroids = (
        np.memmap(path, dtype, "r", int(start), shape)
        for (dtype, shape), start in zip(shapes, starts, strict=False)
    )
    return NeighborGraph(
        neighbors,
        distances,
        fields.number("recall"),
        fields.integer("sampled"),
        Limits(fields.number("limit"), fields.number("update_limit")),
        cell_of,
        np.asarray(centroids),
    )
