"""What networks of torch share: precision by measurement, lanes, memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from support.broken import noise
from torchvision import transforms as T

from fiftyone_faiss.embedders import ImageSource, Vectors, embed_sources, unit
from fiftyone_faiss.embedders.precision import TRIAL_IMAGES
from fiftyone_faiss.embedders.torch_net import TorchEmbedder

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)
IMAGES = [
    Image.fromarray(np.random.default_rng(i).integers(0, 256, (8, 8, 3), np.uint8))
    for i in range(TRIAL_IMAGES)
]


class Toy(TorchEmbedder):
    """A linear map of 8 x 8 pixels.

    Args:
        seconds: how long it takes in float32 and in bfloat16, by its own clock
        cosine: how close bfloat16 comes, for the last image of a batch
        precision: what :class:`TorchEmbedder` is told
        salt: what :class:`TorchEmbedder` is told
    """

    def __init__(
        self,
        seconds: tuple[float, float] = (1.0, 0.5),
        cosine: float = 1.0,
        precision: str = "auto",
        salt: str = "",
    ) -> None:
        self.seconds = dict(zip((torch.float32, torch.bfloat16), seconds, strict=True))
        self.now = 0.0
        self.cosine = cosine
        self.runs: list[tuple[int, torch.dtype]] = []
        torch.manual_seed(51)
        net = torch.nn.Linear(192, 5)
        self.weight, self.bias = net.weight.detach().numpy(), net.bias.detach().numpy()
        transform = T.Compose([T.Resize(8), T.CenterCrop(8), T.ToTensor(), T.Normalize(MEAN, STD)])
        super().__init__("toy", net, transform, "cpu", precision, salt)

    def _features(self, net: torch.nn.Module, pixels: torch.Tensor) -> torch.Tensor:
        self.runs.append((len(pixels), pixels.dtype))
        self.now += self.seconds.get(pixels.dtype, 0.0)
        features = net(pixels.flatten(1)).float()
        if pixels.dtype == torch.bfloat16 and self.cosine < 1:
            turned = features[-1].clone()
            turned[:2] = torch.stack([-turned[1], turned[0]])
            turned[2:] = 0
            turned *= features[-1].norm() / turned.norm()
            features[-1] = self.cosine * features[-1] + (1 - self.cosine**2) ** 0.5 * turned
        return features

    def _clock(self) -> float:
        return self.now

    def embed(self, images: Sequence[Image.Image]) -> Vectors:
        return self.embed_images([self.preprocess(image) for image in images])

    def exact(self, images: Sequence[Image.Image]) -> Vectors:
        """What NumPy makes of images of 8 x 8 pixels."""
        pixels = np.stack([(np.asarray(image) / 255 - MEAN) / STD for image in images])
        rows = pixels.transpose(0, 3, 1, 2).reshape(len(images), -1)
        return unit((rows @ self.weight.T + self.bias).astype(np.float32))


def cosines(a: Vectors, b: Vectors) -> np.ndarray:
    return (a * b).sum(axis=1)


# -- precision ---------------------------------------------------------------------------------


@pytest.mark.parametrize("cosine", [1.0, 0.9997])
@pytest.mark.parametrize("seconds", [(1.0, 0.79), (1.0, 0.1)])
def test_half_precision_is_taken_where_it_is_faster_and_close(seconds, cosine) -> None:
    embedder = Toy(seconds, cosine)
    assert embedder.precision == "float32"
    vectors = embedder.embed(IMAGES)
    assert embedder.precision == "bfloat16"
    assert vectors.dtype == np.float32
    assert cosines(vectors, embedder.exact(IMAGES)).min() == pytest.approx(cosine, abs=2e-4)
    embedder.embed(IMAGES[:1])
    assert embedder.runs[-2:] == [(4, torch.bfloat16), (1, torch.bfloat16)]


@pytest.mark.parametrize(
    ("seconds", "cosine"),
    [((1.0, 0.81), 1.0), ((1.0, 3.0), 1.0), ((1.0, 0.1), 0.9992), ((1.0, 0.1), -0.5)],
)
def test_float32_stays_where_half_precision_is_slow_or_far_off(seconds, cosine) -> None:
    embedder = Toy(seconds, cosine)
    for _ in range(2):
        np.testing.assert_allclose(embedder.embed(IMAGES), embedder.exact(IMAGES), atol=1e-5)
    assert embedder.precision == "float32"
    # The networks run in turns, four times each, and the choice is not made again.
    trial = [(4, torch.float32), (4, torch.bfloat16)] * 4
    assert embedder.runs[1:] == [*trial, (4, torch.float32), (4, torch.float32)]


def test_float32_stays_where_half_precision_cannot_do_it() -> None:
    class Inverse(Toy):
        def _features(self, net: torch.nn.Module, pixels: torch.Tensor) -> torch.Tensor:
            # Torch has inverses of float32 and float64 only.
            return super()._features(net, pixels) @ torch.linalg.inv(
                torch.eye(5, dtype=pixels.dtype)
            )

    embedder = Inverse()
    np.testing.assert_allclose(embedder.embed(IMAGES), embedder.exact(IMAGES), atol=1e-5)
    assert embedder.precision == "float32"


@pytest.mark.parametrize(
    ("exact", "close", "precision"),
    [
        # The first run of each network is slower, and does not count.
        ([1.0, 1.0, 1.0, 1.0], [9.0, 0.5, 0.5, 0.5], "bfloat16"),
        ([9.0, 1.0, 1.0, 1.0], [0.9, 0.9, 0.9, 0.9], "float32"),
        # Nor does what is slowed down by something else.
        ([1.0, 1.0, 1.0, 1.0], [0.5, 5.0, 0.5, 5.0], "bfloat16"),
        ([1.0, 5.0, 5.0, 1.0], [0.9, 0.9, 0.9, 0.9], "float32"),
    ],
)
def test_one_slow_run_decides_nothing(exact, close, precision) -> None:
    class Uneven(Toy):
        left = {torch.float32: [0.0, *exact, 0.0], torch.bfloat16: [*close, 0.0]}

        def _features(self, net: torch.nn.Module, pixels: torch.Tensor) -> torch.Tensor:
            self.seconds = {pixels.dtype: self.left[pixels.dtype].pop(0)}
            return super()._features(net, pixels)

    embedder = Uneven()
    embedder.embed(IMAGES)
    assert embedder.precision == precision


@pytest.mark.parametrize(("cosine", "choice"), [(1.0, "bfloat16"), (-0.5, "float32")])
def test_what_is_chosen_is_logged_with_the_reason(cosine, choice, caplog) -> None:
    caplog.set_level("INFO", "fiftyone_faiss")
    Toy((1.0, 0.25), cosine).embed(IMAGES)
    begin, _, least = caplog.messages[-1].rpartition(" ")
    assert begin == (
        f"'toy' runs in {choice}: half precision takes 0.250 s where float32 takes 1.000 s, with "
        "cosines of at least"
    )
    assert float(least) == pytest.approx(cosine, abs=1e-2)


def test_a_few_images_such_as_a_query_are_not_measured_with() -> None:
    embedder = Toy()
    few = IMAGES[: TRIAL_IMAGES - 1]
    np.testing.assert_allclose(embedder.embed(few), embedder.exact(few), atol=1e-5)
    assert embedder.runs[1:] == [(3, torch.float32)]
    assert embedder.precision == "float32"
    embedder.embed(IMAGES)
    assert embedder.precision == "bfloat16"


def test_a_query_that_is_embedded_during_the_choice_has_the_right_vector() -> None:
    class Meeting(Toy):
        """Stops at a single image until the choice is made."""

        arrived, chosen = threading.Event(), threading.Event()

        def _pixels(self, images: Sequence[Any]) -> torch.Tensor:
            if len(images) == 1 and threading.current_thread() is not threading.main_thread():
                self.arrived.set()
                assert self.chosen.wait(120)
            return super()._pixels(images)

    embedder = Meeting()
    with ThreadPoolExecutor(1) as pool:
        query = pool.submit(embedder.embed, IMAGES[:1])
        assert embedder.arrived.wait(120)
        embedder.embed(IMAGES)
        assert embedder.precision == "bfloat16"
        embedder.chosen.set()
        np.testing.assert_allclose(query.result(), embedder.exact(IMAGES[:1]), atol=1e-5)


@pytest.mark.parametrize(
    ("precision", "tolerance"), [("float32", 1e-6), ("bfloat16", 1e-4), ("float16", 1e-6)]
)
def test_a_precision_that_is_asked_for_is_taken_at_once(precision, tolerance) -> None:
    embedder = Toy(precision=precision)
    vectors = embedder.embed(IMAGES)
    assert embedder.precision == precision
    dtype = getattr(torch, precision)
    assert embedder.runs == [(1, dtype), (4, dtype)]
    distances = 1 - cosines(vectors.astype(np.float64), embedder.exact(IMAGES))
    assert distances.max() < tolerance


def test_a_precision_that_is_none_is_one_sentence() -> None:
    with pytest.raises(ValueError, match=r"^'int8' is no precision; choose one of \('auto', .*\.$"):
        Toy(precision="int8")


def test_the_fingerprint_does_not_know_the_precision() -> None:
    embedder = Toy()
    before = embedder.fingerprint
    embedder.embed(IMAGES)
    assert embedder.precision == "bfloat16"
    assert embedder.fingerprint == before
    for precision in ("float32", "bfloat16", "float16"):
        assert Toy(precision=precision).fingerprint == before
    assert Toy(salt="a photo of").fingerprint != before


# -- lanes and memory --------------------------------------------------------------------------


@pytest.fixture
def _three_threads() -> Iterator[None]:
    """Torch computes in three threads, however many processors there are."""
    usual = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(usual)


def threads_used() -> int:
    """In how many threads torch computes for the calling one, asked once it has computed."""
    torch.ones(300, 300) @ torch.ones(300, 300)
    return torch.get_num_threads()


def threads_of_a_new_thread() -> int:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(threads_used).result()


@pytest.mark.usefixtures("_three_threads")
def test_a_lane_computes_alone_and_no_other_thread_does() -> None:
    embedder = Toy()
    assert embedder.lanes == 3
    started = threading.Barrier(3, timeout=120)

    def in_lane(_: int) -> int:
        started.wait()
        return threads_used()

    with ThreadPoolExecutor(3, initializer=embedder.enter_lane) as lanes:
        assert list(lanes.map(in_lane, range(3))) == [1, 1, 1]
        # While they live: here, in a thread that starts now, for a model that is loaded now.
        assert threads_used() == threads_of_a_new_thread() == Toy().lanes == 3
        assert list(lanes.map(in_lane, range(3))) == [1, 1, 1]
    assert threads_used() == threads_of_a_new_thread() == 3


@pytest.mark.usefixtures("_three_threads")
def test_the_loop_embeds_in_lanes_and_leaves_torch_as_it_was(tmp_path: Path) -> None:
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
    embedder = Asking(precision="float32")
    embedder.seen.clear()
    vectors = np.concatenate([batch.vectors for batch in embed_sources(embedder, sources, 2)])
    np.testing.assert_allclose(vectors, embedder.exact(images), atol=1e-5)
    assert embedder.seen == {1}
    assert threads_used() == threads_of_a_new_thread() == 3


class Narrow(Toy):
    """Has memory for two images."""

    def _features(self, net: torch.nn.Module, pixels: torch.Tensor) -> torch.Tensor:
        if len(pixels) > 2:
            # More than any processor can address.
            torch.empty(1 << 50, dtype=torch.uint8)
        return super()._features(net, pixels)


def test_a_batch_for_which_memory_is_lacking_is_embedded_in_parts(tmp_path: Path) -> None:
    embedder = Narrow(precision="float32")
    with pytest.raises(MemoryError, match="can't allocate memory"):
        embedder.embed(IMAGES)
    for i, image in enumerate(IMAGES):
        image.save(tmp_path / f"{i}.png")
    sources = [ImageSource(str(tmp_path / f"{i}.png")) for i in range(len(IMAGES))]
    (batch,) = embed_sources(embedder, sources, batch_size=4)
    np.testing.assert_allclose(batch.vectors, embedder.exact(IMAGES), atol=1e-5)


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
def test_only_a_lack_of_memory_is_called_so(message: str, kind: type[Exception]) -> None:
    class Failing(Toy):
        def _features(self, net: torch.nn.Module, pixels: torch.Tensor) -> torch.Tensor:
            if self.runs:
                raise RuntimeError(message)
            return super()._features(net, pixels)

    with pytest.raises(kind) as caught:
        Failing().embed(IMAGES[:1])
    assert str(caught.value) == message
