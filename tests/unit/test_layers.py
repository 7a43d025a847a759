"""Imports point one way, and a stored run finds its class however the package was loaded."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fiftyone_faiss.brain.similarity import FaissSimilarityConfig

ROOT = Path(__file__).resolve().parents[2]
CLASS_PATH = "fiftyone_faiss.brain.similarity.FaissSimilarityConfig"

FORBIDDEN = {
    "embedders": (
        "fiftyone",
        "fiftyone_faiss.brain",
        "fiftyone_faiss.operators",
        "fiftyone_faiss.panels",
    ),
    "brain": ("fiftyone_faiss.operators", "fiftyone_faiss.panels", "fiftyone_faiss.demo"),
    **{
        f"brain/{name}.py": ("fiftyone", "faiss")
        for name in (
            "batch", "damage", "disk", "folder", "ids", "manifest", "merging", "scan", "scope",
            "segments", "snapshot", "store",
        )
    },
    **{f"brain/{name}.py": ("fiftyone",) for name in ("derived", "index", "keeper", "tuning")},
    "operators": ("fiftyone_faiss.panels", "fiftyone_faiss.demo", "fiftyone_faiss.embedders"),
    "panels": ("fiftyone_faiss.operators", "fiftyone_faiss.demo", "fiftyone_faiss.embedders"),
}  # fmt: skip


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("part", FORBIDDEN)
def test_no_import_points_the_wrong_way(part: str) -> None:
    files = sorted((ROOT / part).glob("*.py")) if (ROOT / part).is_dir() else [ROOT / part]
    assert files
    for path in files:
        for name in imported(path):
            for wrong in FORBIDDEN[part]:
                assert name != wrong and not name.startswith(f"{wrong}."), f"{path}: {name}"


def test_the_brain_never_sees_a_context() -> None:
    for path in (ROOT / "brain").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            assert not (isinstance(node, ast.arg) and node.arg == "ctx"), path


def test_the_stored_class_path_when_the_package_is_installed() -> None:
    assert FaissSimilarityConfig().cls == CLASS_PATH


def run(code: str, folder: Path, *flags: str) -> str:
    """Runs code in a fresh interpreter whose FiftyOne lives in a folder."""
    setup = (
        f"import runpy; from pathlib import Path\n"
        f"runpy.run_path({str(ROOT / 'demo' / 'environment.py')!r})"
        f"['use_folder'](Path({str(folder)!r}))\n"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FIFTYONE_")}
    done = subprocess.run(
        [sys.executable, *flags, "-c", setup + code],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


# The package without its installation: an import hook that knows every other package.
WITHOUT_PACKAGE = """
import sys
sys.meta_path[:] = [f for f in sys.meta_path if "__editable__" not in repr(f)]
import importlib.util
assert importlib.util.find_spec("fiftyone_faiss") is None
"""
LOAD_AS_PLUGIN = """
import fiftyone.operators as foo
operator = foo.get_operator("@fiftyone-faiss/similarity/search")
again = foo.get_operator("@fiftyone-faiss/similarity/search")
from fiftyone_faiss.brain.similarity import FaissSimilarityConfig
"""


def test_the_stored_class_path_when_only_the_plugin_is_there(tmp_path: Path) -> None:
    code = (
        WITHOUT_PACKAGE
        + LOAD_AS_PLUGIN
        + (
            "import sys\n"
            "assert sys.modules['fiftyone_faiss'].__name__.startswith('fiftyone.plugins')\n"
            "print(FaissSimilarityConfig().cls)"
        )
    )
    assert run(code, tmp_path) == CLASS_PATH


def test_the_stored_class_path_when_plugin_and_package_are_there(tmp_path: Path) -> None:
    code = LOAD_AS_PLUGIN + (
        "import sys; assert sys.modules['fiftyone_faiss'].__name__ == 'fiftyone_faiss'\n"
        "print(FaissSimilarityConfig().cls)"
    )
    assert run(code, tmp_path) == CLASS_PATH
