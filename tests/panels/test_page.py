"""The panel's page: its types, its unit tests, and the committed bundle."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "panels" / "view" / "src"


def run(*arguments: str) -> str:
    """Runs a command of ``tools/page.py`` and returns its output."""
    command = [sys.executable, str(ROOT / "tools" / "page.py"), *arguments]
    outcome = subprocess.run(command, capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return outcome.stdout


def test_the_types_are_correct() -> None:
    run("check")


def test_the_unit_tests_pass() -> None:
    output = run("test")
    (passed,) = re.findall(r"^ℹ pass (\d+)$", output, re.MULTILINE)
    assert int(passed) >= 100


def test_the_committed_files_are_built_from_these_sources(tmp_path: Path) -> None:
    run("build", "--out", str(tmp_path / "index.umd.js"))
    committed = {path.name: path.read_bytes() for path in (ROOT / "panels" / "dist").iterdir()}
    assert set(committed) == {"index.umd.js", "map-cloud.js"}
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert built == committed, "run 'make panel'"


def test_the_file_with_three_has_its_license() -> None:
    text = (ROOT / "panels" / "dist" / "map-cloud.js").read_text()
    assert text.startswith("/*! This file contains three.js.")
    assert "Permission is hereby granted, free of charge" in text[:1500]


def test_no_component_has_over_200_lines() -> None:
    components = sorted(SOURCES.rglob("*.tsx"))
    assert len(components) > 20
    lengths = {path.name: len(path.read_text().splitlines()) for path in components}
    assert {name: length for name, length in lengths.items() if length > 200} == {}
