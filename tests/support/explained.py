"""Pictures of the demo's world with known boxes, and how much of a heatmap is in a box."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
from PIL import Image

from fiftyone_faiss.demo.world import SCALE, SIZE, Thing, draw_background, draw_thing

Box = tuple[float, ...] | list[float]
Named = tuple[tuple[str, str], tuple[float, ...]]


def in_box(shape: tuple[int, ...], box: Box) -> np.ndarray:
    """``(height, width)`` bool: which pixels have their center in a relative box."""
    left, top, width, height = box
    y, x = ((np.arange(length) + 0.5) / length for length in shape)
    rows, columns = (y >= top) & (y < top + height), (x >= left) & (x < left + width)
    return np.outer(rows, columns)


def area_in_box(shape: tuple[int, ...], box: Box) -> float:
    """The share of the pixels that are in a box."""
    return float(in_box(shape, box).mean())


def share_in_box(heatmap: np.ndarray, box: Box) -> float:
    """The share of a heatmap's sum that is in a box."""
    total = float(heatmap.sum())
    return float(heatmap[in_box(heatmap.shape, box)].sum()) / total if total else 0.0


def things_of(dataset: fo.Dataset, id: str, kind: str, color: str) -> list[Any]:
    """The labels of a sample of this kind and color."""
    objects = dataset[id].objects.detections
    return [thing for thing in objects if thing.label == kind and thing["color"] == color]


def swapped_pictures(folder: Path) -> tuple[fo.Dataset, list[tuple[Named, Named]]]:
    """Two pictures of a car and a ball in the same places, whose colors are swapped.

    Returns:
        the dataset, and the kind, color and box of the car and the ball of each picture
    """
    dataset = fo.Dataset()
    boxes = []
    for number, colors in enumerate((("red", "blue"), ("blue", "red"))):
        rng = np.random.default_rng(5)
        image = draw_background(rng, "highway")
        named = []
        for kind, color, (left, top) in zip(
            ("car", "ball"), colors, ((0.05, 0.45), (0.55, 0.15)), strict=True
        ):
            thing = _pasted(rng, image, kind, color, left, top)
            named.append(((thing.kind, thing.color), thing.box))
        path = folder / f"{number}.png"
        image.reduce(SCALE).save(path)
        dataset.add_sample(fo.Sample(str(path)))
        boxes.append((named[0], named[1]))
    return dataset, boxes


def _pasted(
    rng: np.random.Generator, image: Image.Image, kind: str, color: str, left: float, top: float
) -> Thing:
    side = SIZE * SCALE
    layer = draw_thing(rng, kind, color, int(0.42 * side))
    image.paste(layer, (int(left * side), int(top * side)), layer)
    box = (left, top, layer.width / side, layer.height / side)
    return Thing(kind, color, box)
