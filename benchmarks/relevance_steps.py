"""The steps of ``bench_relevance.py``; ``workspace.run_step`` runs each in a fresh process."""

from __future__ import annotations

from itertools import combinations, permutations, product
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter
from retrieval_world import Book, draw_query_image, make_book, subset
from workspace import serve

from fiftyone_faiss.brain import Neighbors
from fiftyone_faiss.demo.phrases import article, queries
from fiftyone_faiss.demo.scenes import SCENES
from fiftyone_faiss.demo.world import COLOR_NAMES, KINDS, SCENE_NAMES, draw_picture

K = 400
# Queries with fewer relevant images are left out.
FEW_RELEVANT = 3
PER_FAMILY = 60
BANDS = ("strong", "likely", "weak")
# No image of the dataset shows any of these, and none of them is a reference prompt.
IRRELEVANT_TEXTS = (
    "a zebra", "quantum physics", "an elephant", "a pizza", "the Eiffel Tower", "a violin",
    "a nuclear reactor", "a bowl of ramen", "tax law", "a toothbrush", "a chess board",
    "a penguin", "a dinosaur skeleton", "an X-ray of a knee", "a coral reef", "a guitar solo",
    "a wind turbine", "a cathedral window", "a pair of scissors", "a keyboard and a mouse",
    "a volcano erupting", "stock market crash", "a cup of coffee", "a spider web", "handwriting",
    "a barcode", "a tank", "an operating theatre", "a strawberry cake", "the moon landing",
    "a robot arm", "a stack of books", "a lightning bolt", "a waterfall", "a telescope",
    "philosophy", "a snake", "an octopus", "a pineapple", "a power plant at night",
)  # fmt: skip
# Foreign images of each kind.
FOREIGN, OWN = 100, 300

LabeledQuery = tuple[Any, np.ndarray, dict[str, Any]]


# -- drawn images ----------------------------------------------------------------------------------


def measure_world(name: str, folder: str, seed: int) -> dict[str, Any]:
    """Measures the cutoff, the bands and the verdicts of queries in a drawn dataset."""
    book = Book.open(name, folder)
    rng = np.random.default_rng([seed, 9])
    families: dict[str, dict[str, Any]] = {}
    for family, items in _families(book, rng).items():
        known = [item for item in items if item[1].sum() >= FEW_RELEVANT]
        scores = [_scores(book, *item) for item in subset(known, PER_FAMILY)]
        families[family] = {
            "queries": len(scores),
            **{key: round(float(np.mean([s[key] for s in scores])), 4) for key in scores[0]},
        }
    return {"images": len(book.ids), "families": families, "irrelevant": _irrelevant(book, rng)}


def _families(book: Book, rng: np.random.Generator) -> dict[str, list[LabeledQuery]]:
    names = {
        "a {object}": "object",
        "a {color} {object}": "color object",
        "a {object} {scene}": "object scene",
    }
    families: dict[str, list[LabeledQuery]] = {name: [] for name in names.values()}
    for query in queries():
        families[names[query.family]].append((query.text, book.relevant(query.is_true_of), {}))
    families["color object scene"] = [
        (
            f"{article(color)} {kind} {SCENES[scene]}",
            book.has(kind, color) & book.scene(scene),
            {},
        )
        for kind, color, scene in product(KINDS, COLOR_NAMES, SCENE_NAMES)
    ]
    families["two objects"] = [
        (f"{article(first)} and {article(second)}", book.has(first) & book.has(second), {})
        for first, second in combinations(KINDS, 2)
    ]
    families["object + scene"] = [
        (f'"{article(kind)}" + "{SCENES[scene]}"', book.has(kind) & book.scene(scene), {})
        for kind, scene in product(KINDS, SCENE_NAMES)
    ]
    families["object - object"] = [
        (f'"{article(first)}" - "{article(second)}"', book.has(first) & ~book.has(second), {})
        for first, second in permutations(KINDS, 2)
    ]
    families["image + scene"] = []
    for kind, scene in product(KINDS, SCENE_NAMES):
        uploads = {"uploads": {"upload": draw_query_image(rng, kind, not_in=scene)}}
        relevant = book.has(kind) & book.scene(scene)
        families["image + scene"].append((f'@upload + "{SCENES[scene]}"', relevant, uploads))
    return families


def _scores(
    book: Book, query: Any, relevant: np.ndarray, options: dict[str, Any]
) -> dict[str, float]:
    """Measures one query; F1 is relative to all relevant images of the dataset."""
    neighbors = book.search(query, K, **options)
    hits, total = relevant[book.positions(neighbors.ids)], int(relevant.sum())
    counts = np.arange(1, len(hits) + 1)
    f1 = 2 * np.cumsum(hits) / (counts + total)
    bands = np.array(neighbors.bands)
    values = {
        "F1": float(f1[neighbors.cutoff - 1]) if neighbors.cutoff else 0.0,
        "best F1": float(f1.max()),
        "F1 of all": 2 * total / (len(book.ids) + total),
        "told": float(neighbors.verdict is not None),
    }
    for band in BANDS:
        values[band] = float((bands == band).sum())
        values[f"{band} right"] = float(hits[bands == band].sum())
    return values


def _irrelevant(book: Book, rng: np.random.Generator) -> dict[str, Any]:
    """Measures how many irrelevant texts are told, alone and beside a relevant text."""
    alone = [book.search(text, 25) for text in IRRELEVANT_TEXTS]
    kinds = [article(str(kind)) for kind in rng.choice(KINDS, len(IRRELEVANT_TEXTS))]
    pairs = zip(kinds, IRRELEVANT_TEXTS, strict=True)
    beside = [book.search(f'"{kind}" + "{text}"', 25) for kind, text in pairs]
    return {"alone": _told(alone), "beside": _told(beside), "texts": len(IRRELEVANT_TEXTS)}


def _told(answers: list[Neighbors]) -> int:
    return sum(neighbors.verdict is not None for neighbors in answers)


# -- other images ----------------------------------------------------------------------------------


def measure_stamps(stamps: str, model: str, name: str, seed: int) -> dict[str, Any]:
    """Measures image queries in two datasets: photographs, and drawings.

    Args:
        stamps: a folder of folders of PNG files, whose names are the labels
        model: the name of an embedder
        name: a name for the datasets
        seed: the seed of the drawn and the random images
    """
    rng = np.random.default_rng(seed)
    files = sorted(Path(stamps).rglob("*.png"))
    photographs = [path for path in files if _is_photograph(path)]
    folder = Path.cwd() / "relevance" / name.replace("/", "-")
    drawings = [draw_picture(rng).image for _ in range(OWN + FOREIGN)]
    kinds = {
        "noise": [_noise(rng, i) for i in range(FOREIGN)],
        "drawings": drawings[OWN:],
        "photographs": [Image.open(path) for path in photographs[:FOREIGN]],
    }
    own = {
        "photographs": {str(path): str(path.parent.relative_to(stamps)) for path in photographs},
        "drawings": _saved(drawings[:OWN], folder),
    }
    return {
        own_kind: _measure_images(
            f"{name}-{own_kind}",
            model,
            labels,
            {kind: images for kind, images in kinds.items() if kind != own_kind},
        )
        for own_kind, labels in own.items()
    }


def _measure_images(
    name: str, model: str, labels: dict[str, str], foreign: dict[str, list[Image.Image]]
) -> dict[str, Any]:
    import fiftyone as fo

    import fiftyone_faiss

    dataset = fo.Dataset(name)
    dataset.add_samples([fo.Sample(path) for path in labels], progress=False)
    fiftyone_faiss.build_index(dataset, "own", model=model, progress=False)
    ids = dict(zip(dataset.values("id"), dataset.values("filepath"), strict=True))
    counts = {band: np.zeros(2, np.int64) for band in BANDS}
    told = 0
    chosen = subset(list(ids), OWN)
    for sample_id in chosen:
        neighbors = fiftyone_faiss.search(dataset, sample_id, "own", k=K)
        told += neighbors.verdict is not None
        label = labels[ids[sample_id]]
        # A picture without others of its label has no right results.
        if list(labels.values()).count(label) < 2:
            continue
        for result, band in zip(neighbors.ids, neighbors.bands, strict=True):
            counts[str(band)] += (1, labels[ids[result]] == label)
    return {
        "images": len(ids),
        "labels": len(set(labels.values())),
        "own": {"told": told, "queries": len(chosen)},
        "foreign": {
            kind: {
                "told": _told([fiftyone_faiss.search(dataset, image, "own") for image in images]),
                "queries": len(images),
            }
            for kind, images in foreign.items()
        },
        "bands": {band: [int(value) for value in pair] for band, pair in counts.items()},
    }


def _is_photograph(path: Path) -> bool:
    """Whether half of the opaque pixels of a picture, or more, have a color of their own."""
    pixels = np.asarray(Image.open(path).convert("RGBA")).reshape(-1, 4)
    opaque = pixels[pixels[:, 3] > 200, :3]
    return len(np.unique(opaque, axis=0)) >= 0.5 * max(len(opaque), 1)


def _noise(rng: np.random.Generator, number: int) -> Image.Image:
    """Random pixels, sharp or blurred, one color, or a few blocks of color."""
    kind = number % 4
    if kind == 2:
        return Image.new("RGB", (96, 96), tuple(rng.integers(0, 256, 3).tolist()))
    side = 6 if kind == 3 else 96
    image = Image.fromarray(rng.integers(0, 256, (side, side, 3), dtype=np.uint8))
    if kind == 1:
        image = image.filter(ImageFilter.GaussianBlur(3))
    return image.resize((96, 96))


def _saved(images: list[Image.Image], folder: Path) -> dict[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(images):
        image.save(folder / f"{number:04}.png")
    # Drawings have no folders; they count as of one label.
    return {str(folder / f"{number:04}.png"): "" for number in range(len(images))}


if __name__ == "__main__":
    serve(make_book, measure_world, measure_stamps)
