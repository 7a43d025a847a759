"""A temporary FiftyOne database for a benchmark, and steps that run in fresh processes."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from environment import use_folder  # noqa: E402

CACHE = ROOT / ".bench"


class StepError(RuntimeError):
    """A step failed; the message is the last line of its error output."""


def open_workspace() -> Path:
    """Starts a database in a new folder, which is removed when this process ends.

    This process does not import FiftyOne; the steps inherit its environment.
    """
    CACHE.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=CACHE))
    # Registered before the database starts, so that the database stops first.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    use_folder(folder)
    os.environ.update(
        {
            # A stored LanceDB run does not hold the path of its tables.
            "FIFTYONE_BRAIN_SIMILARITY_LANCEDB_URI": str(folder / "lancedb"),
            "FIFTYONE_SHOW_PROGRESS_BARS": "false",
            "HF_HUB_OFFLINE": "1",
        }
    )
    return folder


def run_step(
    step: str, script: str = "steps.py", timeout_s: float | None = None, **params: Any
) -> dict[str, Any]:
    """Runs a function of a script of steps in a fresh process.

    Each step has its own process, so that imports, caches and freed memory of one measurement do
    not change the next.

    Args:
        step: the name of the function
        script ("steps.py"): the script, in the folder of this file
        timeout_s (None): a time limit in seconds
        **params: the arguments of the function

    Returns:
        the result of the function

    Raises:
        StepError: if the step fails or exceeds the time limit
    """
    command = [sys.executable, str(Path(__file__).with_name(script)), step]
    try:
        done = subprocess.run(
            [*command, json.dumps(params, default=str)],
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
        )
    except subprocess.TimeoutExpired as error:
        raise StepError(f"{step} took longer than {error.timeout:g} s") from error
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"{step} ended with {done.returncode}"]
        raise StepError(lines[-1].replace(str(ROOT), "."))
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def try_step(step: str, **params: Any) -> dict[str, Any]:
    """Runs a step like :func:`run_step`, but returns ``{"error": message}`` if it fails."""
    try:
        return run_step(step, **params)
    except StepError as error:
        print(f"    {step} failed: {error}")
        return {"error": str(error)}


def serve(*steps: Callable[..., dict[str, Any]]) -> None:
    """Runs the step that the command line names, and prints its result for :func:`run_step`."""
    by_name = {step.__name__: step for step in steps}
    print(json.dumps(by_name[sys.argv[1]](**json.loads(sys.argv[2]))))
