"""Operators the way FiftyOne runs them, and by their typed calls."""

from __future__ import annotations

import base64
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from fiftyone.operators.delegated import DelegatedOperationService
from support.clusters import Large, create
from support.distances import reference
from support.indexes import index_of
from support.operators import PLUGIN, run

import fiftyone_faiss
from fiftyone_faiss.demo import MODEL_NAME

ROOT = Path(__file__).resolve().parents[2]
# The operators, and their icons by the names in Material Icons.
ICONS = {
    "audit_labels": "fact_check",
    "build_index": "add_chart",
    "cluster_samples": "workspaces",
    "compare_compression": "compress",
    "compare_models": "leaderboard",
    "compute_embeddings": "memory",
    "compute_scores": "bar_chart",
    "copy_index": "drive_file_move",
    "explain_match": "help_outline",
    "export_index": "file_download",
    "find_duplicates": "content_copy",
    "find_leaks": "water_drop",
    "find_similar": "image_search",
    "find_similar_to_sample": "image_search",
    "import_index": "file_upload",
    "learn_projection": "school",
    "manage_indexes": "storage",
    "search": "search",
    "select_samples": "playlist_add_check",
    "tag_by_text": "label",
    "tag_neighbors": "sell",
    "update_index": "sync",
    "update_map": "scatter_plot",
    "visualize_index": "scatter_plot",
}


@pytest.fixture
def vectors(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(12, 4)).astype(np.float32)


def order_of(dataset: fo.Dataset, vectors: np.ndarray, place: int) -> list[str]:
    ids = dataset.values("id")
    distances = reference(vectors[place : place + 1], vectors, "cosine")[0]
    return [ids[i] for i in np.argsort(distances)]


def test_the_plugin_offers_its_operators_and_panel() -> None:
    ours = {operator.uri for operator in foo.list_operators() if operator.uri.startswith(PLUGIN)}
    panels = ("similarity_search_faiss", "similarity_curate_faiss", "similarity_map_faiss")
    assert ours == {f"{PLUGIN}/{name}" for name in (*ICONS, *panels)}


def test_each_operator_has_an_icon() -> None:
    configs = [foo.get_operator(f"{PLUGIN}/{name}").config for name in sorted(ICONS)]
    assert {config.name: config.icon for config in configs} == ICONS
    files = [(config.light_icon, config.dark_icon) for config in configs if config.light_icon]
    assert len(files) == 3
    for path in sum(files, ()):
        root = ElementTree.parse(ROOT / path.removeprefix("/")).getroot()
        assert root.get("viewBox") == "0 0 24 24"


def test_search_by_text(book) -> None:
    result = run("search", book, {"query_type": "text", "query": "a red car", "k": 6}).result
    assert (result["count"], result["brain_key"]) == (6, "clip")
    assert result["query"] == '"a red car"'


def test_search_by_upload(book) -> None:
    path = Path(book.first().filepath)
    content = base64.b64encode(path.read_bytes()).decode()
    upload = {"name": path.name, "type": "image/jpeg", "size": 1, "content": content}
    result = run("search", book, {"query_type": "image", "image": upload, "k": 3}).result
    assert result["best_score"] == pytest.approx(1, abs=1e-3)


def test_search_by_the_selection(dataset, vectors) -> None:
    index_of(dataset, vectors)
    ids = dataset.values("id")
    result = run("search", dataset, {"query_type": "samples", "k": 4}, selected=ids[:2]).result
    assert (result["count"], result["query"]) == (4, "2 samples")


def test_find_similar_needs_a_selection_and_nothing_else(dataset, vectors) -> None:
    index_of(dataset, vectors)
    ids = dataset.values("id")
    result = run("find_similar", dataset, {}, selected=[ids[3]]).result
    # All others of the twelve.
    assert result["count"] == 11
    result = run("find_similar", dataset, {"k": 5}, selected=[], current_sample=ids[3]).result
    assert result["count"] == 5
    with pytest.raises(foo.executor.ExecutionError, match="No samples are selected"):
        run("find_similar", dataset, {}, selected=[])


def test_find_similar_shows_a_form_only_for_several_indexes(dataset, vectors, monkeypatch) -> None:
    # FiftyOne resolves placements at every change in the App, so this must not load an index.
    monkeypatch.setattr(fo.Dataset, "load_brain_results", lambda *args: pytest.fail("loaded"))
    operator = foo.get_operator(f"{PLUGIN}/find_similar_to_sample")
    for count, asks in ((0, False), (1, False), (2, True)):
        if count:
            index_of(dataset, vectors, f"given{count}")
        placement = operator.resolve_placement(SimpleNamespace(dataset=dataset))
        assert placement.view.prompt is asks
    assert operator.resolve_placement(SimpleNamespace(dataset=None)).view.prompt is False


def test_tagging_and_untagging(dataset, vectors) -> None:
    index_of(dataset, vectors)
    order = order_of(dataset, vectors, 2)
    params = {"query_type": "samples", "sample_ids": [order[0]], "k": 3, "tag": "near"}
    # The query and its three neighbors.
    assert run("tag_neighbors", dataset, params).result["tagged"] == 4
    assert set(dataset.match_tags("near").values("id")) == set(order[:4])
    result = run("tag_neighbors", dataset, {"action": "untag", "tag": "near"}).result
    assert result == {"tag": "near", "untagged": 4}
    assert dataset.count_sample_tags() == {}


def test_managing(dataset, vectors) -> None:
    index_of(dataset, vectors)
    (index,) = run("manage_indexes", dataset, {}).result["indexes"]
    assert (index["brain_key"], index["size"]) == ("given", 12)
    params = {"brain_key": "given", "delete": True}
    assert run("manage_indexes", dataset, params).result["indexes"] == []
    assert not Path(index["path"]).exists()


def test_orphaned_indexes_are_deleted_on_confirmation(dataset, vectors) -> None:
    doomed = fo.Dataset(persistent=True)
    doomed.add_samples([fo.Sample(f"/{i}.png") for i in range(12)])
    lost = index_of(doomed, vectors, "lost").path
    kept = index_of(dataset, vectors).path
    name = doomed.name
    doomed.delete()
    orphans = run("manage_indexes", dataset, {}).result["orphaned"]
    assert (name, "lost", str(lost)) in [
        (orphan["dataset"], orphan["brain_key"], orphan["path"]) for orphan in orphans
    ]
    assert lost.exists()
    assert run("manage_indexes", dataset, {"delete_orphaned": True}).result["orphaned"] == []
    assert not lost.exists()
    assert kept.exists()


def test_updating(book) -> None:
    ids = book.values("id")
    fiftyone_faiss.build_index(book[:6], "some", model=MODEL_NAME)
    results = book.load_brain_results("some")
    results.remove_from_index(sample_ids=ids[2:4])
    run("update_index", book[:8], {"brain_key": "some"})
    assert sorted(book.load_brain_results("some").sample_ids) == sorted(ids[:8])
    report = foo.get_operator(f"{PLUGIN}/update_index")(book[:9], "some")
    assert (report.size, report.added) == (9, 1)
    book.delete_brain_run("some")


def test_building_and_embedding(book) -> None:
    view = book[:6]
    run("build_index", view, {"brain_key": "six", "model": MODEL_NAME})
    assert book.load_brain_results("six").sample_ids.tolist() == view.values("id")
    run("compute_embeddings", view, {"model": MODEL_NAME, "embeddings_field": "emb"})
    stored = book.load_brain_results("six").get_embeddings()[0]
    np.testing.assert_allclose(np.array(view.values("emb")), stored, atol=1e-6)
    assert book.skip(6).first().emb is None
    run("build_index", view, {"brain_key": "field", "embeddings": "emb"})
    np.testing.assert_allclose(
        book.load_brain_results("field").get_embeddings()[0], stored, atol=1e-6
    )
    book.delete_brain_run("six")
    book.delete_brain_run("field")
    book.delete_sample_field("emb")


def test_typed_calls_are_the_sdk(dataset, vectors) -> None:
    index_of(dataset, vectors)
    order = order_of(dataset, vectors, 5)
    neighbors = foo.get_operator(f"{PLUGIN}/search")(dataset, query=order[0], k=4)
    assert (neighbors.ids, list(neighbors.pinned)) == (order[1:5], order[:1])
    assert foo.get_operator(f"{PLUGIN}/find_similar")(dataset, order[0], k=4).ids == order[1:5]
    tagging = foo.get_operator(f"{PLUGIN}/tag_neighbors")(dataset, order[0], tag="t", k=2)
    assert tagging.ids == order[:3]
    (info,) = foo.get_operator(f"{PLUGIN}/manage_indexes")(dataset)
    assert info == fiftyone_faiss.list_indexes(dataset)[0]
    assert foo.get_operator(f"{PLUGIN}/manage_indexes")(dataset, delete="given") == []
    report = foo.get_operator(f"{PLUGIN}/build_index")(dataset, "again", embeddings=vectors)
    assert report.size == 12


def run_delegated(name: str, samples: fo.DatasetView, params: dict[str, Any]) -> Any:
    """Queues an operator, runs it as an orchestrator would, and returns its record."""
    ctx = {"view": samples, "params": params, "request_delegation": True}
    uri = f"{PLUGIN}/{name}"
    queued = foo.execute_operator(uri, ctx=ctx)
    service = DelegatedOperationService()
    assert service.get(queued.result["id"]).run_state == "queued"
    service.execute_queued_operations(operator=uri, limit=1)
    samples._dataset.reload()
    return service.get(queued.result["id"])


def test_a_delegated_build_reports_its_progress(book) -> None:
    record = run_delegated("build_index", book[:5], {"brain_key": "later", "model": MODEL_NAME})
    assert record.run_state == "completed"
    assert record.status.progress == 1.0
    assert record.status.label.startswith("5 of 5 embedded")
    assert book.load_brain_results("later").sample_ids.tolist() == book[:5].values("id")
    book.delete_brain_run("later")


def test_a_delegated_rebuild_embeds_everything_again(book) -> None:
    fiftyone_faiss.build_index(book[:5], "again", model=MODEL_NAME)
    before = book.load_brain_results("again").snapshot.manifest.generation
    record = run_delegated("update_index", book[:5], {"brain_key": "again", "force": True})
    assert record.run_state == "completed"
    assert record.status.label.startswith("5 of 5 embedded")
    after = book.load_brain_results("again")
    assert after.snapshot.manifest.generation > before
    assert after.sample_ids.tolist() == book[:5].values("id")
    book.delete_brain_run("again")


def test_tuning_rebuilds_the_faiss_index_only() -> None:
    points = Large.make(300, 1).points("samples", 300)
    dataset = points.dataset
    index = create(points, index_type="sq8")
    file = index.snapshot.manifest.ann_index.file
    dataset.delete_samples(dataset.first())
    record = run_delegated("update_index", dataset.view(), {"brain_key": "given", "tune": True})
    assert record.run_state == "completed"
    snapshot = dataset.load_brain_results("given").snapshot
    assert snapshot.manifest.ann_index.file != file
    # The vector of the deleted sample is still stored: tuning does not update the index.
    assert snapshot.size == 300
    report = foo.get_operator(f"{PLUGIN}/update_index")(dataset, "given", tune=True)
    assert (report.size, report.added) == (300, 0)
    dataset.delete()
