"""The page's types, which ``tools/generate_page_types.py`` writes."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import get_type_hints

import pytest

from fiftyone_faiss.panels import PANELS
from fiftyone_faiss.panels.base import methods_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    path = ROOT / "tools" / "generate_page_types.py"
    spec = importlib.util.spec_from_file_location("generate_page_types", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_types_are_those_of_the_panel(generator: ModuleType) -> None:
    committed = generator.TARGET.read_text("utf-8")
    assert committed == generator.page_types(), "run python tools/generate_page_types.py"


def test_every_method_has_typed_params_and_a_typed_answer() -> None:
    methods = [methods_of(panel) for panel in PANELS]
    assert {"search", "record", "export", "delegate"} <= set(methods[0])
    assert {"find_duplicates", "find_leaks", "act", "undo", "refresh"} <= set(methods[1])
    for method in (method for of_panel in methods for method in of_panel.values()):
        assert {"params", "return"} <= set(get_type_hints(method))


def test_methods_of_one_name_are_the_same_in_all_panels() -> None:
    first, *others = (methods_of(panel) for panel in PANELS)
    for methods in others:
        shared = set(first) & set(methods)
        assert {"refresh", "jobs", "cancel", "build"} <= shared
        assert all(first[name] is methods[name] for name in shared)
