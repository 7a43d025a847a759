"""docs/architecture.md names the files and packages that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()


def test_the_named_files_and_folders_exist() -> None:
    paths = set(
        re.findall(r"(?:brain|panels|tests|tools|operators|embedders)/[\w/]*(?:\.py|\.tsx?)?", PAGE)
    )
    assert len(paths) > 25
    assert sorted(path for path in paths if not (ROOT / path).exists()) == []


def test_the_package_table_is_complete() -> None:
    section = PAGE.split("Inside `brain/`:")[1].split("\n\n")[1]
    rows = re.findall(r"^\| ([^|]+) \|", section, re.MULTILINE)[1:]
    named = {name for row in rows for name in re.findall(r"`(\w+)/`", row)}
    assert named == {path.parent.name for path in (ROOT / "brain").glob("*/__init__.py")}
