"""Indexes that were built with an embedder object: searched here, and in other processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from support.colors import color_vector
from support.distances import reference
from support.named_color import NAMES, NamedColor

import fiftyone_faiss
from fiftyone_faiss.brain.models import loading
from fiftyone_faiss.embedders import EmbedderError, registry


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(registry, "_registered", {})
    monkeypatch.setattr(loading, "_objects", {})
    yield


def expected_ids(dataset: fo.Dataset, name: str) -> list[str]:
    """Returns the ids of the samples by their distance to a color, by NumPy."""
    vectors = np.array([color_vector(20 * i, 255 - 20 * i, 40) for i in range(12)])
    distances = reference(color_vector(*NAMES[name])[None], vectors, "cosine")[0]
    return [dataset.values("id")[i] for i in np.argsort(distances)]


@pytest.mark.parametrize("model", [NamedColor(), NamedColor])
def test_its_index_is_searched_by_text_in_this_process(dataset, model) -> None:
    fiftyone_faiss.build_index(dataset, "colors", model=model)
    (info,) = fiftyone_faiss.list_indexes(dataset)
    assert (info.model, info.supports_text) == ("named-color", True)
    for name in ("red", "green"):
        expected = expected_ids(dataset, name)
        assert fiftyone_faiss.search(dataset, name, k=12).ids == expected
        view = dataset.sort_by_similarity(name, k=12, brain_key="colors")
        assert view.values("id") == expected


def test_its_index_is_updated_in_this_process(dataset, tmp_path: Path) -> None:
    embedder = NamedColor()
    fiftyone_faiss.build_index(dataset[:5], "colors", model=embedder)
    embedder.batches.clear()
    assert fiftyone_faiss.update_index(dataset, "colors").size == 12
    assert sum(embedder.batches) == 7
    assert fiftyone_faiss.index_health(dataset, "colors").model_matches is True


class Reversed(NamedColor):
    """The same name with other vectors."""

    fingerprint = "named-color-2"


def test_another_embedder_of_the_same_name_is_refused(dataset) -> None:
    fiftyone_faiss.build_index(dataset, "colors", model=NamedColor())
    with pytest.raises(EmbedderError, match="named 'named-color', which is the name of another"):
        fiftyone_faiss.build_index(dataset, "others", model=Reversed())
    assert dataset.list_brain_runs() == ["colors"]
    assert fiftyone_faiss.search(dataset, "red", k=12).ids == expected_ids(dataset, "red")


# A process that knows nothing of the embedder until it registers it.
OTHER_PROCESS = """
import sys
sys.path.insert(0, {tests!r})
import fiftyone as fo
import fiftyone_faiss

dataset = fo.load_dataset({name!r})
for action in (
    lambda: fiftyone_faiss.index_health(dataset, "colors"),
    lambda: fiftyone_faiss.search(dataset, "red", k=3),
    lambda: dataset.sort_by_similarity("red", k=3, brain_key="colors"),
):
    try:
        action()
    except ValueError as error:
        print(error)
from support.named_color import NamedColor
fiftyone_faiss.register_embedder("named-color", NamedColor)
print(*fiftyone_faiss.search(dataset, "red", k=3).ids)
print(*dataset.sort_by_similarity("red", k=3, brain_key="colors").values("id"))
"""


def test_another_process_is_told_what_to_register(dataset) -> None:
    fiftyone_faiss.build_index(dataset, "colors", model=NamedColor())
    tests = str(Path(__file__).parents[2])
    code = OTHER_PROCESS.format(tests=tests, name=dataset.name)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *errors, neighbor_ids, sorted_ids = done.stdout.strip().splitlines()
    assert errors == 3 * [
        "The index 'colors' was built with the embedder 'named-color', which is not registered in "
        "this process; call register_embedder('named-color', ...) first."
    ]
    expected = expected_ids(dataset, "red")[:3]
    assert neighbor_ids.split() == sorted_ids.split() == expected
