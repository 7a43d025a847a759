"""The health of an index: from the ids alone, and remembered while nothing changes."""

from __future__ import annotations

import os
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from fiftyone import ViewField as F
from support.colors import MeanColor

import fiftyone_faiss
from fiftyone_faiss.brain import known_health
from fiftyone_faiss.brain.data.view_filter import ViewFilter
from fiftyone_faiss.brain.indexing import known_health as module


@pytest.fixture
def different(dataset: fo.Dataset) -> fo.Dataset:
    """An index "colors" of 12 samples; 2 were deleted, 3 are new, 1 of them failed."""
    fiftyone_faiss.register_embedder("mean-color", MeanColor)
    bad = Path(dataset.first().filepath).with_name("bad.png")
    bad.write_bytes(b"no image")
    dataset.add_sample(fo.Sample(str(bad), number=20))
    fiftyone_faiss.build_index(dataset, "colors", "mean-color")
    dataset.delete_samples(dataset.values("id")[:2])
    dataset.add_samples([fo.Sample(f"/{i}.png", number=i) for i in (21, 22)])
    return dataset


def counts(health: fiftyone_faiss.brain.IndexHealth) -> tuple[int, int, int, int]:
    return health.size, health.missing, health.failed, health.orphaned


def test_the_ids_alone_tell_what_the_media_tell(
    different: fo.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    tested: list[int] = []
    inner = ViewFilter.existing_rows

    def counted(self: ViewFilter, snapshot: object, rows: np.ndarray) -> np.ndarray:
        tested.append(len(rows))
        return inner(self, snapshot, rows)  # type: ignore[arg-type]

    monkeypatch.setattr(ViewFilter, "existing_rows", counted)
    for view in (different, different.view(), different.match(F("number") > 5)):
        fast = fiftyone_faiss.index_health(view, "colors")
        slow = fiftyone_faiss.index_health(view, "colors", check_media=True)
        assert counts(fast) == counts(slow)
    assert counts(fiftyone_faiss.index_health(different, "colors")) == (12, 2, 1, 2)
    # The samples that were read exist; only the others are looked up.
    assert tested == [2, 2, 2, 2, 6, 6, 2]


def test_a_comparison_is_remembered_until_something_changes(different: fo.Dataset) -> None:
    module._comparisons.clear()
    first = known_health(different, "colors", check_media=True)
    assert first.age_s == 0.0
    again = known_health(different, "colors", check_media=True)
    assert again.health is first.health and again.age_s > 0
    # One with the files serves for one without, but not the other way around.
    assert known_health(different, "colors").health is first.health
    path = Path(different.first().filepath)
    os.utime(path, (1, 1))
    assert known_health(different, "colors", check_media=True).health.changed == 0
    fresh = known_health(different, "colors", check_media=True, refresh=True)
    assert (fresh.age_s, fresh.health.changed) == (0.0, 1)
    different.add_sample(fo.Sample("/23.png", number=23))
    known = known_health(different, "colors")
    assert (known.age_s, known.health.missing, known.health.changed) == (0.0, 3, None)
    assert known_health(different, "colors", check_media=True).health.changed == 1
    different.load_brain_results("colors").remove_from_index(different.values("id")[:1])
    known = known_health(different, "colors", check_media=True)
    assert (known.age_s, known.health.missing, known.health.changed) == (0.0, 4, 0)
