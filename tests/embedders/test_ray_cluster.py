"""The connection to Ray, the actors of a cluster, and its errors."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from fiftyone_faiss.embedders import EmbedderError
from fiftyone_faiss.embedders.ray_cluster import (
    Layout,
    connection,
    no_progress_bars,
    readable_errors,
)


@pytest.mark.parametrize(
    ("nodes", "concurrency", "layout"),
    [
        ([{"CPU": 2.0}], None, Layout(2, 1, 0)),
        ([{"CPU": 32.0}], None, Layout(4, 8, 0)),
        ([{"CPU": 5.0}], None, Layout(2, 2, 0)),
        ([{"CPU": 8.0}, {"CPU": 16.0}, {"memory": 1.0}], None, Layout(12, 2, 0)),
        ([{"CPU": 8.0}], 3, Layout(3, 2, 0)),
        ([{"CPU": 16.0, "GPU": 2.0}, {"CPU": 4.0, "GPU": 1.0}], None, Layout(3, 4, 1)),
        ([{"CPU": 64.0}, {"CPU": 8.0, "GPU": 1.0}], None, Layout(1, 8, 1)),
        ([], None, Layout(1, 1, 0)),
    ],
)
def test_actors_fit_the_machines(
    nodes: list[dict[str, float]], concurrency: int | None, layout: Layout
) -> None:
    assert Layout.over(nodes, concurrency) == layout


def test_chunks_are_small_enough_to_share_and_no_smaller_than_a_batch() -> None:
    assert Layout(2, 1, 0).chunk_size(200, None) == 25
    assert Layout(2, 1, 0).chunk_size(3, None) == 1
    assert Layout(2, 1, 0).chunk_size(10**6, None) == 64
    assert Layout(4, 8, 0).chunk_size(10**6, None) == 512
    assert Layout(2, 1, 0).chunk_size(10**6, 100) == 100
    assert Layout(1, 8, 1).chunk_size(10**6, None) == 2048


class RayError(Exception):
    """In place of Ray's own."""


class RayActorError(RayError):
    """In place of Ray's own."""


class Ray:
    """A Ray that records its connections."""

    exceptions = SimpleNamespace(RayError=RayError, RayActorError=RayActorError)

    def __init__(self, is_initialized: bool = False, error: Exception | None = None) -> None:
        self.connected = is_initialized
        self.error = error
        self.calls: list[str] = []
        context = SimpleNamespace(enable_progress_bars=True)
        self.context = context
        self.data = SimpleNamespace(DataContext=SimpleNamespace(get_current=lambda: context))

    def is_initialized(self) -> bool:
        return self.connected

    def init(self, **options: Any) -> None:
        if self.error is not None:
            raise self.error
        self.calls.append("init")
        self.connected = True

    def shutdown(self) -> None:
        self.calls.append("shutdown")
        self.connected = False


def test_a_connection_is_shared_and_closed_by_its_last_user() -> None:
    ray: Any = Ray()
    logger = logging.getLogger("ray.data")
    level = logger.level
    with connection(ray):
        with connection(ray):
            assert ray.calls == ["init"]
        assert ray.calls == ["init"]
        assert logger.level == logging.CRITICAL
    assert ray.calls == ["init", "shutdown"]
    assert logger.level == level
    with pytest.raises(KeyError), connection(ray):
        raise KeyError
    assert ray.calls == ["init", "shutdown"] * 2


def test_a_connection_of_the_caller_stays_open() -> None:
    ray: Any = Ray(is_initialized=True)
    with connection(ray):
        pass
    assert (ray.calls, ray.connected) == ([], True)


def test_a_cluster_that_cannot_be_reached_is_an_error_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    error = ConnectionError("Traceback:\n  ...\nno answer.")
    with pytest.raises(EmbedderError) as caught, connection(Ray(error=error)):  # type: ignore[arg-type]
        pass
    assert str(caught.value) == (
        "Ray could not be reached or started at 10.0.0.1:6379 (no answer); start it with 'ray "
        "start --head', or set RAY_ADDRESS to the address of a cluster."
    )


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            RayActorError("worker log\nModuleNotFoundError: No module named 'x'"),
            "Ray's workers did not start (ModuleNotFoundError: No module named 'x'); install "
            "fiftyone-faiss, and what the embedder imports, on every machine of the cluster.",
        ),
        (
            RayError("a\nOSError: disk full.\n\nThe above exception was the direct cause of\nb"),
            "Embedding on Ray failed: OSError: disk full.",
        ),
        (RayError(""), "Embedding on Ray failed: RayError."),
    ],
)
def test_errors_of_ray_become_one_sentence(error: RayError, message: str) -> None:
    with pytest.raises(EmbedderError) as caught, readable_errors(Ray()):  # type: ignore[arg-type]
        raise error
    assert str(caught.value) == message


def test_progress_bars_are_hidden_for_a_while() -> None:
    ray: Any = Ray()
    with no_progress_bars(ray):
        assert not ray.context.enable_progress_bars
    assert ray.context.enable_progress_bars
