"""Thin and large images take little memory, in builds and in queries."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

MOST_MB = 300
TESTS = Path(__file__).resolve().parents[1]


def test_thin_and_large_images_take_little_memory(
    tmp_path: Path, extent: Any, report: Callable[[str], None]
) -> None:
    path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    process = subprocess.run(
        [sys.executable, "-m", "support.media_memory", str(tmp_path), str(extent.media)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=30 * extent.media + 200,
    )
    assert process.returncode == 0, process.stderr
    result = json.loads(process.stdout.splitlines()[-1])
    assert result["peak"] - result["baseline"] <= MOST_MB, result
    # Every fifth file claims more pixels than are allowed; all others have vectors.
    assert result["failed"] == [["claims"] * (extent.media // 5)] * 4
    # By a path, in the query line and as an upload in one index; every third in the others.
    asked = sum(n % 5 == 4 for n in range(0, extent.media, 3))
    assert result["refused"] == 3 * (extent.media // 5) + 3 * asked
    report(f"{extent.media} files, {result['peak'] - result['baseline']:.0f} MB more")
