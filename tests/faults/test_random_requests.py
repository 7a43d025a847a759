"""Requests with values of any type are refused in a sentence, or are valid."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, get_type_hints

import fiftyone as fo
import numpy as np
import pytest
from support.indexes import index_of
from support.panels import Context, call
from support.random_requests import MAX_MESSAGE, any_value, damaged, valid_request

from fiftyone_faiss.brain.queries.query_input import QueryInput
from fiftyone_faiss.brain.retrieval.request import SearchRequest
from fiftyone_faiss.panels.base import methods_of
from fiftyone_faiss.panels.search import SearchPanel


def refusal_of(call: Callable[[], object]) -> str | None:
    """The message of the ``ValueError`` of a call, None if it has none; raises other errors."""
    try:
        call()
    except ValueError as error:
        return str(error)
    return None


def parse(params: Any) -> None:
    """Makes a request, parses its query, and makes what is stored of it."""
    request = SearchRequest.from_params(params)
    assert request.query.describe()
    if not request.query_input.is_image:
        assert SearchRequest.from_json(request.to_json()).to_json() == request.to_json()


def test_random_requests_raise_only_sentences(extent: Any, report: Callable[[str], None]) -> None:
    random = Random(51)
    refused = 0
    for n in range(extent.requests):
        valid = valid_request(random)
        assert refusal_of(lambda params=valid: parse(params)) is None, (n, valid)
        params = damaged(random, valid) if random.random() < 0.95 else any_value(random)
        message = refusal_of(lambda params=params: parse(params))
        if message is not None:
            refused += 1
            assert 0 < len(message) <= MAX_MESSAGE and "\n" not in message, (n, message)
    assert extent.requests / 2 < refused < extent.requests
    report(f"{extent.requests} requests, {refused} refused")


def test_values_of_python_raise_only_sentences(extent: Any) -> None:
    random = Random(51)
    for _ in range(extent.requests // 10):
        value, uploads = any_value(random), any_value(random)
        message = refusal_of(
            lambda value=value, uploads=uploads: QueryInput.of(value, (), (), uploads).query
        )
        assert message is None or 0 < len(message) <= MAX_MESSAGE, message


# It only opens a form.
METHODS = sorted(methods_of(SearchPanel).keys() - {"build"})


@pytest.mark.parametrize("method", METHODS)
def test_random_messages_of_the_page_are_answered_in_sentences(
    dataset: fo.Dataset, rng: np.random.Generator, extent: Any, method: str
) -> None:
    index_of(dataset, rng.normal(size=(12, 4)).astype(np.float32))
    random = Random(method)
    names = sorted(get_type_hints(get_type_hints(methods_of(SearchPanel)[method])["params"]))
    for _ in range(extent.requests // 20):
        params = valid_request(random) if "query" in names else {}
        params |= {name: any_value(random) for name in names if random.random() < 0.4}
        ctx = Context(dataset, **params)
        # A random number of a search would supersede the searches of other tests in this panel.
        ctx.panel_id = "random messages"
        error = call(method, ctx).get("error") or ""
        assert not error.startswith("Something went wrong"), (params, error)
        assert len(error) <= MAX_MESSAGE and "\n" not in error, error
