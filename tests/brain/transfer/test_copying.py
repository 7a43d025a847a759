"""Copies of indexes to and from the Brain backends that need no server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import fiftyone as fo
import lancedb
import numpy as np
import pytest
from support.clusters import Large, check_holds, create
from support.copied_indexes import check_copy, stop_copy
from support.points import Points, one_sentence
from support.servers import configured

import fiftyone_faiss
from fiftyone_faiss.brain import CopyRequest, copy_steps, load_index, searchable_runs
from fiftyone_faiss.brain.core.optional import MissingDependencyError
from fiftyone_faiss.brain.transfer import backend_vectors, verification
from fiftyone_faiss.demo import MODEL_NAME

COUNT = 320


@pytest.fixture
def large(tmp_path: Path) -> Iterator[Large]:
    large = Large.make(COUNT, 80)
    with configured("lancedb", str(tmp_path / "lancedb")):
        yield large
    large.dataset.delete()


@pytest.fixture
def points(large: Large, monkeypatch: pytest.MonkeyPatch) -> Points:
    """Points of samples, with a FAISS index "faiss"; a copy of it is searched 20 times."""
    monkeypatch.setattr(verification, "QUERIES", 20)
    points = large.points("samples", COUNT)
    create(points, "faiss", metric="cosine")
    return points


@pytest.mark.parametrize("backend", ["lancedb", "sklearn", "faiss"])
@pytest.mark.parametrize(("metric", "kind"), [("cosine", "samples"), ("euclidean", "detections")])
def test_a_round_trip_changes_nothing(large: Large, backend: str, metric: str, kind: str) -> None:
    points = large.points(kind, 240)
    create(points, "first", metric=metric)
    there = fiftyone_faiss.copy_index(large.dataset, "first", "there", backend, progress=False)
    check_copy(there, points, metric)
    assert (there.brain_key, there.backend, there.skipped) == ("first", backend, {})
    back = fiftyone_faiss.copy_index(large.dataset, "there", "back", progress=False)
    check_copy(back, points, metric)
    check_holds(large.dataset.load_brain_results("back"), points)
    for report in (there, back):
        checked = report.verification
        if backend == "sklearn":
            # FiftyOne moves the origin before it searches, so that it finds others.
            recalls = sorted([checked.recall, checked.source_recall])
            assert 0.9 < recalls[0] < 0.99 and recalls[1] == 1
            assert report.notes[0].startswith("Of the exact 10 nearest, ")
            continue
        assert (checked.overlap, checked.min_overlap) == (1, 1)
        assert (checked.recall, checked.source_recall) == (1, 1)
        assert report.notes == ()
        assert str(report).endswith(
            ": 240 vectors were read again and are equal and 200 queries on both sides share "
            "100.0 % of their 10 nearest."
        )
    assert str(there).startswith(
        f"Copied 240 vectors of dimension 64 from 'first' to the {backend} index 'there': "
    )
    assert there.to_dict()["verification"]["max_difference"] == 0


def test_settings_are_carried_over(book: fo.Dataset, tmp_path: Path) -> None:
    dataset = book.clone()
    with configured("lancedb", str(tmp_path)):
        for source, key, backend in (("clip", "lance", "lancedb"), ("lance", "again", "faiss")):
            fiftyone_faiss.copy_index(dataset, source, key, backend, progress=False)
            config = dataset.get_brain_info(key).config
            assert (config.model, config.metric, config.patches_field, config.roi_field) == (
                MODEL_NAME, "cosine", None, None,
            )  # fmt: skip
            assert config.supports_prompts and config.embeddings_field is None
        expected = fiftyone_faiss.search(dataset, "a red car - a dog", "clip", k=9)
        for key in ("lance", "again"):
            neighbors = fiftyone_faiss.search(dataset, "a red car - a dog", key, k=9)
            assert neighbors.ids == expected.ids
            np.testing.assert_allclose(neighbors.distances, expected.distances, atol=1e-6)
    dataset.delete()


def test_texts_are_as_long_as_in_the_source(book: fo.Dataset, tmp_path: Path) -> None:
    """With other metrics than cosine, FiftyOne's own runs compare texts of other lengths."""
    dataset = book.clone()
    vectors = dataset.load_brain_results("clip").get_embeddings(dataset.values("id"))[0]
    fiftyone_faiss.build_index(
        dataset, "lengths", MODEL_NAME, vectors, metric="euclidean", progress=False
    )
    with configured("lancedb", str(tmp_path)):
        fiftyone_faiss.copy_index(dataset, "lengths", "lance", "lancedb", progress=False)
        neighbors = fiftyone_faiss.search(dataset, "a dog", "lance", k=9)
        expected = fiftyone_faiss.search(dataset, "a dog", "lengths", k=9)
        assert neighbors.ids == expected.ids
        np.testing.assert_allclose(neighbors.distances, expected.distances, atol=1e-4)
    dataset.delete()


def test_a_copy_in_float16_states_the_difference(points: Points) -> None:
    report = fiftyone_faiss.copy_index(
        points.dataset, "faiss", "half", progress=False, dtype="float16", index_type="flat"
    )
    rounded = points.vectors.astype(np.float16).astype(np.float32)
    assert report.verification.max_difference == np.abs(rounded - points.vectors).max()
    assert f"differ by at most {report.verification.max_difference:.1e}" in str(report)
    copied = load_index(points.dataset, "half").vectors_of(points.ids)
    assert copied.tobytes() == rounded.tobytes()
    assert points.dataset.get_brain_info("half").config.dtype == "float16"


def test_only_the_samples_of_a_view_are_copied(points: Points) -> None:
    view = points.dataset.skip(20).limit(50)
    report = fiftyone_faiss.copy_index(view, "faiss", "part", "lancedb", progress=False)
    check_copy(report, points.at(range(20, 70)), "cosine")
    assert report.skipped == {}


def test_vectors_of_deleted_samples_are_left_out(points: Points) -> None:
    fiftyone_faiss.copy_index(points.dataset, "faiss", "lance", "lancedb", progress=False)
    points.dataset.delete_samples(points.ids[:7])
    for source, key, backend in (("faiss", "a", "lancedb"), ("lance", "b", "faiss")):
        report = fiftyone_faiss.copy_index(points.dataset, source, key, backend, progress=False)
        check_copy(report, points.at(range(7, COUNT)), "cosine")
        assert report.skipped == {"their samples or labels were deleted": 7}
        assert "; 7 left out (their samples or labels were deleted)." in str(report)


@pytest.mark.parametrize("backend", ["lancedb", "faiss"])
def test_a_canceled_copy_is_resumed(points: Points, backend: str, monkeypatch) -> None:
    monkeypatch.setattr(backend_vectors._CLASSES[backend], "batch_rows", 100)
    request = CopyRequest("faiss", "copy", backend)
    steps = copy_steps(points.dataset, request)
    assert str(next(steps)).startswith("100 of 320 copied")
    stop_copy(steps)
    (run,) = (run for run in searchable_runs(points.dataset) if run.brain_key == "copy")
    assert run.problem == (
        "The index 'copy' is an unfinished copy; run copy_index again to finish it."
    )
    with pytest.raises(ValueError, match="is an unfinished copy") as caught:
        fiftyone_faiss.search(points.dataset, points.ids[0], "copy")
    assert one_sentence(caught.value)
    report = fiftyone_faiss.copy_index(points.dataset, "faiss", "copy", backend, progress=False)
    check_copy(report, points, "cosine")


def test_an_unfinished_copy_is_resumed_as_it_was_begun(points: Points, monkeypatch) -> None:
    monkeypatch.setattr(backend_vectors.FaissVectors, "batch_rows", 100)
    dataset = points.dataset
    create(points, "other", metric="cosine")
    stop_copy(copy_steps(dataset, CopyRequest("faiss", "copy", "faiss", {"dtype": "float16"})))
    for key, backend, settings, message in (
        ("other", "faiss", {}, "There is a run 'copy' already"),
        ("faiss", "faiss", {}, "has dtype='float16', not 'float32'; use the same settings"),
        ("faiss", "lancedb", {}, "has method='faiss', not 'lancedb'"),
    ):
        with pytest.raises(ValueError, match=message) as caught:
            fiftyone_faiss.copy_index(dataset, key, "copy", backend, progress=False, **settings)
        assert one_sentence(caught.value)
    report = fiftyone_faiss.copy_index(dataset, "faiss", "copy", progress=False, dtype="float16")
    assert report.count == COUNT


def test_vectors_that_change_during_a_copy_are_noticed(points: Points, monkeypatch) -> None:
    monkeypatch.setattr(backend_vectors.LanceVectors, "batch_rows", 100)
    dataset, request = points.dataset, CopyRequest("faiss", "copy", "lancedb")
    stop_copy(copy_steps(dataset, request))
    source = dataset.load_brain_results("faiss")
    source.add_to_index(-points.vectors[5:8], points.ids[5:8])
    with pytest.raises(ValueError, match=r"3 vectors.*differ in 'copy', because") as caught:
        fiftyone_faiss.copy_index(dataset, "faiss", "copy", "lancedb", progress=False)
    assert one_sentence(caught.value)
    source.remove_from_index(points.ids[5:8])
    with pytest.raises(ValueError, match="holds 320 vectors, but 317 were copied") as caught:
        fiftyone_faiss.copy_index(dataset, "faiss", "copy", "lancedb", progress=False)
    assert one_sentence(caught.value)


def test_the_address_that_fiftyone_does_not_store_is_named(points: Points, tmp_path) -> None:
    report = fiftyone_faiss.copy_index(
        points.dataset, "faiss", "far", "lancedb", progress=False, uri=str(tmp_path / "far")
    )
    assert report.notes == (
        "FiftyOne does not store uri with an index; set FIFTYONE_BRAIN_SIMILARITY_LANCEDB_URI "
        "before you start Python or the App, so that the copy is found.",
    )
    with configured("lancedb", str(tmp_path / "far")):
        check_copy(report, points, "cosine")


def test_widened_boxes_are_named(large: Large) -> None:
    points = large.points("detections", 60)
    given = dict(zip(points.ids, points.vectors, strict=True))
    fiftyone_faiss.build_index(
        large.dataset, "wide", embeddings=given, patches_field="things", alpha=0.2, progress=False
    )
    report = fiftyone_faiss.copy_index(large.dataset, "wide", "there", "lancedb", progress=False)
    assert report.notes == (
        "'there' does not store alpha=0.2, by which the boxes were widened; give it again when "
        "you copy back.",
    )
    fiftyone_faiss.copy_index(large.dataset, "there", "back", progress=False, alpha=0.2)
    assert large.dataset.get_brain_info("back").config.alpha == 0.2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"new_key": "a b"}, "new_key is 'a b'; give the name of the copy"),
        ({"backend": "oracle"}, "There is no backend 'oracle'; choose one of elasticsearch, faiss"),
        ({"metric": "euclidean"}, "A copy keeps the metric of its source"),
        ({"hnsw_m": 8}, "The backend 'lancedb' has no setting 'hnsw_m'; it has "),
        ({"new_key": "faiss"}, "There is a run 'faiss' already; choose another new_key"),
        ({"brain_key": "none"}, "has no similarity index 'none'"),
        (
            {"brain_key": "products"},
            "The index 'products' cannot be copied to the backend 'lancedb': Unsupported metric",
        ),
    ],
)
def test_what_cannot_be_copied_is_said_in_one_sentence(points: Points, given, message) -> None:
    create(points, "products", metric="dotproduct")
    arguments = {"brain_key": "faiss", "new_key": "copy", "backend": "lancedb", **given}
    with pytest.raises(ValueError, match=message) as caught:
        fiftyone_faiss.copy_index(points.dataset, progress=False, **arguments)
    assert one_sentence(caught.value)
    assert points.dataset.list_brain_runs() == ["faiss", "products"]


def test_a_view_without_vectors_is_refused(points: Points) -> None:
    fiftyone_faiss.copy_index(points.dataset, "faiss", "lance", "lancedb", progress=False)
    points.dataset.add_samples([fo.Sample("/none/new.png")], progress=False)
    view = points.dataset.skip(COUNT)
    for key in ("faiss", "lance"):
        with pytest.raises(ValueError, match="holds none of these samples") as caught:
            fiftyone_faiss.copy_index(view, key, "copy", "faiss", progress=False)
        assert one_sentence(caught.value)
    assert points.dataset.list_brain_runs() == ["faiss", "lance"]


def test_a_table_that_fiftyone_would_not_find_is_not_made(points: Points, tmp_path) -> None:
    """FiftyOne reads ten names of tables, and would overwrite another table of the same name."""
    tables = lancedb.connect(str(tmp_path / "lancedb"))
    for i in range(10):
        tables.create_table(f"other{i}", [{"a": i}])
    with pytest.raises(ValueError, match="finds only the first 10 tables") as caught:
        fiftyone_faiss.copy_index(points.dataset, "faiss", "copy", "lancedb", progress=False)
    assert one_sentence(caught.value)
    assert points.dataset.list_brain_runs() == ["faiss"]


def test_a_missing_package_is_named_with_its_install_line(points: Points, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    with pytest.raises(MissingDependencyError, match=r'pip install "fiftyone-faiss\[pgvector\]"'):
        fiftyone_faiss.copy_index(points.dataset, "faiss", "copy", "pgvector", progress=False)
    assert points.dataset.list_brain_runs() == ["faiss"]
