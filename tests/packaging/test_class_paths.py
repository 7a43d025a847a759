"""A stored Brain run finds its classes, no matter how the package was loaded."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import eta.core.utils as etau

from fiftyone_faiss.brain import similarity

ROOT = Path(__file__).resolve().parents[2]
CLASS_NAMES = ("FaissSimilarityConfig", "FaissSimilarity", "FaissSimilarityIndex")
CLASS_PATHS = [f"fiftyone_faiss.brain.similarity.{name}" for name in CLASS_NAMES]

LOAD_AS_PLUGIN = """
import sys
import fiftyone.operators as foo
operator = foo.get_operator("@fiftyone-faiss/similarity/search")
again = foo.get_operator("@fiftyone-faiss/similarity/search")
"""
# An editable installation is an import hook; the other packages do not need it.
WITHOUT_INSTALLATION = """
import sys
sys.meta_path[:] = [f for f in sys.meta_path if "__editable__" not in repr(f)]
import importlib.util
assert importlib.util.find_spec("fiftyone_faiss") is None
"""
# FiftyOne stores what this function returns.
PRINT_CLASS_PATHS = f"""
import eta.core.utils as etau
from fiftyone_faiss.brain import similarity
print(*(etau.get_class_name(getattr(similarity, name)) for name in {CLASS_NAMES}))
"""


def class_paths(code: str, folder: Path) -> list[str]:
    """Runs code in a new interpreter with a FiftyOne of its own; returns the class paths then."""
    setup = (
        f"import sys; from pathlib import Path\n"
        f"sys.path.insert(0, {str(ROOT / 'tools')!r})\n"
        f"import environment\n"
        f"environment.use_folder(Path({str(folder)!r}))\n"
    )
    variables = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("FIFTYONE_") and name != "PYTHONPATH"
    }
    done = subprocess.run(
        [sys.executable, "-c", setup + code + PRINT_CLASS_PATHS],
        capture_output=True,
        text=True,
        cwd=folder,
        env=variables,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1].split()


def test_the_class_paths_when_the_package_is_imported() -> None:
    assert [etau.get_class_name(getattr(similarity, name)) for name in CLASS_NAMES] == CLASS_PATHS


def test_the_class_paths_when_only_the_package_is_installed(tmp_path: Path) -> None:
    assert class_paths("import fiftyone_faiss\n", tmp_path) == CLASS_PATHS


def test_the_class_paths_when_only_the_plugin_is_there(tmp_path: Path) -> None:
    check = "assert sys.modules['fiftyone_faiss'].__name__.startswith('fiftyone.plugins')\n"
    assert class_paths(WITHOUT_INSTALLATION + LOAD_AS_PLUGIN + check, tmp_path) == CLASS_PATHS


def test_the_class_paths_when_plugin_and_package_are_there(tmp_path: Path) -> None:
    check = "assert sys.modules['fiftyone_faiss'].__name__ == 'fiftyone_faiss'\n"
    assert class_paths(LOAD_AS_PLUGIN + check, tmp_path) == CLASS_PATHS


def test_no_function_of_the_brain_takes_an_operator_context() -> None:
    paths = sorted((ROOT / "brain").rglob("*.py"))
    assert ROOT / "brain" / "similarity.py" in paths
    with_context = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in paths
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.arg) and node.arg == "ctx"
    ]
    assert with_context == []
