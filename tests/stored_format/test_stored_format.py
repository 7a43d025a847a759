"""A dataset written by the first version of the stored formats works without migration."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import fiftyone.core.odm as foo
import numpy as np
import pytest
from PIL import Image
from support.stored_format import (
    EXPECTED,
    OPTIONAL_MANIFEST_KEYS,
    check_answer,
    check_diverse_answer,
    check_text_answer,
    index_folder,
    index_root,
    key_paths,
    own_ids,
    read_manifest,
    restore,
    write_manifest,
)

import fiftyone_faiss
from fiftyone_faiss.brain import (
    SearchRequest,
    list_searches,
    load_faiss_index,
    load_index,
    record_search,
    register_zoo_model,
    run_search,
    update_search,
)
from fiftyone_faiss.brain.data.database import database_id
from fiftyone_faiss.demo import MODEL_DIR, MODEL_NAME
from fiftyone_faiss.embedders.open_clip import OpenClipSpec

KEYS = ("clip", "colors", "given", "field", "patches")
# Keys of indexes that a model embeds, and how many vectors each holds.
EMBEDDED = {"clip": 12, "colors": 12, "patches": 356}
SEARCHES_STORE, TAGGINGS_STORE = "fiftyone-faiss-searches", "fiftyone_faiss_taggings"


@pytest.fixture
def restored(tmp_path: Path) -> Iterator[fo.Dataset]:
    """The stored dataset, whose files were written for another database."""
    register_zoo_model(MODEL_NAME, OpenClipSpec.parse(str(MODEL_DIR)))
    dataset = restore(tmp_path)
    yield dataset
    if not dataset.deleted:
        dataset.delete()
    for brain_key in KEYS:
        for folder in index_root().glob(f"{index_folder(brain_key).name}*"):
            shutil.rmtree(folder)


@pytest.fixture
def stored(restored: fo.Dataset) -> fo.Dataset:
    """The stored dataset, whose files were claimed; a test may change it."""
    for brain_key in KEYS:
        load_faiss_index(restored, brain_key).adopt_files()
    return restored


def saved_search_texts(dataset: fo.Dataset) -> dict[str, Any]:
    """The stored records of the dataset's searches, by the searches' ids."""
    records = foo.get_db_conn().execution_store.find(
        {"store_name": SEARCHES_STORE, "dataset_id": dataset._doc.id}
    )
    texts = [json.loads(record["value"]) for record in records]
    return {text["id"]: text for text in texts}


def expected_searches(brain_key: str) -> list[dict[str, Any]]:
    return [search for search in EXPECTED["searches"] if search["brain_key"] == brain_key]


def check_searches(dataset: fo.Dataset, brain_key: str) -> None:
    """Asserts that an index gives its stored answers, by two ids and by a vector."""
    for expected in expected_searches(brain_key):
        query = expected["query"]
        neighbors = fiftyone_faiss.search(dataset, query, brain_key=brain_key, k=expected["k"])
        check_answer(neighbors, expected, [query] if isinstance(query, str) else [])


# -- reading -----------------------------------------------------------------------------------


@pytest.mark.parametrize("brain_key", KEYS)
def test_every_index_gives_the_stored_answers(restored: fo.Dataset, brain_key: str) -> None:
    assert len(expected_searches(brain_key)) == 3
    check_searches(restored, brain_key)
    assert fiftyone_faiss.verify_index(restored, brain_key) == []


@pytest.mark.parametrize("brain_key", KEYS)
def test_the_vectors_are_those_of_the_distances(stored: fo.Dataset, brain_key: str) -> None:
    vectors, sample_ids, label_ids = load_index(stored, brain_key).get_embeddings()
    ids = (sample_ids if label_ids is None else label_ids).tolist()
    expected = expected_searches(brain_key)[2]
    x = vectors[[ids.index(id) for id in expected["ids"]]].astype(np.float64)
    q = np.array(expected["query"], np.float32).astype(np.float64)
    metric = load_index(stored, brain_key).config.metric
    if metric == "euclidean":
        distances = np.linalg.norm(x - q, axis=1)
    elif metric == "dotproduct":
        distances = -(x @ q)
    else:
        distances = 1 - x @ q / (np.linalg.norm(x, axis=1) * np.linalg.norm(q))
    np.testing.assert_allclose(distances, expected["distances"], rtol=0, atol=1e-6)


@pytest.mark.parametrize("brain_key", ["clip", "colors", "field"])
def test_fiftyone_sorts_by_the_stored_indexes(stored: fo.Dataset, brain_key: str) -> None:
    for expected in expected_searches(brain_key):
        query = expected["query"]
        view = stored.sort_by_similarity(
            query if isinstance(query, str) else np.array(query), k=5, brain_key=brain_key
        )
        assert view.values("id") == expected["ids"][:5]


def test_the_indexes_are_listed_as_before(restored: fo.Dataset) -> None:
    infos = fiftyone_faiss.list_indexes(restored)
    assert [info.brain_key for info in infos] == [info["brain_key"] for info in EXPECTED["indexes"]]
    for info, expected in zip(infos, EXPECTED["indexes"], strict=True):
        assert info.path == str(index_folder(info.brain_key))
        for name in expected.keys() - {"run_id"}:
            assert getattr(info, name) == expected[name], name


@pytest.mark.parametrize("brain_key", KEYS)
def test_the_health_is_as_before(stored: fo.Dataset, brain_key: str) -> None:
    expected = dict(EXPECTED["health"][brain_key])
    tuning = expected.pop("tuning")
    health = fiftyone_faiss.index_health(stored, brain_key, check_media=brain_key in EMBEDDED)
    for name, value in expected.items():
        assert getattr(health, name) == value, name
    if tuning is None:
        assert health.tuning is None
        return
    assert health.tuning is not None
    assert health.tuning.recall == tuning["recall"]
    assert health.tuning.latency_ms == tuning["latency_ms"]
    assert health.tuning.target_recall == tuning["target_recall"]
    parameters = [(p.k, p.nprobe, p.k_factor) for p in health.tuning.parameters]
    assert parameters == [(p["depth"], p["probes"], p["overfetch"]) for p in tuning["efforts"]]


def test_the_failures_are_listed(stored: fo.Dataset) -> None:
    for brain_key in KEYS:
        failures = fiftyone_faiss.list_failures(stored, brain_key)
        assert failures == EXPECTED["failures"][brain_key]
    failures = fiftyone_faiss.list_failures(stored, embeddings_field="histogram")
    assert failures == EXPECTED["field_failures"] != {}


# -- saved searches and tags -------------------------------------------------------------------


def test_the_saved_searches_are_listed(stored: fo.Dataset) -> None:
    expected = [
        {name: value for name, value in search.items() if name != "answer"}
        for search in EXPECTED["saved_searches"]
    ]
    # The names of today, in the place of the stored ones.
    today = [
        {**search, "params": SearchRequest.from_json(search["params"]).to_params()}
        for search in expected
    ]
    assert [search.to_dict() for search in list_searches(stored)] == today
    texts = saved_search_texts(stored)
    assert [texts[search["id"]] for search in expected] == expected


def test_the_saved_searches_give_the_stored_answers(stored: fo.Dataset) -> None:
    searches = {search.id: search for search in list_searches(stored)}
    for expected in EXPECTED["saved_searches"]:
        params = searches[expected["id"]].params
        samples = stored
        if params.get("scope") == "saved:dark":
            samples = stored.load_saved_view("dark")
        neighbors = run_search(samples, SearchRequest.from_params(params, stored))
        check = check_text_answer if params["brain_key"] == "clip" else check_answer
        if "diversity" in params:
            check = check_diverse_answer
        check(neighbors, expected["answer"], own_ids(params))


def test_a_search_that_is_run_again_is_the_stored_one(stored: fo.Dataset) -> None:
    before = saved_search_texts(stored)
    for search in list_searches(stored):
        again = record_search(stored, search.params)
        assert (again.id, again.uses) == (search.id, search.uses + 1)
    after = saved_search_texts(stored)
    for id, text in before.items():
        assert after[id].keys() == text.keys()
        assert after[id]["params"] == text["params"]


def test_a_saved_search_keeps_its_stored_keys_when_it_is_edited(stored: fo.Dataset) -> None:
    (search,) = (saved for saved in list_searches(stored) if saved.name == "white cats")
    stored_params = {"brain_key": "clip", "fold": 0.1, "query": "a white cat", "templates": "one"}
    assert saved_search_texts(stored)[search.id]["params"] == stored_params
    update_search(stored, search.id, name="cats", pinned=True)
    text = saved_search_texts(stored)[search.id]
    assert text == {
        "id": search.id,
        "name": "cats",
        "pinned": True,
        "params": stored_params,
        "used_at": search.used_at,
        "uses": search.uses,
    }


def tagged(dataset: fo.Dataset, tag: str) -> tuple[set[str], set[str]]:
    """The ids of the samples, and those of the labels, that have a tag."""
    samples = set(dataset.match_tags(tag).values("id"))
    labels = dataset.filter_labels("things", fo.ViewField("tags").contains(tag))
    return samples, set(labels.values("things.detections.id", unwind=True))


def test_the_taggings_are_undone(stored: fo.Dataset) -> None:
    expected, other = EXPECTED["tags"]["alike"], EXPECTED["tags"]["clip/alike"]
    before = set(expected["tagged_before"])
    samples, labels = set(expected["samples"]), set(expected["labels"])
    assert tagged(stored, "alike") == (samples | before, labels)
    assert fiftyone_faiss.untag_neighbors(stored, "alike", ids=expected["samples"][:1]) == 1
    assert tagged(stored, "alike") == (samples - {expected["samples"][0]} | before, labels)
    count = len(samples) - 1 + len(labels)
    assert fiftyone_faiss.untag_neighbors(stored, "alike") == count
    assert tagged(stored, "alike") == (before, set())
    assert tagged(stored, "clip/alike") == (set(other["samples"]), set())
    assert fiftyone_faiss.untag_neighbors(stored, "clip/alike") == len(other["samples"])
    assert tagged(stored, "clip/alike") == (set(), set())
    records = foo.get_db_conn().execution_store
    query = {"store_name": TAGGINGS_STORE, "dataset_id": stored._doc.id}
    assert records.count_documents(query) == 0


# -- changing ----------------------------------------------------------------------------------


def add_and_delete(dataset: fo.Dataset, folder: Path) -> tuple[fo.Sample, str]:
    """Adds a sample with two labels and deletes the first sample; returns both."""
    path = folder / "images" / "new.png"
    image = Image.new("RGB", (40, 40), (200, 30, 60))
    image.paste((20, 200, 90), (0, 0, 20, 40))
    image.save(path)
    boxes = ([0.0, 0.0, 0.4, 0.4], [0.3, 0.3, 0.6, 0.6])
    detections = [fo.Detection(label="a", bounding_box=box) for box in boxes]
    sample = fo.Sample(str(path), number=99, things=fo.Detections(detections=detections))
    dataset.add_sample(sample)
    deleted = dataset.first().id
    dataset.delete_samples(deleted)
    return sample, deleted


def check_manifest_keys(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Asserts that a manifest has the keys of the stored one, and new ones only if optional."""
    optional = {name for name in ("deleted", "derived") if before[name] and not after[name]}
    missing = key_paths(before) - key_paths(after)
    assert all(path.split(".")[0] in optional for path in missing)
    assert key_paths(after) - key_paths(before) <= OPTIONAL_MANIFEST_KEYS
    assert after["format_version"] == before["format_version"] == 2


@pytest.mark.parametrize("brain_key", EMBEDDED)
def test_an_index_is_updated(stored: fo.Dataset, brain_key: str, tmp_path: Path) -> None:
    before = read_manifest(index_folder(brain_key))
    gone = len(stored.first().things.detections) if brain_key == "patches" else 1
    sample, deleted = add_and_delete(stored, tmp_path)
    new = (
        [label.id for label in sample.things.detections] if brain_key == "patches" else [sample.id]
    )

    health = fiftyone_faiss.index_health(stored, brain_key, check_media=True)
    counts = (health.missing, health.orphaned, health.failed, health.changed)
    assert counts == (len(new), gone, 1, 0)
    report = fiftyone_faiss.update_index(stored, brain_key)
    assert report.size == EMBEDDED[brain_key] - gone + len(new)
    assert report.failures.keys() == EXPECTED["failures"][brain_key].keys()

    assert fiftyone_faiss.verify_index(stored, brain_key) == []
    assert fiftyone_faiss.index_health(stored, brain_key, check_media=True).is_current
    neighbors = fiftyone_faiss.search(stored, new[0], brain_key=brain_key, k=400)
    assert list(neighbors.pinned) == new[:1]
    assert len(neighbors) == report.size - 1
    vector = load_index(stored, brain_key).vectors_of(new[:1])[0]
    nearest = fiftyone_faiss.search(stored, vector, brain_key=brain_key, k=400)
    assert nearest.ids[0] == new[0]
    assert nearest.distances[0] == pytest.approx(0, abs=1e-6)
    assert nearest.ids[1:] == neighbors.ids
    assert deleted not in neighbors.sample_ids
    after = read_manifest(index_folder(brain_key))
    check_manifest_keys(before, after)
    # What is stored of the run stays, beside the failures.
    unchanged = before["facts"].keys() - {"failures"}
    assert {key: after["facts"][key] for key in unchanged} == {
        key: before["facts"][key] for key in unchanged
    }


def test_given_vectors_are_added_and_removed(stored: fo.Dataset) -> None:
    before = read_manifest(index_folder("given"))
    index = load_index(stored, "given")
    expected = expected_searches("given")[2]
    first = expected["ids"][0]
    index.remove_from_index(label_ids=[first])
    neighbors = fiftyone_faiss.search(stored, expected["query"], brain_key="given", k=11)
    assert neighbors.ids == expected["ids"][1:]
    vector = 10 * np.array([expected["query"]], np.float32)
    index.add_to_index(vector, expected["sample_ids"][:1], [first])
    neighbors = fiftyone_faiss.search(stored, expected["query"], brain_key="given", k=12)
    assert neighbors.ids == expected["ids"]
    q = np.array(expected["query"], np.float32).astype(np.float64)
    assert neighbors.distances[0] == pytest.approx(-(vector[0].astype(np.float64) @ q))
    check_manifest_keys(before, read_manifest(index_folder("given")))


def test_an_index_of_a_field_is_updated_from_the_field(stored: fo.Dataset, tmp_path: Path) -> None:
    before = read_manifest(index_folder("field"))
    sample, deleted = add_and_delete(stored, tmp_path)
    report = fiftyone_faiss.compute_embeddings(stored, "colorhist", embeddings_field="histogram")
    assert (report.embedded, report.skipped) == (1, 11)
    assert report.failures.keys() == EXPECTED["field_failures"].keys()
    updated = fiftyone_faiss.update_index(stored, "field")
    assert updated.size == 12
    neighbors = fiftyone_faiss.search(stored, sample.id, brain_key="field", k=20)
    assert len(neighbors) == 11
    assert list(neighbors.pinned) == [sample.id]
    assert deleted not in neighbors.ids
    check_manifest_keys(
        before | {"facts": before["facts"] | {"failures": {}}, "deleted": {}},
        read_manifest(index_folder("field")) | {"deleted": {}},
    )


def test_a_changed_and_a_repaired_file_are_embedded(stored: fo.Dataset) -> None:
    broken = stored.match({"number": 12}).first()
    shutil.copy(stored.first().filepath, broken.filepath)
    os.utime(stored.last().filepath, (1, 1))
    os.utime(stored.first().filepath, (2, 2))
    health = fiftyone_faiss.index_health(stored, "colors", check_media=True)
    assert (health.changed, health.failed) == (1, 1)
    report = fiftyone_faiss.update_index(stored, "colors", check_media=True)
    assert (report.size, report.failures) == (13, {})
    neighbors = fiftyone_faiss.search(stored, broken.id, brain_key="colors", k=2)
    assert list(neighbors.pinned) == [broken.id]
    assert neighbors.ids[0] == stored.first().id
    assert neighbors.distances[0] == pytest.approx(0, abs=1e-7)


def test_a_damaged_faiss_index_is_rebuilt_with_the_same_keys(stored: fo.Dataset) -> None:
    before = read_manifest(index_folder("patches"))
    path = index_folder("patches") / before["derived"]["file"]["name"]
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert len(fiftyone_faiss.verify_index(stored, "patches")) == 1
    assert fiftyone_faiss.verify_index(stored, "patches") == []
    after = read_manifest(index_folder("patches"))
    assert after["derived"]["file"]["name"] != before["derived"]["file"]["name"]
    assert after["derived"]["facts"]["factory"] == before["derived"]["facts"]["factory"] == "SQ8"
    assert after["derived"]["facts"]["efforts"] == before["derived"]["facts"]["efforts"]
    check_manifest_keys(before, after)
    check_searches(stored, "patches")


# -- runs --------------------------------------------------------------------------------------


def test_an_index_is_renamed_and_deleted(stored: fo.Dataset) -> None:
    folder = index_folder("colors")
    before = read_manifest(folder)
    stored.rename_brain_run("colors", "renamed")
    for expected in expected_searches("colors"):
        query = expected["query"]
        neighbors = fiftyone_faiss.search(stored, query, brain_key="renamed", k=12)
        check_answer(neighbors, expected, [query] if isinstance(query, str) else [])
    assert read_manifest(folder) == before
    assert fiftyone_faiss.delete_index(stored, "renamed").size == 12
    assert not folder.exists()
    assert "renamed" not in stored.list_brain_runs()


def test_a_clone_gets_files_of_its_own(stored: fo.Dataset) -> None:
    clone = stored.clone("stored-format-clone")
    try:
        stored.delete_brain_run("patches")
        check_searches(clone, "patches")
        check_manifest_keys(
            read_manifest(index_folder("given")),
            read_manifest(Path(str(load_index(clone, "given").path))),
        )
    finally:
        for brain_key in KEYS:
            clone.delete_brain_run(brain_key)
        clone.delete()


def test_the_run_documents_keep_their_keys(stored: fo.Dataset) -> None:
    runs = foo.get_db_conn().runs
    before = {run["key"]: run["config"] for run in runs.find({"_dataset_id": stored._doc.id})}
    for brain_key in KEYS:
        config = stored.get_brain_info(brain_key).config
        # What FiftyOne would write back.
        assert config.serialize() == before[brain_key]


def test_files_of_a_deleted_dataset_are_found_in_their_own_database(restored: fo.Dataset) -> None:
    folder = index_folder("given")
    restored.delete()
    # The restored documents are in another database than the one that the files were written for.
    assert folder.name not in {index.run_id for index in fiftyone_faiss.list_orphaned_indexes()}
    manifest = read_manifest(folder)
    manifest["facts"]["database"] = database_id()
    write_manifest(folder, manifest)
    (orphan,) = (
        index for index in fiftyone_faiss.list_orphaned_indexes() if index.run_id == folder.name
    )
    assert (orphan.dataset, orphan.brain_key) == ("stored-format", "given")
    assert orphan.path == str(index_root() / folder.name)
    fiftyone_faiss.delete_orphaned_index(orphan.run_id)
    assert not folder.exists()
