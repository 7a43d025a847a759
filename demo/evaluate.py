"""Measures the model: how many of the first ten answers are right?

    python -m fiftyone_faiss.demo.evaluate

draws pictures from a seed that the training never saw, and prints a table.
"""

from __future__ import annotations

import argparse
import io
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from PIL import Image

from fiftyone_faiss.demo import MODEL_DIR, MODEL_NAME
from fiftyone_faiss.demo.phrases import Labelled, PhraseQuery, queries
from fiftyone_faiss.demo.world import Picture, draw_picture
from fiftyone_faiss.embedders import Embedder

UNSEEN_SEED = 20_000_001
MATCHES = 10


def draw_unseen(n: int, count: int | None = None, seed: int = UNSEEN_SEED) -> list[Picture]:
    """Pictures as they would be on disk: each went through a JPEG file."""
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
    """``(n, dim)`` float32 unit vectors."""
    return np.concatenate(
        [
            embedder.embed_images([embedder.preprocess(p.image) for p in pictures[i : i + 64]])
            for i in range(0, len(pictures), 64)
        ]
    )


def precision_by_family(
    images: np.ndarray,
    texts: np.ndarray,
    asked: Sequence[PhraseQuery],
    pictures: Sequence[Labelled],
) -> dict[str, float]:
    """Mean precision at 10 over the queries of each family that have ten matches or more.

    Args:
        images: ``(n, dim)`` unit vectors of the pictures
        texts: ``(m, dim)`` unit vectors of the queries
        asked: ``m`` queries
        pictures: ``n`` pictures
    """
    found = defaultdict(list)
    for query, vector in zip(asked, texts, strict=True):
        right = np.array([query.is_true_of(picture) for picture in pictures])
        if right.sum() >= MATCHES:
            best = np.argsort(-(images @ vector), kind="stable")[:MATCHES]
            found[query.family].append(right[best].mean())
    return {family: float(np.mean(values)) for family, values in found.items()}


def measure(embedder: Embedder, n: int = 1000, count: int | None = None) -> dict[str, float]:
    """:func:`precision_by_family` on ``n`` unseen pictures of ``count`` things."""
    pictures = draw_unseen(n, count)
    asked = queries()
    texts = embedder.embed_texts([query.text for query in asked])
    return precision_by_family(embed_pictures(embedder, pictures), texts, asked, pictures)


def main() -> None:
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
