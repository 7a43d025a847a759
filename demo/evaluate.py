"""Measures the model by the precision of its first ten results.

    python -m fiftyone_faiss.demo.evaluate

draws pictures from a seed that is not used in training, and prints a table.
"""

from __future__ import annotations

import argparse
import io
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from PIL import Image

from fiftyone_faiss.demo import MODEL_DIR, MODEL_NAME
from fiftyone_faiss.demo.phrases import Labeled, PhraseQuery, queries
from fiftyone_faiss.demo.world import Picture, draw_picture
from fiftyone_faiss.embedders import Embedder

UNSEEN_SEED = 20_000_001
K = 10


def draw_unseen(n: int, count: int | None = None, seed: int = UNSEEN_SEED) -> list[Picture]:
    """Draws pictures from an unused seed and compresses each of them as a JPEG file does."""
    rng = np.random.default_rng(seed)
    pictures = []
    for _ in range(n):
        picture = draw_picture(rng, count)
        buffer = io.BytesIO()
        picture.image.save(buffer, "JPEG", quality=92)
        with Image.open(buffer) as file:
            pictures.append(Picture(file.convert("RGB"), picture.scene, picture.things))
    return pictures


def embed_pictures(embedder: Embedder, pictures: Sequence[Picture]) -> np.ndarray:
    """Returns the ``(n, dim)`` float32 unit vectors of pictures."""
    return np.concatenate(
        [
            embedder.embed_images([embedder.preprocess(p.image) for p in pictures[i : i + 64]])
            for i in range(0, len(pictures), 64)
        ]
    )


def precision_by_family(
    images: np.ndarray,
    texts: np.ndarray,
    phrases: Sequence[PhraseQuery],
    pictures: Sequence[Labeled],
) -> dict[str, float]:
    """Returns the mean precision at 10 of each family, over queries with ten matches or more.

    Args:
        images: ``(n, dim)`` unit vectors of the pictures
        texts: ``(m, dim)`` unit vectors of the queries
        phrases: ``m`` queries
        pictures: ``n`` pictures
    """
    precisions = defaultdict(list)
    for query, vector in zip(phrases, texts, strict=True):
        is_match = np.array([query.is_true_of(picture) for picture in pictures])
        if is_match.sum() >= K:
            nearest = np.argsort(-(images @ vector), kind="stable")[:K]
            precisions[query.family].append(is_match[nearest].mean())
    return {family: float(np.mean(values)) for family, values in precisions.items()}


def measure(embedder: Embedder, n: int = 1000, count: int | None = None) -> dict[str, float]:
    """Measures :func:`precision_by_family` on ``n`` unseen pictures of ``count`` things."""
    pictures = draw_unseen(n, count)
    phrases = queries()
    texts = embedder.embed_texts([query.text for query in phrases])
    return precision_by_family(embed_pictures(embedder, pictures), texts, phrases, pictures)


def main() -> None:
    """Prints the precision of a model."""
    from fiftyone_faiss.embedders.open_clip import OpenClipEmbedder, OpenClipSpec

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model-dir", default=str(MODEL_DIR))
    spec = OpenClipSpec.parse(parser.parse_args().model_dir)
    embedder = OpenClipEmbedder(MODEL_NAME, spec)
    for title, n, count in (("1 to 3 things", 1000, None), ("1 thing", 2000, 1)):
        for family, value in measure(embedder, n, count).items():
            print(f"{title:14} {family:22} precision@10 {value:.3f}")


if __name__ == "__main__":
    main()
