"""Projected models: registered by name, found by any process, and refused if they do not fit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest import mock

import fiftyone as fo
import fiftyone.zoo as foz
import numpy as np
import pytest
from PIL import Image
from support.broken import noise

from fiftyone_faiss.brain.models import loading
from fiftyone_faiss.brain.models.catalog import is_at_hand, list_models
from fiftyone_faiss.brain.models.loading import find_model, get_embedder, get_index_embedder
from fiftyone_faiss.brain.models.projections import WEIGHTS_FILE, projected_entry, save_projection
from fiftyone_faiss.brain.models.zoo import model_folder
from fiftyone_faiss.demo import MODEL_NAME
from fiftyone_faiss.embedders import EmbedderError, Projection, register_embedder, registry


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Gives each test its own zoo, registry and loaded models."""
    monkeypatch.setattr(fo.config, "model_zoo_dir", str(tmp_path / "zoo"))
    monkeypatch.setattr(registry, "_registered", {})
    monkeypatch.setattr(loading, "_objects", {})
    with mock.patch.dict(loading._loaded, clear=True):
        yield


def projection_of(dim: int, rank: int = 3, seed: int = 0) -> Projection:
    left, right = 0.3 * np.random.default_rng(seed).normal(size=(2, dim, rank)) / dim**0.5
    return Projection(left.astype(np.float32), right.astype(np.float32))


def test_images_are_projected() -> None:
    projection, base = projection_of(192), get_embedder("colorhist")
    name = save_projection("colorhist", base, projection)
    loading._loaded.clear()
    embedder = get_embedder(name)
    assert (embedder.name, embedder.dim, embedder.supports_text) == (name, 192, False)
    vector = base.embed_image(noise(40, 30)).astype(np.float64)
    expected = vector + projection.left.astype(np.float64) @ (projection.right.T @ vector)
    expected /= np.linalg.norm(expected)
    assert embedder.embed_image(noise(40, 30)) == pytest.approx(expected, abs=1e-6)
    assert projection.matrix @ vector == pytest.approx(
        vector + projection.left @ (projection.right.T @ vector), abs=1e-5
    )
    with pytest.raises(EmbedderError, match="embeds images only"):
        embedder.embed_texts(["a car"])
    assert embedder.fingerprint != base.fingerprint
    assert (embedder.batch_size(), embedder.precision) == (base.batch_size(), base.precision)


def test_texts_are_projected_and_half_of_a_projection_is_between(book: fo.Dataset) -> None:
    from fiftyone_faiss.brain import register_zoo_model
    from fiftyone_faiss.demo import MODEL_DIR
    from fiftyone_faiss.embedders.open_clip import OpenClipSpec

    register_zoo_model(MODEL_NAME, OpenClipSpec.parse(str(MODEL_DIR)))
    base, projection = get_embedder(MODEL_NAME, "float32"), projection_of(160)
    name = save_projection(MODEL_NAME, base, projection)
    embedder = get_embedder(name, "float32")
    text = base.embed_texts(["a red car"])
    assert embedder.embed_texts(["a red car"]) == pytest.approx(projection.apply(text))
    assert embedder.text_warning("ein") == base.text_warning("ein")
    half = projection.scaled(0.5)
    assert half.matrix == pytest.approx((projection.matrix + np.eye(160)) / 2, abs=1e-6)
    assert projection.scaled(0).apply(text) == pytest.approx(text, abs=1e-6)
    model = foz.load_zoo_model(name)
    assert model.can_embed_prompts and name in foz.list_zoo_models()
    wrapped = find_model(name, None, "key", "float32")
    assert wrapped is not None and wrapped.embedder is embedder
    assert projection.fingerprint != half.fingerprint


def test_models_are_listed_with_their_base() -> None:
    name = save_projection("colorhist", get_embedder("colorhist"), projection_of(192))
    (info,) = [info for info in list_models() if info.name == name]
    assert (info.dim, info.supports_text, info.is_cached, info.download_bytes) == (
        192, False, True, 0,
    )  # fmt: skip
    loading._loaded.clear()
    assert is_at_hand(name)
    second = save_projection(name, get_embedder(name), projection_of(192, seed=1))
    assert second.startswith(f"{name}+projection-")
    expected = projection_of(192, seed=1).apply(get_embedder(name).embed_image(noise(9, 9))[None])
    assert get_embedder(second).embed_image(noise(9, 9)) == pytest.approx(expected[0])
    assert {second, name} <= {info.name for info in list_models()}


def test_other_weights_have_another_name() -> None:
    base = get_embedder("colorhist")
    names = [save_projection("colorhist", base, projection_of(192, seed=n)) for n in (0, 1, 0)]
    assert names[0] == names[2] != names[1]
    entry = projected_entry(names[1])
    assert entry is not None and (entry.base, entry.name) == ("colorhist", names[1])


@pytest.mark.parametrize("harm", ["cut", "other", "missing"])
def test_damaged_weights_are_refused(harm: str) -> None:
    base = get_embedder("colorhist")
    name = save_projection("colorhist", base, projection_of(192))
    path = model_folder(name) / WEIGHTS_FILE
    if harm == "cut":
        path.write_bytes(path.read_bytes()[:200])
    elif harm == "other":
        other = save_projection("colorhist", base, projection_of(192, seed=1))
        path.write_bytes((model_folder(other) / WEIGHTS_FILE).read_bytes())
    else:
        path.unlink()
    with pytest.raises(EmbedderError, match=r"The weights of 'colorhist\+projection-.*learn_proj"):
        get_embedder(name)


def test_other_weights_of_the_base_are_refused() -> None:
    name = save_projection("colorhist", get_embedder("colorhist"), projection_of(192))
    manifest = model_folder(name) / "manifest.json"
    stored = json.loads(manifest.read_text())
    stored["models"][0]["default_deployment_config_dict"]["config"]["base_fingerprint"] = "0"
    manifest.write_text(json.dumps(stored))
    with pytest.raises(EmbedderError, match="learned with other weights of 'colorhist'"):
        get_embedder(name)


def test_a_projection_of_another_machine_says_what_to_copy() -> None:
    name = "colorhist+projection-0123456789ab"
    with pytest.raises(EmbedderError, match="is not on this machine; copy the folder") as error:
        get_index_embedder("key", name)
    assert str(model_folder(name)) in str(error.value)
    assert not is_at_hand(name)


def brightness(images: Sequence[Image.Image]) -> np.ndarray:
    """Returns the mean and the deviation of each image."""
    arrays = [np.asarray(image, np.float32) for image in images]
    return np.array([[array.mean(), array.std() + 1, 1] for array in arrays])


def test_an_own_embedder_must_be_registered_again() -> None:
    register_embedder("brightness", brightness)
    name = save_projection("brightness", get_embedder("brightness"), projection_of(3, rank=1))
    assert get_embedder(name).embed_image(noise(8, 8)).shape == (3,)
    registry._registered.clear()
    loading._loaded.clear()
    sentence = "projects the vectors of the embedder 'brightness', which is not registered"
    with pytest.raises(EmbedderError, match=sentence):
        get_index_embedder("key", name)
