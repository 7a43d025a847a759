"""The facade ``fiftyone_faiss.brain`` lists each of its names once, and finds all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

import fiftyone_faiss
from fiftyone_faiss import brain
from fiftyone_faiss.brain.public_names import NAMES as NAMES_OF

NAMES = [name for names in NAMES_OF.values() for name in names.split()]


def test_each_name_is_in_one_module_and_public() -> None:
    assert sorted(NAMES) == sorted(brain.__all__)
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("module", NAMES_OF)
def test_the_names_of_a_module_are_defined_there(module: str) -> None:
    for name in NAMES_OF[module].split():
        value = getattr(brain, name)
        defined_in = getattr(value, "__module__", None)
        if module != "embedders" and defined_in and defined_in.startswith("fiftyone_faiss"):
            assert defined_in == f"fiftyone_faiss.{module}", name


def test_the_package_forwards_names_of_the_facade() -> None:
    assert set(fiftyone_faiss.__all__) <= set(brain.__all__)


def test_no_module_of_brain_is_outside_a_package() -> None:
    directory = Path(brain.__file__).parent
    modules = sorted(path.name for path in directory.glob("*.py"))
    assert modules == ["__init__.py", "public_names.py", "similarity.py"]
