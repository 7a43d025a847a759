"""What another process records while this one works is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from support.colors import MeanColor

import fiftyone_faiss
from fiftyone_faiss.brain.similarity import FaissSimilarityIndex
from fiftyone_faiss.brain.store.store import Store
from fiftyone_faiss.embedders import registry


@pytest.fixture
def index(dataset: fo.Dataset, monkeypatch: pytest.MonkeyPatch) -> FaissSimilarityIndex:
    """An index of twelve images, beside which another process records that the third fails.

    It does so just before each change of the metadata.
    """
    model = MeanColor()
    monkeypatch.setitem(registry._registered, model.name, lambda: model)
    fiftyone_faiss.build_index(dataset, "colors", model=model.name)
    index = dataset.load_brain_results("colors")
    commit = index.store.commit

    def after_another(batch: Any = None, delete: Any = None, metadata: Any = None) -> None:
        if metadata is not None:
            other = Store(index.path)
            known = other.snapshot().manifest.metadata.get("failures", {})
            third = dataset.values("id")[2]
            other.commit(metadata={"failures": {**known, third: "by another"}})
        commit(batch, delete, metadata)

    monkeypatch.setattr(index.store, "commit", after_another)
    return index


def test_failures_that_another_process_records_are_kept(
    dataset: fo.Dataset, tmp_path: Path, index: FaissSimilarityIndex
) -> None:
    (tmp_path / "none.png").write_bytes(b"nothing")
    (broken,) = dataset.add_samples([fo.Sample(str(tmp_path / "none.png"))])
    report = fiftyone_faiss.update_index(dataset)
    assert list(report.failures) == [broken]
    third = dataset.values("id")[2]
    failures = fiftyone_faiss.list_failures(dataset)
    assert failures == {**report.failures, third: "by another"}


def test_removing_the_failures_of_deleted_samples_keeps_others(
    dataset: fo.Dataset, tmp_path: Path, index: FaissSimilarityIndex
) -> None:
    ids = dataset.values("id")
    Store(index.path).commit(metadata={"failures": {ids[4]: "it was broken"}})
    dataset.delete_samples(ids[4])
    fiftyone_faiss.update_index(dataset)
    assert fiftyone_faiss.list_failures(dataset) == {ids[2]: "by another"}
