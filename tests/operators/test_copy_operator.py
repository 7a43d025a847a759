"""The operator that copies an index, with its form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fiftyone as fo
import fiftyone.operators as foo
import pytest
from support.clusters import Large, create
from support.operators import PLUGIN, form, run
from support.points import Points
from support.servers import configured

from fiftyone_faiss.brain import load_index


@pytest.fixture
def points(tmp_path: Path) -> Iterator[Points]:
    points = Large.make(60, 1).points("samples", 60)
    create(points, "given", metric="cosine")
    with configured("lancedb", str(tmp_path)):
        yield points
    points.dataset.delete()


def test_an_index_is_copied(points: Points) -> None:
    params = {"brain_key": "given", "new_key": "lance", "backend": "lancedb"}
    run("copy_index", points.dataset[:40], params).raise_exceptions()
    index = load_index(points.dataset, "lance")
    assert (index.backend_name, index.total_index_size) == ("lancedb", 40)
    assert index.vectors_of(points.ids[:40]).tobytes() == points.vectors[:40].tobytes()
    with pytest.raises(foo.executor.ExecutionError, match="There is a run of this name already"):
        run("copy_index", points.dataset, params).raise_exceptions()


def test_it_is_called_from_python(points: Points) -> None:
    copy = foo.get_operator(f"{PLUGIN}/copy_index")
    report = copy(points.dataset, "given", "half", "faiss", dtype="float16", progress=False)
    assert (report.count, report.backend, report.new_key) == (60, "faiss", "half")


def test_the_form_asks_for_a_backend_and_a_free_key(points: Points) -> None:
    fields = form("copy_index", points.dataset, {})
    assert fields["brain_key"]["default"] == "given"
    assert fields["backend"]["default"] == "lancedb"
    assert {"faiss", "lancedb", "milvus", "pgvector"} <= {*fields["backend"]["type"]["values"]}
    assert "FIFTYONE_BRAIN_SIMILARITY_LANCEDB_" in fields["backend"]["view"]["description"]
    key = fields["new_key"]
    assert key["default"] == "given_lancedb" and not key["invalid"]
    taken = form("copy_index", points.dataset, {"new_key": "given"})["new_key"]
    assert taken["invalid"] and taken["error_message"] == "There is a run of this name already"
    assert form("copy_index", points.dataset, {"new_key": "a b"})["new_key"]["invalid"]
    empty = fo.Dataset()
    assert "no_index" in form("copy_index", empty, {})
    empty.delete()
