"""Registers your own embedders by name: classes, objects and functions."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PIL import Image

from fiftyone_faiss.embedders.base import Embedder, EmbedderError, Vectors, unit

Function = Callable[[Sequence[Image.Image]], Any]

_registered: dict[str, Callable[[], Embedder]] = {}


class FunctionEmbedder(Embedder):
    """An embedder that calls a function.

    Args:
        name: the name of the embedder
        function: turns a list of RGB PIL images into one vector for each
        version ("1"): part of the fingerprint; change it when the function's vectors change

    Raises:
        EmbedderError: if the function does not return a vector for an image
    """

    def __init__(self, name: str, function: Function, version: str = "1") -> None:
        self.name = name
        self._function = function
        self.fingerprint = hashlib.sha256(f"function|{name}|{version}".encode()).hexdigest()[:16]
        self.dim = self._vectors([Image.new("RGB", (64, 64))]).shape[1]

    fingerprint: str = ""
    dim: int = 0

    def embed_images(self, images: Sequence[Image.Image]) -> Vectors:
        return unit(self._vectors(images))

    def _vectors(self, images: Sequence[Image.Image]) -> Vectors:
        returned = self._function(list(images))
        try:
            vectors = np.asarray(returned, np.float32)
        except (TypeError, ValueError) as error:
            raise EmbedderError(
                f"The embedder '{self.name}' did not return an array of numbers ({error}); return "
                "one vector for each image, all of one length."
            ) from error
        has_all_rows = vectors.ndim > 1 and len(vectors) == len(images) and vectors.size > 0
        if not has_all_rows or self.dim not in (0, vectors[0].size):
            raise EmbedderError(
                f"The embedder '{self.name}' returned an array of shape {vectors.shape} for "
                f"{len(images)} images; return one vector for each, all of one length."
            )
        return vectors.reshape(len(images), -1)


def register_embedder(name: str, embedder: type[Embedder] | Embedder | Function) -> None:
    """Registers an embedder by name, in this process.

    An index stores only the name. Register the embedder in every process that searches by text or
    by image, or that updates the index.

    Args:
        name: its name in ``model=``; it replaces any other embedder of that name
        embedder: a subclass of :class:`Embedder` that takes no arguments, an instance, or a
            function from a list of RGB PIL images to an ``(n, dim)`` array

    Raises:
        EmbedderError: if the name is empty, or ``embedder`` is none of these
    """
    if not name.strip():
        raise EmbedderError("The name of an embedder must not be empty; use 'my-model', say.")
    if not (isinstance(embedder, Embedder) or callable(embedder)):
        raise EmbedderError(
            "embedder must be a subclass of Embedder, an instance or a function, got "
            f"{type(embedder).__name__}."
        )
    if isinstance(embedder, Embedder):
        # Set now, since callers may pass the object before they ask for it by name.
        embedder.name = name
    # Created once, on first use.
    _registered[name] = functools.cache(lambda: embedder_of(embedder, name))


def is_registered(name: str) -> bool:
    """Returns whether an embedder of this name is registered."""
    return name in _registered


def registered_embedders() -> list[str]:
    """Returns the names of registered embedders, in order of registration."""
    return list(_registered)


def make_registered(name: str) -> Embedder:
    """Returns the registered embedder of this name; it is created on first use."""
    return _registered[name]()


def embedder_of(value: type[Embedder] | Embedder | Function, name: str | None = None) -> Embedder:
    """Returns the embedder that a class, an instance or a function stands for.

    Args:
        value: the class, instance or function
        name (None): the name of the embedder, by default its own name
    """
    if isinstance(value, type) and issubclass(value, Embedder):
        value = value()
    if not isinstance(value, Embedder):
        if not callable(value):
            raise EmbedderError(
                f"A model of type {type(value).__name__} is not supported; give the name of a "
                "model, an embedder, or a function from images to vectors."
            )
        function_name = name or getattr(value, "__name__", None) or type(value).__name__
        return FunctionEmbedder(str(function_name), value)
    if name is not None:
        value.name = name
    return value
