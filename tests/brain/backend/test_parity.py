"""A CLIP of full size has the vectors that FiftyOne's own loader and OpenCLIP give it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import fiftyone as fo
import fiftyone.core.models as fom
import fiftyone.zoo as foz
import numpy as np
import open_clip
import pytest
import torch
from PIL import Image

from fiftyone_faiss.brain.models import loading
from fiftyone_faiss.brain.models.loading import get_embedder
from fiftyone_faiss.brain.models.zoo import register_zoo_model
from fiftyone_faiss.embedders import (
    Embedder,
    ImageSource,
    Vectors,
    embed_sources,
    torch_net,
    unit,
)
from fiftyone_faiss.embedders.open_clip import OpenClipSpec

NAME = "a ViT-B-32"
TEXTS = ["a red car", "a dog with a ball", "Two old houses by the sea, painted in 1890!", ""]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with random weights of a ViT-B-32, known to FiftyOne's zoo while these tests run."""
    folder = tmp_path_factory.mktemp("parity")
    checkpoint = folder / "weights.pt"
    torch.manual_seed(51)
    torch.save(open_clip.create_model("ViT-B-32").state_dict(), checkpoint)
    # Private ones, so that neither the name nor 600 MB of weights outlive these tests.
    with pytest.MonkeyPatch.context() as patch, mock.patch.dict(loading._loaded, clear=True):
        patch.setattr(fo.config, "model_zoo_dir", str(folder / "zoo"))
        # A GPU would round otherwise.
        patch.setattr(torch_net, "default_device", lambda: "cpu")
        register_zoo_model(NAME, OpenClipSpec.parse(f"ViT-B-32/{checkpoint}"))
        yield folder
    checkpoint.unlink()
    gc.collect()


@pytest.fixture(scope="module")
def exact(folder: Path) -> Embedder:
    return get_embedder(NAME, precision="float32")


@pytest.fixture(scope="module")
def theirs(folder: Path) -> fom.Model:
    """FiftyOne's own model, on a processor: on a GPU it would embed in half precision."""
    return foz.load_zoo_model(NAME, device="cpu")


def random_image(seed: int, width: int, height: int) -> Image.Image:
    """Details of every size, each about as strong as the next, as in photographs."""
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width, 3))
    for cells in (3, 6, 12, 24, 48, 96, 192, 384, 768):
        grid = rng.integers(0, 256, (cells, cells, 3), np.uint8)
        layer = Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC)
        total += np.asarray(layer, float) - 127.5
    return Image.fromarray(np.clip(128 + 0.4 * total, 0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def photos(folder: Path) -> Iterator[fo.Dataset]:
    """A portrait, a landscape, a grayscale, a small one and a plain one, as PNG."""
    images = [
        random_image(1, 300, 420),
        random_image(2, 500, 310),
        random_image(3, 320, 240).convert("L"),
        random_image(4, 90, 60),
        Image.new("RGB", (256, 256), (30, 90, 200)),
    ]
    paths = [folder / f"{i}.png" for i in range(len(images))]
    for image, path in zip(images, paths, strict=True):
        image.save(path)
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(str(path)) for path in paths])
    yield dataset
    dataset.delete()


@pytest.fixture(scope="module")
def expected(photos: fo.Dataset, theirs: fom.Model) -> Vectors:
    """FiftyOne's embeddings of the photos at unit length."""
    vectors = photos.compute_embeddings(theirs, batch_size=3, num_workers=0, skip_failures=False)
    return unit(np.asarray(vectors, np.float32))


def embedded(embedder: Embedder, paths: list[str]) -> Vectors:
    batches = embed_sources(embedder, [ImageSource(path) for path in paths])
    return np.concatenate([batch.vectors for batch in batches])


def cosines(a: Vectors, b: Vectors) -> np.ndarray:
    return (a.astype(np.float64) * b).sum(axis=1)


def test_other_images_and_texts_are_far_enough_for_these_tests_to_tell(expected, theirs) -> None:
    texts = unit(theirs.embed_prompts(TEXTS))
    for vectors in (expected, texts):
        alike = (vectors @ vectors.T)[np.triu_indices(len(vectors), 1)]
        assert alike.max() < 0.98


def test_images_have_the_vectors_of_fiftyones_own_embeddings(exact, photos, expected) -> None:
    paths = photos.values("filepath")
    assert exact.precision == "float32"
    assert cosines(embedded(exact, paths), expected).min() > 0.99999


def test_an_image_in_memory_has_the_vector_of_fiftyones_model(exact, photos, theirs) -> None:
    image = Image.open(photos.first().filepath)
    vector = exact.embed_image(image)
    assert vector @ unit(theirs.embed(np.asarray(image))) > 0.99999


def test_images_have_openclips_own_vectors(exact, photos, folder) -> None:
    model, _, transform = open_clip.create_model_and_transforms(
        "ViT-B-32", pretrained=str(folder / "weights.pt")
    )
    paths = photos.values("filepath")
    with torch.inference_mode():
        pixels = torch.stack([transform(Image.open(path)) for path in paths])
        vectors = model.eval().encode_image(pixels).numpy()
    np.testing.assert_allclose(embedded(exact, paths), unit(vectors), atol=1e-5)


def test_texts_have_the_vectors_of_fiftyones_model(exact, theirs) -> None:
    vectors = exact.embed_texts(TEXTS)
    assert vectors.dtype == np.float32
    assert cosines(vectors, unit(theirs.embed_prompts(TEXTS))).min() > 0.99999


def test_half_precision_is_close_for_images_and_texts(exact, photos, expected) -> None:
    half = get_embedder(NAME, precision="bfloat16")
    assert half.precision == "bfloat16"
    vectors = embedded(half, photos.values("filepath"))
    assert 0.999 < cosines(vectors, expected).min() < 0.999999
    similar = cosines(half.embed_texts(TEXTS), exact.embed_texts(TEXTS))
    assert 0.999 < similar.min() < 0.999999
    assert half.fingerprint == exact.fingerprint


def test_large_jpegs_decoded_at_half_their_size_have_nearly_the_same_vectors(exact, folder) -> None:
    paths = [folder / f"{i}.jpg" for i in range(4)]
    for i, path in enumerate(paths):
        # The last is a portrait.
        size = (960, 1280) if i == 3 else (1280, 960)
        random_image(10 + i, *size).save(path, quality=90)
        assert max(ImageSource(str(path)).open(exact.image_size).size) == 640
    whole = [exact.preprocess(ImageSource(str(path)).open()) for path in paths]
    similar = cosines(embedded(exact, [str(path) for path in paths]), exact.embed_images(whole))
    assert 0.999 < similar.min() < 0.999999
