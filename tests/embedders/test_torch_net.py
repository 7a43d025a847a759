"""Networks of torch: one precision for all input, fixed batches, workers, memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
import torch
from PIL import Image
from support.broken import noise
from torchvision import transforms as T

from fiftyone_faiss.demo import MODEL_DIR
from fiftyone_faiss.embedders import EmbedderError, ImageSource, Vectors, embed_sources, unit
from fiftyone_faiss.embedders import torch_net as module
from fiftyone_faiss.embedders.open_clip import OpenClipEmbedder, OpenClipSpec
from fiftyone_faiss.embedders.precision import DeviceCapability
from fiftyone_faiss.embedders.torch_net import BATCH_SIZES, TorchEmbedder

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)
BATCH = BATCH_SIZES["cpu"]
IMAGES = [
    Image.fromarray(np.random.default_rng(i).integers(0, 256, (8, 8, 3), np.uint8))
    for i in range(4)
]


class Toy(TorchEmbedder):
    """A linear map of 8 x 8 pixels, which records the batches that its network is given."""

    def __init__(
        self, precision: str = "float32", salt: str = "", net: torch.nn.Module | None = None
    ) -> None:
        self.runs: list[tuple[int, torch.dtype]] = []
        torch.manual_seed(51)
        net = net or torch.nn.Linear(192, 5)
        if isinstance(net, torch.nn.Linear):
            # Copies, since the network is converted in place.
            self.weight, self.bias = net.weight.detach().clone(), net.bias.detach().clone()
        transform = T.Compose([T.Resize(8), T.CenterCrop(8), T.ToTensor(), T.Normalize(MEAN, STD)])
        super().__init__("toy", net, transform, "cpu", precision, salt)

    def _features(self, net: torch.nn.Module, pixels: torch.Tensor) -> torch.Tensor:
        self.runs.append((len(pixels), pixels.dtype))
        features: torch.Tensor = net(pixels.flatten(1))
        return features

    def embed(self, images: Sequence[Image.Image]) -> Vectors:
        return self.embed_images([self.preprocess(image) for image in images])

    def expected(self, images: Sequence[Image.Image]) -> Vectors:
        """The vectors of images of 8 x 8 pixels, computed by NumPy in float32."""
        pixels = np.stack([(np.asarray(image) / 255 - MEAN) / STD for image in images])
        rows = pixels.transpose(0, 3, 1, 2).reshape(len(images), -1)
        return unit((rows @ self.weight.numpy().T + self.bias.numpy()).astype(np.float32))


# -- precision ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("precision", "tolerance"), [("float32", 1e-6), ("bfloat16", 1e-4), ("float16", 1e-6)]
)
def test_batches_and_queries_use_the_requested_precision(precision, tolerance) -> None:
    embedder = Toy(precision)
    assert embedder.precision == precision
    vectors = embedder.embed(IMAGES)
    query = embedder.embed_image(IMAGES[0])
    dtype = getattr(torch, precision)
    # The first run measures the length of the vectors.
    assert embedder.runs == [(1, dtype), (4, dtype), (1, dtype)]
    assert vectors.dtype == query.dtype == np.float32
    expected = embedder.expected(IMAGES).astype(np.float64)
    assert (1 - (vectors * expected).sum(axis=1)).max() < tolerance
    assert 1 - query @ expected[0] < tolerance


@pytest.mark.parametrize(
    ("flags", "precision"), [({"avx2"}, "float32"), ({"avx2", "amx_bf16"}, "bfloat16")]
)
def test_the_default_precision_is_that_of_the_device(
    monkeypatch: pytest.MonkeyPatch, flags: set[str], precision: str
) -> None:
    capability = DeviceCapability("cpu", frozenset(flags))
    monkeypatch.setattr(module, "detect_capability", lambda device: capability)
    embedder = Toy("auto")
    embedder.embed(IMAGES)
    assert embedder.precision == precision
    assert {dtype for _, dtype in embedder.runs} == {getattr(torch, precision)}


def test_an_unknown_precision_is_refused() -> None:
    message = r"^precision must be one of \('auto', 'float32', .*\), got 'int8'$"
    with pytest.raises(ValueError, match=message):
        Toy("int8")


class Inverse(torch.nn.Module):
    """Divides by a matrix, which torch cannot do in half precision."""

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return pixels @ torch.linalg.inv(2 * torch.eye(192, dtype=pixels.dtype))


def test_a_network_that_cannot_run_in_the_precision_is_refused_with_a_remedy() -> None:
    with pytest.raises(
        EmbedderError,
        match=r"^'toy' cannot run in bfloat16 on this device \(.+\); load it with "
        r"precision='float32'\.$",
    ):
        Toy("bfloat16", net=Inverse())
    pixels = np.stack([(np.asarray(image) / 255 - MEAN) / STD for image in IMAGES])
    expected = unit(pixels.transpose(0, 3, 1, 2).reshape(4, -1).astype(np.float32))
    np.testing.assert_allclose(Toy(net=Inverse()).embed(IMAGES), expected, atol=1e-5)


def test_an_error_in_float32_is_raised_as_it_is() -> None:
    with pytest.raises(RuntimeError, match="mat1 and mat2 shapes cannot be multiplied"):
        Toy(net=torch.nn.Linear(7, 5))


class Large(torch.nn.Module):
    """Returns numbers beyond the range of float16 for bright images."""

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return (pixels + 2.5) * 20_000


def test_features_beyond_the_range_of_float16_are_refused() -> None:
    embedder = Toy("float16", net=Large())
    white = Image.new("RGB", (8, 8), "white")
    with pytest.raises(
        EmbedderError,
        match=r"^The image cannot be embedded: the model 'toy' returned numbers that are not "
        r"finite; load it with precision='float32'\.$",
    ):
        embedder.embed_image(white)
    for precision in ("float32", "bfloat16"):
        assert np.isfinite(Toy(precision, net=Large()).embed([white])).all()


def test_the_fingerprint_does_not_depend_on_the_precision() -> None:
    fingerprints = {Toy(precision).fingerprint for precision in ("float32", "bfloat16", "float16")}
    assert fingerprints == {Toy("auto").fingerprint}
    assert Toy(salt="a photo of").fingerprint not in fingerprints


# -- equal bytes -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[ImageSource]:
    """Three batches of images and a smaller one."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(51)
    sources = [ImageSource(str(folder / f"{i:02}.png")) for i in range(3 * BATCH + 3)]
    for source in sources:
        pixels = rng.integers(0, 256, (7, 9, 3), np.uint8)
        Image.fromarray(pixels).resize((130, 110), Image.Resampling.BICUBIC).save(source.path)
    return sources


@pytest.fixture(scope="module", params=["float32", "bfloat16"])
def clip(request: pytest.FixtureRequest) -> OpenClipEmbedder:
    spec = OpenClipSpec.parse(str(MODEL_DIR))
    return OpenClipEmbedder("clip", spec, device="cpu", precision=request.param)


def embedded(embedder: TorchEmbedder, sources: Sequence[ImageSource]) -> Vectors:
    return np.concatenate([batch.vectors for batch in embed_sources(embedder, sources)])


def test_a_vector_has_the_same_bytes_however_images_are_batched(
    clip: OpenClipEmbedder, photos: list[ImageSource], tmp_path: Path
) -> None:
    whole = embedded(clip, photos)
    assert len(whole) == len(photos)
    assert len(np.unique(whole.round(3), axis=0)) == len(photos)
    # Stopped and resumed at another place, updated with single images, and in another order.
    parts = [embedded(clip, part) for part in (photos[:11], photos[11:12], photos[12:])]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    np.testing.assert_array_equal(embedded(clip, photos[::-1]), whole[::-1])
    # With images that cannot be read between them.
    missing = ImageSource(str(tmp_path / "gone.png"))
    mixed = [source for photo in photos for source in (missing, photo, missing)]
    np.testing.assert_array_equal(embedded(clip, mixed), whole)


def test_a_vector_has_the_same_bytes_on_a_busy_machine(
    clip: OpenClipEmbedder, photos: list[ImageSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = embedded(clip, photos)
    done = threading.Event()

    def work() -> None:
        while not done.is_set():
            torch.ones(200, 200) @ torch.ones(200, 200)

    with ThreadPoolExecutor(2) as pool:
        loops = [pool.submit(work) for _ in range(2)]
        busy = embedded(clip, photos)
        done.set()
        for loop in loops:
            loop.result()
    np.testing.assert_array_equal(busy, whole)
    # With little memory there are fewer workers.
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=1))
    assert clip.max_workers() == 1
    np.testing.assert_array_equal(embedded(clip, photos), whole)


# -- workers and memory ------------------------------------------------------------------------


@pytest.fixture
def _three_threads() -> Iterator[None]:
    """Makes torch compute in three threads, whatever the number of processors is."""
    previous = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(previous)


def threads_used() -> int:
    """The number of threads that torch computes in for the caller, once it has computed."""
    torch.ones(300, 300) @ torch.ones(300, 300)
    return torch.get_num_threads()


def threads_of_a_new_thread() -> int:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(threads_used).result()


@pytest.mark.usefixtures("_three_threads")
def test_a_worker_computes_in_one_thread_and_other_threads_are_unchanged() -> None:
    embedder = Toy()
    assert embedder.max_workers() == 3
    started = threading.Barrier(3, timeout=120)

    def in_worker(_: int) -> int:
        started.wait()
        return threads_used()

    with ThreadPoolExecutor(3, initializer=embedder.start_worker) as workers:
        assert list(workers.map(in_worker, range(3))) == [1, 1, 1]
        # Here, in a new thread, and for a new model, while the workers are alive.
        assert threads_used() == threads_of_a_new_thread() == Toy().max_workers() == 3
        assert list(workers.map(in_worker, range(3))) == [1, 1, 1]
    assert threads_used() == threads_of_a_new_thread() == 3


@pytest.mark.usefixtures("_three_threads")
def test_the_loop_embeds_in_single_threads_and_leaves_torch_unchanged(tmp_path: Path) -> None:
    class Asking(Toy):
        seen: set[int] = set()

        def _features(self, net: torch.nn.Module, pixels: torch.Tensor) -> torch.Tensor:
            self.seen.add(torch.get_num_threads())
            time.sleep(0.01)
            return super()._features(net, pixels)

    sources = [ImageSource(str(tmp_path / f"{i}.png")) for i in range(30)]
    images = [noise(8, 8)] * 15 + IMAGES[:1] * 15
    for source, image in zip(sources, images, strict=True):
        image.save(source.path)
    embedder = Asking()
    embedder.seen.clear()
    vectors = np.concatenate([batch.vectors for batch in embed_sources(embedder, sources, 2)])
    np.testing.assert_allclose(vectors, embedder.expected(images), atol=1e-5)
    assert embedder.seen == {1}
    assert threads_used() == threads_of_a_new_thread() == 3


class Narrow(Toy):
    """Fits two images in memory."""

    def _features(self, net: torch.nn.Module, pixels: torch.Tensor) -> torch.Tensor:
        if len(pixels) > 2:
            # More than any processor can address.
            torch.empty(1 << 50, dtype=torch.uint8)
        return super()._features(net, pixels)


def test_a_batch_that_does_not_fit_in_memory_is_embedded_in_parts(tmp_path: Path) -> None:
    embedder = Narrow()
    with pytest.raises(MemoryError, match="can't allocate memory"):
        embedder.embed(IMAGES)
    for i, image in enumerate(IMAGES):
        image.save(tmp_path / f"{i}.png")
    sources = [ImageSource(str(tmp_path / f"{i}.png")) for i in range(len(IMAGES))]
    (batch,) = embed_sources(embedder, sources, batch_size=4)
    np.testing.assert_allclose(batch.vectors, embedder.expected(IMAGES), atol=1e-5)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes", MemoryError),
        ("DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes.", MemoryError),
        ("CUDA out of memory. Tried to allocate 2.00 GiB.", MemoryError),
        ("MPS backend out of memory (MPS allocated: 8.00 GB)", MemoryError),
        ("mat1 and mat2 shapes cannot be multiplied (1x2 and 3x4)", RuntimeError),
    ],
)
def test_only_errors_about_memory_become_a_memory_error(
    message: str, kind: type[Exception]
) -> None:
    class Failing(Toy):
        def _features(self, net: torch.nn.Module, pixels: torch.Tensor) -> torch.Tensor:
            if self.runs:
                raise RuntimeError(message)
            return super()._features(net, pixels)

    with pytest.raises(kind) as caught:
        Failing().embed(IMAGES[:1])
    assert str(caught.value) == message


class OtherDevice(Toy):
    """Pretends to run on another kind of device."""

    def move(self, device: str) -> Toy:
        self._device = torch.device(device)
        return self


@pytest.mark.parametrize(
    ("device", "batch_size", "workers"), [("cpu", BATCH, 3), ("cuda", 256, 2), ("mps", 32, 1)]
)
@pytest.mark.usefixtures("_three_threads")
def test_batches_and_workers_depend_on_the_kind_of_device(device, batch_size, workers) -> None:
    embedder = OtherDevice().move(device)
    assert (embedder.batch_size(), embedder.max_workers()) == (batch_size, workers)


@pytest.mark.parametrize(("images", "workers"), [(0.5, 1), (1.5, 1), (2.5, 2), (100, 3)])
@pytest.mark.usefixtures("_three_threads")
def test_there_are_as_many_workers_as_fit_in_memory(
    monkeypatch: pytest.MonkeyPatch, images: float, workers: int
) -> None:
    # A worker needs 160 bytes for each of the 192 values of 8 images: of a quarter of the memory.
    available = int(images * 160 * 192 * BATCH * 4)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=available))
    assert Toy().max_workers() == workers


@pytest.mark.parametrize(
    ("cuda", "mps", "device"),
    [(True, False, "cuda"), (True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_the_default_device_is_a_gpu_if_there_is_one(
    monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, device: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert module.default_device() == device
