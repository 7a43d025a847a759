"""Two databases with the same runs, and so with the same folders, keep each other's vectors."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import fiftyone as fo
import fiftyone.core.odm as foo
import numpy as np
import pytest
from support.points import Points, check_answers, check_stored

import fiftyone_faiss
from fiftyone_faiss.brain import load_faiss_index
from fiftyone_faiss.brain.data.database import database_id
from fiftyone_faiss.brain.similarity import FaissSimilarityIndex
from fiftyone_faiss.brain.store.store import Store

OTHER = "0f" * 16


def files(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.iterdir() if file.name != "lock"}


@pytest.fixture
def foreign(samples: Points) -> FaissSimilarityIndex:
    """An index of the first ten samples, whose files name another database as theirs."""
    index = samples.at(range(10)).index(index_type="sqfp16")
    Store(index.path).commit(metadata={"database": OTHER})
    return index


CHANGES: dict[str, Callable[[Points], object]] = {
    "add_to_index": lambda p: load_faiss_index(p.dataset, "given").add_to_index(
        *p.at(range(12)).added
    ),
    "update_index": lambda p: fiftyone_faiss.update_index(p.dataset, "given"),
    "remove_from_index": lambda p: load_faiss_index(p.dataset, "given").remove_from_index(
        sample_ids=p.ids[:1]
    ),
}
HELD = {"add_to_index": range(12), "update_index": range(9), "remove_from_index": range(1, 10)}


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_leaves_the_files_of_the_other_database(
    samples: Points, foreign: FaissSimilarityIndex, name: str
) -> None:
    if name == "update_index":
        samples.dataset.delete_samples(samples.ids[9:])
    path, before = foreign.path, files(foreign.path)
    expected = samples.at(range(9 if name == "update_index" else 10))
    check_answers(foreign, samples.vectors[3], expected)
    CHANGES[name](samples)
    assert files(path) == before
    held = samples.at(HELD[name])
    for index in (foreign, samples.dataset.load_brain_results("given", cache=False)):
        assert index.path == path.with_name(f"{path.name}-{database_id()}")
        check_stored(index, held)
    assert fiftyone_faiss.verify_index(samples.dataset, "given") == []
    # The run is deleted with its copy.
    fiftyone_faiss.delete_index(samples.dataset, "given")
    assert files(path) == before and [p.name for p in path.parent.glob(f"{path.name}*")] == [
        path.name
    ]


@pytest.mark.parametrize(
    "delete",
    [
        lambda dataset: fiftyone_faiss.delete_index(dataset, "given"),
        lambda dataset: dataset.delete_brain_run("given"),
        lambda dataset: load_faiss_index(dataset, "given").cleanup(),
    ],
    ids=["delete_index", "delete_brain_run", "cleanup"],
)
def test_a_deletion_leaves_the_files_of_the_other_database(
    samples: Points,
    foreign: FaissSimilarityIndex,
    delete: Callable[[fo.Dataset], object],
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = files(foreign.path)
    with caplog.at_level(logging.WARNING, "fiftyone_faiss.brain.store.ownership"):
        delete(samples.dataset)
    assert files(foreign.path) == before
    assert caplog.messages == [
        f"The files in {foreign.path} are kept, because they may belong to another database."
    ]


def test_moved_files_are_claimed_by_an_update(
    samples: Points, foreign: FaissSimilarityIndex
) -> None:
    samples.dataset.delete_samples(samples.ids[9:])
    fiftyone_faiss.update_index(samples.dataset, "given", adopt=True)
    assert foreign.path.name == foreign.run_id
    check_stored(foreign, samples.at(range(9)))
    assert foreign.snapshot.manifest.metadata["database"] == database_id()
    samples.dataset.delete_brain_run("given")
    assert list(foreign.path.parent.glob(f"{foreign.path.name}*")) == []


def test_a_clone_is_copied_from_the_files_of_the_other_database(
    samples: Points, foreign: FaissSimilarityIndex
) -> None:
    before = files(foreign.path)
    clone = samples.dataset.clone()
    try:
        index = clone.load_brain_results("given")
        index.add_to_index(*samples.at(range(10, 12)).added)
        check_stored(index, samples)
        assert index.path.name == index.run_id
        clone.delete_brain_run("given")
        assert files(foreign.path) == before
    finally:
        clone.delete()


def test_a_copy_of_a_deleted_dataset_is_orphaned_and_the_original_is_not(
    samples: Points, foreign: FaissSimilarityIndex
) -> None:
    original, before = foreign.path, files(foreign.path)
    foreign.remove_from_index(sample_ids=samples.ids[:1])
    samples.dataset.delete()
    listed = [o.run_id for o in fiftyone_faiss.list_orphaned_indexes()]
    names = [name for name in listed if name.startswith(original.name)]
    assert names == [f"{original.name}-{database_id()}"]
    with pytest.raises(ValueError, match="is not the run id of an orphaned index"):
        fiftyone_faiss.delete_orphaned_index(original.name)
    with pytest.raises(ValueError, match="is not the run id of an orphaned index"):
        fiftyone_faiss.delete_orphaned_index(f"../{original.parent.name}/{names[0]}")
    fiftyone_faiss.delete_orphaned_index(names[0])
    assert files(original) == before and not foreign.path.exists()


def test_a_folder_of_another_index_in_its_place_is_reported(samples: Points) -> None:
    first = samples.at(range(6)).index("one")
    two = samples.at(range(6, 12)).index("two")
    kept = two.path.with_name("kept")
    two.path.rename(kept)
    first.path.rename(two.path)
    samples.dataset.clear_cache()
    sentence = f"{two.path} holds the index 'one' of the dataset '{samples.dataset.name}'"
    (problem,) = fiftyone_faiss.verify_index(samples.dataset, "two")
    assert problem.startswith(sentence)
    infos = {info.brain_key: info for info in fiftyone_faiss.list_indexes(samples.dataset)}
    assert infos["two"].problem == problem and infos["two"].size == 0
    for change in (fiftyone_faiss.update_index, fiftyone_faiss.search):
        arguments = ("two",) if change is fiftyone_faiss.update_index else (samples.ids[0], "two")
        with pytest.raises(ValueError, match=sentence):
            change(samples.dataset, *arguments)
    before = files(two.path)
    samples.dataset.delete_brain_run("two")
    assert files(two.path) == before


# -- a real copy -------------------------------------------------------------------------------

IN_THE_COPY = """
import json, sys
import fiftyone as fo
import fiftyone_faiss
dataset = fo.load_dataset({name!r})
ids = lambda key: fiftyone_faiss.search(dataset, {vector!r}, brain_key=key, k=3).ids
answers = [ids("first"), ids("second")]
fiftyone_faiss.brain.load_faiss_index(dataset, "first").remove_from_index(sample_ids=answers[0][:1])
answers.append(ids("first"))
dataset.delete_brain_run("second")
orphaned = [orphan.path for orphan in fiftyone_faiss.list_orphaned_indexes()]
print(json.dumps([answers, orphaned]))
"""


@pytest.fixture
def copied_database() -> Iterator[Callable[[], str]]:
    """Copies the database under another name, which is deleted in the end."""
    client, original = foo.get_db_client(), foo.get_db_conn()
    name = f"{original.name}-copied"

    def copy() -> str:
        for collection in original.list_collection_names():
            documents = list(original[collection].find())
            client[name].create_collection(collection)
            if documents:
                client[name][collection].insert_many(documents)
        return name

    yield copy
    client.drop_database(name)


@pytest.mark.slow
def test_a_database_copied_under_another_name_keeps_the_original(
    samples: Points, copied_database: Callable[[], str]
) -> None:
    indexes = [samples.index(key) for key in ("first", "second")]
    before = [files(index.path) for index in indexes]
    vector = samples.vectors[3].tolist()
    expected = fiftyone_faiss.search(samples.dataset, vector, brain_key="first", k=4).ids
    environment = {**os.environ, "FIFTYONE_DATABASE_NAME": copied_database()}
    code = IN_THE_COPY.format(name=samples.dataset.name, vector=vector)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    )
    answers, orphaned = json.loads(done.stdout.splitlines()[-1])
    assert answers == [expected[:3], expected[:3], expected[1:]]
    assert not {str(index.path) for index in indexes} & set(orphaned)
    assert [files(index.path) for index in indexes] == before
    samples.dataset.clear_cache()
    for key in ("first", "second"):
        check_stored(load_faiss_index(samples.dataset, key), samples)
    assert np.array_equal(indexes[0].get_embeddings()[0], samples.vectors)
