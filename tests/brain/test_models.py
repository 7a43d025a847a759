"""Embedders by name, as objects and in a list, and what is said when there is none."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fiftyone as fo
import fiftyone.core.models as fom
import fiftyone.zoo as foz
import huggingface_hub.constants
import numpy as np
import open_clip
import pytest
import timm
import torch
from PIL import Image
from support.broken import noise
from support.colors import MeanColor, color_vector

import fiftyone_faiss
from fiftyone_faiss.brain import models, zoo
from fiftyone_faiss.brain.models import (
    ModelInfo,
    get_embedder,
    is_at_hand,
    list_models,
    stored_name,
)
from fiftyone_faiss.brain.zoo import EmbedderModel, register_zoo_model
from fiftyone_faiss.demo import MODEL_DIR, MODEL_NAME
from fiftyone_faiss.embedders import OFFLINE, Embedder, EmbedderError, registry
from fiftyone_faiss.embedders.open_clip import OpenClipSpec

PUBLISHED = [row[0] for row in models._PUBLISHED]
CLIP = "ViT-B-32/laion2b_s34b_b79k"
DINO = "timm/vit_small_patch16_dinov3.lvd1689m"
RED = Image.new("RGB", (20, 10), (255, 0, 0))


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Each test has a registry, loaded models and a cache of weights of its own."""
    monkeypatch.setattr(registry, "_registered", {})
    monkeypatch.setattr(models, "_loaded", {})
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    yield


def info_of(name: str) -> ModelInfo:
    (info,) = [one for one in list_models() if one.name == name]
    return info


def mean_color(images: Sequence[Image.Image]) -> np.ndarray:
    """The mean colour of each image."""
    return np.array([np.asarray(image).mean(axis=(0, 1)) for image in images])


# -- the list ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "dim"), [("colorhist", 192), ("hog", 1764), ("phash", 64)])
def test_embedders_without_weights_are_listed_as_they_are(name: str, dim: int) -> None:
    assert info_of(name) == ModelInfo(name, dim, False, 0, True, "Apache-2.0")
    embedder = get_embedder(name)
    assert (embedder.name, embedder.supports_text) == (name, False)
    assert embedder.embed_image(noise(50, 40)).shape == (dim,)


def test_a_model_of_this_machine_is_listed_as_it_is(book) -> None:
    assert info_of(MODEL_NAME) == ModelInfo(MODEL_NAME, 160, True, 0, True, None)
    embedder = get_embedder(MODEL_NAME)
    assert (embedder.dim, embedder.supports_text) == (160, True)
    assert embedder.embed_texts(["a car"]).shape == (1, 160)


def test_a_model_whose_files_are_gone_is_not_called_cached(
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


def test_published_models_are_described_as_openclip_and_timm_describe_them() -> None:
    for name, dim, supports_text, megabytes, license, repository in models._PUBLISHED:
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


def test_weights_that_were_fetched_are_called_cached() -> None:
    put_into_cache("laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "open_clip_pytorch_model.bin")
    put_into_cache("timm/vit_small_patch16_dinov3.lvd1689m", "model.safetensors")
    # A card describes a model, and is none.
    put_into_cache("timm/resnet50.a1_in1k", "README.md")
    cached = [info.name for info in list_models() if info.name in PUBLISHED and info.is_cached]
    assert cached == [CLIP, DINO]


def test_ones_own_come_first_and_each_name_once(book) -> None:
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


def test_what_needs_no_download_is_at_hand(book, tmp_path: Path) -> None:
    checkpoint = tmp_path / "weights.pt"
    checkpoint.touch()
    fiftyone_faiss.register_embedder("my-colors", MeanColor)
    here = ["my-colors", "phash", MODEL_NAME, str(MODEL_DIR), f"local-dir:{MODEL_DIR}"]
    here += [f"ViT-B-16/{checkpoint}", f"timm/resnet18/{checkpoint}"]
    assert [name for name in here if not is_at_hand(name)] == []


def test_what_would_be_downloaded_or_is_nowhere_is_not_at_hand(tmp_path: Path) -> None:
    names = [*PUBLISHED, "resnet50-imagenet-torch", "clip-vit-base32-torch", "open-clip-torch"]
    names += ["timm/resnet34", "hf-hub:someone/model", f"ViT-B-16/{tmp_path}/none.pt"]
    names += [f"timm/resnet18/{tmp_path}/none.pt", str(tmp_path), "no-such-model"]
    assert [name for name in names if is_at_hand(name)] == []


def test_what_was_downloaded_is_at_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    put_into_cache("laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "open_clip_model.safetensors")
    put_into_cache("timm/resnet34.a1_in1k", "model.safetensors")
    put_into_cache("someone/model", "open_clip_pytorch_model.bin")
    monkeypatch.setattr(fo.config, "model_zoo_dir", str(tmp_path / "zoo"))
    path = tmp_path / "zoo" / foz.get_zoo_model("resnet50-imagenet-torch").filename
    path.parent.mkdir()
    path.touch()
    names = (CLIP, "timm/resnet34.a1_in1k", "hf-hub:someone/model", "resnet50-imagenet-torch")
    assert [is_at_hand(name) for name in names] == [True] * 4


def test_weights_of_a_model_that_was_used_are_found_again(
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


def test_what_was_loaded_is_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "_loaded", {("timm/resnet34", "auto"): MeanColor()})
    assert is_at_hand("timm/resnet34") and not is_at_hand("timm/resnet18")


# -- objects -----------------------------------------------------------------------------------


class Thirds(fom.Model, fom.EmbeddingsMixin):
    """A model of FiftyOne's: the mean of each third of an image, from left to right.

    Args:
        is_ragged: whether it embeds images one by one only
    """

    def __init__(self, is_ragged: bool = False) -> None:
        self.is_ragged = is_ragged

    @property
    def media_type(self) -> str:
        return "image"

    @property
    def ragged_batches(self) -> bool:
        return self.is_ragged

    @property
    def has_embeddings(self) -> bool:
        return True

    def embed(self, arg: np.ndarray) -> np.ndarray:
        return np.array([third.mean() for third in np.array_split(arg, 3, axis=1)])

    def embed_all(self, args: Sequence[np.ndarray]) -> np.ndarray:
        assert not self.is_ragged
        return np.stack([self.embed(arg) for arg in args])


@pytest.mark.parametrize("is_ragged", [False, True])
def test_a_fiftyone_model_embeds_as_it_does_at_unit_length(is_ragged: bool) -> None:
    model = Thirds(is_ragged)
    embedder = get_embedder(model)
    assert (embedder.name, embedder.dim, embedder.supports_text) == ("Thirds", 3, False)
    images = [noise(30, 20), Image.linear_gradient("L").rotate(90).convert("RGB"), RED]
    expected = np.array([model.embed(np.asarray(image)) for image in images])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    vectors = embedder.embed_images([embedder.preprocess(image) for image in images])
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    with pytest.raises(EmbedderError, match="'Thirds' embeds images only"):
        embedder.embed_texts(["a dog"])


def test_fiftyone_models_that_embed_otherwise_have_other_fingerprints() -> None:
    class Reversed(Thirds):
        def embed(self, arg: np.ndarray) -> np.ndarray:
            return super().embed(arg)[::-1] * [1, 2, 3]

    prints = [get_embedder(model).fingerprint for model in (Thirds(), Thirds(), Reversed())]
    assert prints[0] == prints[1] != prints[2]


def test_a_fiftyone_model_without_embeddings_is_refused() -> None:
    class Mute(Thirds):
        @property
        def has_embeddings(self) -> bool:
            return False

    with pytest.raises(EmbedderError, match="The model 'Mute' gives no embeddings; choose one"):
        get_embedder(Mute())


def test_an_embedder_a_class_and_a_function_are_taken_as_they_are() -> None:
    embedder = MeanColor()
    assert get_embedder(embedder) is embedder
    assert get_embedder(EmbedderModel(embedder)) is embedder
    for model in (MeanColor, mean_color):
        np.testing.assert_allclose(
            get_embedder(model).embed_image(RED), color_vector(255, 0, 0), atol=1e-6
        )


def test_a_model_is_loaded_once_for_each_precision(book) -> None:
    embedder = get_embedder(MODEL_NAME)
    assert get_embedder(MODEL_NAME) is embedder
    half = get_embedder(MODEL_NAME, precision="bfloat16")
    assert (half.precision, half.fingerprint) == ("bfloat16", embedder.fingerprint)
    assert get_embedder(MODEL_NAME, precision="bfloat16") is half is not embedder
    with pytest.raises(ValueError, match=r"precision must be one of .* got 'int8'"):
        get_embedder(MODEL_NAME, precision="int8")


def test_a_model_of_a_relative_path_is_the_same_from_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fo.config, "model_zoo_dir", str(tmp_path / "zoo"))
    folder = shutil.copytree(MODEL_DIR, tmp_path / "here" / "clip")
    (tmp_path / "there" / "clip").mkdir(parents=True)
    (tmp_path / "there" / "clip" / "open_clip_config.json").write_text("{}")
    monkeypatch.chdir(tmp_path / "here")
    embedder = get_embedder("clip")
    assert embedder.name == stored_name("clip") == stored_name(embedder) == str(folder)
    for name in ("./clip", "../here/clip", "local-dir:clip", str(folder)):
        assert get_embedder(name) is embedder
    assert [entry["base_name"] for entry in zoo.registered_models()] == [str(folder)]
    monkeypatch.chdir(tmp_path / "there")
    assert get_embedder(str(folder)) is embedder
    assert stored_name("clip") == str(tmp_path / "there" / "clip")
    # As it is after a restart.
    monkeypatch.setattr(models, "_loaded", {})
    assert get_embedder(str(folder)).fingerprint == embedder.fingerprint


def test_a_checkpoint_of_a_relative_path_has_an_absolute_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("weights.pt", "weights/a", "openai", "resnet18.a1_in1k"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert stored_name("ViT-B-32/weights.pt") == f"ViT-B-32/{tmp_path}/weights.pt"
    assert stored_name("timm/resnet18/weights/a") == f"timm/resnet18/{tmp_path}/weights/a"
    # What is published comes first.
    assert stored_name("ViT-B-32/openai") == "ViT-B-32/openai"
    assert stored_name("timm/resnet18.a1_in1k") == "timm/resnet18.a1_in1k"


def test_a_model_that_is_being_loaded_keeps_no_other_waiting(monkeypatch) -> None:
    arrived, go = threading.Event(), threading.Event()
    load, loaded = models._load, []

    def slowly(name: str, precision: str) -> Embedder:
        loaded.append(name)
        if name == "hog":
            arrived.set()
            assert go.wait(60)
        return load(name, precision)

    monkeypatch.setattr(models, "_load", slowly)
    first = get_embedder("phash")
    with ThreadPoolExecutor(3) as pool:
        slow = [pool.submit(get_embedder, "hog") for _ in range(2)]
        try:
            assert arrived.wait(60)
            assert pool.submit(get_embedder, "phash").result(60) is first
            assert pool.submit(get_embedder, "colorhist").result(60).name == "colorhist"
        finally:
            go.set()
        assert slow[0].result(60) is slow[1].result(60)
    # Whoever asks for the same waits, and it is loaded once.
    assert loaded == ["phash", "hog", "colorhist"]


def test_what_a_later_process_finds_by_name_is_stored_by_it(book) -> None:
    instance = MeanColor()
    assert stored_name(instance) is None
    fiftyone_faiss.register_embedder("my-colors", instance)
    assert stored_name(instance) == "my-colors"
    # Another of the same name is not what would be found.
    other = MeanColor()
    other.name = "my-colors"
    assert [stored_name(model) for model in (other, MeanColor, mean_color, Thirds())] == [None] * 4
    for name in (MODEL_NAME, "colorhist"):
        assert stored_name(name) == stored_name(get_embedder(name)) == name
    assert stored_name(EmbedderModel(get_embedder(MODEL_NAME))) == MODEL_NAME
    assert stored_name(get_embedder(MODEL_NAME, precision="float32")) == MODEL_NAME


# -- what cannot be had ------------------------------------------------------------------------


def test_a_name_that_is_none_lists_what_could_be_meant() -> None:
    with pytest.raises(EmbedderError) as caught:
        get_embedder("no-such-model")
    assert str(caught.value) == (
        "There is no model 'no-such-model'. Use '<architecture>/<weights>', for example "
        "'ViT-B-32/laion2b_s34b_b79k', a folder with an open_clip_config.json, or "
        "'hf-hub:<repository>'; for your own model, call register_embedder() first."
    )


@pytest.mark.parametrize(
    ("name", "tried", "elsewhere"),
    [
        (CLIP, "laion/CLIP-ViT-B-32-laion2B", "use 'ViT-B-32/<path of the checkpoint>'"),
        ("hf-hub:someone/model", "someone/model", "use '<architecture>/<path of the checkpoint>'"),
        (DINO, "", f"use '{DINO}/<path of the file>'"),
    ],
)
def test_weights_that_cannot_be_fetched_say_what_to_do(name, tried, elsewhere) -> None:
    with pytest.raises(EmbedderError) as caught:
        get_embedder(name)
    begin, _, end = str(caught.value).partition("). Check the connection; ")
    assert begin.startswith(f"The weights of '{name}' could not be loaded (")
    assert tried in begin and len(begin) < 400
    assert end == (
        f"or download them on another machine and {elsewhere}; or use an embedder that works "
        "offline: colorhist, hog, phash, or one that list_models() shows as cached."
    )
    assert "\n" not in begin
    # A name that did not work is not handed on to other processes.
    assert name not in foz.list_zoo_models()


def test_fiftyones_own_openclip_model_is_the_one_that_its_loader_takes() -> None:
    with pytest.raises(EmbedderError) as caught:
        get_embedder("open-clip-torch")
    assert "The weights of 'open-clip-torch' could not be loaded (" in str(caught.value)
    assert "use 'ViT-B-32/<path of the checkpoint>'" in str(caught.value)


def test_a_model_of_fiftyones_zoo_that_cannot_be_fetched_says_what_to_do(monkeypatch) -> None:
    def refuse(name: str) -> None:
        raise ConnectionError("no route to host")

    monkeypatch.setattr(foz, "load_zoo_model", refuse)
    with pytest.raises(EmbedderError, match=r"could not be loaded \(no route to host\)\. Check"):
        get_embedder("resnet50-imagenet-torch")
