"""Embedders for worker processes: some record what they do there, some fail."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from fiftyone_faiss.embedders import EmbedderError, Vectors
from support.colors import MeanColor


class Traced(MeanColor):
    """Writes a line for every image into a file that is named after its process.

    Args:
        folder: where the files are
        limit (None): the number of images after which each process waits for the file ``go``
        go (None): that file
    """

    def __init__(self, folder: Path, limit: int | None = None, go: Path | None = None) -> None:
        super().__init__()
        self._folder = folder
        self._limit, self._go = limit, go
        self._seen = 0

    def embed_images(self, images: Sequence[Image.Image]) -> Vectors:
        with (self._folder / str(os.getpid())).open("a") as file:
            file.writelines("image\n" for _ in images)
        self._seen += len(images)
        if self._limit is not None and self._go is not None:
            while self._seen > self._limit and not self._go.exists():
                time.sleep(0.01)
        return super().embed_images(images)


def traces(folder: Path) -> dict[int, int]:
    """The number of images that each process embedded or was embedding when it ended."""
    return {int(path.name): path.read_text().count("\n") for path in folder.iterdir()}


class Deadly(MeanColor):
    """Kills its process when it embeds an image of one color."""

    def embed_images(self, images: Sequence[Image.Image]) -> Vectors:
        if any(image.getpixel((0, 0)) == (50, 205, 10) for image in images):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().embed_images(images)


class Unsteady(MeanColor):
    """Returns NaN for an image of one color."""

    def embed_images(self, images: Sequence[Image.Image]) -> Vectors:
        vectors = super().embed_images(images)
        vectors[[image.getpixel((0, 0)) == (25, 230, 10) for image in images]] = np.nan
        return vectors


class Faulty(MeanColor):
    """Raises an error as a broken model does."""

    def embed_images(self, images: Sequence[Image.Image]) -> Vectors:
        raise RuntimeError("the model has a fault")


def load_nothing() -> MeanColor:
    """Raises an error as for missing weights."""
    raise EmbedderError("The weights of 'x' could not be loaded.")


def write_worker_count(folder: Path) -> MeanColor:
    """Writes into a file how many workers a network of torch has in this process."""
    import torch
    from torchvision.transforms import Compose, Normalize, ToTensor

    from fiftyone_faiss.embedders.torch_net import TorchEmbedder

    class Flat(TorchEmbedder):
        def _features(self, net: torch.nn.Module, pixels: torch.Tensor) -> Any:
            return net(pixels)

    transform = Compose([ToTensor(), Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))])
    network = Flat("flat", torch.nn.Flatten(), transform, "cpu")
    (folder / "workers").write_text(str(network.max_workers()))
    return MeanColor()


def colored(folder: Path, n: int) -> tuple[list[str], Vectors]:
    """Images of one color each: their paths, and the vectors of :class:`MeanColor`."""
    paths = [str(folder / f"{i:03}.png") for i in range(n)]
    for i, path in enumerate(paths):
        Image.new("RGB", (16, 16), (i, 255 - i, 10)).save(path)
    colors = np.array([(i, 255 - i, 10) for i in range(n)], np.float32)
    return paths, colors / np.linalg.norm(colors, axis=1, keepdims=True)
