"""Runs image networks of torch: on the best device, in its fastest precision, in fixed batches."""

from __future__ import annotations

import copy
import functools
import hashlib
import pickle
import threading
import zlib
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import psutil
import torch
from PIL import Image
from safetensors import SafetensorError
from torch.nn import functional as F

from fiftyone_faiss.embedders.base import (
    DEFAULT_BATCH_SIZE,
    Embedder,
    EmbedderError,
    Vectors,
    unit,
)
from fiftyone_faiss.embedders.boxes import Box
from fiftyone_faiss.embedders.parts import PatchParts
from fiftyone_faiss.embedders.precision import PRECISIONS, choose_precision, detect_capability
from fiftyone_faiss.embedders.torch_gradients import layer_cam
from fiftyone_faiss.embedders.torch_parts import FeatureParts
from fiftyone_faiss.embedders.torch_pixels import PixelInput

LOAD_ERRORS = (
    OSError,
    RuntimeError,
    ValueError,
    EOFError,
    pickle.UnpicklingError,
    SafetensorError,
)
"""What loading raises if weights cannot be downloaded, or if a file holds no or other weights."""

# The batch sizes are constants, since the rounding of a vector depends on the size of its batch:
# sizes that follow the free memory would make it depend on what else the machine does.
BATCH_SIZES = {"cpu": 8, "cuda": 256}
# One worker of a GPU copies images to it while the other computes.
GPU_WORKERS = 2
# Bytes of activations for each value of a processor's input, by experience.
BYTES_PER_VALUE = 160
# The share of the free memory for activations.
MEMORY_SHARE = 0.25
# The messages of torch on processors, on Windows, and on GPUs.
OUT_OF_MEMORY = ("can't allocate memory", "not enough memory", "out of memory")

_thread_setup = threading.Lock()


class TorchEmbedder(Embedder):
    """An embedder that runs a network of torch on images.

    Images, single ones included, and texts are computed in one precision. On processors, each
    worker is a thread that computes alone: many small products side by side lose no time waiting
    for each other. Batches have one size, to which the embedding loop fills up the last one, so
    that the vector of an image depends on neither the number of workers nor the other images.

    Args:
        name: the name of the embedder
        net: the network, in float32; it is moved to the device and converted in place
        transform: turns a PIL image into the network's input; a torchvision ``Compose``
        device (None): a torch device, by default a GPU if there is one
        precision ("auto"): one of ``PRECISIONS``; by default the fastest that the device supports
            in hardware
        salt (""): anything else that changes the vectors, for the fingerprint

    Raises:
        ValueError: if ``precision`` is none of ``PRECISIONS``
        EmbedderError: if the network cannot run in this precision
    """

    pads_batches = True

    def __init__(
        self,
        name: str,
        net: torch.nn.Module,
        transform: Any,
        device: str | None = None,
        precision: str = "auto",
        salt: str = "",
    ) -> None:
        if precision not in PRECISIONS:
            raise ValueError(f"precision must be one of {PRECISIONS}, got '{precision}'")
        self.name = name
        self._device = torch.device(device or default_device())
        # Of the weights as they are stored: the same in every precision.
        self._fingerprint = _fingerprint(net, f"{transform}|{salt}")
        if precision == "auto":
            precision = choose_precision(detect_capability(self._device))
        self.precision = precision
        self._dtype: torch.dtype = getattr(torch, precision)
        self._net = net.eval().to(self._device, self._dtype)
        self._input = PixelInput(transform, self._device)
        self.image_size = self._input.shorter_side
        self.dim = self._measure_dim()

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    @abstractmethod
    def _features(self, net: torch.nn.Module, pixels: torch.Tensor) -> torch.Tensor:
        """Returns ``(n, dim)`` features of ``(n, 3, height, width)`` pixels in ``net``'s dtype."""

    def _measure_dim(self) -> int:
        try:
            return len(self.embed_image(Image.new("RGB", (64, 64))))
        except RuntimeError as error:
            # Some operations have no implementation in half precision.
            if self.precision == "float32":
                raise
            raise EmbedderError(
                f"'{self.name}' cannot run in {self.precision} on this device ({error}); load it "
                "with precision='float32'."
            ) from error

    # -- images --------------------------------------------------------------------------------

    def preprocess(self, image: Image.Image) -> Any:
        return self._input.prepare(image)

    def embed_images(self, images: Sequence[Any]) -> Vectors:
        try:
            with torch.inference_mode():
                pixels = self._input.batch(images).to(self._dtype)
                return self._vectors(self._features(self._net, pixels))
        except RuntimeError as error:
            if not _is_out_of_memory(error):
                raise
            if self._device.type == "cuda":
                torch.cuda.empty_cache()
            raise MemoryError(str(error)) from error

    def _vectors(self, features: torch.Tensor) -> Vectors:
        """Returns ``(n, dim)`` features as float32 vectors of length 1.

        Features too large for float16 become infinite, and their vectors NaN.
        """
        return unit(features.float().cpu().numpy().astype(np.float32, copy=False))

    # -- other engines --------------------------------------------------------------------------

    def pixels(self, images: Sequence[Any]) -> Vectors:
        """Returns ``(n, 3, height, width)`` float32 pixels, as the network takes them.

        Args:
            images: what :meth:`preprocess` returned for each image
        """
        return self._input.batch(images).cpu().numpy()

    def image_net(self) -> torch.nn.Module:
        """Returns the network for images, from :meth:`pixels` to features, on the processor."""
        net = self._net
        if self._device.type != "cpu":
            net = copy.deepcopy(net).cpu()
        return _ImageNet(net, self._features)

    # -- explanations ---------------------------------------------------------------------------

    def seen_box(self, image: Image.Image) -> Box | None:
        return self._input.seen_box(image)

    def patch_parts(self, image: Image.Image) -> PatchParts | None:
        if self.seen_box(image) is None:
            return None
        with torch.no_grad():
            pixels = self._input.batch([self.preprocess(image)])
            result = self._feature_parts(exact_net(self), pixels)
        if result is None:
            return None
        norm = float(result.total.norm())
        scale = 1 / norm if norm else 0.0
        return PatchParts(
            *((scale * values).cpu().numpy() for values in (result.parts, result.rest))
        )

    def gradient_map(self, image: Image.Image, vector: Vectors) -> Vectors | None:
        if self.seen_box(image) is None:
            return None
        net, target = exact_net(self), torch.from_numpy(vector).to(self._device)

        def score_of(pixels: torch.Tensor) -> torch.Tensor:
            return F.normalize(self._features(net, pixels)[0], dim=0) @ target

        result = layer_cam(net, score_of, self._input.batch([self.preprocess(image)]))
        return None if result is None else result.cpu().numpy()

    def _feature_parts(self, net: torch.nn.Module, pixels: torch.Tensor) -> FeatureParts | None:
        """Divides the features of one image into parts; None if that is not known."""
        return None

    def scrambled(self) -> Embedder:
        other, generator = copy.copy(self), torch.Generator().manual_seed(51)
        other._net = copy.deepcopy(self._net)
        other._fingerprint = f"{self._fingerprint}-scrambled"
        with torch.no_grad():
            for values in other._net.state_dict().values():
                if values.is_floating_point() and values.numel() > 1:
                    order = torch.randperm(values.numel(), generator=generator).to(values.device)
                    values.copy_(values.flatten()[order].view_as(values))
        return other

    # -- threads and memory --------------------------------------------------------------------

    def batch_size(self) -> int:
        return BATCH_SIZES.get(self._device.type, DEFAULT_BATCH_SIZE)

    def max_workers(self) -> int:
        if self._device.type == "cuda":
            return GPU_WORKERS
        if self._device.type != "cpu":
            return 1
        needed = self.batch_size() * self._input.values_per_image * BYTES_PER_VALUE
        fitting = int(MEMORY_SHARE * psutil.virtual_memory().available / needed)
        return max(1, min(torch.get_num_threads(), fitting))

    def start_worker(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.set_stream(torch.cuda.Stream(self._device))
        elif self._device.type == "cpu":
            _use_one_thread()


class _ImageNet(torch.nn.Module):
    """A network and the function that computes features with it, as one module."""

    def __init__(
        self,
        net: torch.nn.Module,
        features: Callable[[torch.nn.Module, torch.Tensor], torch.Tensor],
    ) -> None:
        super().__init__()
        self.net = net
        self._features = features

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self._features(self.net, pixels)


@functools.lru_cache(maxsize=1)
def exact_net(embedder: TorchEmbedder) -> torch.nn.Module:
    """Returns a copy of an embedder's network in float32, of the embedder that was used last.

    Gradients and sums over parts need more digits than embedding, and hooks a network of their own.
    """
    return copy.deepcopy(embedder._net).float()


def default_device() -> str:
    """Returns the GPU if there is one, else the processor."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _use_one_thread() -> None:
    """Makes torch use one thread for the work of the calling thread only."""
    with _thread_setup:
        # A new thread takes the number that any thread set last, when it first asks or computes,
        # and keeps it until it sets its own. So this thread asks first, and another thread
        # restores the number for those to come.
        previous = torch.get_num_threads()
        if previous > 1:
            torch.set_num_threads(1)
            other = threading.Thread(target=torch.set_num_threads, args=(previous,))
            other.start()
            other.join()


def _fingerprint(net: torch.nn.Module, setup: str) -> str:
    digest = hashlib.sha256(setup.encode())
    for key, tensor in net.state_dict().items():
        data = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
        digest.update(f"{key}{tuple(tensor.shape)}{zlib.crc32(data)}".encode())
    return digest.hexdigest()[:16]


def _is_out_of_memory(error: RuntimeError) -> bool:
    return any(text in str(error) for text in OUT_OF_MEMORY)
