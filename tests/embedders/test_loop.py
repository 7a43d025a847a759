"""The embedding loop: order, batches, unreadable images, memory and threads."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.broken import BROKEN, noise
from support.colors import MeanColor, color_vector

from fiftyone_faiss.embedders import EmbeddedBatch, EmbedderError, ImageSource, Vectors
from fiftyone_faiss.embedders import embed_sources as embed


def plain(folder: Path, n: int) -> list[ImageSource]:
    """Writes images of one color each."""
    paths = [folder / f"{i:03}.png" for i in range(n)]
    for i, path in enumerate(paths):
        Image.new("RGB", (16, 16), (i, 255 - i, 10)).save(path)
    return [ImageSource(str(path)) for path in paths]


def check(batches: Sequence[EmbeddedBatch], positions: Sequence[int]) -> None:
    """Asserts that batches hold the vectors of these plain images, in order."""
    assert [i for batch in batches for i in batch.positions.tolist()] == list(positions)
    expected = np.array([color_vector(i, 255 - i, 10) for i in positions])
    np.testing.assert_allclose(np.concatenate([b.vectors for b in batches]), expected, atol=1e-6)


def pool_threads() -> list[str]:
    """The names of the loop's threads that are alive."""
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name.startswith(("decode", "embed"))]


def test_vectors_are_in_order_and_batches_have_the_given_size(tmp_path: Path) -> None:
    embedder = MeanColor()
    check(list(embed(embedder, plain(tmp_path, 70), batch_size=32)), range(70))
    assert embedder.batches == [32, 32, 6]


def test_the_default_batch_size_is_that_of_the_embedder(tmp_path: Path) -> None:
    class Five(MeanColor):
        def batch_size(self) -> int:
            return 5

    embedder = Five()
    check(list(embed(embedder, plain(tmp_path, 12))), range(12))
    assert embedder.batches == [5, 5, 2]


# -- broken images -----------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_unreadable_images_are_reported_with_reasons_and_the_others_are_embedded(
    tmp_path: Path,
) -> None:
    sources: list[ImageSource] = []
    for good, (name, (make, _)) in zip(plain(tmp_path, len(BROKEN)), BROKEN.items(), strict=True):
        make(tmp_path / name)
        sources += [good, ImageSource(str(tmp_path / name))]
    batches = list(embed(MeanColor(), sources, batch_size=6))
    assert [i for b in batches for i in b.positions.tolist()] == list(range(0, len(sources), 2))
    expected = [color_vector(i, 255 - i, 10) for i in range(len(BROKEN))]
    np.testing.assert_allclose(np.concatenate([b.vectors for b in batches]), expected, atol=1e-6)
    failures = [failure for batch in batches for failure in batch.failures]
    assert [failure.position for failure in failures] == list(range(1, len(sources), 2))
    for failure, (name, (_, reason)) in zip(failures, BROKEN.items(), strict=True):
        assert reason in failure.reason, name


def test_a_batch_of_unreadable_images_has_no_vectors(tmp_path: Path) -> None:
    sources = [ImageSource(str(tmp_path / f"{i}.png")) for i in range(3)]
    (batch,) = embed(MeanColor(), sources)
    assert (batch.positions.shape, batch.vectors.shape) == ((0,), (0, 3))
    assert [(f.position, f.reason) for f in batch.failures] == [
        (i, "the file is missing") for i in range(3)
    ]


def test_an_error_of_the_model_is_raised(tmp_path: Path) -> None:
    class Failing(MeanColor):
        def embed_images(self, images: Sequence[Image.Image]) -> Vectors:
            raise RuntimeError("out of order")

    with pytest.raises(RuntimeError, match="out of order"):
        list(embed(Failing(), plain(tmp_path, 3)))
    assert pool_threads() == []


def test_an_image_embedder_refuses_texts() -> None:
    with pytest.raises(EmbedderError, match="'mean-color' embeds images only"):
        MeanColor().embed_texts(["a dog"])


class Padded(MeanColor):
    """Asks for batches of one size, and remembers what it is given."""

    pads_batches = True

    def __init__(self, limit: int = 100) -> None:
        super().__init__()
        self.limit = limit

    def embed_images(self, images: Sequence[Image.Image]) -> Vectors:
        if len(images) > self.limit:
            raise MemoryError
        return super().embed_images(images)


def test_smaller_batches_are_filled_up_for_embedders_that_ask_for_it(tmp_path: Path) -> None:
    embedder = Padded()
    sources = plain(tmp_path, 10)
    missing = ImageSource(str(tmp_path / "gone.png"))
    batches = list(embed(embedder, [missing, *sources], batch_size=4))
    assert embedder.batches == [4, 4, 4]
    assert [batch.positions.tolist() for batch in batches] == [[1, 2, 3], [4, 5, 6, 7], [8, 9, 10]]
    expected = [color_vector(i, 255 - i, 10) for i in range(10)]
    np.testing.assert_allclose(np.concatenate([b.vectors for b in batches]), expected, atol=1e-6)


def test_no_batch_is_filled_up_from_nothing(tmp_path: Path) -> None:
    embedder = Padded()
    (batch,) = embed(embedder, [ImageSource(str(tmp_path / "gone.png"))], batch_size=4)
    assert (batch.vectors.shape, embedder.batches) == ((0, 3), [])


def test_filled_up_batches_are_halved_when_memory_runs_out(tmp_path: Path) -> None:
    embedder = Padded(limit=2)
    check(list(embed(embedder, plain(tmp_path, 7), batch_size=4)), range(7))
    assert embedder.batches == [2, 2, 2, 2]


# -- memory ------------------------------------------------------------------------------------


class Narrow(MeanColor):
    """Fits a few images in memory at once."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room
        self.tried: list[int] = []

    def embed_images(self, images: Sequence[Image.Image]) -> Vectors:
        self.tried.append(len(images))
        if len(images) > self.room:
            raise MemoryError
        return super().embed_images(images)


def test_batches_are_halved_until_they_fit_and_stay_small(tmp_path: Path) -> None:
    embedder = Narrow(room=3)
    batches = list(embed(embedder, plain(tmp_path, 25), batch_size=10))
    assert [len(batch.positions) for batch in batches] == [10, 10, 5]
    check(batches, range(25))
    assert embedder.tried == [10, 5, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1]


def test_a_single_image_that_does_not_fit_is_an_error(tmp_path: Path) -> None:
    embedder = Narrow(room=0)
    with pytest.raises(
        EmbedderError, match="not enough memory to embed a single image with 'mean-color'; free"
    ):
        list(embed(embedder, plain(tmp_path, 8), batch_size=4))
    assert embedder.tried[:3] == [4, 2, 1]
    assert pool_threads() == []


@pytest.mark.parametrize("workers", [1, 2])
def test_few_images_are_in_memory_at_once(tmp_path: Path, workers: int) -> None:
    class Counting(MeanColor):
        """Counts the prepared images that are in memory."""

        def __init__(self) -> None:
            super().__init__()
            self.counts = {"alive": 0, "most": 0, "all": 0}
            self.lock = threading.RLock()

        def max_workers(self) -> int:
            return workers

        def preprocess(self, image: Image.Image) -> Any:
            with self.lock:
                self.counts["all"] += 1
                self.counts["alive"] += 1
                self.counts["most"] = max(self.counts["most"], self.counts["alive"])
            weakref.finalize(image, self.discard, self.counts, self.lock)
            return image

        @staticmethod
        def discard(counts: dict[str, int], lock: threading.RLock) -> None:
            with lock:
                counts["alive"] -= 1

    embedder = Counting()
    batches = []
    for batch in embed(embedder, plain(tmp_path, 60), batch_size=5):
        batches.append(batch)
        # Long enough for the threads to decode everything.
        time.sleep(0.02)
    check(batches, range(60))
    # The batch of each worker, and the next one, which is being decoded.
    assert embedder.counts["most"] <= (workers + 1) * 5
    assert (embedder.counts["all"], embedder.counts["alive"]) == (60, 0)


@pytest.mark.parametrize(("image_size", "seen"), [(None, (640, 480)), (60, (160, 120))])
def test_an_image_is_decoded_as_large_as_the_embedder_needs(
    tmp_path: Path, image_size: int | None, seen: tuple[int, int]
) -> None:
    sizes = []

    class Small(MeanColor):
        def preprocess(self, image: Image.Image) -> Any:
            sizes.append(image.size)
            return image

    embedder = Small()
    embedder.image_size = image_size
    noise(640, 480).save(tmp_path / "a.jpg")
    list(embed(embedder, [ImageSource(str(tmp_path / "a.jpg"))]))
    assert sizes == [seen]


# -- threads -----------------------------------------------------------------------------------


class TwoWorkers(MeanColor):
    """Embeds only when both of its workers do; the even batches take longer."""

    def __init__(self) -> None:
        super().__init__()
        self.meeting = threading.Barrier(2, timeout=120)
        self.started: list[int] = []

    def max_workers(self) -> int:
        return 2

    def start_worker(self) -> None:
        self.started.append(threading.get_ident())

    def embed_images(self, images: Sequence[Image.Image]) -> Vectors:
        self.meeting.wait()
        if images[0].getpixel((0, 0))[0] % 6 == 0:
            time.sleep(0.05)
        return super().embed_images(images)


def test_workers_embed_at_the_same_time_and_keep_the_order(tmp_path: Path) -> None:
    embedder = TwoWorkers()
    check(list(embed(embedder, plain(tmp_path, 24), batch_size=3)), range(24))
    assert len(set(embedder.started)) == len(embedder.started) == 2
    assert pool_threads() == []


def test_a_batch_is_decoded_while_the_previous_one_is_embedded(tmp_path: Path) -> None:
    class Waiting(MeanColor):
        """Embeds the first batch only after the second is decoded."""

        def __init__(self) -> None:
            super().__init__()
            self.decoded = 0
            self.next_batch = threading.Event()

        def preprocess(self, image: Image.Image) -> Any:
            self.decoded += 1
            if self.decoded == 8:
                self.next_batch.set()
            return image

        def embed_images(self, images: Sequence[Image.Image]) -> Vectors:
            assert self.next_batch.wait(120), "the next batch is not decoded"
            return super().embed_images(images)

    check(list(embed(Waiting(), plain(tmp_path, 8), batch_size=4, num_workers=1)), range(8))


def test_there_is_a_decoding_thread_for_each_available_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Meeting(MeanColor):
        """Decodes only when three images are decoded at once."""

        meeting = threading.Barrier(3, timeout=120)

        def preprocess(self, image: Image.Image) -> Any:
            self.meeting.wait()
            names.add(threading.current_thread().name)
            return image

    names: set[str] = set()
    monkeypatch.setattr(os, "cpu_count", lambda: 50)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {1, 4, 7}, raising=False)
    check(list(embed(Meeting(), plain(tmp_path, 30), batch_size=15)), range(30))
    assert names == {"decode_0", "decode_1", "decode_2"}


def test_closing_the_iterator_stops_all_threads(tmp_path: Path) -> None:
    decoded = []

    class Recording(MeanColor):
        def preprocess(self, image: Image.Image) -> Any:
            decoded.append(image.getpixel((0, 0))[0])
            return image

    batches = embed(Recording(), plain(tmp_path, 100), batch_size=4, num_workers=2)
    check([next(batches)], range(4))
    assert pool_threads() != []
    batches.close()
    assert pool_threads() == []
    seen = sorted(decoded)
    assert seen == list(range(len(seen)))
    assert 4 <= len(seen) <= 8
