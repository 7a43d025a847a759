"""What every benchmark writes: its circumstances, JSON, and tables in Markdown."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from workspace import ROOT

PACKAGES = ("fiftyone", "fiftyone-brain", "faiss-cpu", "numpy", "lancedb", "scikit-learn")


def circumstances(seed: int, packages: Sequence[str] = PACKAGES) -> dict[str, Any]:
    """The machine, the versions, the commit, the seed and the date."""
    return {
        "machine": {
            "cpu": _cpu_model(),
            "cores": psutil.cpu_count(),
            "memory_bytes": psutil.virtual_memory().total,
            "system": f"{platform.system()} {platform.machine()}",
            # Above zero at the start means that others were at work too.
            "load_at_start": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        },
        "versions": {
            "python": platform.python_version(),
            **{name: _version(name) for name in packages},
        },
        "commit": _git("rev-parse", "HEAD"),
        "uncommitted_changes": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "command": " ".join(["python", _shown(sys.argv[0]), *sys.argv[1:]]),
        "seed": seed,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }


def _shown(script: str) -> str:
    path = Path(script).resolve()
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists() and (found := re.search(r"model name\s*:\s*(.+)", info.read_text())):
        return found[1]
    return platform.processor() or platform.machine()


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def save_json(path: Path, data: dict[str, Any]) -> None:
    """Writes JSON with each list of numbers on one line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(data, indent=1)
    text = re.sub(
        r"\[\s+([-+.\deE,\s]+?)\s+\]", lambda found: f"[{' '.join(found[1].split())}]", text
    )
    path.write_text(text + "\n")


def summary(times_ms: Sequence[float]) -> dict[str, Any]:
    """Median and 95th percentile of milliseconds, with how many there were and the numbers."""
    if not times_ms:
        return {"p50_ms": None, "p95_ms": None, "count": 0, "times_ms": []}
    return {
        "p50_ms": round(float(np.percentile(times_ms, 50)), 4),
        "p95_ms": round(float(np.percentile(times_ms, 95)), 4),
        "count": len(times_ms),
        "times_ms": list(times_ms),
    }


def value_at(data: Any, *path: str) -> Any:
    """``data[path[0]][path[1]]...``, or None where that ends early."""
    for key in path:
        if not isinstance(data, dict) or key not in data:
            return None
        data = data[key]
    return data


def header(title: str, data: dict[str, Any]) -> list[str]:
    """The lines a page of tables begins with."""
    machine, versions = data["machine"], data["versions"]
    memory = f"{machine['memory_bytes'] / 2**30:.0f} GiB"
    named = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    changed = " with uncommitted changes" if data["uncommitted_changes"] else ""
    return [
        f"# {title}",
        "",
        "This page is written by the benchmark; change nothing here.",
        "",
        f"- Machine: {machine['cpu']}, {machine['cores']} cores, {memory}, {machine['system']}",
        f"- Versions: {named}",
        f"- Commit {data['commit'] or 'unknown'}{changed}, seed {data['seed']}, {data['date']}",
        f"- Command: `{data['command']}`",
        "",
    ]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table, the first column to the left and the others to the right."""
    rules = [":--"] + ["--:"] * (len(head) - 1)
    return [f"| {' | '.join(row)} |" for row in (head, rules, *rows)] + [""]


def seconds(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3g} s" if value >= 1 else f"{1000 * value:.3g} ms"


def megabytes(value: float | None) -> str:
    return "–" if value is None else f"{value / 1e6:,.0f} MB"


def number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def times(value: float | None) -> str:
    """A ratio, such as ``"12x"``."""
    return "–" if value is None else f"{value:,.3g}x"


# -- targets -------------------------------------------------------------------------------------


def at_least(name: str, value: float | None, limit: float) -> dict[str, Any]:
    """A target, and whether it is met; None stands for not measured."""
    return _target(name, f"at least {limit:g}", value, (value or 0) >= limit)


def at_most(name: str, value: float | None, limit: float) -> dict[str, Any]:
    """A target, and whether it is met; None stands for not measured."""
    return _target(name, f"at most {limit:g}", value, (value or 0) <= limit)


def _target(name: str, wanted: str, value: float | None, met: bool) -> dict[str, Any]:
    return {
        "name": name,
        "wanted": wanted,
        "measured": value,
        "met": None if value is None else met,
    }


def targets_lines(targets: Iterable[dict[str, Any]]) -> list[str]:
    """The table of targets."""
    rows = [
        (one["name"], one["wanted"], _measured(one["measured"]), _met(one["met"]))
        for one in targets
    ]
    return ["## Targets", "", *table(("target", "wanted", "measured", "met"), rows)]


def _measured(value: float | None) -> str:
    return "not measured" if value is None else f"{value:,.4g}"


def _met(met: bool | None) -> str:
    return "–" if met is None else ("yes" if met else "**no**")
