"""The steps of ``bench_explanations.py``; each runs in a fresh process."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import timm
import torch
from workspace import serve

from fiftyone_faiss.brain import get_embedder
from fiftyone_faiss.brain.insight.explaining.faithfulness import (
    Faithfulness,
    mean_scores,
    measured,
    random_masks,
    removal_masks,
)
from fiftyone_faiss.brain.insight.explaining.floor import SAMPLES, scrambled_gain_steps
from fiftyone_faiss.brain.insight.explaining.images import SeenImage
from fiftyone_faiss.brain.insight.explaining.methods import (
    EXPLANATION_METHODS,
    Method,
    Side,
    map_of,
    side_steps,
)
from fiftyone_faiss.brain.insight.explaining.pairs import pairs_of
from fiftyone_faiss.brain.insight.explaining.removing import embed_steps
from fiftyone_faiss.brain.models.reference_prompts import REFERENCE_PROMPTS
from fiftyone_faiss.demo import MODEL_DIR
from fiftyone_faiss.demo.phrases import describe
from fiftyone_faiss.demo.world import Picture, Thing, draw_picture
from fiftyone_faiss.embedders import Embedder

Result = TypeVar("Result")
# Boxes below this share of the picture count: a larger one holds much of any map.
MAX_AREA = 1 / 3
# Nearest neighbors are those among this many drawings, or more.
GALLERY = 100
TEXT = {"context_length": 20, "vocab_size": 49408, "width": 96, "heads": 4, "layers": 2}
VIT = {"layers": 4, "width": 128, "head_width": 32, "patch_size": 16, "image_size": 96}
RESNET = {"layers": [3, 4, 6, 3], "width": 16, "patch_size": None, "image_size": 96}


def find_things(seed: int, n: int) -> dict[str, Any]:
    """Explains texts that name a thing in a drawing, and compares the maps with its box."""
    embedder = get_embedder(str(MODEL_DIR), precision="float32")
    pictures = _drawings(seed, n)
    gallery = _vectors(embedder, pictures)
    texts = list(REFERENCE_PROMPTS[:SAMPLES])
    floor = _floor(embedder, pictures, lambda other: other.embed_texts(texts))
    rows: dict[str, list[dict[str, float]]] = {method: [] for method in EXPLANATION_METHODS}
    errors, bounds = [], []
    for picture in pictures:
        thing, others = _named(picture)
        target = embedder.embed_texts([describe(thing)])[0]
        side = _done(side_steps(embedder, _seen(embedder, picture), EXPLANATION_METHODS))
        assert side.parts is not None
        errors.append(abs(float((side.parts.parts @ target).sum() - side.vector @ target)))
        bounds.append(_best_cell(side.parts.parts.shape[:2], thing))
        spread = float(np.std(gallery @ target))
        for method, result in _measured(embedder, side, target, spread, floor).items():
            rows[method].append(_row(result[0], thing, others, result[1]))
    return {
        "pictures": n,
        "largest_error": max(errors),
        "best_cell": float(np.mean([share for share, _ in bounds])),
        "best_cell_ratio": float(np.mean([ratio for _, ratio in bounds])),
        "methods": {method: _means(own) for method, own in rows.items()},
    }


def match_pairs(model: str, seed: int, n: int, weights: str | None = None) -> dict[str, Any]:
    """Explains the nearest neighbors of drawings, and measures how faithful the maps are."""
    embedder = _model(model, seed, weights)
    pictures = _drawings(seed, max(n, GALLERY))
    floor = _floor(embedder, pictures, lambda other: _vectors(other, pictures[1 : SAMPLES + 1]))
    gallery = _vectors(embedder, pictures)
    scores = gallery @ gallery.T
    np.fill_diagonal(scores, -np.inf)
    rows: dict[str, list[dict[str, float]]] = {}
    remainders = []
    for number, picture in enumerate(pictures[:n]):
        query = int(scores[number].argmax())
        side = _done(side_steps(embedder, _seen(embedder, picture), EXPLANATION_METHODS))
        other = _done(side_steps(embedder, _seen(embedder, pictures[query]), ()))
        spread = float(np.std(gallery @ other.vector))
        if side.parts is not None:
            pairs = pairs_of(other, side)
            assert pairs is not None
            remainders.append(float(other.vector @ side.vector - pairs.values.sum()))
        for method, (_, faithfulness) in _measured(
            embedder, side, other.vector, spread, floor
        ).items():
            rows.setdefault(method, []).append(_faithful_row(faithfulness))
    return {
        "pairs": n,
        "floor": floor,
        "parts": side.parts is not None,
        "mean_remainder": float(np.mean(np.abs(remainders))) if remainders else None,
        "methods": {method: _means(own) for method, own in rows.items()},
    }


def _measured(
    embedder: Embedder, side: Side, target: np.ndarray, spread: float, floor: float
) -> dict[Method, tuple[np.ndarray, Faithfulness]]:
    """The heatmap and the faithfulness of each method that a model supports."""
    masks = random_masks(np.random.default_rng(51))
    random = mean_scores(_done(embed_steps(embedder, side.seen_image, masks)), target)
    results: dict[Method, tuple[np.ndarray, Faithfulness]] = {}
    for method in EXPLANATION_METHODS:
        image_map = map_of(method, embedder, side, target)
        if image_map is not None:
            removals = embed_steps(embedder, side.seen_image, removal_masks(image_map))
            deletion, insertion = mean_scores(_done(removals), target)
            faithfulness = measured(
                float(deletion), float(insertion), random.tolist(), spread, floor
            )
            results[method] = image_map.heatmap(), faithfulness
    return results


def _floor(
    embedder: Embedder,
    pictures: list[Picture],
    targets_of: Callable[[Embedder], np.ndarray],
) -> float:
    """The largest gain of the network with shuffled weights, as for an index of the pictures."""
    scrambled = embedder.scrambled()
    if scrambled is None:
        return 0.0
    return max(
        _done(scrambled_gain_steps(scrambled, _seen(embedder, picture), target))
        for picture, target in zip(pictures[:SAMPLES], targets_of(scrambled), strict=True)
    )


def _row(
    heatmap: np.ndarray, thing: Thing, others: list[Thing], faithfulness: Faithfulness
) -> dict[str, float]:
    share, area = _share(heatmap, thing), float(_mask(heatmap.shape, thing).mean())
    # Per area, so that a large thing does not count more.
    elsewhere = [_share(heatmap, other) / _mask(heatmap.shape, other).mean() for other in others]
    return {
        "share": share,
        "ratio": share / area,
        "twice": float(share >= 2 * area),
        "not_others": float(all(share / area > 2 * other for other in elsewhere)),
        **_faithful_row(faithfulness),
    }


def _faithful_row(faithfulness: Faithfulness) -> dict[str, float]:
    return {
        "beats_random": float(faithfulness.deletion_gain > 0),
        "badge": float(faithfulness.has_badge),
        "beaten": faithfulness.beaten,
        "deletion_gain": faithfulness.deletion_gain,
        "insertion_gain": faithfulness.insertion_gain,
    }


def _means(rows: list[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def _mask(shape: tuple[int, ...], thing: Thing) -> np.ndarray:
    left, top, width, height = thing.box
    y, x = ((np.arange(length) + 0.5) / length for length in shape)
    return np.outer((y >= top) & (y < top + height), (x >= left) & (x < left + width))


def _share(heatmap: np.ndarray, thing: Thing) -> float:
    total = float(heatmap.sum())
    return float(heatmap[_mask(heatmap.shape, thing)].sum()) / total if total else 0.0


def _best_cell(grid: tuple[int, ...], thing: Thing) -> tuple[float, float]:
    """The share of the best map on a grid, one cell alone, and its ratio to the area."""
    mask = _mask((240, 240), thing)
    rows, columns = grid
    cells = mask.reshape(rows, 240 // rows, columns, 240 // columns).mean(axis=(1, 3))
    best = float(cells.max())
    return best, best / float(mask.mean())


def _drawings(seed: int, n: int) -> list[Picture]:
    """Pictures with a thing whose box is small enough."""
    return list(_small(np.random.default_rng(seed), n))


def _small(rng: np.random.Generator, n: int) -> Iterator[Picture]:
    count = 0
    while count < n:
        picture = draw_picture(rng)
        if any(_area(thing) < MAX_AREA for thing in picture.things):
            count += 1
            yield picture


def _area(thing: Thing) -> float:
    return thing.box[2] * thing.box[3]


def _named(picture: Picture) -> tuple[Thing, list[Thing]]:
    """The first thing that is small enough, and the others that are of another kind or color."""
    thing = next(thing for thing in picture.things if _area(thing) < MAX_AREA)
    named = (thing.kind, thing.color)
    return thing, [other for other in picture.things if (other.kind, other.color) != named]


def _seen(embedder: Embedder, picture: Picture) -> SeenImage:
    return SeenImage.of(embedder, picture.image, picture.image.size)


def _vectors(embedder: Embedder, pictures: list[Picture]) -> np.ndarray:
    return np.stack([embedder.embed_image(picture.image) for picture in pictures])


def _done(steps: Generator[int, None, Result]) -> Result:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            result: Result = stop.value
            return result


def _model(name: str, seed: int, weights: str | None) -> Embedder:
    """An embedder by the name of the benchmark; random weights are those of their libraries."""
    torch.manual_seed(seed)
    folder = Path(tempfile.mkdtemp())
    if name == "demo":
        return get_embedder(str(MODEL_DIR), precision="float32")
    if name == "EfficientNet-Lite0":
        return get_embedder(f"timm/tf_efficientnet_lite0/{weights}", precision="float32")
    if name == "EfficientNet-Lite0, random":
        torch.save(timm.create_model("tf_efficientnet_lite0").state_dict(), folder / "random.pth")
        return get_embedder(f"timm/tf_efficientnet_lite0/{folder / 'random.pth'}")
    vision = {"ViT, random": VIT, "CLIP ResNet-50, random": RESNET}.get(name)
    if vision is None:
        return get_embedder(name)
    return _random_clip(folder, vision)


def _random_clip(folder: Path, vision: dict[str, Any]) -> Embedder:
    import open_clip

    config = {"embed_dim": 64, "vision_cfg": vision, "text_cfg": TEXT}
    preprocess = {"mean": [0.5] * 3, "std": [0.25] * 3}
    text = json.dumps({"model_cfg": config, "preprocess_cfg": preprocess})
    (folder / "open_clip_config.json").write_text(text)
    torch.save(open_clip.model.CLIP(**config).state_dict(), folder / "open_clip_pytorch_model.bin")
    return get_embedder(str(folder), precision="float32")


if __name__ == "__main__":
    serve(find_things, match_pairs)
