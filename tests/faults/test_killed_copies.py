"""A copy that is killed repeatedly ends like one that is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.clusters import Large, create
from support.copied_indexes import check_copy, kill_copy
from support.servers import configured

import fiftyone_faiss


@pytest.mark.parametrize(("backend", "adds"), [("lancedb", (1, 2)), ("faiss", (2,))])
def test_a_copy_that_is_killed_is_complete(backend: str, adds, tmp_path: Path) -> None:
    large = Large.make(600, 1)
    large.dataset.persistent = True
    points = large.points("samples", 600)
    create(points, "source", metric="euclidean")
    with configured("lancedb", str(tmp_path / "lancedb")):
        for count in adds:
            kill_copy(large.dataset, "source", "copy", backend, tmp_path, count, rows=100)
        report = fiftyone_faiss.copy_index(large.dataset, "source", "copy", backend, progress=False)
        check_copy(report, points, "euclidean")
    assert report.verification.overlap == report.verification.recall == 1
    large.dataset.delete()
