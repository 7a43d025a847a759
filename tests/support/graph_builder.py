"""A process that builds a neighbor graph and saves its progress often."""

from __future__ import annotations

from pathlib import Path

from fiftyone_faiss.brain.ann import graph_checkpoint
from fiftyone_faiss.brain.ann.graph_files import GraphMaintenance
from fiftyone_faiss.brain.store.store import Store


def build(path: Path) -> None:
    """Builds the neighbor graph of a store."""
    graph_checkpoint.PERIOD_SECONDS = 0.0
    for _ in GraphMaintenance(Store(path), "cosine").current_steps():
        pass
