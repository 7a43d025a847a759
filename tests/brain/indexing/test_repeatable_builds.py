"""Two builds of the same images give the same vectors, whatever else the machine does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import fiftyone_faiss
from fiftyone_faiss.brain import load_index, register_zoo_model
from fiftyone_faiss.demo import MODEL_DIR, MODEL_NAME
from fiftyone_faiss.demo.dataset import create_dataset
from fiftyone_faiss.embedders.open_clip import OpenClipSpec

IMAGES = 500
BUSY_LOOPS = 2


@contextmanager
def busy_loops(count: int) -> Iterator[None]:
    """Keeps processors busy with other processes."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


@pytest.mark.slow
def test_a_build_on_a_busy_machine_gives_the_same_bytes(tmp_path: Path) -> None:
    register_zoo_model(MODEL_NAME, OpenClipSpec.parse(str(MODEL_DIR)))
    dataset = create_dataset("repeatable", tmp_path / "repeatable", IMAGES)
    fiftyone_faiss.build_index(dataset, "idle", model=MODEL_NAME)
    with busy_loops(BUSY_LOOPS):
        fiftyone_faiss.build_index(dataset, "busy", model=MODEL_NAME)
    idle, busy = (load_index(dataset, key) for key in ("idle", "busy"))
    ids = dataset.values("id")
    vectors = idle.vectors_of(ids)
    assert len(np.unique(vectors, axis=0)) > IMAGES // 2
    assert vectors.tobytes() == busy.vectors_of(ids).tobytes()
    dataset.delete()
