"""The catalog of embedders: what to choose from, and which need no download."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fiftyone.zoo as foz

from fiftyone_faiss.brain.models.loading import absolute_name, is_loaded
from fiftyone_faiss.brain.models.projections import entry_of, projected_entry
from fiftyone_faiss.brain.models.zoo import registered_models, zoo_entry
from fiftyone_faiss.embedders import (
    OFFLINE,
    is_registered,
    make_registered,
    registered_embedders,
)


@dataclass(frozen=True)
class ModelInfo:
    """An entry of the catalog.

    Attributes:
        name: the value for ``model=``
        dim: the length of its vectors, None if it is unknown before the model is loaded
        supports_text: whether it embeds text too
        download_bytes: the size of its download, 0 for none, None if it is unknown
        is_cached: whether all files that it needs are on this machine
        license: the license of its weights, None if it is unknown
    """

    name: str
    dim: int | None
    supports_text: bool
    download_bytes: int | None
    is_cached: bool
    license: str | None


# From the configurations of OpenCLIP and timm: names, dimensions, licenses and the repositories of
# the weights. Sizes are four bytes per parameter.
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
_CLASSICAL_DIMS = {"colorhist": 192, "hog": 1764, "phash": 64, "sift": 4096}


def list_models() -> list[ModelInfo]:
    """Lists embedders. Other models of OpenCLIP, timm and FiftyOne's zoo work too.

    Returns:
        a :class:`ModelInfo` for each: embedders registered in this process, OpenCLIP models used
        or registered on this machine, published models, and embedders without weights
    """
    own = [_registered_info(name) for name in registered_embedders()]
    # A name keeps its first place and gets its last value: the published entry says more about a
    # model that was used, and a registered embedder replaces a model of the same name.
    projected = [_projected_info(entry) for entry in registered_models() if _is_projected(entry)]
    by_name = {info.name: info for info in (*own, *projected, *_of_any_process(), *own)}
    return list(by_name.values())


def is_at_hand(name: str) -> bool:
    """Returns whether an embedder needs no download; False also if that is unknown."""
    if is_registered(name):
        return True
    name = absolute_name(name)
    if is_loaded(name):
        return True
    projected = projected_entry(name)
    if projected is not None:
        return is_at_hand(projected.base)
    known = {info.name: info for info in _of_any_process()}
    if name in known:
        return known[name].is_cached
    if zoo_entry(name) is not None:
        # False for models that other packages download.
        return bool(foz.is_zoo_model_downloaded(name))
    folder = Path(name.removeprefix("local-dir:")).expanduser()
    checkpoint = Path(name.removeprefix("timm/").partition("/")[2]).expanduser()
    if checkpoint.is_file() or any((folder / file).is_file() for file in _WEIGHTS):
        return True
    # timm publishes each model in a repository of the same name.
    is_repository = name.startswith(("timm/", "hf-hub:"))
    return is_repository and _is_cached(name.removeprefix("hf-hub:"))


def _of_any_process() -> list[ModelInfo]:
    """Lists the models that every process of this machine finds, but for projected ones.

    Later entries take precedence.
    """
    local = [_local_info(entry) for entry in registered_models() if not _is_projected(entry)]
    published = [_published_info(*row) for row in _PUBLISHED]
    plain = [ModelInfo(name, _CLASSICAL_DIMS[name], False, 0, True, "Apache-2.0")
             for name in OFFLINE]  # fmt: skip
    return [*local, *published, *plain]


def _registered_info(name: str) -> ModelInfo:
    embedder = make_registered(name)
    return ModelInfo(name, embedder.dim, embedder.supports_text, 0, True, None)


def _is_projected(entry: dict[str, Any]) -> bool:
    return entry_of(entry["default_deployment_config_dict"]) is not None


def _projected_info(entry: dict[str, Any]) -> ModelInfo:
    base = entry["default_deployment_config_dict"]["config"]["base"]
    return ModelInfo(
        entry["base_name"], entry["dim"], entry["supports_text"], 0, is_at_hand(base), None
    )


def _local_info(entry: dict[str, Any]) -> ModelInfo:
    config = entry["default_deployment_config_dict"]["config"]
    source, weights = str(config["clip_model"]), str(config.get("pretrained"))
    path = source.removeprefix("local-dir:") if source.startswith("local-dir:") else weights
    is_local = os.path.isabs(path)
    is_cached = os.path.exists(path) if is_local else _is_cached(entry.get("repository") or "")
    size = 0 if is_local else None
    return ModelInfo(entry["base_name"], entry.get("dim"), True, size, is_cached, None)


def _published_info(
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
        # The name is not valid for a repository.
        return False
