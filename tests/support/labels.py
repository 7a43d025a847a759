"""Labels with known flips, and datasets of given vectors with them."""

from __future__ import annotations

from collections.abc import Sequence

import fiftyone as fo
import numpy as np

from support.indexes import index_of

NAMES = ("cat", "dog", "fox", "owl")


def clustered(
    rng: np.random.Generator, n: int, dim: int = 16, spread: float = 0.35
) -> tuple[np.ndarray, np.ndarray]:
    """Vectors around four centers, and the numbers of their clusters."""
    centers = rng.normal(size=(len(NAMES), dim))
    labels = np.arange(n) % len(NAMES)
    vectors = centers[labels] + spread * rng.normal(size=(n, dim))
    return vectors.astype(np.float32), labels


def flipped(
    rng: np.random.Generator, labels: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The labels with ``count`` of them replaced by another one, and whose they are."""
    chosen = rng.choice(len(labels), count, replace=False)
    wrong = labels.copy()
    wrong[chosen] = (labels[chosen] + rng.integers(1, len(NAMES), count)) % len(NAMES)
    return wrong, chosen


def labeled_dataset(
    vectors: np.ndarray, labels: Sequence[int], names: Sequence[str] = NAMES
) -> fo.Dataset:
    """Samples without files, with a Classification ``animal``, and an index "given"."""
    dataset = fo.Dataset()
    dataset.add_samples(
        [
            fo.Sample(f"/none/{i}.png", number=i, animal=fo.Classification(label=names[label]))
            for i, label in enumerate(labels)
        ],
        progress=False,
    )
    index_of(dataset, vectors)
    return dataset
