"""Finds embedders by name and loads each once per process."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, TypeAlias, cast

import fiftyone.core.models as fom
from cachetools import cached

from fiftyone_faiss.brain.models.projections import (
    PROJECTED_MODEL,
    ProjectedEntry,
    check_registered,
    projected_embedder,
    projected_entry,
)
from fiftyone_faiss.brain.models.quantized import load_openvino
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
    EmbedderError,
    embedder_of,
    is_registered,
    make_registered,
)
from fiftyone_faiss.embedders.openvino_precision import is_openvino
from fiftyone_faiss.embedders.registry import Function

ModelLike: TypeAlias = str | Embedder | type[Embedder] | fom.Model | Function
"""What ``model=`` takes: a name, an embedder or its class, a FiftyOne model, a function."""

# The types of zoo models that this package runs itself.
_OWN_MODELS = (OPEN_CLIP_MODEL, PROJECTED_MODEL)
# Embedders by name and precision. The App's server lives long, and every query needs one.
_loaded: dict[tuple[str, str], Embedder] = {}
# Embedder objects that indexes of this process were built with, by name.
_objects: dict[str, Embedder] = {}


class UnknownModelError(EmbedderError):
    """A name that no embedder has in this process."""


def get_embedder(model: ModelLike, precision: str = "auto") -> Embedder:
    """Finds an embedder, and loads it when it is first asked for.

    Args:
        model: an embedder, or an object that can be wrapped as one: a class, a FiftyOne model, a
            function from a list of RGB PIL images to ``(n, dim)`` vectors; or a name:

            - one given to :func:`fiftyone_faiss.register_embedder`
            - ``"colorhist"``, ``"hog"``, ``"phash"`` or ``"sift"``, which need no weights
            - ``"<architecture>/<weights>"`` as OpenCLIP calls them, a checkpoint in the place of
              the weights, or the folder of a local OpenCLIP model
            - ``"timm/<model>"`` or ``"timm/<model>/<checkpoint>"``, for images only
            - a model of FiftyOne's zoo, such as one with a learned projection
        precision ("auto"): the precision of networks that are loaded by name: ``"float32"``,
            ``"bfloat16"`` or ``"float16"``; ``"auto"`` is the fastest that the device supports in
            hardware. ``"openvino-float32"`` and ``"openvino-bfloat16"`` run on the processor with
            OpenVINO, as does ``"openvino-int8"``, which :func:`fiftyone_faiss.build_index`
            calibrates with images

    Raises:
        EmbedderError: if there is no such model, its weights cannot be loaded, or it cannot run in
            this precision
        ValueError: if there is no such precision, or OpenVINO is not installed
    """
    if isinstance(model, type):
        return embedder_of(model)
    if isinstance(model, EmbedderModel):
        # FiftyOne's classes are untyped, so mypy takes this for a possible class.
        return cast(EmbedderModel, model).embedder
    if isinstance(model, fom.Model):
        return ZooEmbedder(model)
    if not isinstance(model, str):
        return embedder_of(model)
    if is_registered(model):
        return make_registered(model)
    if model in _objects:
        return _objects[model]
    return _load_once(absolute_name(model), precision)


def get_index_embedder(brain_key: str | None, name: str, precision: str = "auto") -> Embedder:
    """Finds the embedder that an index was built with.

    Args:
        brain_key: the index, None for one without a key
        name: the embedder's name, as the index stores it
        precision ("auto"): see :func:`get_embedder`

    Raises:
        EmbedderError: if there is no such embedder in this process, saying what to register
    """
    try:
        return get_embedder(name, precision)
    except UnknownModelError as error:
        index = "This index" if brain_key is None else f"The index '{brain_key}'"
        raise EmbedderError(
            f"{index} was built with the embedder '{name}', which is not "
            f"registered in this process; call register_embedder('{name}', ...) first."
        ) from error


def stored_name(model: ModelLike) -> str | None:
    """Returns the name under which an index stores its model; None for a function without one.

    Raises:
        EmbedderError: if an embedder object has the name of another model
    """
    if isinstance(model, str):
        return model if is_registered(model) else absolute_name(model)
    embedder = get_embedder(model)
    if loadable_name(embedder) is not None or _is_registered_object(embedder):
        return embedder.name
    is_named = isinstance(model, (Embedder, EmbedderModel)) or (
        isinstance(model, type) and issubclass(model, Embedder)
    )
    if not is_named:
        return None
    if is_registered(embedder.name):
        other: Embedder | None = make_registered(embedder.name)
    else:
        other = _objects.get(embedder.name)
    is_other = other is not None and other.fingerprint != embedder.fingerprint
    if is_other or (other is None and _is_model_name(embedder.name)):
        raise EmbedderError(
            f"The embedder object is named '{embedder.name}', which is the name of another model; "
            "give it a name of its own, or call register_embedder() to replace that model."
        )
    return embedder.name


def loadable_name(embedder: Embedder) -> str | None:
    """Returns the name by which every process loads the same embedder; None if there is none."""
    return embedder.name if embedder in _loaded.values() else None


def remember_object(embedder: Embedder) -> None:
    """Makes an embedder object that an index was built with available by its name.

    It stays in memory until this process ends, so that its indexes can be searched by text.
    """
    if not is_registered(embedder.name) and loadable_name(embedder) is None:
        _objects[embedder.name] = embedder


def is_loaded(name: str) -> bool:
    """Returns whether an embedder of this name is in memory."""
    return name in _objects or any(name == loaded for loaded, _ in _loaded)


def absolute_name(name: str) -> str:
    """Returns the name of a model with an absolute path, if it contains a path that exists."""
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


def find_model(
    name: str,
    model_kwargs: dict[str, Any] | None,
    brain_key: str | None,
    precision: str = "auto",
) -> fom.Model | None:
    """Returns the FiftyOne model of one of our embedders, or None for another zoo model.

    Args:
        name: the model's name
        model_kwargs: the arguments that FiftyOne loads the model with
        brain_key: the index that needs it
        precision ("auto"): see :func:`get_embedder`
    """
    if model_kwargs:
        return None
    entry = zoo_entry(name)
    if entry is not None and entry.get("type") not in _OWN_MODELS:
        return None
    return EmbedderModel(get_index_embedder(brain_key, name, precision))


def _is_registered_object(embedder: Embedder) -> bool:
    return is_registered(embedder.name) and make_registered(embedder.name) is embedder


def _is_model_name(name: str) -> bool:
    """Returns whether a name is that of a model which every process can load."""
    if name in OFFLINE or name.startswith("timm/") or zoo_entry(name) is not None:
        return True
    if "/" not in name and ":" not in name and not Path(name).is_dir():
        # OpenCLIP, whose import takes seconds, has no model of this name.
        return False
    from fiftyone_faiss.embedders.open_clip import OpenClipSpec

    try:
        OpenClipSpec.parse(name)
    except EmbedderError:
        return False
    return True


# A thread that asks for an embedder which is being loaded waits; others do not.
@cached(_loaded, condition=threading.Condition())
def _load_once(name: str, precision: str) -> Embedder:
    actual = _actual_precision(name, precision)
    # An embedder is kept under "auto" and under the precision that this stands for.
    return _load(name, precision) if precision == actual else _load_once(name, actual)


def _actual_precision(name: str, precision: str) -> str:
    """Returns the precision that a model runs in when this one is requested."""
    projected = projected_entry(name)
    if projected is not None:
        return _base_of(projected, precision).precision
    if is_openvino(precision):
        return precision
    entry = None if name in OFFLINE else zoo_entry(name)
    if name in OFFLINE or (entry is not None and entry.get("type") != OPEN_CLIP_MODEL):
        # Only networks that this package runs have another precision.
        return "float32"
    if precision != "auto":
        return precision
    import torch

    from fiftyone_faiss.embedders import torch_net
    from fiftyone_faiss.embedders.precision import choose_precision, detect_capability

    return choose_precision(detect_capability(torch.device(torch_net.default_device())))


def _base_of(projected: ProjectedEntry, precision: str) -> Embedder:
    """Returns the base model of a projected model."""
    try:
        return get_embedder(projected.base, precision)
    except UnknownModelError as error:
        raise EmbedderError(
            f"'{projected.name}' projects the vectors of the embedder '{projected.base}', which "
            f"is not registered in this process; call register_embedder('{projected.base}', ...) "
            "first."
        ) from error


def _load(name: str, precision: str) -> Embedder:
    projected = projected_entry(name)
    if projected is not None:
        return projected_embedder(projected, _base_of(projected, precision))
    check_registered(name)
    if is_openvino(precision):
        return load_openvino(_load_once(name, "float32"), precision)
    # Torch takes seconds to import, so no module imports it before a model is needed.
    if name in OFFLINE:
        from fiftyone_faiss.embedders.classical import CLASSICAL

        return CLASSICAL[name]()
    if name.startswith("timm/"):
        from fiftyone_faiss.embedders.timm import TimmEmbedder

        return TimmEmbedder(name, precision=precision)
    import open_clip

    from fiftyone_faiss.embedders.open_clip import OpenClipEmbedder, OpenClipSpec

    entry = zoo_entry(name)
    if entry is None:
        try:
            spec = OpenClipSpec.parse(name)
        except EmbedderError as error:
            if Path(name).is_absolute() or name.partition("/")[0] in open_clip.list_models():
                # The name of a model whose files are missing.
                raise
            raise UnknownModelError(str(error)) from error
        embedder = OpenClipEmbedder(name, spec, precision=precision)
        # Registered only now: without its weights, other processes could not load the name.
        register_zoo_model(name, spec)
        return embedder
    if entry.get("type") != OPEN_CLIP_MODEL:
        return load_zoo_embedder(name)
    config = entry["config"]
    # FiftyOne's own entry names neither; these are the defaults of its loader.
    clip_model = config.get("clip_model", "ViT-B-32")
    spec = OpenClipSpec(clip_model, config.get("pretrained", "openai"))
    prompt = config.get("text_prompt") or ""
    return OpenClipEmbedder(name, spec, text_prompt=prompt, precision=precision)
