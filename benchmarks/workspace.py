"""A FiftyOne of the benchmark's own, and steps of the benchmark in fresh processes."""

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
    """A step that failed; the message is the last line that it wrote."""


def open_workspace() -> Path:
    """Starts a database in a new folder, which is removed when this process ends.

    This process never imports FiftyOne itself: it only lends its environment to the steps.
    """
    CACHE.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=CACHE))
    # Registered before the database is started, so that the database is stopped first.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    use_folder(folder)
    os.environ.update(
        {
            # A stored LanceDB run does not say where its tables are.
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

    A process of its own, because imports, caches and freed memory of one measurement would
    otherwise be part of the next.

    Args:
        step: the function's name
        script ("steps.py"): the script, a file beside this one
        timeout_s (None): after how many seconds to stop it
        **params: its arguments

    Raises:
        StepError: if it fails, or takes too long
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
    """Like :func:`run_step`, but a failure is a result: the others are measured all the same."""
    try:
        return run_step(step, **params)
    except StepError as error:
        print(f"    {step} failed: {error}")
        return {"error": str(error)}


def serve(*steps: Callable[..., dict[str, Any]]) -> None:
    """Runs the one of a script's steps that :func:`run_step` asks for, and prints its result."""
    by_name = {step.__name__: step for step in steps}
    print(json.dumps(by_name[sys.argv[1]](**json.loads(sys.argv[2]))))
