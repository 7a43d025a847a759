"""The page's types, which ``tools/generate_page_types.py`` writes."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import get_type_hints

import pytest

from fiftyone_faiss.panels.base import methods_of
from fiftyone_faiss.panels.search import SearchPanel

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
    methods = methods_of(SearchPanel)
    assert {"search", "record", "export", "delegate"} <= set(methods)
    for method in methods.values():
        assert {"params", "return"} <= set(get_type_hints(method))
