"""A search as Python code that does the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
from bson import json_util

from fiftyone_faiss.brain.queries.parsing import as_ids
from fiftyone_faiss.brain.queries.terms import TextQuery
from fiftyone_faiss.brain.retrieval.request import DEFAULT_K, SearchRequest

# The options of a search, in the order of the signature; each is left out where it is the default.
_OPTIONS = ("reverse", "skip", "thresh", "templates", "diversity", "hubness", "liked", "disliked")


def as_code(samples: foc.SampleCollection, params: Mapping[str, Any]) -> str:
    """Writes a search as Python code.

    Args:
        samples: what was searched
        params: the search; see :meth:`SearchRequest.from_params`

    Returns:
        lines of code that find the same ``neighbors``

    Raises:
        ValueError: if a value is missing or bad, saying what to do
    """
    # EncodedQuery the query might fetch a picture, or need one that is gone.
    request = SearchRequest.with_options(TextQuery("any"), params)
    scope, imports, place = _scope(samples)
    if params.get("query_type") == "image":
        imports = ["import pathlib", *imports]
    lines = [*imports, "import fiftyone as fo", "", "import fiftyone_faiss", ""]
    lines += [f"dataset = fo.load_dataset({samples._root_dataset.name!r})", *place]
    arguments = [scope, _query(params)]
    if request.brain_key is not None:
        arguments.append(f"brain_key={request.brain_key!r}")
    if request.k != DEFAULT_K:
        arguments.append(f"k={request.k!r}")
    blank = SearchRequest(request.query)
    for name in _OPTIONS:
        value = getattr(request, name)
        if value == float("inf"):
            arguments.append(f'{name}=float("inf")')
        elif value != getattr(blank, name):
            arguments.append(f"{name}={list(value) if isinstance(value, tuple) else value!r}")
    if request.fold is not None:
        arguments.append(f"fold={request.fold!r}")
    arguments += [
        f"{name}={list(as_ids(params[name]))}" for name in ("selected", "alt") if params.get(name)
    ]
    if params.get("uploads"):
        # The server keeps no uploads: whoever runs the code has the files.
        names = {name: str(one.get("name")) for name, one in params["uploads"].items()}
        arguments.append(f"uploads={names}")
    lines.append("neighbors = fiftyone_faiss.search(")
    lines += [f"    {argument}," for argument in arguments]
    lines += [")", "view = neighbors.view()"]
    return "\n".join(lines) + "\n"


def _query(params: Mapping[str, Any]) -> str:
    """The query as an expression."""
    kind = params.get("query_type")
    if kind == "samples":
        return repr(list(as_ids(params["sample_ids"])))
    if kind == "image":
        # Whoever runs the code has the file.
        return f"pathlib.Path({str(params['image'].get('name'))!r})"
    return repr(str(params.get("query") or "").strip())


def _scope(samples: foc.SampleCollection) -> tuple[str, list[str], list[str]]:
    """The name of what is searched, and the imports and the lines that make it."""
    if isinstance(samples, fo.Dataset) or samples == samples._root_dataset.view():
        return "dataset", [], []
    if samples.name is not None:
        return "samples", [], [f"samples = dataset.load_saved_view({samples.name!r})"]
    stages = json_util.dumps(samples._serialize(include_uuids=False))
    line = f"samples = fo.DatasetView._build(dataset, json_util.loads({stages!r}))"
    return "samples", ["from bson import json_util"], [line]
