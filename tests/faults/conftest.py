"""The extent of fault injection: some seconds, or minutes with ``FAULTS=long``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Extent:
    """The extent of fault injection.

    Attributes:
        kills: the number of writers to kill
        seconds: how long readers and writers run together
        positions: the number of positions to damage per file
        outcomes: the number of random outcomes of a power failure to try per call
        requests: the number of random requests
        media: the number of thin and large media files
        manifests: the number of hostile manifests
        query_seconds: how long queries run beside two writers
        outages: how often the database is killed during each kind of work
        builds: how often a build is killed
    """

    kills: int
    seconds: float
    positions: int
    outcomes: int
    manifests: int
    query_seconds: float
    outages: int
    builds: int
    requests: int
    media: int


SHORT = Extent(
    kills=15,
    seconds=3,
    positions=12,
    outcomes=1,
    manifests=40,
    query_seconds=2,
    outages=0,
    builds=4,
    requests=500,
    media=10,
)
LONG = Extent(
    kills=300,
    seconds=60,
    positions=300,
    outcomes=20,
    manifests=300,
    query_seconds=120,
    outages=15,
    builds=10,
    requests=20_000,
    media=200,
)


@pytest.fixture(scope="session")
def extent() -> Extent:
    return LONG if os.environ.get("FAULTS") == "long" else SHORT


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Iterator[Callable[[str], None]]:
    """Prints a line even if the test passes."""
    plugins = request.config.pluginmanager
    lines: list[str] = []
    yield lines.append
    with plugins.get_plugin("capturemanager").global_and_fixture_disabled():
        for line in lines:
            plugins.get_plugin("terminalreporter").write_line(f"\n{request.node.name}: {line}")
