"""Vectors that are not finite are failures of their images, whatever the embedder."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from support.colors import MeanColor, color_vector
from torchvision import transforms as T

from fiftyone_faiss.brain.models.zoo import ZooEmbedder
from fiftyone_faiss.embedders import (
    Embedder,
    EmbedderError,
    ImageSource,
    Vectors,
    embed_sources,
    embedder_of,
    unit,
)
from fiftyone_faiss.embedders.torch_net import TorchEmbedder

N = 12
# The red of the images whose vectors have these values.
BAD = {3: np.nan, 5: np.inf, 6: -np.inf, 11: np.nan}
REASON = "the model '{}' returned numbers that are not finite"


def sources_in(folder: Path) -> list[ImageSource]:
    """Images of one color each, with their position in red."""
    paths = [folder / f"{i:02}.png" for i in range(N)]
    for i, path in enumerate(paths):
        Image.new("RGB", (16, 16), (i, 255 - i, 10)).save(path)
    return [ImageSource(str(path)) for path in paths]


def features(images: Sequence[Any]) -> np.ndarray:
    """The mean colors of images; those of the bad ones have one value that is not finite."""
    means = np.array([np.asarray(image, np.float32).mean(axis=(0, 1)) for image in images])
    for row in means:
        row[0] = BAD.get(round(float(row[0])), row[0])
    return means


class Own(MeanColor):
    """An embedder that returns what it is given."""

    name = fingerprint = "own"

    def embed_images(self, images: Sequence[Image.Image]) -> Vectors:
        return features(images).astype(np.float32)


class OwnUnit(Own):
    """An embedder that scales its vectors."""

    def embed_images(self, images: Sequence[Image.Image]) -> Vectors:
        return unit(super().embed_images(images))


class Network(torch.nn.Module):
    """Divides by zero where the red channel is that of a bad image."""

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        levels = (pixels.flatten(2).mean(2) * 255).round()
        for position, value in BAD.items():
            levels[levels[:, 0] == position, 0] = value
        return levels


class Torch(TorchEmbedder):
    """A network of torch."""

    def __init__(self) -> None:
        transform = T.Compose([T.Resize(8), T.CenterCrop(8), T.ToTensor(),
                               T.Normalize((0.0,) * 3, (1.0,) * 3)])  # fmt: skip
        super().__init__("own", Network(), transform, "cpu", "float32")

    def _features(self, net: torch.nn.Module, pixels: torch.Tensor) -> torch.Tensor:
        return net(pixels)


def _zoo() -> Embedder:
    import fiftyone.core.models as fom

    class ZooModel(fom.Model, fom.EmbeddingsMixin):
        media_type, ragged_batches, has_embeddings = "image", False, True

        def embed_all(self, args: Any) -> np.ndarray:
            return features(args)

    return ZooEmbedder(ZooModel(), "own")


EMBEDDERS: dict[str, Callable[[], Embedder]] = {
    "own": Own,
    "own, scaled": OwnUnit,
    "function": lambda: embedder_of(features, "own"),
    "torch": Torch,
    "zoo": _zoo,
}


@pytest.mark.parametrize("batch_size", [1, 4, 32])
@pytest.mark.parametrize("name", EMBEDDERS)
def test_images_without_a_finite_vector_are_failures(
    tmp_path: Path, name: str, batch_size: int
) -> None:
    embedder = EMBEDDERS[name]()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        batches = list(embed_sources(embedder, sources_in(tmp_path), batch_size))
    vectors = unit(np.concatenate([batch.vectors for batch in batches]))
    positions = [i for batch in batches for i in batch.positions.tolist()]
    assert positions == [i for i in range(N) if i not in BAD]
    expected = [color_vector(i, 255 - i, 10) for i in positions]
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    failures = [(f.position, f.reason) for batch in batches for f in batch.failures]
    assert failures == [(i, REASON.format("own")) for i in BAD]


def test_failures_of_files_and_of_vectors_are_in_order(tmp_path: Path) -> None:
    sources = sources_in(tmp_path)
    Path(sources[4].path).unlink()
    (batch,) = embed_sources(Own(), sources)
    assert [failure.position for failure in batch.failures] == [3, 4, 5, 6, 11]
    assert batch.failures[1].reason == "the file is missing"


@pytest.mark.parametrize("name", EMBEDDERS)
def test_a_query_without_a_finite_vector_is_refused(name: str) -> None:
    embedder = EMBEDDERS[name]()
    image = Image.new("RGB", (16, 16), (5, 250, 10))
    with pytest.raises(EmbedderError) as caught:
        embedder.embed_image(image)
    assert str(caught.value) == f"The image cannot be embedded: {REASON.format('own')}."


def test_zero_vectors_stay_zero_and_large_ones_are_scaled() -> None:
    rows = np.array([[0, 0], [3e30, 4e30], [np.nan, 1], [np.inf, 1], [3, 4]], np.float32)
    scaled = unit(rows)
    np.testing.assert_allclose(scaled[[0, 1, 4]], [[0, 0], [0.6, 0.8], [0.6, 0.8]], atol=1e-6)
    assert np.isnan(scaled[2:4]).all()


def test_a_large_row_does_not_change_the_bytes_of_others(rng: np.random.Generator) -> None:
    rows = rng.normal(size=(50, 64)).astype(np.float32)
    with_large = np.concatenate([rows, np.full((1, 64), 1e30, np.float32)])
    np.testing.assert_array_equal(unit(with_large)[:50], unit(rows))
