"""Finds embedders by name, and lists them."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, cast

import fiftyone.core.models as fom
import fiftyone.zoo as foz

from fiftyone_faiss.brain.zoo import (
    OPEN_CLIP_MODEL,
    EmbedderModel,
    ZooEmbedder,
    load_zoo_embedder,
    register_zoo_model,
    registered_models,
    zoo_entry,
)
from fiftyone_faiss.embedders import (
    OFFLINE,
    Embedder,
    embedder_of,
    is_registered,
    make_registered,
    registered_embedders,
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


@dataclass(frozen=True)
class ModelInfo:
    """An embedder, as a list shows it.

    Attributes:
        name: what to give as ``model``
        dim: the length of its vectors, None if it is not known before it is loaded
        supports_text: whether it embeds words too
        download_bytes: what is downloaded for it, 0 for nothing, None if that is not known
        is_cached: whether everything that it needs is on this machine
        license: the licence of its weights, None if that is not known
    """

    name: str
    dim: int | None
    supports_text: bool
    download_bytes: int | None
    is_cached: bool
    license: str | None


# From OpenCLIP's and timm's own configurations: names, dimensions, licences, the repositories
# their weights come from. Sizes are four bytes for each parameter.
_PUBLISHED = (
    ("ViT-B-32/laion2b_s34b_b79k", 512, True, 605, "MIT",
     "laion/CLIP-ViT-B-32-laion2B-s34B-b79K"),
    ("ViT-B-16/datacomp_xl_s13b_b90k", 512, True, 599, "MIT",
     "laion/CLIP-ViT-B-16-DataComp.XL-s13B-b90K"),
    ("ViT-L-14/datacomp_xl_s13b_b90k", 768, True, 1710, "MIT",
     "laion/CLIP-ViT-L-14-DataComp.XL-s13B-b90K"),
    ("ViT-B-16-SigLIP/webli", 768, True, 813, "Apache-2.0", "timm/ViT-B-16-SigLIP"),
    ("timm/vit_small_patch14_dinov2.lvd142m", 384, False, 88, "Apache-2.0",
     "timm/vit_small_patch14_dinov2.lvd142m"),
    ("timm/vit_small_patch16_dinov3.lvd1689m", 384, False, 86, "DINOv3 License",
     "timm/vit_small_patch16_dinov3.lvd1689m"),
    ("timm/convnext_tiny.fb_in22k", 768, False, 178, "Apache-2.0", "timm/convnext_tiny.fb_in22k"),
    ("timm/resnet50.a1_in1k", 2048, False, 102, "Apache-2.0", "timm/resnet50.a1_in1k"),
    ("timm/resnet18.a1_in1k", 512, False, 47, "Apache-2.0", "timm/resnet18.a1_in1k"),
)  # fmt: skip
_WEIGHTS = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.bin",
    "model.safetensors",
    "pytorch_model.bin",
)
_CLASSICAL_DIMS = {"colorhist": 192, "hog": 1764, "phash": 64}


def list_models() -> list[ModelInfo]:
    """Embedders to choose from; any other that OpenCLIP, timm or FiftyOne's zoo knows works too.

    Returns:
        a :class:`ModelInfo` for each: those registered in this process, the OpenCLIP models that
        were used or registered on this machine, published ones, and those without weights
    """
    own = [_described(name) for name in registered_embedders()]
    # A name keeps its first place and gets its last value: what is published says more of a model
    # that was used; one's own of a published name is what is found by it.
    by_name = {info.name: info for info in (*own, *_of_any_process(), *own)}
    return list(by_name.values())


def is_at_hand(name: str) -> bool:
    """Whether a named embedder is had without a download; False too where that is not known."""
    if is_registered(name):
        return True
    name = _absolute(name)
    if any(name == loaded for loaded, _ in _loaded):
        return True
    known = {info.name: info for info in _of_any_process()}
    if name in known:
        return known[name].is_cached
    if zoo_entry(name) is not None:
        # None of models that other packages fetch.
        return bool(foz.is_zoo_model_downloaded(name))
    folder = Path(name.removeprefix("local-dir:")).expanduser()
    checkpoint = Path(name.removeprefix("timm/").partition("/")[2]).expanduser()
    if checkpoint.is_file() or any((folder / file).is_file() for file in _WEIGHTS):
        return True
    # What timm publishes is in a repository of the model's own name.
    is_repository = name.startswith(("timm/", "hf-hub:"))
    return is_repository and _is_cached(name.removeprefix("hf-hub:"))


def _of_any_process() -> list[ModelInfo]:
    """Those that every process of this machine finds; of a name that is there twice, the last."""
    local = [_local(entry) for entry in registered_models()]
    published = [_published(*row) for row in _PUBLISHED]
    plain = [ModelInfo(name, _CLASSICAL_DIMS[name], False, 0, True, "Apache-2.0")
             for name in OFFLINE]  # fmt: skip
    return [*local, *published, *plain]


def _described(name: str) -> ModelInfo:
    embedder = make_registered(name)
    return ModelInfo(name, embedder.dim, embedder.supports_text, 0, True, None)


def _local(entry: dict[str, Any]) -> ModelInfo:
    config = entry["default_deployment_config_dict"]["config"]
    source, weights = str(config["clip_model"]), str(config.get("pretrained"))
    place = source.removeprefix("local-dir:") if source.startswith("local-dir:") else weights
    is_local = os.path.isabs(place)
    is_here = os.path.exists(place) if is_local else _is_cached(entry.get("repository") or "")
    size = 0 if is_local else None
    return ModelInfo(entry["base_name"], entry.get("dim"), True, size, is_here, None)


def _published(
    name: str, dim: int, supports_text: bool, megabytes: int, license: str, repository: str
) -> ModelInfo:
    size = megabytes * 10**6
    return ModelInfo(name, dim, supports_text, size, _is_cached(repository), license)


def _is_cached(repository: str) -> bool:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        return any(isinstance(try_to_load_from_cache(repository, file), str) for file in _WEIGHTS)
    except HFValidationError:
        # No repository has such a name.
        return False
