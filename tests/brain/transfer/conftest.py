"""Servers of other Brain backends for the tests of transfers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.servers import SERVERS, running


@pytest.fixture(scope="module", params=SERVERS)
def backend(request: pytest.FixtureRequest, tmp_path_factory) -> Iterator[str]:
    """The name of a backend whose server runs."""
    name: str = request.param
    with running(name, tmp_path_factory.mktemp(name)):
        yield name
