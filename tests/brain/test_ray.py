"""Embedding on a Ray cluster: the same vectors, whatever becomes of the workers."""

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

import fiftyone as fo
import numpy as np
import psutil
import pytest
from PIL import Image
from support.colors import MeanColor, color_vector
from support.remote import Deadly, Faulty, Traced, colored, count_lanes, load_nothing, traces

import fiftyone_faiss
from fiftyone_faiss.demo import MODEL_DIR
from fiftyone_faiss.embedders import (
    EmbeddedBatch,
    Embedder,
    EmbedderError,
    ImageSource,
    Vectors,
    embed_sources,
    ray_engine,
    registry,
)
from fiftyone_faiss.embedders.ray_cluster import Layout
from fiftyone_faiss.embedders.ray_engine import embed_sources_on_ray

TESTS = Path(__file__).resolve().parents[1]
# Of so many images, each of two workers gets four chunks.
N, CHUNK = 200, 25
BROKEN = {3: "the file is missing", 77: "the file is empty", 199: "the path is a folder"}


@pytest.fixture(scope="module", autouse=True)
def environment() -> Iterator[None]:
    """A Ray of these tests' own, whose workers can import what supports the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_ADDRESS", "local")
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("PYTHONPATH", str(TESTS))
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
    """Images, some of which are broken, and what their vectors are."""
    paths, vectors = colored(tmp_path_factory.mktemp("images"), N)
    for i in BROKEN:
        os.unlink(paths[i])
    Path(paths[77]).touch()
    os.mkdir(paths[199])
    return [ImageSource(path) for path in paths], vectors


def check(batches: Sequence[EmbeddedBatch], vectors: Vectors) -> None:
    """Checks that every image came out once: with its vector, or with what is wrong with it."""
    positions = np.concatenate([batch.positions for batch in batches])
    failures = [failure for batch in batches for failure in batch.failures]
    assert sorted(positions.tolist()) == [i for i in range(N) if i not in BROKEN]
    assert sorted((one.position, one.reason) for one in failures) == sorted(BROKEN.items())
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


def test_a_ray_that_was_started_for_it_ends_with_it(
    dataset: fo.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray

    # Known by this name here, but not on the workers.
    monkeypatch.setattr(registry, "_registered", {})
    fiftyone_faiss.register_embedder("own", MeanColor)
    report = fiftyone_faiss.compute_embeddings(dataset, "own", "emb", engine="ray")
    assert not ray.is_initialized()
    assert (report.embedded, report.failures, report.skipped) == (12, {}, 0)
    expected = [color_vector(20 * i, 255 - 20 * i, 40) for i in range(12)]
    np.testing.assert_allclose(np.stack(dataset.values("emb")), expected, atol=1e-6)


def test_vectors_are_those_of_the_local_loop(
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


def test_what_a_killed_worker_was_at_is_done_again(
    cluster: Any, images: tuple[list[ImageSource], Vectors], tmp_path: Path
) -> None:
    sources, vectors = images
    folder, go = tmp_path / "traces", tmp_path / "go"
    folder.mkdir()
    batches = embed_sources_on_ray(partial(Traced, folder, CHUNK, go), sources, batch_size=4)
    got = [next(batches)]
    # In the middle of its second chunk: what it has begun of it is lost.
    wait_until(lambda: max(traces(folder).values()) > CHUNK)
    first = max(traces(folder), key=lambda pid: traces(folder)[pid])
    os.kill(first, signal.SIGKILL)
    go.touch()
    got += batches
    check(got, vectors)
    assert not is_running(first)
    assert sum(traces(folder).values()) > N - len(BROKEN)


def answering(starts: Callable[[list[int]], list[int]]) -> Callable[..., Any]:
    """In place of Ray's dataset: one that gives the results of such chunks."""

    def dataset(ray: Any, chunks: dict[int, bytes], *_: Any) -> Any:
        def rows() -> Iterator[dict[str, Any]]:
            for start in starts(list(chunks)):
                batches = embed_sources(MeanColor(), pickle.loads(chunks[start]))
                result = [ray_engine._moved(batch, start) for batch in batches]
                yield {"start": start, "result": pickle.dumps(result)}

        return SimpleNamespace(iter_rows=rows)

    return dataset


def test_what_ray_does_twice_comes_out_once(
    cluster: Any,
    images: tuple[list[ImageSource], Vectors],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sources, vectors = images
    monkeypatch.setattr(ray_engine, "_dataset", answering(lambda starts: starts[::-1] + starts))
    check(list(embed_sources_on_ray(MeanColor, sources)), vectors)


def test_what_ray_loses_is_not_taken_for_done(
    cluster: Any,
    images: tuple[list[ImageSource], Vectors],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ray_engine, "_dataset", answering(lambda starts: starts[1:]))
    with pytest.raises(EmbedderError) as error:
        list(embed_sources_on_ray(MeanColor, images[0]))
    assert str(error.value) == "Ray lost 1 of 8 parts; try again."


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


def test_images_that_kill_every_worker_are_named(
    cluster: Any,
    images: tuple[list[ImageSource], Vectors],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sources, _ = images
    monkeypatch.setattr(ray_engine, "MOST_DEATHS", 2)
    with pytest.raises(EmbedderError) as error:
        list(embed_sources_on_ray(Deadly, sources[48:52], concurrency=1))
    assert str(error.value) == (
        "2 workers of Ray died, one after another, of the same images "
        f"(1, from {sources[50].path} on): one may crash its decoder, or there is too little "
        "memory for the model."
    )


@pytest.mark.parametrize(
    ("load", "sentence"),
    [
        (load_nothing, "The weights of 'x' could not be loaded."),
        (Faulty, "Embedding on Ray failed: RuntimeError: the model has a fault."),
    ],
)
def test_what_fails_on_a_worker_is_said_here(
    cluster: Any,
    images: tuple[list[ImageSource], Vectors],
    load: Callable[[], Embedder],
    sentence: str,
) -> None:
    with pytest.raises(EmbedderError) as error:
        list(embed_sources_on_ray(load, images[0], concurrency=1))
    assert str(error.value) == sentence


def test_a_network_has_as_many_lanes_as_its_worker_has_processors(
    cluster: Any, images: tuple[list[ImageSource], Vectors], tmp_path: Path
) -> None:
    sources, vectors = images
    load = partial(count_lanes, tmp_path)
    (batch,) = embed_sources_on_ray(load, sources[:1], concurrency=1)
    np.testing.assert_allclose(batch.vectors, vectors[:1], atol=1e-6)
    assert (tmp_path / "lanes").read_text() == "1"


def test_a_network_can_be_sent_to_a_worker() -> None:
    network = fiftyone_faiss.get_embedder(str(MODEL_DIR), precision="float32")
    sent = pickle.loads(pickle.dumps(network))
    assert sent.fingerprint == network.fingerprint
    image = Image.radial_gradient("L").convert("RGB")
    np.testing.assert_array_equal(sent.embed_image(image), network.embed_image(image))


def test_workers_embed_in_the_precision_that_was_chosen(
    dataset: fo.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = []

    def here(load: Callable[[], Embedder], sources: list[ImageSource], *_: Any) -> Any:
        loads.append(pickle.loads(pickle.dumps(load)))
        return embed_sources(load(), sources)

    monkeypatch.setattr(ray_engine, "embed_sources_on_ray", here)
    network = fiftyone_faiss.get_embedder(str(MODEL_DIR), precision="bfloat16")
    fiftyone_faiss.compute_embeddings(dataset, network, "emb", engine="ray")
    fiftyone_faiss.compute_embeddings(dataset, "colorhist", "colors", engine="ray")
    assert loads[0]() is network
    assert loads[1]() is fiftyone_faiss.get_embedder("colorhist")


def test_an_embedder_that_cannot_be_sent_says_so(cluster: Any) -> None:
    lock = threading.Lock()
    with pytest.raises(EmbedderError, match="The embedder cannot be sent to Ray's workers"):
        embed_sources_on_ray(lambda: lock, [])  # type: ignore[arg-type, return-value]


def test_without_ray_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EmbedderError) as error:
        embed_sources_on_ray(MeanColor, [])
    assert str(error.value) == ('engine="ray" needs Ray Data: pip install "fiftyone-faiss[ray]"')


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
