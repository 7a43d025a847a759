"""Writes a search as Python code."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
from bson import json_util

from fiftyone_faiss.brain.core.params import read_ids
from fiftyone_faiss.brain.data.private import root_dataset, serialize_view
from fiftyone_faiss.brain.queries.parsing import Upload
from fiftyone_faiss.brain.retrieval.request import SearchRequest


def as_code(samples: foc.SampleCollection, request: SearchRequest) -> str:
    """Writes a search as Python code.

    The query is not parsed: that might fetch an image, or need one that was deleted.

    Args:
        samples: the dataset, or the view, that was searched
        request: the search; an image of its query must be an upload

    Returns:
        lines of code that find the same ``neighbors``
    """
    collection, imports, place = _collection(samples)
    if isinstance(request.query_input.value, Upload):
        imports = ["import pathlib", *imports]
    lines = [*imports, "import fiftyone as fo", "", "import fiftyone_faiss", ""]
    lines += [f"dataset = fo.load_dataset({root_dataset(samples).name!r})", *place]
    options = {**request.options(), **_references(request)}
    options.pop("scope", None)
    arguments = [collection, _query(request)]
    arguments += [f"{name}={_literal(value)}" for name, value in options.items()]
    lines.append("neighbors = fiftyone_faiss.search(")
    lines += [f"    {argument}," for argument in arguments]
    lines += [")", "view = neighbors.view()"]
    return "\n".join(lines) + "\n"


def _query(request: SearchRequest) -> str:
    """The query as an expression."""
    value = request.query_input.value
    if isinstance(value, Upload):
        # The server keeps no uploads; the person who runs the code has the file.
        return f"pathlib.Path({value.name!r})"
    if isinstance(value, str):
        return repr(value.strip())
    return repr(list(read_ids("The query", value)))


def _references(request: SearchRequest) -> dict[str, Any]:
    """What the names in the query line stand for; uploads by the names of their files."""
    references = request.query_input.references
    values = {
        "selected": list(references.selected),
        "alt": list(references.alt),
        "uploads": {name: upload.name for name, upload in references.uploads.items()},
    }
    return {name: value for name, value in values.items() if value}


def _literal(value: Any) -> str:
    return 'float("inf")' if value == float("inf") else repr(value)


def _collection(samples: foc.SampleCollection) -> tuple[str, list[str], list[str]]:
    """The name of what is searched, and the imports and the lines that make it."""
    dataset = root_dataset(samples)
    if isinstance(samples, fo.Dataset) or samples == dataset.view():
        return "dataset", [], []
    if samples.name is not None:
        return "samples", [], [f"samples = dataset.load_saved_view({samples.name!r})"]
    stages = json_util.dumps(serialize_view(samples))
    imports = [
        "from bson import json_util",
        "from fiftyone_faiss.brain.data.private import build_view",
    ]
    line = f"samples = build_view(dataset, json_util.loads({stages!r}))"
    return "samples", imports, [line]
