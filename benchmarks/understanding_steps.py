"""The steps of ``bench_understanding.py``; ``workspace.run_step`` runs each in a process."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from workspace import serve

PHOTOGRAPHS = 20
COPY_QUALITY = 70
RIDGE = 0.05


def find_outliers(
    models: Sequence[str], drawings: int, seed: int, stamps: str | None
) -> dict[str, Any]:
    """Hides photographs among drawings, without and with a saved copy of each.

    Returns:
        for each model, the AUROC of the outlier score and of FiftyOne's uniqueness, and how many
        of what stands out are drawings
    """
    from fiftyone_faiss.demo.world import draw_picture

    rng = np.random.default_rng([seed, 1])
    images = [draw_picture(rng).image for _ in range(drawings)]
    photographs = _stamps(Path(stamps), rng) if stamps else _crops(rng)
    results = {}
    for model in models:
        vectors = _embedded(model, [*images, *photographs, *map(_copy, photographs)])
        plain = _outliers(vectors[: drawings + PHOTOGRAPHS], drawings)
        copied = _outliers(vectors, drawings)
        results[model.split("//")[0]] = {"plain": plain, "copied": copied}
    return results


def rank_centers(model: str, n: int, seed: int) -> dict[str, Any]:
    """Measures whether typicality ranks the centers of scenes above their borders.

    Returns:
        the mean AUROC over scenes, of the nearest fifth to the mean against the farthest fifth
    """
    import fiftyone.brain as fob

    import fiftyone_faiss

    pictures = _pictures(n, seed)
    vectors = _embedded(model, [picture.image for picture in pictures])
    dataset = _dataset(vectors)
    fiftyone_faiss.compute_typicality(dataset, progress=False)
    fob.compute_representativeness(
        dataset, representativeness_field="theirs", embeddings=vectors, progress=False
    )
    scenes = np.array([picture.scene for picture in pictures])
    ours, theirs = ([], [])
    for scene in np.unique(scenes):
        own = np.flatnonzero(scenes == scene)
        center = vectors[own].mean(axis=0)
        distances = 1 - vectors[own] @ center / np.linalg.norm(center)
        low, high = np.quantile(distances, [0.2, 0.8])
        chosen = (distances <= low) | (distances >= high)
        for field, values in (("typicality", ours), ("theirs", theirs)):
            scores = np.array(dataset.values(field))[own][chosen]
            values.append(_auroc(scores, distances[chosen] <= low))
    return {"typicality": float(np.mean(ours)), "representativeness": float(np.mean(theirs))}


def select(model: str, n: int, count: int, seed: int) -> dict[str, Any]:
    """Selects drawings, and compares them with random choices.

    Returns:
        the number of pairs of an object and a scene that occur, and the accuracy of a linear probe
        for the colors of objects, for the selection, the random choices and all drawings
    """
    import fiftyone_faiss

    pictures = _pictures(n + n // 4, seed)
    vectors = _embedded(model, [picture.image for picture in pictures])
    labels = _labels(pictures)
    dataset = _dataset(vectors[:n])
    place = {id: i for i, id in enumerate(dataset.values("id"))}
    selection = fiftyone_faiss.select_samples(dataset, count, progress=False)
    held_out = np.arange(n, len(pictures))

    def figures(chosen: np.ndarray) -> dict[str, float]:
        pairs = {(pictures[i].scene, thing.kind) for i in chosen for thing in pictures[i].things}
        return {"pairs": len(pairs), "probe": _probe(vectors, labels, chosen, held_out)}

    random = [
        figures(np.random.default_rng([seed, draw]).permutation(n)[:count]) for draw in range(20)
    ]
    return {
        "selected": figures(np.array([place[id] for id in selection.ids])),
        "random": {name: _interval([row[name] for row in random]) for name in random[0]},
        "all": figures(np.arange(n)),
    }


def _outliers(vectors: np.ndarray, drawings: int) -> dict[str, float]:
    import fiftyone.brain as fob

    import fiftyone_faiss

    dataset = _dataset(vectors)
    is_photograph = np.arange(len(vectors)) >= drawings
    report = fiftyone_faiss.compute_outliers(dataset, progress=False)
    fob.compute_uniqueness(dataset, uniqueness_field="theirs", similarity_index="given")
    ids = dataset.values("id")
    drawing_ids = set(ids[:drawings])
    expected = report.expected_false_alarms
    return {
        "auroc": _auroc(np.array(dataset.values("outlier_score")), is_photograph),
        "uniqueness_auroc": _auroc(np.array(dataset.values("theirs")), is_photograph),
        "unusual": len(report.unusual),
        "drawings_among_them": len(drawing_ids & set(report.unusual)),
        "expected": expected.value if expected else 0.0,
        "expected_high": expected.high if expected else 0.0,
    }


def _dataset(vectors: np.ndarray) -> Any:
    import fiftyone as fo
    import fiftyone.brain as fob

    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(f"/none/{i}.png") for i in range(len(vectors))], progress=False)
    fob.compute_similarity(dataset, backend="faiss", embeddings=vectors, brain_key="given")
    return dataset


def _pictures(n: int, seed: int) -> list[Any]:
    from fiftyone_faiss.demo.world import draw_picture

    rng = np.random.default_rng([seed, 2])
    return [draw_picture(rng) for _ in range(n)]


def _embedded(model: str, images: Sequence[Image.Image]) -> np.ndarray:
    from fiftyone_faiss.brain import get_embedder
    from fiftyone_faiss.embedders import unit

    embedder = get_embedder(model)
    parts = [
        embedder.embed_images([embedder.preprocess(image) for image in images[i : i + 32]])
        for i in range(0, len(images), 32)
    ]
    return unit(np.concatenate(parts))


def _stamps(folder: Path, rng: np.random.Generator) -> list[Image.Image]:
    from verdict_steps import is_photograph, photograph

    files = sorted(folder.rglob("*.png"))
    chosen = (files[i] for i in rng.permutation(len(files)))
    photographs = (photograph(path) for path in chosen if is_photograph(path))
    return list(islice(photographs, PHOTOGRAPHS))


def _crops(rng: np.random.Generator) -> list[Image.Image]:
    """Parts of scikit-learn's two photographs."""
    from sklearn.datasets import load_sample_images

    parts = []
    for pixels in load_sample_images().images:
        image = Image.fromarray(pixels)
        for _ in range(PHOTOGRAPHS // 2):
            side = int(rng.integers(150, 400))
            left, top = (int(rng.integers(0, total - side)) for total in image.size)
            parts.append(image.crop((left, top, left + side, top + side)))
    return parts


def _copy(image: Image.Image) -> Image.Image:
    """The same image as a smaller JPEG."""
    saved = io.BytesIO()
    small = image.convert("RGB")
    small.thumbnail((small.width * 4 // 5, small.height * 4 // 5))
    small.save(saved, "JPEG", quality=COPY_QUALITY)
    return Image.open(saved).convert("RGB")


def _labels(pictures: Sequence[Any]) -> np.ndarray:
    """``(n, c)`` 1 for each pair of a color and a kind that occurs, else -1."""
    pairs = sorted({(thing.color, thing.kind) for own in pictures for thing in own.things})
    number = {pair: i for i, pair in enumerate(pairs)}
    labels = np.full((len(pictures), len(pairs)), -1.0)
    for i, own in enumerate(pictures):
        for thing in own.things:
            labels[i, number[thing.color, thing.kind]] = 1
    return labels


def _probe(
    vectors: np.ndarray, labels: np.ndarray, chosen: np.ndarray, held_out: np.ndarray
) -> float:
    """The mean AUROC of a ridge regression over the labels that the held-out drawings have."""
    inputs = np.c_[vectors, np.ones(len(vectors))].astype(np.float64)
    own = inputs[chosen]
    weights = np.linalg.solve(own.T @ own + RIDGE * np.eye(own.shape[1]), own.T @ labels[chosen])
    scores, truth = inputs[held_out] @ weights, labels[held_out] > 0
    counted = np.flatnonzero(truth.any(axis=0) & ~truth.all(axis=0))
    return float(np.mean([_auroc(scores[:, i], truth[:, i]) for i in counted]))


def _auroc(scores: np.ndarray, is_wanted: np.ndarray) -> float:
    from scipy.stats import rankdata

    count = int(is_wanted.sum())
    above = rankdata(scores)[is_wanted].sum() - count * (count + 1) / 2
    return float(above / (count * (len(scores) - count)))


def _interval(values: Sequence[float]) -> dict[str, float]:
    """The mean of values, and the half width of its 95 % interval."""
    error = 1.96 * np.std(values, ddof=1) / np.sqrt(len(values))
    return {"mean": float(np.mean(values)), "half_width": float(error)}


if __name__ == "__main__":
    serve(find_outliers, rank_centers, select)
