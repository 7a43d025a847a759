"""Builds indexes of thin and large images, and searches with each, and reports the memory.

It runs as a program, because a process has one peak of its memory.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from PIL import Image

# Every kind of resizing: a crop of the middle, a square, and a fitted image.
MODES = ("shortest", "squash", "longest")


def write_files(folder: Path, count: int) -> list[Path]:
    """Writes images: many are thin, and some have more pixels than are allowed."""
    random = Random(51)
    paths = []
    for n in range(count):
        kind = ("thin", "thin", "long", "large", "claims")[n % 5]
        if kind == "thin":
            size = (random.choice([3_000, 30_000, 65_000, 400_000]), random.randint(1, 8))
        elif kind == "long":
            size = (random.randint(5_000, 60_000), random.randint(20, 120))
        elif kind == "large":
            side = random.randint(3_000, 5_000)
            size = (side, side)
        else:
            size = (random.choice([20_000, 100_000, 1_000_000]), random.randint(11_000, 13_000))
        if random.random() < 0.5:
            size = (size[1], size[0])
        is_jpeg = kind == "large" and random.random() < 0.5
        paths.append(folder / f"{n:03}-{kind}{'.jpg' if is_jpeg else '.png'}")
        mode = "1" if kind == "claims" else random.choice(["RGB", "L", "P", "RGBA"])
        _write(paths[-1], "RGB" if is_jpeg else mode, size, kind == "claims", random)
    return paths


def _write(path: Path, mode: str, size: tuple[int, int], claims: bool, random: Random) -> None:
    """Writes an image of one color; one that only claims its size has few bytes of pixels."""
    if claims:
        Image.new("1", (8, 8)).save(path)
        data = bytearray(path.read_bytes())
        data[16:24] = size[0].to_bytes(4, "big") + size[1].to_bytes(4, "big")
        data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
        path.write_bytes(data)
        return
    color = random.randrange(256) if mode in ("L", "P") else tuple(random.choices(range(256), k=3))
    if mode == "RGBA":
        color = (*color, 200)  # type: ignore[misc]
    Image.new(mode, size, color).save(path, compress_level=1)


def peak_mb() -> float:
    """The largest memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def embedders() -> Iterator[Any]:
    """Small networks with every kind of resizing, and an embedder without weights."""
    import torch
    from open_clip.transform import PreprocessCfg, image_transform_v2

    from fiftyone_faiss.embedders.torch_net import TorchEmbedder

    class Net(TorchEmbedder):
        def _features(self, net: torch.nn.Module, pixels: torch.Tensor) -> torch.Tensor:
            return net(pixels)

    for mode in MODES:
        net = torch.nn.Sequential(torch.nn.AvgPool2d(56), torch.nn.Flatten())
        transform = image_transform_v2(PreprocessCfg(size=224, resize_mode=mode), is_train=False)
        yield Net(f"net-{mode}", net, transform, "cpu", "float32")
    yield "hog"


def run(folder: Path, count: int) -> dict[str, Any]:
    """Indexes ordinary images, and then the files; searches with all of them."""
    import fiftyone as fo

    import fiftyone_faiss

    ordinary = folder / "ordinary.png"
    Image.linear_gradient("L").resize((1_600, 1_200)).convert("RGB").save(ordinary)
    paths = write_files(folder, count)
    result: dict[str, Any] = {"growth": {}, "failed": [], "refused": 0}
    models = [(str(getattr(e, "name", e)), e) for e in embedders()]
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(str(ordinary))])

    def grown(name: str, work: Callable[[], None]) -> None:
        before, started = peak_mb(), time.perf_counter()
        work()
        result["growth"][name] = (peak_mb() - before, time.perf_counter() - started)

    def queries(name: str, path: Path) -> None:
        ways: list[tuple[Any, Any]] = [(path, None)]
        if name == "hog":
            ways += [(str(path), None), ("@upload", {"upload": path})]
            # Last, since it keeps its pixels. Pillow itself refuses those that claim to be large.
            ways += [] if "claims" in path.name else [(Image.open(path), None)]
        for query, uploads in ways:
            try:
                fiftyone_faiss.search(dataset, query, name.replace("-", "_"), k=1, uploads=uploads)
            except ValueError as error:
                assert len(str(error)) <= 300, error
                result["refused"] += 1

    # The baseline: everything is loaded, and has embedded ordinary images.
    for name, model in models:
        fiftyone_faiss.build_index(dataset, name.replace("-", "_"), model=model)
        queries(name, ordinary)
    dataset.add_samples([fo.Sample(str(path)) for path in paths])
    result["baseline"] = peak_mb()
    for name, model in models:
        key = name.replace("-", "_")
        build = lambda key=key, model=model: fiftyone_faiss.build_index(  # noqa: E731
            dataset, key, model=model
        )
        grown(f"build {name}", build)
        asked = paths if name == "hog" else paths[::3]
        grown(f"search {name}", lambda name=name, asked=asked: [queries(name, p) for p in asked])
        failures = fiftyone_faiss.list_failures(dataset, key)
        names = dict(zip(*dataset.values(["id", "filepath"]), strict=True))
        result["failed"].append(sorted(Path(names[id]).stem[4:] for id in failures))
    result["peak"] = peak_mb()
    dataset.delete()
    return result


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(Path(sys.argv[1]), int(sys.argv[2]))))
