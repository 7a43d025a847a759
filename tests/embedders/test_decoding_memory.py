"""Threads that decode share a number of bytes, whatever the number of threads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fiftyone_faiss.embedders import ImageSource, images, pixels
from fiftyone_faiss.embedders.decoding_memory import MemoryBudget
from fiftyone_faiss.embedders.pixels import as_rgb, decoded_bytes


def test_threads_never_hold_more_bytes_than_the_budget_has() -> None:
    budget = MemoryBudget(100)
    held: list[int] = []
    most: list[int] = []
    lock = threading.Lock()

    def work(count: int) -> None:
        with budget.reserve(count):
            with lock:
                held.append(count)
                most.append(sum(held))
            with lock:
                held.remove(count)

    counts = np.random.default_rng(51).integers(1, 100, 400).tolist()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, counts))
    assert len(most) == 400
    assert max(most) <= 100
    assert held == []


def test_work_above_the_budget_runs_alone_and_before_what_came_later() -> None:
    budget = MemoryBudget(100)
    order: list[str] = []

    def work(name: str, count: int) -> None:
        with budget.reserve(count):
            order.append(name)

    with ThreadPoolExecutor(2) as pool:
        with budget.reserve(1):
            large = pool.submit(work, "large", 1_000)
            while not budget._turn.locked():
                pass
            small = pool.submit(work, "small", 1)
            assert not large.done()
            assert not small.done()
        large.result(timeout=60)
        small.result(timeout=60)
    assert order == ["large", "small"]


def test_an_error_gives_the_bytes_back() -> None:
    budget = MemoryBudget(100)
    for _ in range(3):
        with pytest.raises(ValueError), budget.reserve(60):
            raise ValueError
    with budget.reserve(100):
        assert budget._used == 100


@pytest.mark.parametrize(
    ("mode", "steps"), [("RGB", 1), ("L", 2), ("P", 2), ("CMYK", 2), ("RGBA", 3), ("LA", 3)]
)
def test_the_bytes_of_an_image_are_those_of_all_steps(mode: str, steps: int) -> None:
    assert decoded_bytes(Image.new(mode, (30, 20))) == steps * 4 * 30 * 20


def test_an_image_holds_its_bytes_until_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = MemoryBudget(10_000)
    for module in (images, pixels):
        monkeypatch.setattr(module, "decoding_budget", budget)
    path = tmp_path / "a.png"
    Image.linear_gradient("L").resize((40, 20)).save(path)
    source = ImageSource(str(path), (0.0, 0.0, 0.5, 1.0))
    used: list[int] = []

    def work(image: Image.Image) -> Image.Image:
        used.append(budget._used)
        return image

    expected = np.asarray(as_rgb(Image.open(path)))[:, :20]
    np.testing.assert_array_equal(source.apply(work), expected)
    assert used == [2 * 4 * 40 * 20]
    assert budget._used == 0
    # An error of the work is its own, not one of the file.
    with pytest.raises(TypeError):
        source.apply(lambda image: len(image))  # type: ignore[arg-type]
    assert budget._used == 0
