"""How long to look for faults: ``FAULTS=long`` (see the Makefile), or a few seconds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Extent:
    """How much to try.

    Attributes:
        kills: how many writers to kill
        seconds: how long readers and writers run together
        places: where in each file to damage it
        cuts: how many outcomes of a power cut to try at each call
    """

    kills: int
    seconds: float
    places: int
    cuts: int


SHORT = Extent(kills=15, seconds=3, places=12, cuts=1)
LONG = Extent(kills=300, seconds=60, places=300, cuts=20)


@pytest.fixture(scope="session")
def extent() -> Extent:
    return LONG if os.environ.get("FAULTS") == "long" else SHORT


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Iterator[Callable[[str], None]]:
    """Writes a line that is seen whether or not the test passes."""
    plugins = request.config.pluginmanager
    lines: list[str] = []
    yield lines.append
    with plugins.get_plugin("capturemanager").global_and_fixture_disabled():
        for line in lines:
            plugins.get_plugin("terminalreporter").write_line(f"\n{request.node.name}: {line}")
