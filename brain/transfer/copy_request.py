"""The request of a copy, checked in one place."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import eta.core.utils as etau
import fiftyone.brain as fob
from fiftyone.brain.similarity import SimilarityConfig

from fiftyone_faiss.brain.core.params import MAX_NAME, quoted, read_mapping, read_text

# A copy of other vectors, or of other distances, is none.
KEPT = ("metric", "patches_field", "roi_field")


@dataclass(frozen=True)
class CopyRequest:
    """Which index to copy, and to where.

    Attributes:
        brain_key (None): the index; None for the only one
        new_key (""): the key of the copy
        backend ("faiss"): its Brain backend, such as ``"lancedb"``
        settings ({}): settings of the backend, such as ``uri`` or ``hnsw_m``

    Raises:
        ValueError: if a value is not valid; the message says what to do
    """

    brain_key: str | None = None
    new_key: str = ""
    backend: str = "faiss"
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        key = read_text("new_key", self.new_key, MAX_NAME).strip()
        if not key.isidentifier():
            raise ValueError(
                f"new_key is {quoted(self.new_key)}; give the name of the copy, such as "
                "'clip_copy', of letters, digits and underscores."
            )
        backend = read_text("backend", self.backend, MAX_NAME)
        if backend not in backends():
            raise ValueError(
                f"There is no backend {quoted(backend)}; choose one of {', '.join(backends())}."
            )
        settings = read_mapping("settings", self.settings)
        known = known_settings(config_class(backend))
        for name in settings:
            if name in KEPT:
                raise ValueError(f"A copy keeps the {name} of its source; leave {name} out.")
            if name not in known:
                raise ValueError(
                    f"The backend '{backend}' has no setting '{name}'; it has {', '.join(known)}."
                )
        for name, value in (("new_key", key), ("backend", backend), ("settings", settings)):
            object.__setattr__(self, name, value)

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> CopyRequest:
        """Makes a request from the values of a form.

        Raises:
            ValueError: if a value is not valid
        """
        return cls(
            brain_key=read_text("brain_key", params.get("brain_key"), MAX_NAME) or None,
            new_key=read_text("new_key", params.get("new_key")),
            backend=read_text("backend", params.get("backend")) or "faiss",
            settings=params.get("settings") or {},
        )


def backends() -> list[str]:
    """The names of the Brain backends that FiftyOne knows, in alphabetical order."""
    return sorted(fob.brain_config.similarity_backends)


def config_class(backend: str) -> type[SimilarityConfig]:
    """The class of a backend's configurations."""
    cls = fob.brain_config.similarity_backends[backend]["config_cls"]
    return etau.get_class(cls) if isinstance(cls, str) else cls


def known_settings(config_cls: type[SimilarityConfig]) -> list[str]:
    """The settings of a backend, in alphabetical order; FiftyOne stores unknown ones silently."""
    names: set[str] = set()
    for cls in config_cls.__mro__:
        names |= set(inspect.signature(cls).parameters)
    return sorted(names - {"args", "kwargs", *KEPT})


def backend_defaults(backend: str) -> dict[str, Any]:
    """The settings of a backend in FiftyOne's configuration, such as its address."""
    defaults = deepcopy(fob.brain_config.similarity_backends[backend])
    return {name: value for name, value in defaults.items() if name != "config_cls"}
