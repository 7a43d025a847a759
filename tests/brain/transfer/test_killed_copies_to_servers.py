"""Copies to PostgreSQL with pgvector and to Milvus that are killed.

They have servers of their own: that of Milvus Lite refuses a client that was idle.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from support.clusters import Large, create
from support.copied_indexes import check_copy, kill_copy

import fiftyone_faiss

pytestmark = pytest.mark.backends


def test_a_copy_that_is_killed_is_complete(backend: str, tmp_path: Path) -> None:
    large = Large.make(600, 1)
    large.dataset.persistent = True
    points = large.points("samples", 600)
    create(points, "source", metric="cosine")
    for adds in (1, 2):
        kill_copy(large.dataset, "source", "copy", backend, tmp_path, adds, rows=100)
    report = fiftyone_faiss.copy_index(large.dataset, "source", "copy", backend, progress=False)
    check_copy(report, points, "cosine")
    assert report.verification.recall >= 0.99
    large.dataset.delete()
