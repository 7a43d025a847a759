"""The wheel holds the package, and every module can be imported from the installed wheel."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest
import yaml

import fiftyone_faiss

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("brain", "demo", "embedders", "operators", "panels")

# Imports each module that is named on standard input, and prints where it was found. An editable
# installation is an import hook, which would find a module that the wheel lacks.
IMPORT_MODULES = """
import importlib, sys
sys.meta_path[:] = [f for f in sys.meta_path if "__editable__" not in repr(f)]
for name in sys.stdin.read().split():
    print(importlib.import_module(name).__file__)
"""


def run(arguments: list[str], folder: Path, text: str = "") -> str:
    """Runs Python in a folder; returns what it prints."""
    done = subprocess.run(
        [sys.executable, *arguments],
        input=text,
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed wheel, which was built from a copy of the repository."""
    folder = tmp_path_factory.mktemp("wheel")
    unwanted = shutil.ignore_patterns(".*", "__pycache__", "node_modules", "build", "*.egg-info")
    shutil.copytree(ROOT, folder / "source", ignore=unwanted)
    pip = ["-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    run([*pip, *build, str(folder / "source")], folder)
    (wheel,) = folder.glob("*.whl")
    target = folder / "installed"
    run([*pip, "install", "--no-deps", "--target", str(target), str(wheel)], folder)
    return target


def metadata(installed: Path) -> Message:
    """The metadata of the installed wheel."""
    (path,) = installed.glob("*.dist-info/METADATA")
    return Parser().parsestr(path.read_text())


def test_the_wheel_holds_the_package_and_nothing_else(installed: Path) -> None:
    package = installed / "fiftyone_faiss"
    modules = {path.relative_to(package) for path in package.rglob("*.py")}
    sources = {path.relative_to(ROOT) for name in FOLDERS for path in (ROOT / name).rglob("*.py")}
    assert modules == {Path("__init__.py"), *sources}
    others = {str(path.relative_to(package)) for path in package.rglob("*") if path.is_file()}
    others -= {str(path) for path in modules}
    assert {name for name in others if not name.endswith(".pyc")} == {
        "demo/model/open_clip_config.json",
        "demo/model/open_clip_pytorch_model.bin",
        "fiftyone.yml",
        "py.typed",
        *(f"panels/dist/{path.name}" for path in (ROOT / "panels" / "dist").iterdir()),
        *(f"panels/icons/{path.name}" for path in (ROOT / "panels" / "icons").iterdir()),
    }


def test_every_module_is_imported_from_the_installed_wheel(installed: Path) -> None:
    names = []
    for path in sorted((installed / "fiftyone_faiss").rglob("*.py")):
        parts = path.relative_to(installed).with_suffix("").parts
        names.append(".".join(parts).removesuffix(".__init__"))
    assert len(names) > 60
    code = f"import sys; sys.path.insert(0, {str(installed)!r})\n{IMPORT_MODULES}"
    files = run(["-c", code], installed.parent, "\n".join(names)).splitlines()[-len(names) :]
    for name, file in zip(names, files, strict=True):
        assert Path(file).is_relative_to(installed / "fiftyone_faiss"), f"{name}: {file}"


def test_the_version_is_the_same_everywhere(installed: Path) -> None:
    plugin = yaml.safe_load((ROOT / "fiftyone.yml").read_text())
    assert plugin["version"] == fiftyone_faiss.__version__
    assert metadata(installed)["Version"] == fiftyone_faiss.__version__


def test_the_metadata_names_requirements_and_addresses(installed: Path) -> None:
    fields = metadata(installed)
    required = {line for line in fields.get_all("Requires-Dist", []) if "extra ==" not in line}
    listed = (ROOT / "requirements.txt").read_text().split()
    assert {re.sub(r"[-_]", "-", line) for line in required} == {
        re.sub(r"[-_]", "-", line) for line in listed
    }
    labels = {line.split(",")[0] for line in fields.get_all("Project-URL", [])}
    assert labels == {"Homepage", "Documentation", "Issues", "Changelog"}
