"""Finds embedders by name, and lists them."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, TypeAlias, cast

import fiftyone.core.models as fom

from fiftyone_faiss.brain.models.zoo import (
    OPEN_CLIP_MODEL,
    EmbedderModel,
    ZooEmbedder,
    load_zoo_embedder,
    register_zoo_model,
    zoo_entry,
)
from fiftyone_faiss.embedders import (
    OFFLINE,
    Embedder,
    embedder_of,
    is_registered,
    make_registered,
)
from fiftyone_faiss.embedders.registry import Function

ModelLike: TypeAlias = str | Embedder | type[Embedder] | fom.Model | Function
"""What ``model=`` takes: a name, an embedder or its class, a FiftyOne model, a function."""

# Loaded once a process: the App's server lives long, and every query needs one.
_loaded: dict[tuple[str, str], Embedder] = {}
# One for each that is being loaded: whoever asks for another need not wait for its download.
_loading: dict[tuple[str, str], threading.Lock] = {}


def get_embedder(model: ModelLike, precision: str = "auto") -> Embedder:
    """Finds an embedder, and loads it when it is first asked for.

    Args:
        model: an embedder, or what can be made into one: a class, a FiftyOne model, a function
            from a list of RGB PIL images to ``(n, dim)`` vectors; or a name:

            - one given to :func:`fiftyone_faiss.register_embedder`
            - ``"colorhist"``, ``"hog"`` or ``"phash"``, which need no weights
            - ``"<architecture>/<weights>"`` as OpenCLIP calls them, a checkpoint in the place of
              the weights, or the folder of a local OpenCLIP model
            - ``"timm/<model>"`` or ``"timm/<model>/<checkpoint>"``, for images only
            - a model of FiftyOne's zoo
        precision ("auto"): of the networks that are loaded by name here: ``"auto"`` measures
            whether half precision pays, ``"float32"``, ``"bfloat16"`` and ``"float16"`` decide

    Raises:
        EmbedderError: if there is no such model, or its weights cannot be loaded
        ValueError: if there is no such precision
    """
    if isinstance(model, type):
        return embedder_of(model)
    if isinstance(model, EmbedderModel):
        # FiftyOne's classes are untyped, so it might be a class for all that mypy knows.
        return cast(EmbedderModel, model).embedder
    if isinstance(model, fom.Model):
        return ZooEmbedder(model)
    if not isinstance(model, str):
        return embedder_of(model)
    if is_registered(model):
        return make_registered(model)
    key = (model, precision)
    if key not in _loaded:
        key = (_absolute(model), precision)
        with _loading.setdefault(key, threading.Lock()):
            if key not in _loaded:
                _loaded[key] = _load(*key)
    return _loaded[key]


def stored_name(model: ModelLike) -> str | None:
    """The name by which a later process finds the same embedder, None if it has none."""
    if isinstance(model, str):
        return model if is_registered(model) else _absolute(model)
    embedder = get_embedder(model)
    known = is_registered(embedder.name) and make_registered(embedder.name) is embedder
    return embedder.name if known or embedder in _loaded.values() else None


def precision_of(embedder: Embedder) -> str:
    """With which ``precision`` an embedder was loaded by name, ``"auto"`` if it was not."""
    return next((key[1] for key, one in _loaded.items() if one is embedder), "auto")


def _absolute(name: str) -> str:
    """The name of a model by an absolute path, if it is one by a path of this process."""
    folder = Path(name.removeprefix("local-dir:")).expanduser()
    if (folder / "open_clip_config.json").is_file() and zoo_entry(name) is None:
        return str(folder.resolve())
    begin = 2 if name.startswith("timm/") else 1
    *model, weights = name.split("/", begin)
    checkpoint = Path(weights).expanduser()
    # A tag of published weights has neither folder nor suffix.
    is_path = len(model) == begin and ("/" in weights or bool(checkpoint.suffix))
    if is_path and checkpoint.is_file():
        return "/".join([*model, str(checkpoint.resolve())])
    return name


def _load(name: str, precision: str) -> Embedder:
    # Torch takes seconds to import, so nothing imports it before a model is needed.
    if name in OFFLINE:
        from fiftyone_faiss.embedders.classical import CLASSICAL

        return CLASSICAL[name]()
    if name.startswith("timm/"):
        from fiftyone_faiss.embedders.timm import TimmEmbedder

        return TimmEmbedder(name, precision=precision)
    from fiftyone_faiss.embedders.open_clip import OpenClipEmbedder, OpenClipSpec

    entry = zoo_entry(name)
    if entry is None:
        spec = OpenClipSpec.parse(name)
        embedder = OpenClipEmbedder(name, spec, precision=precision)
        # Not before: without its weights, the name would promise other processes too much.
        register_zoo_model(name, spec)
        return embedder
    if entry.get("type") != OPEN_CLIP_MODEL:
        return load_zoo_embedder(name)
    config = entry["config"]
    # FiftyOne's own such model names neither: these are the defaults of its loader.
    clip_model = config.get("clip_model", "ViT-B-32")
    spec = OpenClipSpec(clip_model, config.get("pretrained", "openai"))
    prompt = config.get("text_prompt") or ""
    return OpenClipEmbedder(name, spec, text_prompt=prompt, precision=precision)


def find_model(name: str, model_kwargs: dict[str, Any] | None) -> fom.Model | None:
    """The FiftyOne model of one of our embedders, or None for another model of the zoo."""
    if model_kwargs:
        return None
    entry = zoo_entry(name)
    if entry is not None and entry.get("type") != OPEN_CLIP_MODEL:
        return None
    return EmbedderModel(get_embedder(name))


# -- what there is -------------------------------------------------------------------------------
