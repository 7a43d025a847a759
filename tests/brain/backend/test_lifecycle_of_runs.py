"""What becomes of an index's files when its run or dataset is renamed, cloned, moved, deleted."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from support.points import Points, check_answers, check_stored, one_sentence

import fiftyone_faiss
from fiftyone_faiss.brain.similarity import FaissSimilarityIndex


def files(folder: Path) -> dict[str, bytes]:
    """Everything in a folder, but for the lock that its writer holds."""
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.name != "lock"}


def check_run(dataset: fo.Dataset, points: Points, brain_key: str = "given") -> None:
    """Fails unless a dataset's run, loaded again, holds these points and answers with them."""
    dataset.clear_cache()
    query = points.vectors[1] + points.vectors[4]
    results = dataset.load_brain_results(brain_key)
    check_answers(results, query, points)
    check_stored(results, points)


def fails_naming(results: FaissSimilarityIndex, query: np.ndarray, *paths: Path) -> None:
    """Fails unless a query is refused in one sentence that names one of these paths."""
    with pytest.raises(ValueError, match="|".join(re.escape(str(path)) for path in paths)) as error:
        results.sort_by_similarity(query, k=3)
    assert one_sentence(error.value)


@pytest.fixture
def made() -> Iterator[list[fo.Dataset]]:
    """Datasets to delete in the end."""
    made: list[fo.Dataset] = []
    yield made
    for dataset in made:
        if not dataset.deleted:
            dataset.delete()


# -- a new name --------------------------------------------------------------------------------


def test_a_renamed_run_keeps_its_folder_and_goes_on(points: Points) -> None:
    results = points.at(range(8)).index()
    before = files(results.path)
    points.dataset.rename_brain_run("given", "renamed")
    assert files(results.path) == before
    assert results.key == "renamed"
    with pytest.raises(ValueError, match="given"):
        points.dataset.load_brain_results("given")
    results.add_to_index(*points.at(range(8, 12)).added)
    check_run(points.dataset, points.at(range(12)), "renamed")
    assert points.dataset.load_brain_results("renamed").path == results.path
    points.dataset.delete_brain_run("renamed")
    assert not results.path.exists()


# -- clones ------------------------------------------------------------------------------------


def test_a_clone_answers_and_its_end_leaves_the_original_alone(
    points: Points, made: list[fo.Dataset]
) -> None:
    original = points.index()
    before = files(original.path)
    clone = points.dataset.clone()
    made.append(clone)
    check_run(clone, points)
    path = clone.load_brain_results("given").path
    assert path != original.path
    clone.delete_brain_run("given")
    assert not path.exists()
    assert files(original.path) == before
    check_run(points.dataset, points)


def test_what_changes_in_a_clone_stays_in_it(points: Points, made: list[fo.Dataset]) -> None:
    original = points.index()
    clone = points.dataset.clone()
    made.append(clone)
    copied = clone.load_brain_results("given")
    changed = points.vectors.copy()
    changed[3] *= -1
    copied.add_to_index(*points.with_vectors(changed).at([3]).added)
    copied.remove_from_index(**{_by(points): points.ids[:1]})
    check_run(clone, points.with_vectors(changed).at(range(1, len(points.ids))))
    check_run(points.dataset, points)
    original.add_to_index(*points.with_vectors(2 * points.vectors).at([5]).added)
    check_run(clone, points.with_vectors(changed).at(range(1, len(points.ids))))


def _by(points: Points) -> str:
    return "sample_ids" if points.label_ids is None else "label_ids"


@pytest.mark.parametrize("end", ["the run", "the dataset"])
def test_a_clone_that_was_never_asked_outlives_the_original(
    points: Points, made: list[fo.Dataset], end: str
) -> None:
    points.index()
    clone = points.dataset.clone()
    made.append(clone)
    if end == "the run":
        points.dataset.delete_brain_run("given")
    else:
        points.dataset.delete()
    check_run(clone, points)


def test_a_clone_of_a_clone_outlives_both(samples: Points, made: list[fo.Dataset]) -> None:
    samples.index()
    first = samples.dataset.clone()
    second = first.clone()
    made += [first, second]
    samples.dataset.delete_brain_run("given")
    first.delete_brain_run("given")
    check_run(second, samples)


def test_a_clone_that_was_never_asked_can_be_deleted(
    samples: Points, made: list[fo.Dataset]
) -> None:
    original = samples.index()
    before = files(original.path)
    folders = set(original.path.parent.iterdir())
    clone = samples.dataset.clone()
    made.append(clone)
    clone.delete_brain_run("given")
    assert files(original.path) == before
    assert set(original.path.parent.iterdir()) == folders
    check_run(samples.dataset, samples)


# -- export and import -------------------------------------------------------------------------


def exported(dataset: fo.Dataset, folder: Path) -> Path:
    dataset.export(
        export_dir=str(folder), dataset_type=fo.types.FiftyOneDataset, export_media=False
    )
    return folder


def imported(folder: Path, made: list[fo.Dataset]) -> fo.Dataset:
    dataset = fo.Dataset.from_dir(
        dataset_dir=str(folder), dataset_type=fo.types.FiftyOneDataset, persistent=True
    )
    made.append(dataset)
    return dataset


def test_an_imported_run_answers_and_its_end_leaves_the_original_alone(
    points: Points, made: list[fo.Dataset], tmp_path: Path
) -> None:
    original = points.index()
    before = files(original.path)
    other = imported(exported(points.dataset, tmp_path / "export"), made)
    assert other.values("id") == points.dataset.values("id")
    check_run(other, points)
    path = other.load_brain_results("given").path
    assert path != original.path
    other.delete_brain_run("given")
    assert not path.exists()
    assert files(original.path) == before
    check_run(points.dataset, points)


@pytest.mark.parametrize("end", ["the run", "the dataset"])
def test_an_imported_run_that_was_never_asked_outlives_the_original(
    points: Points, made: list[fo.Dataset], tmp_path: Path, end: str
) -> None:
    points.index()
    other = imported(exported(points.dataset, tmp_path / "export"), made)
    if end == "the run":
        points.dataset.delete_brain_run("given")
    else:
        points.dataset.delete()
    check_run(other, points)


def test_an_export_outlives_the_dataset_it_was_made_of(
    samples: Points, made: list[fo.Dataset], tmp_path: Path
) -> None:
    samples.index()
    folder = exported(samples.dataset, tmp_path / "export")
    samples.dataset.delete()
    check_run(imported(folder, made), samples)


def test_an_import_without_the_source_works_and_its_queries_name_the_path(
    samples: Points, made: list[fo.Dataset], tmp_path: Path
) -> None:
    original = samples.index()
    folder = exported(samples.dataset, tmp_path / "export")
    shutil.rmtree(original.path)
    other = imported(folder, made)
    assert other.list_brain_runs() == ["given"]
    assert other.values("number") == list(range(12))
    results = other.load_brain_results("given")
    # Asking twice finds out whether the first attempt left something that looks like an index.
    for _ in range(2):
        fails_naming(results, samples.vectors[0], original.path, results.path)
    other.clear_cache()
    fails_naming(other.load_brain_results("given"), samples.vectors[0], original.path, results.path)
    other.delete_brain_run("given")
    assert other.list_brain_runs() == []


# -- the same key again ------------------------------------------------------------------------


def test_a_key_in_use_is_refused_and_its_index_kept(samples: Points) -> None:
    results = samples.index()
    before = files(results.path)
    with pytest.raises(ValueError, match="'given' already exists"):
        samples.with_vectors(-samples.vectors).index()
    assert files(results.path) == before
    check_run(samples.dataset, samples)


def test_a_key_used_again_never_gives_the_old_vectors(points: Points) -> None:
    old = points.index()
    loaded = points.dataset.load_brain_results("given", cache=False)
    check_answers(old, points.vectors[0], points)
    check_answers(loaded, points.vectors[0], points)
    points.dataset.delete_brain_run("given")
    new = points.with_vectors(-points.vectors[:, ::-1])
    results = new.index()
    check_answers(results, points.vectors[0], new)
    check_run(points.dataset, new)
    # The objects of the old run answer with neither: what they are of is gone.
    for stale in (old, loaded):
        fails_naming(stale, points.vectors[0], old.path)
    check_run(points.dataset, new)


def test_the_object_of_a_deleted_run_cannot_bring_it_back(samples: Points) -> None:
    old = samples.index()
    samples.dataset.delete_brain_run("given")
    with pytest.raises(ValueError, match=re.escape(str(old.path))) as error:
        old.add_to_index(*samples.added)
    assert one_sentence(error.value)
    assert not old.path.exists()


MADE_ANEW = """
import fiftyone as fo
import numpy as np
import fiftyone_faiss
dataset = fo.load_dataset({name!r})
fiftyone_faiss.delete_index(dataset, "given")
vectors = np.diag(np.arange(1, 13)).astype(np.float32)
fiftyone_faiss.build_index(dataset, "given", embeddings=vectors, metric="euclidean")
"""


def test_an_index_made_anew_by_another_process_is_found(samples: Points) -> None:
    old, dataset = samples.index(), samples.dataset
    assert fiftyone_faiss.search(dataset, samples.vectors[0], k=1).ids == samples.ids[:1]
    code = MADE_ANEW.format(name=dataset.name)
    subprocess.run([sys.executable, "-c", code], check=True)
    new = samples.with_vectors(np.diag(np.arange(1, 13)).astype(np.float32))
    dataset.reload()
    # FiftyOne still returns the old results once, then the new ones.
    assert dataset.load_brain_results("given") is old
    with pytest.raises(ValueError, match="'given' may be another index now; try again"):
        dataset.sort_by_similarity(samples.ids[0], k=3, brain_key="given")
    check_answers(dataset.load_brain_results("given"), new.vectors[4], new)
    # Here nobody has to try twice.
    dataset._brain_cache["given"] = old
    (info,) = fiftyone_faiss.list_indexes(dataset)
    assert (info.size, info.dim, info.metric, info.problem) == (12, 12, "euclidean", None)
    neighbors = fiftyone_faiss.search(dataset, new.vectors[4], k=3)
    assert neighbors.ids == [samples.ids[i] for i in (4, 0, 1)]
    np.testing.assert_allclose(neighbors.distances, [0, 26**0.5, 29**0.5], rtol=1e-6)


def test_an_update_brings_no_deleted_index_back(samples: Points) -> None:
    old, dataset = samples.index(), samples.dataset
    code = f"import fiftyone as fo; fo.load_dataset({dataset.name!r}).delete_brain_run('given')"
    subprocess.run([sys.executable, "-c", code], check=True)
    # Not reloaded, the dataset still knows the run.
    with pytest.raises(ValueError, match=r"deleted by another process; call dataset\.reload"):
        fiftyone_faiss.update_index(dataset, "given")
    assert not old.path.exists()
    dataset.reload()
    with pytest.raises(ValueError, match="has no FAISS index yet"):
        fiftyone_faiss.update_index(dataset, "given")


def test_an_index_that_cannot_be_made_leaves_no_run_behind(samples: Points, tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("not a folder")
    with pytest.raises(ValueError, match=re.escape(str(blocked))):
        samples.index(root_dir=str(blocked))
    with pytest.raises(ValueError, match=re.escape(str(blocked))):
        fiftyone_faiss.build_index(
            samples.dataset, "given", embeddings=samples.vectors, root_dir=str(blocked)
        )
    assert samples.dataset.list_brain_runs() == []
    check_answers(samples.index(), samples.vectors[0], samples)


def test_a_relative_folder_is_found_from_another_one(
    samples: Points, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    results = samples.index(root_dir="kept/here")
    assert results.path.parent == tmp_path / "kept" / "here"
    monkeypatch.chdir("/")
    check_run(samples.dataset, samples)


# -- orphans -----------------------------------------------------------------------------------


def test_a_deleted_dataset_leaves_its_files(points: Points) -> None:
    results = points.index()
    before = files(results.path)
    assert any(points.vectors.tobytes() in data for data in before.values())
    points.dataset.delete()
    assert files(results.path) == before
