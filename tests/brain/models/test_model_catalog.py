"""The catalog of embedders, and which of them need no download."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest import mock

import fiftyone as fo
import fiftyone.zoo as foz
import huggingface_hub.constants
import numpy as np
import open_clip
import pytest
import timm
import torch
from PIL import Image
from support.broken import noise
from support.colors import MeanColor

import fiftyone_faiss
from fiftyone_faiss.brain.models import catalog, loading, zoo
from fiftyone_faiss.brain.models.catalog import ModelInfo, is_at_hand, list_models
from fiftyone_faiss.brain.models.loading import get_embedder
from fiftyone_faiss.brain.models.zoo import register_zoo_model
from fiftyone_faiss.demo import MODEL_DIR, MODEL_NAME
from fiftyone_faiss.embedders import OFFLINE, registry
from fiftyone_faiss.embedders.open_clip import OpenClipSpec

PUBLISHED = [row[0] for row in catalog._PUBLISHED]
CLIP = "ViT-B-32/laion2b_s34b_b79k"
DINO = "timm/vit_small_patch16_dinov3.lvd1689m"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Gives each test its own registry, loaded models and cache of weights."""
    monkeypatch.setattr(registry, "_registered", {})
    monkeypatch.setattr(loading, "_objects", {})
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    with mock.patch.dict(loading._loaded, clear=True):
        yield


def info_of(name: str) -> ModelInfo:
    (info,) = [model for model in list_models() if model.name == name]
    return info


def mean_color(images: Sequence[Image.Image]) -> np.ndarray:
    """Returns the mean color of each image."""
    return np.array([np.asarray(image).mean(axis=(0, 1)) for image in images])


@pytest.mark.parametrize(
    ("name", "dim"), [("colorhist", 192), ("hog", 1764), ("phash", 64), ("sift", 4096)]
)
def test_embedders_without_weights_are_listed(name: str, dim: int) -> None:
    assert info_of(name) == ModelInfo(name, dim, False, 0, True, "Apache-2.0")
    embedder = get_embedder(name)
    assert (embedder.name, embedder.supports_text) == (name, False)
    assert embedder.embed_image(noise(50, 40)).shape == (dim,)


def test_a_local_model_is_listed(book) -> None:
    assert info_of(MODEL_NAME) == ModelInfo(MODEL_NAME, 160, True, 0, True, None)
    embedder = get_embedder(MODEL_NAME)
    assert (embedder.dim, embedder.supports_text) == (160, True)
    assert embedder.embed_texts(["a car"]).shape == (1, 160)


def test_a_model_without_its_files_is_not_cached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Elsewhere, for it should not be offered to other tests.
    monkeypatch.setattr(fo.config, "model_zoo_dir", str(tmp_path / "zoo"))
    folder = shutil.copytree(MODEL_DIR, tmp_path / "model")
    checkpoint = tmp_path / "weights.pt"
    checkpoint.touch()
    for name, place in (("moved folder", folder), ("moved file", f"ViT-B-16/{checkpoint}")):
        register_zoo_model(name, OpenClipSpec.parse(str(place)))
    assert info_of("moved folder") == ModelInfo("moved folder", 160, True, 0, True, None)
    assert info_of("moved file") == ModelInfo("moved file", 512, True, 0, True, None)
    shutil.rmtree(folder)
    checkpoint.unlink()
    assert not info_of("moved folder").is_cached
    assert not info_of("moved file").is_cached


def test_published_models_match_openclip_and_timm() -> None:
    for name, dim, supports_text, megabytes, license, repository in catalog._PUBLISHED:
        assert info_of(name) == ModelInfo(
            name, dim, supports_text, megabytes * 10**6, False, license
        )
        architecture, _, tag = name.removeprefix("timm/").partition("/")
        with torch.device("meta"):
            if name.startswith("timm/"):
                config = timm.get_pretrained_cfg(architecture)
                assert license.lower().replace(" ", "-") == config.license
                source, net = config.hf_hub_id, timm.create_model(architecture)
                assert dim == net.num_features
            else:
                source = open_clip.get_pretrained_cfg(architecture, tag)["hf_hub"].rstrip("/")
                net = open_clip.create_model(architecture, device="meta")
                assert dim == open_clip.get_model_config(architecture)["embed_dim"]
        assert (source, supports_text) == (repository, hasattr(net, "encode_text"))
        size = 4e-6 * sum(parameter.numel() for parameter in net.parameters())
        assert megabytes == pytest.approx(size, abs=1)


def put_into_cache(repository: str, file: str) -> None:
    """Leaves a file where a download of it would."""
    folder = Path(
        huggingface_hub.constants.HF_HUB_CACHE, f"models--{repository}".replace("/", "--")
    )
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("a1b2c3")
    (folder / "snapshots" / "a1b2c3").mkdir(parents=True)
    (folder / "snapshots" / "a1b2c3" / file).touch()


def test_downloaded_weights_are_cached() -> None:
    put_into_cache("laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "open_clip_pytorch_model.bin")
    put_into_cache("timm/vit_small_patch16_dinov3.lvd1689m", "model.safetensors")
    # A card describes a model, and is none.
    put_into_cache("timm/resnet50.a1_in1k", "README.md")
    cached = [info.name for info in list_models() if info.name in PUBLISHED and info.is_cached]
    assert cached == [CLIP, DINO]


def test_registered_embedders_come_first(book) -> None:
    fiftyone_faiss.register_embedder("my-colors", MeanColor)
    fiftyone_faiss.register_embedder("phash", mean_color)
    register_zoo_model(CLIP, OpenClipSpec.parse(CLIP))
    try:
        listed = list_models()
    finally:
        shutil.rmtree(_manifest_of(CLIP))
    assert listed[:2] == [
        ModelInfo("my-colors", 3, False, 0, True, None),
        # What is found by this name.
        ModelInfo("phash", 3, False, 0, True, None),
    ]
    names = [info.name for info in listed]
    assert len(names) == len(set(names))
    assert set(names) >= {MODEL_NAME, *PUBLISHED, *OFFLINE}
    # Those that were used, those that are published, those without weights.
    places = [names.index(name) for name in (MODEL_NAME, PUBLISHED[1], "colorhist", "hog")]
    assert places == sorted(places)
    assert names.index(CLIP) < names.index(PUBLISHED[1])
    assert listed[names.index(CLIP)] == ModelInfo(CLIP, 512, True, 605 * 10**6, False, "MIT")


def _manifest_of(name: str) -> Path:
    """The folder that enters a model into FiftyOne's zoo."""
    (path,) = [
        path
        for path in zoo._manifest_dir().glob("*/manifest.json")
        if f'"base_name": "{name}"' in path.read_text()
    ]
    return path.parent


# -- what is here ------------------------------------------------------------------------------


def test_local_models_are_at_hand(book, tmp_path: Path) -> None:
    checkpoint = tmp_path / "weights.pt"
    checkpoint.touch()
    fiftyone_faiss.register_embedder("my-colors", MeanColor)
    here = ["my-colors", "phash", MODEL_NAME, str(MODEL_DIR), f"local-dir:{MODEL_DIR}"]
    here += [f"ViT-B-16/{checkpoint}", f"timm/resnet18/{checkpoint}"]
    assert [name for name in here if not is_at_hand(name)] == []


def test_models_that_need_a_download_are_not_at_hand(tmp_path: Path) -> None:
    names = [*PUBLISHED, "resnet50-imagenet-torch", "clip-vit-base32-torch", "open-clip-torch"]
    names += ["timm/resnet34", "hf-hub:someone/model", f"ViT-B-16/{tmp_path}/none.pt"]
    names += [f"timm/resnet18/{tmp_path}/none.pt", str(tmp_path), "no-such-model"]
    assert [name for name in names if is_at_hand(name)] == []


def test_downloaded_models_are_at_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    put_into_cache("laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "open_clip_model.safetensors")
    put_into_cache("timm/resnet34.a1_in1k", "model.safetensors")
    put_into_cache("someone/model", "open_clip_pytorch_model.bin")
    monkeypatch.setattr(fo.config, "model_zoo_dir", str(tmp_path / "zoo"))
    path = tmp_path / "zoo" / foz.get_zoo_model("resnet50-imagenet-torch").filename
    path.parent.mkdir()
    path.touch()
    names = (CLIP, "timm/resnet34.a1_in1k", "hf-hub:someone/model", "resnet50-imagenet-torch")
    assert [is_at_hand(name) for name in names] == [True] * 4


def test_cached_weights_of_used_models_are_at_hand(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fo.config, "model_zoo_dir", str(tmp_path / "zoo"))
    repositories = {"ViT-B-32/laion400m_e32": "timm/vit_base_patch32_clip_224.laion400m_e32",
                    "hf-hub:someone/model": "someone/model"}  # fmt: skip
    for name in repositories:
        register_zoo_model(name, OpenClipSpec.parse(name))
        assert not is_at_hand(name)
    for name, repository in repositories.items():
        put_into_cache(repository, "open_clip_model.safetensors")
        assert is_at_hand(name)
        assert (info_of(name).is_cached, info_of(name).download_bytes) == (True, None)


def test_models_in_memory_are_at_hand() -> None:
    loading._loaded["timm/resnet34", "auto"] = MeanColor()
    loading.remember_object(MeanColor())
    assert is_at_hand("timm/resnet34") and not is_at_hand("timm/resnet18")
    assert is_at_hand("mean-color")
