"""The panel's methods for indexes, and for work on them."""

from __future__ import annotations

from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from bson import ObjectId
from fiftyone.operators.delegated import DelegatedOperationService
from PIL import Image
from support.clusters import Large, create
from support.indexes import index_of
from support.panels import Context, answer_of, call, ended

import fiftyone_faiss
from fiftyone_faiss.demo import MODEL_NAME
from fiftyone_faiss.panels.index_methods import UPDATE_INDEX


@pytest.fixture
def line(dataset, rng) -> str:
    """A query of a dataset with an index."""
    index_of(dataset, rng.normal(size=(12, 4)))
    return f"@{dataset.first().id}"


def test_refresh_tells_the_page_of_the_indexes(book) -> None:
    ctx = Context(book)
    call("refresh", ctx)
    ((name, data),) = ctx.panel.made
    assert name == "set_data"
    assert (data["dataset"], data["size"]) == ("book", 160)
    (index,) = data["indexes"]
    assert (index["brain_key"], index["model"], index["size"]) == ("clip", MODEL_NAME, 160)


def test_warming_loads_the_model(book) -> None:
    assert call("warm", Context(book, brain_key="clip"))["model"] == MODEL_NAME


def test_the_page_is_told_why_indexes_cannot_be_listed(dataset, line) -> None:
    good = Context(dataset)
    assert answer_of("refresh", good) == {}
    assert good.panel.made[0][1]["error"] is None
    bad = Context(dataset)
    dataset.delete()
    error = call("refresh", bad)["error"]
    assert error == f"Dataset '{dataset.name}' is deleted"
    assert bad.panel.made == [("set_data", {"error": error})]


def test_the_health_of_an_index_is_told(dataset) -> None:
    fiftyone_faiss.build_index(dataset, "colors", model="colorhist")
    health = answer_of("health", Context(dataset, brain_key="colors"))
    assert (health["brain_key"], health["model"], health["size"]) == ("colors", "colorhist", 12)
    assert (health["missing"], health["orphaned"], health["is_current"]) == (0, 0, True)
    assert health["disk_bytes"] > 12 * 192 * 4
    path = Path(dataset.first().filepath)
    dataset.delete_samples(dataset.values("id")[5:7])
    Image.new("RGB", (40, 40), (9, 9, 9)).save(path)
    dataset.add_sample(fo.Sample(str(path.with_name("new.png"))))
    health = answer_of("health", Context(dataset, brain_key="colors"))
    assert (health["missing"], health["orphaned"], health["changed"]) == (1, 2, 1)
    # One is new, though the dataset has fewer samples than the index vectors.
    assert answer_of("missing", Context(dataset, brain_key="colors")) == {"missing": 1}
    assert health["is_current"] is False
    assert "no FAISS index 'none'" in call("health", Context(dataset, brain_key="none"))["error"]


def test_the_health_of_an_index_has_an_age(dataset) -> None:
    fiftyone_faiss.build_index(dataset, "colors", model="colorhist")
    assert answer_of("health", Context(dataset, brain_key="colors"))["age_s"] == 0
    known = answer_of("health", Context(dataset, brain_key="colors"))
    assert (known["age_s"] > 0, known["changed"]) == (True, 0)
    # A file changes without the dataset.
    Image.new("RGB", (40, 40), (9, 9, 9)).save(dataset.first().filepath)
    assert answer_of("health", Context(dataset, brain_key="colors"))["changed"] == 0
    fresh = answer_of("health", Context(dataset, brain_key="colors", refresh=True))
    assert (fresh["age_s"], fresh["changed"]) == (0, 1)


def test_an_index_is_updated_and_all_of_it_rebuilt(dataset) -> None:
    fiftyone_faiss.build_index(dataset[:9], "colors", model="colorhist")
    job = answer_of("update", Context(dataset, brain_key="colors"))
    assert job["name"] == "colors"
    assert ended(dataset, job)["state"] == "done"
    index = dataset.load_brain_results("colors")
    assert index.total_index_size == 12
    # Vectors that are not those of the files are rebuilt.
    vectors, ids, _ = index.get_embeddings()
    index.remove_from_index(sample_ids=ids[:2].tolist())
    index.add_to_index(np.ones_like(vectors[:2]), ids[:2])
    again = ended(dataset, answer_of("rebuild", Context(dataset, brain_key="colors")))
    assert again["state"] == "done", again
    after, same, _ = dataset.load_brain_results("colors").get_embeddings()
    order = [same.tolist().index(row) for row in ids]
    np.testing.assert_allclose(after[order], vectors, atol=1e-6)


def test_exact_search_is_not_tuned(dataset, line) -> None:
    job = ended(dataset, answer_of("tune", Context(dataset, brain_key="given")))
    assert (job["state"], job["message"]) == (
        "failed",
        "The index 'given' is searched exactly, because it has only 12 vectors; there is no FAISS "
        "index to tune.",
    )


def test_an_index_is_tuned_anew() -> None:
    large = Large.make(600, 1)
    index = create(large.points("samples", 600), "graph", index_type="hnsw")
    before = answer_of("health", Context(large.dataset, brain_key="graph"))
    job = ended(large.dataset, answer_of("tune", Context(large.dataset, brain_key="graph")))
    assert job["state"] == "done", job
    after = answer_of("health", Context(large.dataset, brain_key="graph"))
    assert after["factory"] == before["factory"] == "HNSW32,SQfp16"
    assert after["recall"] > 0.9 and after["latency_ms"] > 0
    assert index.total_index_size == 600


def test_the_page_hears_of_indexes_when_work_has_ended(dataset) -> None:
    fiftyone_faiss.build_index(dataset[:9], "colors", model="colorhist")
    ended(dataset, answer_of("update", Context(dataset, brain_key="colors")))
    watching, idle = Context(dataset, tracked=True), Context(dataset)
    (job,) = answer_of("jobs", watching)["jobs"]
    assert (job["name"], job["state"], job["fraction"]) == ("colors", "done", 1.0)
    ((name, data),) = watching.panel.made
    assert name == "set_data"
    assert data["indexes"][0]["size"] == 12
    assert answer_of("jobs", idle)["jobs"] == [job]
    assert idle.panel.made == []


def test_the_page_hears_of_saved_views_and_of_indexes_elsewhere(dataset, line) -> None:
    other = fo.Dataset("elsewhere", persistent=True)
    other.add_samples([fo.Sample(row) for row in dataset.values("filepath")])
    fiftyone_faiss.build_index(other, "colors", model="colorhist")
    dataset.save_view("some", dataset[:3])
    ctx = Context(dataset)
    answer_of("refresh", ctx)
    other.delete()
    ((_, data),) = ctx.panel.made
    assert data["saved_views"] == ["some"]
    index = {"brain_key": "colors", "model": "colorhist", "supports_text": False}
    assert {"dataset": "elsewhere", **index} in data["others"]
    assert all(row["dataset"] != dataset.name for row in data["others"])
    again = Context(dataset)
    answer_of("refresh", again)
    assert all(row["dataset"] != "elsewhere" for row in again.panel.made[0][1]["others"])


# -- delegated execution -------------------------------------------------------------------------


def test_work_is_not_delegated_where_no_orchestrator_is_allowed(dataset, line, monkeypatch) -> None:
    monkeypatch.setattr(fo.config, "allow_legacy_orchestrators", False)
    ctx = Context(dataset)
    answer_of("refresh", ctx)
    assert ctx.panel.made[0][1]["can_delegate"] is False
    refused = call("delegate", Context(dataset, brain_key="given", work="update"))["error"]
    assert refused.startswith("No orchestrator runs delegated operations; set")


@pytest.mark.parametrize(
    ("work", "params"),
    [("update", {"check_media": True}), ("rebuild", {"force": True}), ("tune", {"tune": True})],
)
def test_work_is_queued_for_an_orchestrator(dataset, line, monkeypatch, work, params) -> None:
    monkeypatch.setattr(fo.config, "allow_legacy_orchestrators", True)
    ctx = Context(dataset, brain_key="given", work=work)
    id = answer_of("delegate", ctx)["operation_id"]
    service = DelegatedOperationService()
    queued = service.get(ObjectId(id))
    service.delete_operation(ObjectId(id))
    assert (queued.operator, queued.run_state) == (UPDATE_INDEX, "queued")
    given = queued.context.request_params["params"]
    assert {name: given[name] for name in ("brain_key", *params)} == {
        "brain_key": "given",
        **params,
    }
    assert queued.context.dataset == dataset
    refused = call("delegate", Context(dataset, brain_key="given", work="delete"))["error"]
    assert refused == "'delete' is no work on an index; choose one of update, rebuild, tune."
