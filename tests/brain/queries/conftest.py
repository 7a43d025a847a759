"""Web servers with an image."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.web_server import (
    Names,
    SecureServer,
    Server,
    running,
)


@pytest.fixture
def server() -> Iterator[Server]:
    with running(Server()) as server:
        yield server


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    return Names(monkeypatch)


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[SecureServer]:
    with running(SecureServer(tmp_path)) as server:
        assert isinstance(server, SecureServer)
        yield server
