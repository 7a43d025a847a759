"""A person's own embedders: classes, objects and functions, registered by name."""

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
    """A function as an embedder.

    Args:
        name: what to call it
        function: turns a list of RGB PIL images into one vector for each
        version ("1"): change it when the function's vectors change, so that indexes notice

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
                f"The embedder '{self.name}' returned no array of numbers ({error}); return one "
                "vector for each image, all of one length."
            ) from error
        is_one_each = vectors.ndim > 1 and len(vectors) == len(images) and vectors.size > 0
        if not is_one_each or self.dim not in (0, vectors[0].size):
            raise EmbedderError(
                f"The embedder '{self.name}' returned an array of shape {vectors.shape} for "
                f"{len(images)} images; return one vector for each, all of one length."
            )
        return vectors.reshape(len(images), -1)


def register_embedder(name: str, embedder: type[Embedder] | Embedder | Function) -> None:
    """Makes an embedder known by a name, in this process.

    An index built with it stores the name; whoever loads that index registers it again first.

    Args:
        name: what to call it in ``model=``; it takes the place of any other of that name
        embedder: a subclass of :class:`Embedder` that can be made without arguments, an instance,
            or a function from a list of RGB PIL images to an array of ``(n, dim)``

    Raises:
        EmbedderError: if it is none of these
    """
    if not name.strip():
        raise EmbedderError("Give the embedder a name, such as 'my-model'.")
    if not (isinstance(embedder, Embedder) or callable(embedder)):
        raise EmbedderError(
            f"An embedder is a class, an Embedder or a function, not a {type(embedder).__name__}."
        )
    if isinstance(embedder, Embedder):
        # Now, since it may be given as an object before it is asked for by this name.
        embedder.name = name
    # Made when it is first asked for, and once.
    _registered[name] = functools.cache(lambda: embedder_of(embedder, name))


def is_registered(name: str) -> bool:
    """Whether an embedder was registered by this name."""
    return name in _registered


def registered_embedders() -> list[str]:
    """The names of registered embedders, in order of registration."""
    return list(_registered)


def make_registered(name: str) -> Embedder:
    """The embedder that was registered by this name."""
    return _registered[name]()


def embedder_of(value: type[Embedder] | Embedder | Function, name: str | None = None) -> Embedder:
    """Makes an embedder of a class, an instance or a function.

    Args:
        value: what it is made of
        name (None): what to call it, by default by its own name
    """
    if isinstance(value, type) and issubclass(value, Embedder):
        value = value()
    if not isinstance(value, Embedder):
        named = name or getattr(value, "__name__", None) or type(value).__name__
        return FunctionEmbedder(str(named), value)
    if name is not None:
        value.name = name
    return value
