"""Embedders by name and as objects, and the errors for unknown ones."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

import fiftyone as fo
import fiftyone.core.models as fom
import fiftyone.zoo as foz
import huggingface_hub.constants
import numpy as np
import pytest
from PIL import Image
from support.broken import noise
from support.colors import MeanColor, color_vector

import fiftyone_faiss
from fiftyone_faiss.brain.models import loading, zoo
from fiftyone_faiss.brain.models.loading import (
    UnknownModelError,
    get_embedder,
    get_index_embedder,
    remember_object,
    stored_name,
)
from fiftyone_faiss.brain.models.zoo import EmbedderModel
from fiftyone_faiss.demo import MODEL_DIR, MODEL_NAME
from fiftyone_faiss.embedders import Embedder, EmbedderError, registry

CLIP = "ViT-B-32/laion2b_s34b_b79k"
DINO = "timm/vit_small_patch16_dinov3.lvd1689m"
RED = Image.new("RGB", (20, 10), (255, 0, 0))


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Gives each test its own registry, loaded models and cache of weights."""
    monkeypatch.setattr(registry, "_registered", {})
    monkeypatch.setattr(loading, "_objects", {})
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    with mock.patch.dict(loading._loaded, clear=True):
        yield


def mean_color(images: Sequence[Image.Image]) -> np.ndarray:
    """The mean color of each image."""
    return np.array([np.asarray(image).mean(axis=(0, 1)) for image in images])


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
def test_a_fiftyone_model_gives_unit_vectors(is_ragged: bool) -> None:
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


def test_different_fiftyone_models_have_different_fingerprints() -> None:
    class Reversed(Thirds):
        def embed(self, arg: np.ndarray) -> np.ndarray:
            return super().embed(arg)[::-1] * [1, 2, 3]

    fingerprints = [get_embedder(model).fingerprint for model in (Thirds(), Thirds(), Reversed())]
    assert fingerprints[0] == fingerprints[1] != fingerprints[2]


def test_a_fiftyone_model_without_embeddings_is_refused() -> None:
    class Mute(Thirds):
        @property
        def has_embeddings(self) -> bool:
            return False

    with pytest.raises(EmbedderError, match="The model 'Mute' provides no embeddings; choose one"):
        get_embedder(Mute())


def test_embedders_classes_and_functions_are_accepted() -> None:
    embedder = MeanColor()
    assert get_embedder(embedder) is embedder
    assert get_embedder(EmbedderModel(embedder)) is embedder
    for model in (MeanColor, mean_color):
        np.testing.assert_allclose(
            get_embedder(model).embed_image(RED), color_vector(255, 0, 0), atol=1e-6
        )


def test_a_model_is_loaded_once_for_each_precision(book) -> None:
    assert get_embedder(MODEL_NAME) is get_embedder(MODEL_NAME)
    exact, half = (get_embedder(MODEL_NAME, precision) for precision in ("float32", "bfloat16"))
    assert (exact.precision, half.precision) == ("float32", "bfloat16")
    assert exact.fingerprint == half.fingerprint
    assert get_embedder(MODEL_NAME, precision="bfloat16") is half is not exact
    with pytest.raises(ValueError, match=r"precision must be one of .* got 'int8'"):
        get_embedder(MODEL_NAME, precision="int8")


def test_auto_and_the_precision_it_stands_for_are_one_object(book) -> None:
    embedder = get_embedder(MODEL_NAME)
    assert embedder.precision in ("float32", "bfloat16", "float16")
    assert get_embedder(MODEL_NAME, precision=embedder.precision) is embedder
    # Embedders without a network have one precision.
    assert get_embedder("phash", precision="bfloat16") is get_embedder("phash")
    assert get_embedder("phash").precision == "float32"


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
    loading._loaded.clear()
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


def test_loading_a_model_does_not_block_other_models(monkeypatch) -> None:
    arrived, go = threading.Event(), threading.Event()
    load, loaded = loading._load, []

    def slowly(name: str, precision: str) -> Embedder:
        loaded.append(name)
        if name == "hog":
            arrived.set()
            assert go.wait(60)
        return load(name, precision)

    monkeypatch.setattr(loading, "_load", slowly)
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
    # A second request for the same model waits, and the model is loaded once.
    assert loaded == ["phash", "hog", "colorhist"]


def test_models_that_every_process_finds_are_stored_by_name(book) -> None:
    for name in (MODEL_NAME, "colorhist"):
        assert stored_name(name) == stored_name(get_embedder(name)) == name
    assert stored_name(EmbedderModel(get_embedder(MODEL_NAME))) == MODEL_NAME
    assert stored_name(get_embedder(MODEL_NAME, precision="float32")) == MODEL_NAME


def test_functions_and_fiftyone_models_have_no_name_to_store() -> None:
    assert [stored_name(model) for model in (mean_color, Thirds())] == [None, None]


def test_embedder_objects_are_stored_by_their_name(book) -> None:
    embedder = MeanColor()
    for model in (embedder, MeanColor, EmbedderModel(embedder)):
        assert stored_name(model) == "mean-color"
    fiftyone_faiss.register_embedder("my-colors", embedder)
    assert stored_name(embedder) == "my-colors"
    # The same vectors, so either object may be found by the name.
    other = MeanColor()
    other.name = "my-colors"
    assert stored_name(other) == "my-colors"


def test_an_object_is_found_by_its_name_once_it_is_remembered() -> None:
    embedder = MeanColor()
    with pytest.raises(UnknownModelError, match="There is no model 'mean-color'"):
        get_embedder("mean-color")
    remember_object(embedder)
    assert get_embedder("mean-color") is embedder
    # A registered embedder comes first.
    fiftyone_faiss.register_embedder("mean-color", Reversed)
    assert type(get_embedder("mean-color")) is Reversed


class Reversed(MeanColor):
    """An embedder with the name of another one, and other vectors."""

    fingerprint = "reversed"


@pytest.mark.parametrize("how", ["registered", "remembered", "built in", "in the zoo", "OpenCLIP"])
def test_an_object_with_the_name_of_another_model_is_refused(book, how: str) -> None:
    embedder = Reversed()
    if how == "registered":
        fiftyone_faiss.register_embedder("mean-color", MeanColor)
    elif how == "remembered":
        remember_object(MeanColor())
    else:
        names = {"built in": "phash", "in the zoo": MODEL_NAME, "OpenCLIP": "ViT-B-32/openai"}
        embedder.name = names[how]
    with pytest.raises(EmbedderError) as caught:
        stored_name(embedder)
    assert str(caught.value) == (
        f"The embedder object is named '{embedder.name}', which is the name of another model; give "
        "it a name of its own, or call register_embedder() to replace that model."
    )


def test_an_index_names_the_embedder_to_register() -> None:
    with pytest.raises(EmbedderError) as caught:
        get_index_embedder("clip", "my-model")
    assert str(caught.value) == (
        "The index 'clip' was built with the embedder 'my-model', which is not registered in this "
        "process; call register_embedder('my-model', ...) first."
    )
    fiftyone_faiss.register_embedder("my-model", MeanColor)
    assert get_index_embedder("clip", "my-model").name == "my-model"


def test_missing_files_of_a_model_are_not_taken_for_an_unregistered_one(tmp_path: Path) -> None:
    for name in (str(tmp_path / "moved"), "ViT-B-32/moved.pt"):
        with pytest.raises(EmbedderError, match=r"There is no model|has no weights"):
            get_index_embedder("clip", name)


# -- what cannot be had ------------------------------------------------------------------------


def test_an_unknown_name_explains_the_possible_names() -> None:
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
def test_weights_that_cannot_be_downloaded_raise_an_error(name, tried, elsewhere) -> None:
    with pytest.raises(EmbedderError) as caught:
        get_embedder(name)
    begin, _, end = str(caught.value).partition("). Check the connection; ")
    assert begin.startswith(f"The weights of '{name}' could not be loaded (")
    assert tried in begin and len(begin) < 400
    assert end == (
        f"or download them on another machine and {elsewhere}; or use an embedder that works "
        "offline: colorhist, hog, phash, sift, or one that list_models() shows as cached."
    )
    assert "\n" not in begin
    # A name that did not work is not handed on to other processes.
    assert name not in foz.list_zoo_models()


def test_the_openclip_model_of_the_zoo_uses_its_default_weights() -> None:
    with pytest.raises(EmbedderError) as caught:
        get_embedder("open-clip-torch")
    assert "The weights of 'open-clip-torch' could not be loaded (" in str(caught.value)
    assert "use 'ViT-B-32/<path of the checkpoint>'" in str(caught.value)


def test_a_zoo_model_that_cannot_be_downloaded_raises_an_error(monkeypatch) -> None:
    def refuse(name: str) -> None:
        raise ConnectionError("no route to host")

    monkeypatch.setattr(foz, "load_zoo_model", refuse)
    with pytest.raises(EmbedderError, match=r"could not be loaded \(no route to host\)\. Check"):
        get_embedder("resnet50-imagenet-torch")
