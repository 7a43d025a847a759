"""The verdict steps of ``bench_duplicates.py``; ``workspace.run_step`` runs each in a process."""

from __future__ import annotations

import io
import math
import time
from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from workspace import serve

from fiftyone_faiss.brain.curation.pixel_verdict import (
    DOUBT_FLOOR,
    PixelJudge,
    best_difference,
    doubt_of,
)
from fiftyone_faiss.brain.pixels.image_features import FeatureCache
from fiftyone_faiss.demo.edits import EDIT_KINDS, QUALITY, STRENGTHS, edit_picture
from fiftyone_faiss.demo.planted import PlantedPicture, root_of, write_planted
from fiftyone_faiss.demo.world import COLOR_NAMES, KINDS, SIZE, draw_thing
from fiftyone_faiss.embedders import ImageSource

NEGATIVES = ("same background", "new background", "edit of the original", "one small thing moved")
UNRELATED = "another image of the scene"
UNRELATED_PAIRS = 300
# The sides of the small things that move, as parts of the image's, and how many are drawn.
SMALL_SIDES, SMALL_PAIRS = (0.14, 0.24), 100
PHOTO_SIDE = 600
PHOTO_PAIRS = 12
Pair = tuple[str, str, str, bool]


def measure(folder: str, n: int, seed: int) -> dict[str, Any]:
    """Judges pairs of planted images; returns counts and times for each kind of pair."""
    place = Path(folder)
    pairs = _pairs(place, n, seed)
    # A cache of its own, so that the time of the features is measured apart.
    judge: PixelJudge[str] = PixelJudge(lambda name: Image.open(place / name), 2**31)
    names = sorted({name for _, a, b, _ in pairs for name in (a, b)})
    started = time.process_time()
    for name in names:
        judge.judge(name, name)
        _ = judge._features.of(name).mirrored_points
    features_ms = 1000 * (time.process_time() - started) / len(names)
    kinds: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    confidences: list[tuple[float, bool]] = []
    times = []
    for kind, a, b, is_copy in pairs:
        started = time.process_time()
        verdict = judge.judge(a, b)
        times.append(1000 * (time.process_time() - started))
        kinds[kind][0] += 1
        kinds[kind][1] += verdict.verdict == "copy"
        confidences.append((verdict.confidence, (verdict.verdict == "copy") == is_copy))
    return {
        "kinds": dict(kinds),
        "pair_ms": {"p50": _percentile(times, 50), "p95": _percentile(times, 95)},
        "features_ms": round(features_ms, 2),
        "confidence": _reliability(confidences),
    }


def calibrate(folder: str, n: int, seed: int) -> dict[str, float]:
    """Fits the doubt at which copies and look-alikes are equally likely, and the slope.

    Platt scaling of the logarithm of the doubt, with Platt's targets, which keep the slope finite
    where the classes are separate.
    """
    place = Path(folder)
    features: FeatureCache[str] = FeatureCache(lambda name: Image.open(place / name), 2**31)
    x, y = [], []
    for _, a, b, is_copy in _pairs(place, n, seed):
        difference = best_difference(features.of(a), features.of(b))
        # Where no alignment was found, nothing is measured.
        if difference is not None:
            x.append(-math.log(doubt_of(difference) + DOUBT_FLOOR))
            y.append(is_copy)
    slope, constant = _platt(np.array(x), np.array(y))
    doubts = np.exp(-np.array(x)) - DOUBT_FLOOR
    labels = np.array(y)
    return {
        "even_doubt": round(math.exp(constant / slope) - DOUBT_FLOOR, 4),
        "slope": round(slope, 3),
        "copies": int(labels.sum()),
        "look_alikes": int((~labels).sum()),
        "doubt_of_copies_p99": round(float(np.percentile(doubts[labels], 99)), 4),
        "doubt_of_look_alikes_p1": round(float(np.percentile(doubts[~labels], 1)), 4),
    }


def measure_photos(folder: str, count: int, seed: int) -> dict[str, Any]:
    """Judges edits of photographs, and pairs of photographs in the same folder."""
    rng = np.random.default_rng(seed)
    files = [path for path in sorted(Path(folder).rglob("*.png")) if is_photograph(path)]
    chosen = [files[i] for i in rng.permutation(len(files))[:count]]
    kinds: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for path in chosen:
        image = photograph(path)
        for kind in EDIT_KINDS:
            strength = float(rng.choice(STRENGTHS[kind]))
            edited = edit_picture(image, (), kind, strength, rng)
            saved = io.BytesIO()
            edited.image.save(saved, "JPEG", quality=edited.quality)
            _count(kinds[kind], image, Image.open(saved))
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    for path in files:
        # The mirrored version of another photograph is a copy of it.
        if "_mirror" not in path.stem:
            by_folder[path.parent].append(path)
    for paths in by_folder.values():
        pairs = list(combinations(paths, 2))
        for i in rng.permutation(len(pairs))[:PHOTO_PAIRS]:
            _count(kinds["another photograph"], *map(photograph, pairs[i]))
    return {"photographs": len(chosen), "kinds": dict(kinds)}


def _pairs(folder: Path, n: int, seed: int) -> list[Pair]:
    """Draws a dataset; returns pairs: their kind, the names, and whether they are copies."""
    pictures = list(write_planted(folder, n, seed))
    by_name = {picture.filename: picture for picture in pictures}
    edits: dict[str, list[str]] = defaultdict(list)
    pairs: list[Pair] = []
    for picture in pictures:
        if picture.copy_of is not None:
            pairs.append(("exact copy", picture.copy_of, picture.filename, True))
        elif picture.edit_of is not None:
            pairs.append((str(picture.edit_kind), picture.edit_of, picture.filename, True))
            edits[picture.edit_of].append(picture.filename)
    for picture in pictures:
        if picture.negative_of is not None and picture.copy_of is None:
            kind = NEGATIVES[0] if picture.same_background else NEGATIVES[1]
            pairs.append((kind, picture.negative_of, picture.filename, False))
            pairs += [
                (NEGATIVES[2], edit, picture.filename, False) for edit in edits[picture.negative_of]
            ]
    rng = np.random.default_rng([seed, 1])
    pairs += _unrelated(rng, pictures, by_name)
    return [*pairs, *_moved(rng, folder, pictures)]


def _unrelated(
    rng: np.random.Generator, pictures: list[PlantedPicture], by_name: dict[str, PlantedPicture]
) -> Iterable[Pair]:
    """Returns pairs of images of the same scene, of which none is made from the other."""
    by_scene: dict[str, list[PlantedPicture]] = defaultdict(list)
    for picture in pictures:
        if picture.pan_frame is None and picture.negative_of is None:
            by_scene[picture.scene].append(picture)
    scenes = list(by_scene.values())
    for i in range(UNRELATED_PAIRS):
        a, b = rng.choice(len(scenes[i % len(scenes)]), 2, replace=False)
        first, second = scenes[i % len(scenes)][a], scenes[i % len(scenes)][b]
        if root_of(first, by_name) != root_of(second, by_name):
            yield UNRELATED, first.filename, second.filename, False


def _moved(
    rng: np.random.Generator, folder: Path, pictures: list[PlantedPicture]
) -> Iterable[Pair]:
    """Draws a small thing at two places of an image: the hardest look-alikes."""
    originals = [
        picture
        for picture in pictures
        if picture.edit_of is picture.negative_of is picture.copy_of is picture.pan_frame is None
    ]
    for picture in originals[:SMALL_PAIRS]:
        side = round(float(rng.uniform(*SMALL_SIDES)) * SIZE)
        layer = draw_thing(rng, str(rng.choice(KINDS)), str(rng.choice(COLOR_NAMES)), side)
        names = []
        places = rng.permutation([(x, y) for x in (0.1, 0.4, 0.7) for y in (0.1, 0.4, 0.7)])
        for number, (x, y) in enumerate(places[:2]):
            with Image.open(folder / picture.filename) as file:
                image = file.convert("RGB")
            image.paste(layer, (round(x * SIZE), round(y * SIZE)), layer)
            names.append(f"moved-{number}-{picture.filename}")
            image.save(folder / names[-1], quality=QUALITY)
        yield NEGATIVES[3], names[0], names[1], False


def _platt(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Fits the slope and the constant of log-odds ``slope * x + constant`` by Newton's method."""
    right, wrong = y.sum(), (~y).sum()
    targets = np.where(y, (right + 1) / (right + 2), 1 / (wrong + 2))
    design = np.column_stack([x, np.ones_like(x)])
    fit = np.zeros(2)
    for _ in range(100):
        probability = 1 / (1 + np.exp(-np.clip(design @ fit, -30, 30)))
        weights = np.maximum(probability * (1 - probability), 1e-9)
        hessian = design.T @ (design * weights[:, None]) + 1e-6 * np.eye(2)
        step = np.linalg.solve(hessian, design.T @ (targets - probability))
        fit += step * min(1.0, 2.0 / max(np.abs(step).max(), 1e-9))
        if np.abs(step).max() < 1e-8:
            break
    return float(fit[0]), float(fit[1])


def _reliability(confidences: list[tuple[float, bool]]) -> dict[str, float]:
    values = np.array([confidence for confidence, _ in confidences])
    right = np.array([is_right for _, is_right in confidences])
    return {
        "mean": round(float(values.mean()), 4),
        "right": round(float(right.mean()), 4),
        "brier": round(float(np.mean((values - right) ** 2)), 5),
    }


def _percentile(times: list[float], percent: float) -> float:
    return round(float(np.percentile(times, percent)), 2)


def _count(counts: list[int], a: Image.Image, b: Image.Image) -> None:
    images = {"a": a, "b": b}
    counts[0] += 1
    counts[1] += PixelJudge(images.__getitem__).judge("a", "b").verdict == "copy"


def photograph(path: Path) -> Image.Image:
    image = ImageSource(str(path)).open()
    image.thumbnail((PHOTO_SIDE, PHOTO_SIDE))
    return image


def is_photograph(path: Path) -> bool:
    """A photograph has many colors; ``relevance_steps.py`` tells them apart in the same way."""
    pixels = np.asarray(Image.open(path).convert("RGBA")).reshape(-1, 4)
    opaque = pixels[pixels[:, 3] > 200, :3]
    return len(np.unique(opaque, axis=0)) >= 0.5 * max(len(opaque), 1)


if __name__ == "__main__":
    serve(measure, calibrate, measure_photos)
