"""Runs operators, and resolves their forms, the way FiftyOne does."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import fiftyone.operators as foo

PLUGIN = "@fiftyone-faiss/similarity"


def run(
    name: str, samples: Any, params: dict[str, Any], **context: Any
) -> foo.executor.ExecutionResult:
    """Executes an operator on a dataset or view."""
    key = "dataset" if isinstance(samples, fo.Dataset) else "view"
    ctx = {key: samples, "params": params, **context}
    return foo.execute_operator(f"{PLUGIN}/{name}", ctx=ctx)


def form(name: str, dataset: fo.Dataset, params: dict[str, Any]) -> dict[str, Any]:
    """Returns the fields of an operator's form, as the App receives them."""
    uri = f"{PLUGIN}/{name}"
    request = {"dataset_name": dataset.name, "params": params, "selected": []}
    context = foo.executor.ExecutionContext(request_params=request, operator_uri=uri)
    fields: dict[str, Any] = foo.get_operator(uri).resolve_input(context).to_json()
    return fields["type"]["properties"]
