"""Measures how well embedders without weights find changed copies and parts of images.

    make bench-local-features
    python benchmarks/bench_local_features.py --drawings 200

Two kinds of images: those of the demo's world, and tiles of the photographs that scikit-image and
scikit-learn ship. The query is a changed copy of each image (turned by 90 degrees, tilted by 15 to
60 degrees, cropped to about 40 % of the area, cropped and tilted, or paler and darker), or a part
that was pasted onto another image at another size and angle; the answer is right if the first
result is the original. Chance is 1 / images. ``sift, own centroids`` has a vocabulary of the images
themselves.

It writes ``benchmarks/results/local_features.json`` and ``local_features.md``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import skimage
import sklearn
from PIL import Image, ImageEnhance
from report import circumstances, header, number, save_json, table
from workspace import ROOT

from fiftyone_faiss.demo.evaluate import draw_unseen
from fiftyone_faiss.embedders import Embedder, Vectors
from fiftyone_faiss.embedders.classical import CLASSICAL
from fiftyone_faiss.embedders.local_features import find_points, scaled
from fiftyone_faiss.embedders.sift import LocalFeatures, aggregated, learn_centroids

PACKAGES = ("numpy", "opencv-python-headless", "scikit-image", "scikit-learn")
TILE = 192
SCIKIT_IMAGE = (
    "astronaut.png", "brick.png", "camera.png", "chelsea.png", "coffee.png", "coins.png",
    "grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png", "moon.png",
    "motorcycle_left.png", "retina.jpg", "rocket.jpg",
)  # fmt: skip
SCIKIT_LEARN = ("china.jpg", "flower.jpg")
Images = Sequence[Image.Image]


def main() -> None:
    options = _options()
    data: dict[str, Any] = {**circumstances(options.seed, PACKAGES), "kinds": {}}
    drawings = [drawing.image for drawing in draw_unseen(options.drawings)]
    for kind, images in (("drawn images", drawings), ("tiles of photographs", tiles())):
        rng = np.random.default_rng(options.seed)
        queries = {
            name: [change(image, rng) for image in images] for name, change in CHANGES.items()
        }
        queries["part elsewhere"] = [
            pasted(image, images[(place + 1) % len(images)], rng)
            for place, image in enumerate(images)
        ]
        data["kinds"][kind] = {"images": len(images), "embedders": {}}
        for embedder in (*(cls() for cls in CLASSICAL.values()), OwnCentroids(images[::3])):
            row = measure(embedder, images, queries)
            data["kinds"][kind]["embedders"][embedder.name] = row
            print(kind, embedder.name, row, flush=True)
    save_json(options.output, data)
    options.output.with_suffix(".md").write_text("\n".join(page_of(data)))


class OwnCentroids(LocalFeatures):
    """``sift`` with a vocabulary of given images."""

    name = "sift, own centroids"

    def __init__(self, images: Images) -> None:
        self.centroids = learn_centroids(np.concatenate([self._points(image) for image in images]))

    def _points(self, image: Image.Image) -> np.ndarray:
        gray = cv2.cvtColor(scaled(image, self.image_size), cv2.COLOR_RGB2GRAY)
        return find_points(np.asarray(gray, np.uint8), self.max_points).descriptors

    def preprocess(self, image: Image.Image) -> Any:
        return aggregated(self._points(image), self.centroids)


def measure(embedder: Embedder, images: Images, queries: dict[str, list[Image.Image]]) -> Any:
    """The share of right first results for each change, and the time for an image."""
    started = time.perf_counter()
    originals = _embedded(embedder, images)
    row = {"ms": 1000 * (time.perf_counter() - started) / len(images)}
    for name, changed in queries.items():
        nearest = (_embedded(embedder, changed) @ originals.T).argmax(axis=1)
        row[name] = float(np.mean(nearest == np.arange(len(images))))
    return row


def _embedded(embedder: Embedder, images: Images) -> Vectors:
    return embedder.embed_images([embedder.preprocess(image) for image in images])


def _turned(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    return image.transpose(Image.Transpose.ROTATE_90)


def _tilted(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    return image.rotate(rng.uniform(15, 60), Image.Resampling.BICUBIC)


def _cropped(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    share = rng.uniform(0.55, 0.7)
    width, height = int(image.width * share), int(image.height * share)
    left = int(rng.integers(0, image.width - width + 1))
    top = int(rng.integers(0, image.height - height + 1))
    return image.crop((left, top, left + width, top + height))


def _cropped_and_tilted(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    return _cropped(image, rng).rotate(rng.uniform(10, 30), Image.Resampling.BICUBIC)


def _paler(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    return ImageEnhance.Brightness(ImageEnhance.Color(image).enhance(0.2)).enhance(0.75)


def pasted(image: Image.Image, other: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A part of an image, an instance, at another size and angle on another image."""
    part = _cropped(image, rng).convert("RGBA")
    part = part.rotate(rng.uniform(-30, 30), Image.Resampling.BICUBIC, expand=True)
    side = int(min(other.size) * rng.uniform(0.6, 0.8))
    part.thumbnail((side, side))
    result = other.copy()
    left = int(rng.integers(0, other.width - part.width + 1))
    top = int(rng.integers(0, other.height - part.height + 1))
    result.paste(part, (left, top), part)
    return result


CHANGES: dict[str, Callable[[Image.Image, np.random.Generator], Image.Image]] = {
    "turned": _turned,
    "tilted": _tilted,
    "cropped": _cropped,
    "cropped and tilted": _cropped_and_tilted,
    "paler": _paler,
}


def tiles() -> list[Image.Image]:
    """Tiles of photographs, which do not overlap."""
    of_skimage = Path(skimage.__file__).parent / "data"
    of_sklearn = Path(sklearn.__file__).parent / "datasets/images"
    paths = [of_skimage / name for name in SCIKIT_IMAGE] + [
        of_sklearn / name for name in SCIKIT_LEARN
    ]
    result = []
    for path in paths:
        image = Image.open(path).convert("RGB")
        image.thumbnail((4 * TILE, 4 * TILE))
        for top in range(0, image.height - TILE + 1, TILE):
            for left in range(0, image.width - TILE + 1, TILE):
                result.append(image.crop((left, top, left + TILE, top + TILE)))
    return result


def page_of(data: dict[str, Any]) -> list[str]:
    """The page of tables."""
    lines = header("Embedders without weights on changed copies", data)
    lines += ["The share of queries whose first result is the original.", ""]
    for kind, results in data["kinds"].items():
        names = [name for name in next(iter(results["embedders"].values())) if name != "ms"]
        rows = [
            (name, *(number(row[change], 2) for change in names), number(row["ms"], 1))
            for name, row in results["embedders"].items()
        ]
        chance = number(1 / results["images"], 3)
        lines += [f"## {results['images']} {kind} (chance {chance})", ""]
        lines += [*table(("embedder", *names, "ms per image"), rows), ""]
    return lines


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--drawings", type=int, default=100)
    parser.add_argument("--seed", type=int, default=52)
    results = ROOT / "benchmarks/results"
    parser.add_argument("--output", type=Path, default=results / "local_features.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
