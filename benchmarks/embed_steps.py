"""The steps of ``bench_embed.py`` that run in fresh processes; ``workspace.run_step`` calls them.

A rate is a number of images per second. Work that is done only once, such as starting torch's
threads, is done with the first images, and is not part of any rate.
"""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import open_clip
import psutil
import torch
from photos import photo_files
from torch.utils.flop_counter import FlopCounterMode
from workspace import serve

from fiftyone_faiss.embedders import ImageSource, embed_sources
from fiftyone_faiss.embedders.open_clip import OpenClipEmbedder, OpenClipSpec

WARM_UP = 32
# A network on a GPU embeds thousands of images per second, so the same ones are repeated.
GPU_IMAGES = 8192
# The side of the square matrices whose product measures the limit of the processor.
_SIDE = 2048
_PRODUCTS = 40

T = TypeVar("T")


class FixedWorkers(OpenClipEmbedder):
    """An embedder with a given number of workers; a single one uses all of torch's threads."""

    workers: int | None = None

    def max_workers(self) -> int:
        return self.workers or super().max_workers()

    def start_worker(self) -> None:
        if self.max_workers() > 1:
            super().start_worker()


def load(architecture: str, checkpoint: str, **options: Any) -> FixedWorkers:
    """Loads the network with the defaults of :class:`OpenClipEmbedder`."""
    return FixedWorkers(architecture, OpenClipSpec(architecture, checkpoint), **options)


def sources_of(folder: str, n: int) -> list[ImageSource]:
    return [ImageSource(str(file)) for file in photo_files(folder, n)]


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Returns the seconds that a function takes, and its result."""
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def embed_all(embedder: OpenClipEmbedder, sources: Sequence[ImageSource], **options: Any) -> Any:
    """Embeds images with the loop: ``(n, dim)`` float32 vectors."""
    batches = embed_sources(embedder, sources, **options)
    return np.concatenate([batch.vectors for batch in batches])


def decode_all(embedder: OpenClipEmbedder, sources: Sequence[ImageSource]) -> list[Any]:
    """Decodes and prepares every image on all processors."""

    def decode(source: ImageSource) -> Any:
        return embedder.preprocess(source.open(embedder.image_size))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(decode, sources))


def model_rate(embedder: OpenClipEmbedder, arrays: Sequence[Any], batch_size: int) -> float:
    """The rate of the network alone, with all workers of the embedder."""
    workers = embedder.max_workers()
    whole = batch_size * workers
    # Each worker gets the same number of batches, so that none waits for the others at the end.
    count = max(len(arrays) // whole * whole, min(len(arrays), whole))
    batches = [arrays[i : min(i + batch_size, count)] for i in range(0, count, batch_size)]
    with ThreadPoolExecutor(workers, initializer=embedder.start_worker) as pool:
        seconds, _ = timed(lambda: list(pool.map(embedder.embed_images, batches)))
    return count / seconds


# -- inputs --------------------------------------------------------------------------------------


def make_weights(architecture: str, checkpoint: str, seed: int) -> dict[str, Any]:
    """Writes random weights: they are as fast as others, and need no download."""
    torch.manual_seed(seed)
    torch.save(open_clip.create_model(architecture).state_dict(), checkpoint)
    return {}


def make_datasets(
    model: str, architecture: str, checkpoint: str, folders: dict[str, str], n: int
) -> dict[str, Any]:
    """Registers the model in FiftyOne's zoo, and creates a dataset from each folder."""
    import fiftyone as fo

    from fiftyone_faiss.brain.models.zoo import register_zoo_model

    register_zoo_model(model, OpenClipSpec(architecture, checkpoint))
    for name, folder in folders.items():
        samples = [fo.Sample(str(file)) for file in photo_files(folder, n)]
        fo.Dataset(name, persistent=True).add_samples(samples)
    return {}


# -- end to end ----------------------------------------------------------------------------------


def ours(name: str, model: str, vectors_file: str) -> dict[str, Any]:
    """Embeds a dataset as this project's ``compute_embeddings`` does."""
    import fiftyone as fo

    from fiftyone_faiss.brain.data.media import Regions, collect_media
    from fiftyone_faiss.brain.models.loading import get_embedder

    dataset, embedder = fo.load_dataset(name), get_embedder(model)

    def embed(samples: Any) -> np.ndarray:
        return embed_all(embedder, collect_media(samples, Regions()).sources)

    first_s, _ = timed(lambda: embed(dataset.limit(WARM_UP)))
    seconds, vectors = timed(lambda: embed(dataset))
    np.save(vectors_file, vectors)
    return {
        "rate": len(dataset) / seconds,
        "first_s": first_s,
        "precision": embedder.precision,
        "batch_size": embedder.batch_size(),
        "workers": embedder.max_workers(),
    }


def theirs(
    name: str,
    model: str,
    vectors_file: str,
    batch_size: int | None = None,
    num_workers: int | None = None,
    limit: int | None = None,
) -> dict[str, Any]:
    """Embeds a dataset with FiftyOne's ``compute_embeddings``.

    Args:
        name: the dataset
        model: a model of FiftyOne's zoo
        vectors_file: where to write the vectors
        batch_size (None): as in FiftyOne
        num_workers (None): as in FiftyOne
        limit (None): the number of samples to embed, by default all
    """
    import fiftyone as fo
    import fiftyone.zoo as foz

    samples = fo.load_dataset(name).limit(limit or 10**9)
    loaded = foz.load_zoo_model(model)

    def embed(some: Any) -> np.ndarray:
        vectors = some.compute_embeddings(loaded, batch_size=batch_size, num_workers=num_workers)
        return np.asarray(vectors, np.float32)

    first_s, _ = timed(lambda: embed(samples.limit(WARM_UP)))
    seconds, vectors = timed(lambda: embed(samples))
    np.save(vectors_file, vectors)
    return {"rate": len(samples) / seconds, "first_s": first_s}


# -- the parts -----------------------------------------------------------------------------------


def parts(folder: str, n: int, architecture: str, checkpoint: str) -> dict[str, Any]:
    """The rates of decoding alone and of the network alone, each on all processors."""
    embedder, sources = load(architecture, checkpoint), sources_of(folder, n)
    embed_all(embedder, sources[:WARM_UP])
    seconds, arrays = timed(lambda: decode_all(embedder, sources))
    rates = {"decode": n / seconds, "workers": model_rate(embedder, arrays, embedder.batch_size())}
    embedder.workers = 1
    return {**rates, "one_worker": model_rate(embedder, arrays, 2 * embedder.batch_size())}


def memory(folder: str, n: int, repeats: int, architecture: str, checkpoint: str) -> dict[str, Any]:
    """The maximum memory that embedding needs in addition to the loaded model."""
    embedder, sources = load(architecture, checkpoint), sources_of(folder, n) * repeats
    gc.collect()
    process, done = psutil.Process(), threading.Event()
    before = peak = process.memory_info().rss

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.01):
            peak = max(peak, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in embed_sources(embedder, sources):
        pass
    done.set()
    watcher.join()
    return {"images": len(sources), "peak_growth_bytes": peak - before}


def ceiling(architecture: str) -> dict[str, Any]:
    """The GFLOP of an image, and the GFLOP/s of matrix products in each precision."""
    model = open_clip.create_model(architecture)
    side = model.visual.image_size[0]
    # With gradients, since torch does not count within the fast path that it takes without them.
    with FlopCounterMode(display=False) as counter:
        model.encode_image(torch.zeros(1, 3, side, side))
    kinds = {"bfloat16": torch.bfloat16, "float32": torch.float32}
    return {
        "gflop_an_image": counter.get_total_flops() / 1e9,
        "products": {name: _product_rate(dtype) for name, dtype in kinds.items()},
    }


def _product_rate(dtype: torch.dtype) -> float:
    """The GFLOP/s of a product of square matrices, with one shared or separate threads."""
    threads = torch.get_num_threads()
    a, b = torch.randn(2, _SIDE, _SIDE).to(dtype)

    def multiply(count: int) -> None:
        for _ in range(count):
            torch.mm(a, b)

    multiply(3)
    rates = []
    for _ in range(3):
        torch.set_num_threads(threads)
        rates.append(_PRODUCTS / timed(lambda: multiply(_PRODUCTS))[0])
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            share = [_PRODUCTS // threads] * threads
            rates.append(sum(share) / timed(lambda: list(pool.map(multiply, share)))[0])  # noqa: B023
    return max(rates) * 2 * _SIDE**3 / 1e9


# -- on a GPU ------------------------------------------------------------------------------------


def on_gpu(folder: str, n: int, architecture: str, checkpoint: str) -> dict[str, Any]:
    """The rates end to end, and of the network alone on images that are already on the GPU."""
    embedder = load(architecture, checkpoint, device="cuda")
    exact = load(architecture, checkpoint, device="cuda", precision="float32")
    sources = sources_of(folder, n)
    close = np.sum(embed_all(embedder, sources) * embed_all(exact, sources), axis=1)
    del exact
    decode_s, arrays = timed(lambda: decode_all(embedder, sources))
    repeats = -(-GPU_IMAGES // n)
    seconds, vectors = timed(lambda: embed_all(embedder, sources * repeats))
    return {
        "gpu": torch.cuda.get_device_name(),
        "rate": len(vectors) / seconds,
        "model": _resident_rate(embedder, arrays * repeats),
        "decode": n / decode_s,
        "precision": embedder.precision,
        "batch_size": embedder.batch_size(),
        "min_cosine": float(close.min()),
    }


def _resident_rate(embedder: OpenClipEmbedder, arrays: list[Any]) -> float:
    size, rounds = embedder.batch_size(), 20
    with torch.inference_mode():
        pixels = embedder._input.batch(arrays[:size]).to(embedder._dtype)

        def work() -> None:
            for _ in range(rounds):
                embedder._features(embedder._net, pixels)
            torch.cuda.synchronize()

        work()
        seconds, _ = timed(work)
    return rounds * len(pixels) / seconds


if __name__ == "__main__":
    serve(make_weights, make_datasets, ours, theirs, parts, memory, ceiling, on_gpu)
