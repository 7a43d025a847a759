"""The import contracts of pyproject.toml hold, and each of them fails on an import against it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("brain", "demo", "embedders", "operators", "panels")
FACADES = "No module of brain imports from the facades"
PACKAGES = "The packages of brain"
PLUGIN = "The plugin: operators, panels -> brain -> embedders"
ROW_FILTER = "Data imports only the row filter of ann"
MODELS = "Models and pixels import only core and embedders"
WITHOUT_FIFTYONE = "Core, store and ann import neither FiftyOne nor embedders"

# A module, an import that it must not have, and the contract that forbids it.
FORBIDDEN = [
    ("brain/core", "import fiftyone_faiss.operators", PLUGIN),
    ("brain/retrieval", "import fiftyone_faiss.panels", PLUGIN),
    ("brain/indexing", "import fiftyone_faiss.demo", PLUGIN),
    ("embedders", "import fiftyone_faiss.brain", PLUGIN),
    ("operators", "import fiftyone_faiss.panels", PLUGIN),
    ("panels", "import fiftyone_faiss.operators", PLUGIN),
    ("operators", "import fiftyone_faiss.embedders", "Operators and panels use embedders only"),
    ("panels", "import fiftyone_faiss.embedders", "Operators and panels use embedders only"),
    ("brain/core", "import fiftyone_faiss.brain.store", PACKAGES),
    ("brain/store", "import fiftyone_faiss.brain.ann", PACKAGES),
    ("brain/ann", "import fiftyone_faiss.brain.data", PACKAGES),
    ("brain/data", "import fiftyone_faiss.brain.models", PACKAGES),
    ("brain/models", "import fiftyone_faiss.brain.backend", PACKAGES),
    ("brain/pixels", "import fiftyone_faiss.brain.models", PACKAGES),
    ("brain/backend", "import fiftyone_faiss.brain.queries", PACKAGES),
    ("brain/similarity.py", "import fiftyone_faiss.brain.indexing", PACKAGES),
    ("brain/queries", "import fiftyone_faiss.brain.indexing", PACKAGES),
    ("brain/queries", "import fiftyone_faiss.brain.retrieval", PACKAGES),
    ("brain/indexing", "import fiftyone_faiss.brain.retrieval", PACKAGES),
    ("brain/retrieval", "import fiftyone_faiss.brain.indexing", PACKAGES),
    ("brain/indexing", "import fiftyone_faiss.brain.queries", "Indexing does not know the query"),
    ("brain/models", "import fiftyone_faiss.brain.store", MODELS),
    ("brain/models", "import fiftyone_faiss.brain.ann", MODELS),
    ("brain/models", "import fiftyone_faiss.brain.data", MODELS),
    ("brain/pixels", "import fiftyone_faiss.brain.data", MODELS),
    ("brain/data", "import fiftyone_faiss.brain.ann", ROW_FILTER),
    ("brain/data", "import fiftyone_faiss.brain.ann.searcher", ROW_FILTER),
    ("brain/core", "import fiftyone", WITHOUT_FIFTYONE),
    ("brain/store", "from fiftyone import Dataset", WITHOUT_FIFTYONE),
    ("brain/ann", "import fiftyone.core.utils", WITHOUT_FIFTYONE),
    ("brain/ann", "import fiftyone_faiss.embedders", WITHOUT_FIFTYONE),
    ("brain/core", "import faiss", "Core and store do not import FAISS"),
    ("brain/store", "import faiss", "Core and store do not import FAISS"),
    ("embedders", "import fiftyone", "Embedders do not import FiftyOne"),
    ("brain/retrieval", "from fiftyone_faiss.brain import build_index", FACADES),
    ("brain/core", "from fiftyone_faiss import search", FACADES),
    ("brain/similarity.py", "import fiftyone_faiss.brain", FACADES),
]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package's Python files."""
    package = tmp_path_factory.mktemp("contracts") / "fiftyone_faiss"
    for folder in FOLDERS:
        shutil.copytree(
            ROOT / folder,
            package / folder,
            ignore=shutil.ignore_patterns("model", "dist", "view", "__pycache__"),
        )
    for name in ("__init__.py", "pyproject.toml"):
        shutil.copy(ROOT / name, package / name)
    return package


@pytest.fixture
def restored(package: Path) -> Iterator[Path]:
    """The copy of the package; removes what the test adds to it."""
    before = {path: path.read_bytes() for path in package.rglob("*.py")}
    yield package
    for path in package.rglob("*.py"):
        if path in before:
            path.write_bytes(before[path])
        else:
            path.unlink()


def add_import(package: Path, place: str, statement: str) -> None:
    """Appends an import to a module, or to the ``__init__.py`` of a folder."""
    path = package / place
    path = path / "__init__.py" if path.is_dir() else path
    path.write_text(f"{path.read_text()}\n{statement}\n")


def lint(package: Path) -> tuple[int, str]:
    """Runs ``lint-imports`` on a copy of the package; returns its status and what it prints."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        capture_output=True,
        text=True,
        cwd=package,
        env={**os.environ, "PYTHONPATH": str(package.parent), "COLUMNS": "200"},
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_package_keeps_every_contract(package: Path) -> None:
    status, output = lint(package)
    assert status == 0, output
    assert "0 broken" in output


@pytest.mark.parametrize(("place", "statement", "contract"), FORBIDDEN)
def test_an_import_against_a_contract_fails(
    restored: Path, place: str, statement: str, contract: str
) -> None:
    add_import(restored, place, statement)
    status, output = lint(restored)
    assert status == 1, output
    broken = [line for line in output.splitlines() if " BROKEN" in line]
    assert any(line.startswith(contract) for line in broken), output


def test_a_package_that_no_contract_names_fails(restored: Path) -> None:
    (restored / "brain" / "extras.py").write_text("")
    status, output = lint(restored)
    assert status == 1, output
    assert "extras" in output


@pytest.mark.parametrize("name", ["curation", "insight", "transfer"])
def test_a_planned_package_may_import_indexing_and_retrieval(restored: Path, name: str) -> None:
    folder = restored / "brain" / name
    folder.mkdir(exist_ok=True)
    (folder / "__init__.py").write_text(
        "import fiftyone_faiss.brain.indexing\nimport fiftyone_faiss.brain.retrieval\n"
    )
    assert lint(restored)[0] == 0
    add_import(restored, "brain/retrieval", f"import fiftyone_faiss.brain.{name}")
    assert lint(restored)[0] == 1


def test_an_import_for_type_checking_is_allowed(restored: Path) -> None:
    statement = (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
        "    import fiftyone_faiss.brain.retrieval"
    )
    add_import(restored, "brain/core", statement)
    assert lint(restored)[0] == 0
