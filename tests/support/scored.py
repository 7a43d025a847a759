"""Datasets of given vectors, to be scored and selected from."""

from __future__ import annotations

from collections.abc import Sequence

import fiftyone as fo
import numpy as np
from scipy.stats import rankdata

from support.indexes import index_of


def dataset_of(
    vectors: np.ndarray, metric: str = "cosine", **fields: Sequence[object]
) -> fo.Dataset:
    """A dataset without files, whose samples have these vectors, in an index "given"."""
    dataset = fo.Dataset()
    rows = [{name: values[i] for name, values in fields.items()} for i in range(len(vectors))]
    dataset.add_samples(
        [fo.Sample(f"/none/{i}.png", number=i, **row) for i, row in enumerate(rows)],
        progress=False,
    )
    index_of(dataset, np.asarray(vectors, np.float32), metric=metric)
    return dataset


def in_order(dataset: fo.Dataset, scores: dict[str, float]) -> np.ndarray:
    """Scores in the order of the samples; NaN for those without one."""
    return np.array([scores.get(id, np.nan) for id in dataset.values("id")])


def auroc(scores: np.ndarray, is_wanted: np.ndarray) -> float:
    """The probability that a wanted one scores higher than another one; chance is 0.5."""
    ranks, count = rankdata(scores), int(is_wanted.sum())
    above = ranks[is_wanted].sum() - count * (count + 1) / 2
    return float(above / (count * (len(scores) - count)))


def clusters(
    rng: np.random.Generator, sizes: Sequence[int], dim: int = 16, spread: float = 0.3
) -> tuple[np.ndarray, np.ndarray]:
    """Normal clusters around random directions, and the cluster of each vector."""
    centers = rng.normal(size=(len(sizes), dim))
    centers /= np.linalg.norm(centers, axis=1, keepdims=True)
    numbers = np.repeat(np.arange(len(sizes)), sizes)
    noise = rng.normal(size=(len(numbers), dim)) * spread / np.sqrt(dim)
    return (centers[numbers] + noise).astype(np.float32), numbers
