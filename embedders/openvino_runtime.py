"""Imports OpenVINO and NNCF so that they neither send nor print anything."""

from __future__ import annotations

import contextlib
import importlib
import logging
import sys
from collections.abc import Iterator
from types import ModuleType


def decline_telemetry() -> None:
    """Prevents OpenVINO and NNCF from reporting their use; call this before they are imported.

    Both send events to Google Analytics unless a file in the home directory forbids it. They do
    without if the package that sends is missing.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]


def import_openvino() -> ModuleType:
    """Returns the package OpenVINO."""
    decline_telemetry()
    return importlib.import_module("openvino")


def import_nncf() -> ModuleType:
    """Returns the package NNCF."""
    decline_telemetry()
    nncf = importlib.import_module("nncf")
    # It logs each of its steps.
    nncf.set_log_level(logging.ERROR)
    return nncf


@contextlib.contextmanager
def no_progress_bars() -> Iterator[None]:
    """Hides the progress bars that NNCF draws with rich; it has no option for that."""
    console = importlib.import_module("rich").get_console()
    before, console.quiet = console.quiet, True
    try:
        yield
    finally:
        console.quiet = before
