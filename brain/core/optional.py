"""Packages that only some functions need."""

from __future__ import annotations

import importlib
from types import ModuleType


class MissingDependencyError(ValueError):
    """A package that is not installed; the message has the line that installs it."""


def require(module: str, package: str, extra: str, purpose: str) -> ModuleType:
    """Imports an optional package.

    Args:
        module: the module to import, such as ``"umap"``
        package: the package that has it, such as ``"umap-learn"``
        extra: the extra of this package that installs it
        purpose: what needs it, the subject of the message

    Raises:
        MissingDependencyError: if it is not installed
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingDependencyError(
            f'{purpose} needs {package}: pip install "fiftyone-faiss[{extra}]"'
        ) from error
