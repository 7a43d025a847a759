"""A MongoDB of a test's own, which can be killed and started again on the same port."""

from __future__ import annotations

import contextlib
import random
import socket
import subprocess
import time
from pathlib import Path

import mongod

START_SECONDS = 60


# A connection to a port that the system gives to clients may be one to itself, without a server.
PORTS = range(21_000, 30_000)


def _free_port() -> int:
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as unused, contextlib.suppress(OSError):
            unused.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


class DatabaseServer:
    """A server over a folder.

    Args:
        folder: the folder of its files, which must exist
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """Its address.

        A client gives up after a second, because it looks for a server every half second. It waits
        until writes are durable: a killed server loses those of the last tenth of a second.
        """
        return f"mongodb://127.0.0.1:{self.port}/?serverSelectionTimeoutMS=1000&journal=true"

    def start(self) -> None:
        """Starts the server, and waits until it listens."""
        command = [str(mongod.find_server()), "--dbpath", str(self._folder), "--nounixsocket"]
        command += ["--bind_ip", "127.0.0.1", "--port", str(self.port)]
        command += ["--logpath", str(self._folder / "mongod.log"), "--logappend"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self._process.poll() is None, "the server has ended"
            time.sleep(0.02)
        raise AssertionError("the server did not start")

    def kill(self) -> None:
        """Kills the server, without any notice."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
