"""Embedding on a Ray cluster gives the vectors of the local loop, even if workers die."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image
from support.colors import MeanColor
from support.remote import (
    Deadly,
    Faulty,
    Traced,
    Unsteady,
    colored,
    load_nothing,
    traces,
    write_worker_count,
)

from fiftyone_faiss.demo import MODEL_DIR
from fiftyone_faiss.embedders import (
    EmbeddedBatch,
    Embedder,
    EmbedderError,
    ImageSource,
    Vectors,
    embed_sources,
    ray_engine,
)
from fiftyone_faiss.embedders.open_clip import OpenClipEmbedder, OpenClipSpec
from fiftyone_faiss.embedders.ray_engine import embed_sources_on_ray
from fiftyone_faiss.embedders.ray_messages import encode_result

pytestmark = pytest.mark.backends

TESTS = Path(__file__).resolve().parents[1]
# Each of two workers gets four chunks.
N, CHUNK = 200, 25
BROKEN = {3: "the file is missing", 77: "the file is empty", 199: "the path is a folder"}


@pytest.fixture(scope="module", autouse=True)
def environment() -> Iterator[None]:
    """Starts Ray on this machine, with workers that can import the support of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_ADDRESS", "local")
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("PYTHONPATH", str(TESTS), prepend=os.pathsep)
        patch.delenv("OMP_NUM_THREADS", raising=False)
        yield


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A running Ray with two processors."""
    import ray

    ray.init(num_cpus=2, log_to_driver=False, include_dashboard=False)
    yield ray
    ray.shutdown()


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[ImageSource], Vectors]:
    """Images, some of which are broken, and the vectors of the others."""
    paths, vectors = colored(tmp_path_factory.mktemp("images"), N)
    for i in BROKEN:
        os.unlink(paths[i])
    Path(paths[77]).touch()
    os.mkdir(paths[199])
    return [ImageSource(path) for path in paths], vectors


def check(batches: Sequence[EmbeddedBatch], vectors: Vectors) -> None:
    """Asserts that every image has either its vector or the reason of its failure, once."""
    positions = np.concatenate([batch.positions for batch in batches])
    failures = [failure for batch in batches for failure in batch.failures]
    assert sorted(positions.tolist()) == [i for i in range(N) if i not in BROKEN]
    reasons = {failure.position: failure.reason for failure in failures}
    assert (reasons, len(failures)) == (BROKEN, len(BROKEN))
    got = np.concatenate([batch.vectors for batch in batches])
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, vectors[positions], atol=1e-6)


def wait_until(happened: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_vectors_are_equal_to_those_of_the_local_loop(
    cluster: Any, images: tuple[list[ImageSource], Vectors], tmp_path: Path
) -> None:
    sources, vectors = images
    batches = list(embed_sources_on_ray(partial(Traced, tmp_path), sources, batch_size=8))
    check(batches, vectors)
    local = {
        position: vector
        for batch in embed_sources(MeanColor(), sources, batch_size=8)
        for position, vector in zip(batch.positions.tolist(), batch.vectors, strict=True)
    }
    for batch in batches:
        for position, vector in zip(batch.positions.tolist(), batch.vectors, strict=True):
            np.testing.assert_array_equal(vector, local[position])
    assert sum(traces(tmp_path).values()) == N - len(BROKEN)
    assert os.getpid() not in traces(tmp_path)
    assert cluster.is_initialized()


def test_the_chunk_of_a_killed_worker_is_repeated(
    cluster: Any, images: tuple[list[ImageSource], Vectors], tmp_path: Path
) -> None:
    sources, vectors = images
    folder, go = tmp_path / "traces", tmp_path / "go"
    folder.mkdir()
    batches = embed_sources_on_ray(partial(Traced, folder, CHUNK, go), sources, batch_size=4)
    got = [next(batches)]
    # In the middle of its second chunk, whose results are lost.
    wait_until(lambda: max(traces(folder).values()) > CHUNK)
    first = max(traces(folder), key=lambda pid: traces(folder)[pid])
    os.kill(first, signal.SIGKILL)
    go.touch()
    got += batches
    check(got, vectors)
    assert not is_running(first)
    assert sum(traces(folder).values()) > N - len(BROKEN)


def returning(starts: Callable[[list[int]], list[int]]) -> Callable[..., Any]:
    """Replaces Ray's dataset by one that returns the results of some chunks."""

    def dataset(ray: Any, chunks: dict[int, bytes], *_: Any) -> Any:
        def rows() -> Iterator[dict[str, Any]]:
            for start in starts(list(chunks)):
                batches = embed_sources(MeanColor(), pickle.loads(chunks[start]))
                result = [ray_engine._moved(batch, start) for batch in batches]
                yield {"start": start, "result": encode_result(result)}

        return SimpleNamespace(iter_rows=rows)

    return dataset


def test_a_chunk_that_ray_repeats_is_returned_once(
    cluster: Any,
    images: tuple[list[ImageSource], Vectors],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sources, vectors = images
    monkeypatch.setattr(ray_engine, "_dataset", returning(lambda starts: starts[::-1] + starts))
    check(list(embed_sources_on_ray(MeanColor, sources)), vectors)


def test_a_chunk_that_ray_loses_is_an_error(
    cluster: Any,
    images: tuple[list[ImageSource], Vectors],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ray_engine, "_dataset", returning(lambda starts: starts[1:]))
    with pytest.raises(EmbedderError) as error:
        list(embed_sources_on_ray(MeanColor, images[0]))
    assert str(error.value) == "Ray lost 1 of 8 chunks; try again."


def test_closing_early_stops_the_workers(
    cluster: Any, images: tuple[list[ImageSource], Vectors], tmp_path: Path
) -> None:
    sources, vectors = images
    load = partial(Traced, tmp_path, CHUNK, tmp_path.parent / "never")
    batches = embed_sources_on_ray(load, sources, batch_size=4)
    batch = next(batches)
    np.testing.assert_allclose(batch.vectors, vectors[batch.positions], atol=1e-6)
    wait_until(lambda: max(traces(tmp_path).values()) > CHUNK)
    batches.close()  # type: ignore[attr-defined]
    wait_until(lambda: not any(is_running(pid) for pid in traces(tmp_path)))
    assert sum(traces(tmp_path).values()) < N - len(BROKEN)
    wait_until(lambda: cluster.available_resources().get("CPU") == 2)


def test_images_that_kill_every_worker_are_an_error(
    cluster: Any,
    images: tuple[list[ImageSource], Vectors],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sources, _ = images
    monkeypatch.setattr(ray_engine, "MAX_DEATHS", 2)
    with pytest.raises(EmbedderError) as error:
        list(embed_sources_on_ray(Deadly, sources[48:52], concurrency=1))
    assert str(error.value) == (
        "2 of Ray's workers died while embedding the same chunk of 1 images, which starts with "
        f"{sources[50].path}; remove an image that crashes its decoder, or use a smaller model if "
        "memory ran out."
    )


@pytest.mark.parametrize(
    ("load", "sentence"),
    [
        (load_nothing, "The weights of 'x' could not be loaded."),
        (Faulty, "Embedding on Ray failed: RuntimeError: the model has a fault."),
    ],
)
def test_an_error_on_a_worker_is_raised_here(
    cluster: Any,
    images: tuple[list[ImageSource], Vectors],
    load: Callable[[], Embedder],
    sentence: str,
) -> None:
    with pytest.raises(EmbedderError) as error:
        list(embed_sources_on_ray(load, images[0], concurrency=1))
    assert str(error.value) == sentence


def test_images_without_a_finite_vector_are_failures(
    cluster: Any, images: tuple[list[ImageSource], Vectors]
) -> None:
    sources, vectors = images
    batches = list(embed_sources_on_ray(Unsteady, sources[20:30], concurrency=1))
    failures = [failure for batch in batches for failure in batch.failures]
    reason = "the model 'mean-color' returned numbers that are not finite"
    assert [(f.position, f.reason) for f in failures] == [(5, reason)]
    got = {p: v for b in batches for p, v in zip(b.positions.tolist(), b.vectors, strict=True)}
    assert sorted(got) == [0, 1, 2, 3, 4, 6, 7, 8, 9]
    np.testing.assert_allclose(
        [got[i] for i in sorted(got)], np.delete(vectors[20:30], 5, axis=0), atol=1e-6
    )


def test_a_network_uses_the_processors_of_its_ray_worker(
    cluster: Any, images: tuple[list[ImageSource], Vectors], tmp_path: Path
) -> None:
    sources, vectors = images
    load = partial(write_worker_count, tmp_path)
    (batch,) = embed_sources_on_ray(load, sources[:1], concurrency=1)
    np.testing.assert_allclose(batch.vectors, vectors[:1], atol=1e-6)
    assert (tmp_path / "workers").read_text() == "1"


def test_a_network_can_be_sent_to_a_worker() -> None:
    spec = OpenClipSpec.parse(str(MODEL_DIR))
    network = OpenClipEmbedder("clip", spec, device="cpu", precision="bfloat16")
    sent = pickle.loads(pickle.dumps(network))
    assert (sent.fingerprint, sent.precision) == (network.fingerprint, "bfloat16")
    image = Image.radial_gradient("L").convert("RGB")
    np.testing.assert_array_equal(sent.embed_image(image), network.embed_image(image))


def test_an_embedder_that_cannot_be_sent_is_an_error(cluster: Any) -> None:
    lock = threading.Lock()
    with pytest.raises(EmbedderError, match="The embedder cannot be sent to Ray's workers"):
        embed_sources_on_ray(lambda: lock, [])  # type: ignore[arg-type, return-value]


def test_the_error_says_what_to_install_without_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EmbedderError) as error:
        embed_sources_on_ray(MeanColor, [])
    assert str(error.value) == ('engine="ray" needs Ray Data: pip install "fiftyone-faiss[ray]"')
