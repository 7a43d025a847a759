"""Taking vectors out of an index, and the end of it: cleanup, deletion, an index without a key."""

from __future__ import annotations

import gc
import logging

import fiftyone as fo
import numpy as np
import pytest
from support.points import KINDS, Points, check_answers, check_stored, points_of

from fiftyone_faiss.brain.similarity import FaissSimilarityIndex

UNKNOWN = "f" * 24


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]


def _by(points: Points) -> str:
    """What the index calls its ids."""
    return "sample_ids" if points.label_ids is None else "label_ids"


# -- taking out of it --------------------------------------------------------------------------


def test_removed_vectors_are_not_found(points: Points) -> None:
    results = points.index()
    check_answers(results, points.vectors[3], points)
    results.remove_from_index(**{_by(points): [points.ids[3], points.ids[0]]})
    rest = points.at([i for i in range(len(points.ids)) if i not in (0, 3)])
    check_stored(results, rest)
    check_answers(results, points.vectors[3], rest)
    check_stored(points.dataset.load_brain_results("given", cache=False), rest)
    results.add_to_index(*points.at([3]).added)
    check_answers(results, points.vectors[3], points.at(range(1, len(points.ids))))


def test_a_sample_id_removes_all_its_patches(patches: Points) -> None:
    results = patches.index()
    gone = {patches.sample_ids[1], patches.sample_ids[3]}
    rest = patches.at(
        [i for i, sample_id in enumerate(patches.sample_ids) if sample_id not in gone]
    )
    results.remove_from_index(sample_ids=list(gone))
    check_stored(results, rest)
    check_answers(results, patches.vectors[1], rest)


@pytest.mark.parametrize("by", ["sample_ids", "label_ids"])
def test_unknown_ids_are_skipped_warned_about_or_rejected(
    patches: Points, samples: Points, by: str, caplog: pytest.LogCaptureFixture
) -> None:
    points = samples if by == "sample_ids" else patches
    results = points.index()
    results.remove_from_index(**{by: [points.ids[0], UNKNOWN]})
    check_stored(results, points.at(range(1, len(points.ids))))
    assert warnings_of(caplog) == []
    results.remove_from_index(**{by: [points.ids[1], UNKNOWN]}, warn_missing=True)
    rest = points.at(range(2, len(points.ids)))
    check_stored(results, rest)
    (message,) = warnings_of(caplog)
    assert UNKNOWN in message
    with pytest.raises(ValueError, match=UNKNOWN):
        results.remove_from_index(**{by: [points.ids[2], UNKNOWN]}, allow_missing=False)
    results.remove_from_index()
    results.remove_from_index(**{by: []})
    check_stored(results, rest)


# -- the end of it -----------------------------------------------------------------------------


def test_cleanup_removes_only_its_folder(samples: Points, caplog: pytest.LogCaptureFixture) -> None:
    results, other = samples.index("given"), samples.index("other")
    assert results.path.is_dir()
    assert other.path.is_dir()
    results.cleanup()
    assert not results.path.exists()
    check_stored(other, samples)
    # The run can still be deleted, which would log that its files were not there.
    samples.dataset.delete_brain_run("given")
    assert warnings_of(caplog) == []
    assert samples.dataset.list_brain_runs() == ["other"]


def test_deleting_a_run_removes_only_its_folder(
    points: Points, caplog: pytest.LogCaptureFixture
) -> None:
    results, other = points.index("given"), points.index("other")
    assert {results.path, other.path} <= set(results.path.parent.iterdir())
    points.dataset.clear_cache()
    points.dataset.delete_brain_run("given")
    assert not results.path.exists()
    assert points.dataset.list_brain_runs() == ["other"]
    check_answers(points.dataset.load_brain_results("other"), points.vectors[0], points)
    assert warnings_of(caplog) == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_index_without_a_key_is_temporary(
    dataset: fo.Dataset, rng: np.random.Generator, kind: str
) -> None:
    points = points_of(dataset, kind, rng)
    kept = points.index("kept")
    folders = set(kept.path.parent.iterdir())
    results: FaissSimilarityIndex | None = points.index(None)
    assert results is not None
    path = results.path
    assert path.is_dir()
    with results.use_view(dataset[:6]):
        inside = points.of([i for i, s in zip(points.ids, points.sample_ids, strict=True)
                            if s in dataset[:6].values("id")])  # fmt: skip
        check_answers(results, points.vectors[0], inside)
    check_answers(results, points.vectors[0], points)
    assert set(kept.path.parent.iterdir()) == folders
    assert dataset.list_brain_runs() == ["kept"]
    results = None
    gc.collect()
    assert not path.exists()
    assert set(kept.path.parent.iterdir()) == folders
