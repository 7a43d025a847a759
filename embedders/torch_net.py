"""Image networks of torch: on the device, in the precision and in the batches that are fastest."""

from __future__ import annotations

import copy
import hashlib
import logging
import pickle
import threading
import time
import zlib
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import psutil
import torch
from PIL import Image
from safetensors import SafetensorError
from torchvision.transforms import Normalize, ToTensor

from fiftyone_faiss.embedders.base import DEFAULT_BATCH_SIZE, Embedder, Vectors, unit
from fiftyone_faiss.embedders.precision import GPU_TRIAL_IMAGES, PRECISIONS, TRIAL_IMAGES, Trial

logger = logging.getLogger(__name__)

LOAD_ERRORS = (
    OSError,
    RuntimeError,
    ValueError,
    EOFError,
    pickle.UnpicklingError,
    SafetensorError,
)
"""What comes of weights that cannot be fetched, and of files that hold none or others."""

# What one image's activations take on a processor, for each value of its input, by experience.
BYTES_PER_VALUE = 160
# The share of the free memory for activations.
MEMORY_SHARE = 0.25
CPU_BATCH, GPU_BATCH, PROBE_BATCH = 16, 512, 8
GPU_LANES = 2
# What torch says on processors, on Windows, and on GPUs.
OUT_OF_MEMORY = ("can't allocate memory", "not enough memory", "out of memory")

_entering = threading.Lock()


class TorchEmbedder(Embedder):
    """An embedder whose images go through a network of torch.

    On processors, each lane is a thread that computes alone: many small products side by side lose
    no time waiting for each other. On a GPU there are two, so that one copies images to it while
    the other computes.

    Args:
        name: what to call it
        net: the network, in float32
        transform: what turns a PIL image into its input, a torchvision ``Compose``
        device: a torch device
        precision ("auto"): one of ``PRECISIONS``
        salt (""): what else makes vectors differ, for the fingerprint

    Raises:
        ValueError: if there is no such precision
    """

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
            raise ValueError(f"'{precision}' is no precision; choose one of {PRECISIONS}.")
        self.name = name
        self._device = torch.device(device or default_device())
        net = net.eval().to(self._device)
        self._transform = transform
        self._fingerprint = _fingerprint(net, f"{transform}|{salt}")
        self._geometry, self._mean, self._scale = _split(transform)
        self._settle()
        self._is_chosen = precision != "auto"
        # In one attribute: who reads it while another takes its place has two that fit.
        self._running = net, torch.float32
        if self._is_chosen and precision != "float32":
            dtype = getattr(torch, precision)
            self._running = self._in_precision(net, dtype), dtype
        # What a measurement chooses is for many images; a query has the same vector everywhere.
        self._for_queries = self._running
        blank = self.preprocess(Image.new("RGB", (64, 64)))
        self._input_shape: tuple[int, ...] = tuple(blank.shape)
        self.image_size = _shorter_side(transform)
        self.dim = self.embed_images([blank]).shape[1]

    def _settle(self) -> None:
        """Makes what belongs to one process and is not sent to another."""
        self._choosing = threading.Lock()
        lanes = {"cpu": torch.get_num_threads(), "cuda": GPU_LANES}
        self.lanes = lanes.get(self._device.type, 1)

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key != "_choosing"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._settle()

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    @property
    def precision(self) -> str:
        """The precision in use, ``"float32"`` until another has proved itself."""
        return str(self._dtype).removeprefix("torch.")

    @property
    def _net(self) -> torch.nn.Module:
        return self._running[0]

    @property
    def _dtype(self) -> torch.dtype:
        return self._running[1]

    _clock = staticmethod(time.perf_counter)

    @abstractmethod
    def _features(self, net: torch.nn.Module, pixels: torch.Tensor) -> torch.Tensor:
        """``(n, dim)`` features of ``(n, 3, height, width)`` pixels, both in the net's dtype."""

    def _in_precision(self, net: torch.nn.Module, dtype: torch.dtype) -> torch.nn.Module:
        """A copy of the network in another precision."""
        return copy.deepcopy(net).to(dtype)

    # -- images --------------------------------------------------------------------------------

    def preprocess(self, image: Image.Image) -> Any:
        if self._geometry is None:
            return self._transform(image)
        for step in self._geometry:
            image = step(image)
        # As bytes; the whole batch is made into numbers at once, on the GPU if there is one.
        return np.asarray(image)

    def embed_image(self, image: Image.Image) -> Vectors:
        net, dtype = self._for_queries
        with torch.inference_mode():
            pixels = self._pixels([self.preprocess(image)]).to(dtype)
            vector: Vectors = unit_rows(self._features(net, pixels))[0]
        return vector

    def embed_images(self, images: Sequence[Any]) -> Vectors:
        try:
            with torch.inference_mode():
                self._choose_precision(images)
                net, dtype = self._running
                return unit_rows(self._features(net, self._pixels(images).to(dtype)))
        except RuntimeError as error:
            if not _is_out_of_memory(error):
                raise
            if self._device.type == "cuda":
                torch.cuda.empty_cache()
            raise MemoryError(str(error)) from error

    def _pixels(self, images: Sequence[Any]) -> torch.Tensor:
        """``(n, 3, height, width)`` float32 input on the device."""
        if self._geometry is None:
            return torch.stack(list(images)).to(self._device)
        shape = (len(images), *self._input_shape)
        # Pinned memory is what a GPU can fetch from while it computes.
        pinned = self._device.type == "cuda"
        batch = torch.empty(shape, dtype=torch.uint8, pin_memory=pinned)
        np.stack(images, out=batch.numpy())
        batch = batch.to(self._device, non_blocking=True).permute(0, 3, 1, 2)
        mean, scale = self._mean.to(self._device), self._scale.to(self._device)
        return batch.to(torch.float32).sub_(mean).mul_(scale)

    def _choose_precision(self, images: Sequence[Any]) -> None:
        if self._is_chosen or len(images) < TRIAL_IMAGES:
            return
        with self._choosing:
            if not self._is_chosen:
                # A GPU takes as long for a few as for one.
                most = GPU_TRIAL_IMAGES if self._device.type == "cuda" else TRIAL_IMAGES
                self._try_half(self._pixels(images[:most]))
                self._is_chosen = True

    def _try_half(self, pixels: torch.Tensor) -> None:
        """Goes on in half precision if that is faster and gives nearly the same vectors."""
        half = torch.bfloat16
        if self._device.type == "cuda" and not torch.cuda.is_bf16_supported():
            half = torch.float16
        try:
            lower = self._in_precision(self._net, half)
            trial = Trial.of(
                lambda: unit_rows(self._features(self._net, pixels)),
                lambda: unit_rows(self._features(lower, pixels.to(half))),
                self._clock,
            )
        except RuntimeError as error:
            # Not every operation exists in half precision on every device.
            logger.info("'%s' stays in float32: %s", self.name, error)
            return
        if trial.is_won:
            self._running = lower, half
        logger.info("'%s' runs in %s: %s", self.name, self.precision, trial)

    # -- threads and memory --------------------------------------------------------------------

    def batch_size(self) -> int:
        if self._device.type == "cuda":
            return self._measured_batch()
        if self._device.type != "cpu":
            return DEFAULT_BATCH_SIZE
        needed = int(np.prod(self._input_shape)) * BYTES_PER_VALUE * self.lanes
        fitting = int(MEMORY_SHARE * psutil.virtual_memory().available / needed)
        return max(1, min(CPU_BATCH, fitting))

    def _measured_batch(self) -> int:
        """The largest power of two whose activations fit into the free memory of the GPU."""
        blank: list[Any] = [np.zeros(self._input_shape, np.uint8)] * PROBE_BATCH
        if self._geometry is None:
            blank = [torch.zeros(self._input_shape)] * PROBE_BATCH
        # Blank images are no measure for the precision, so not by way of embed_images().
        net, dtype = self._running
        with torch.inference_mode():
            pixels = self._pixels(blank).to(dtype)
            self._features(net, pixels)
            torch.cuda.reset_peak_memory_stats(self._device)
            before = torch.cuda.memory_allocated(self._device)
            self._features(net, pixels)
        each = (torch.cuda.max_memory_allocated(self._device) - before) / PROBE_BATCH
        free, _ = torch.cuda.mem_get_info(self._device)
        fitting = MEMORY_SHARE * free / max(each, 1.0) / self.lanes
        return 2 ** int(np.log2(min(max(fitting, 1.0), GPU_BATCH)))

    def enter_lane(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.set_stream(torch.cuda.Stream(self._device))
        elif self._device.type == "cpu":
            _compute_alone()


def default_device() -> str:
    """The GPU if there is one, else the processor."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _compute_alone() -> None:
    """Makes torch use one thread for what the calling thread computes, and for that only."""
    with _entering:
        # Torch gives a thread what was set last by any, when it first asks or computes; after
        # that, what it sets itself. So the usual number is asked for, and set again by another.
        usual = torch.get_num_threads()
        if usual > 1:
            torch.set_num_threads(1)
            other = threading.Thread(target=torch.set_num_threads, args=(usual,))
            other.start()
            other.join()


def unit_rows(features: torch.Tensor) -> Vectors:
    """``(n, dim)`` float32 features at length 1."""
    return unit(features.float().cpu().numpy().astype(np.float32, copy=False))


def _fingerprint(net: torch.nn.Module, setup: str) -> str:
    digest = hashlib.sha256(setup.encode())
    for key, tensor in net.state_dict().items():
        data = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
        digest.update(f"{key}{tuple(tensor.shape)}{zlib.crc32(data)}".encode())
    return digest.hexdigest()[:16]


def _split(transform: Any) -> tuple[list[Any] | None, torch.Tensor, torch.Tensor]:
    """The steps that end in an RGB image, and what turns its bytes into the network's input.

    ``(byte - mean) * scale`` is ``(byte / 255 - mean') / std'`` of the transform's last two steps.
    The steps are None if the transform does not end in these two; it is then called as it is.
    """
    steps = list(getattr(transform, "transforms", ()))
    normalize = steps[-1] if steps else None
    if not (isinstance(normalize, Normalize) and isinstance(steps[-2:][0], ToTensor)):
        return None, torch.empty(0), torch.empty(0)
    mean = torch.as_tensor(normalize.mean, dtype=torch.float32).view(1, 3, 1, 1)
    std = torch.as_tensor(normalize.std, dtype=torch.float32).view(1, 3, 1, 1)
    return steps[:-2], 255 * mean, 1 / (255 * std)


def _shorter_side(transform: Any) -> int | None:
    """The shorter side that images are scaled to by the first step of a transform."""
    steps = getattr(transform, "transforms", ())
    size = getattr(steps[0], "size", None) if steps else None
    if isinstance(size, (tuple, list)) and size:
        # Squashing scales each side by its own; the longer one must not lack pixels.
        return int(max(size))
    return int(size) if size else None


def _is_out_of_memory(error: RuntimeError) -> bool:
    return any(words in str(error) for words in OUT_OF_MEMORY)
