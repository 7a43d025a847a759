"""Thousands of samples and labels without files, and clustered vectors for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import fiftyone as fo
import fiftyone.brain as fob
import numpy as np

from fiftyone_faiss.brain.similarity import FaissSimilarityIndex
from support.points import Points

DIM = 64
LABELS = 3


def clustered(rng: np.random.Generator, rows: int, dim: int = DIM) -> np.ndarray:
    """``(rows, dim)`` float32 vectors around 200 centers, of different lengths."""
    centers = rng.normal(size=(200, dim))
    vectors = centers[rng.integers(200, size=rows)] + 0.6 * rng.normal(size=(rows, dim))
    return (vectors * rng.uniform(0.7, 1.3, (rows, 1))).astype(np.float32)


def all_distances(query: np.ndarray, vectors: np.ndarray, metric: str) -> np.ndarray:
    """``(n,)`` float64 distances of one query, from their definitions, all rows at once."""
    q, x = query.astype(np.float64), vectors.astype(np.float64)
    if metric == "euclidean":
        return np.sqrt(((x - q) ** 2).sum(axis=1))
    if metric == "dotproduct":
        return -(x @ q)
    return 1 - (x @ q) / np.sqrt((x * x).sum(axis=1) * (q @ q))


@dataclass(frozen=True)
class Large:
    """A dataset whose tests may delete samples and labels, and what belongs to them.

    Attributes:
        dataset: samples with a "number", the first of them with three "things" each
        of_samples: ``(samples, DIM)`` vectors, by number
        of_labels: ``(labeled samples, LABELS, DIM)`` vectors, by number and place
    """

    dataset: fo.Dataset
    of_samples: np.ndarray
    of_labels: np.ndarray

    @classmethod
    def make(cls, samples: int, labeled: int, seed: int = 51) -> Large:
        """Makes the dataset."""
        rng = np.random.default_rng(seed)
        dataset = fo.Dataset()
        dataset.add_samples(
            [
                fo.Sample(f"/none/{i}.png", number=i, things=_things() if i < labeled else None)
                for i in range(samples)
            ],
            validate=False,
            progress=False,
        )
        of_labels = clustered(rng, labeled * LABELS).reshape(labeled, LABELS, DIM)
        return cls(dataset, clustered(rng, samples), of_labels)

    def points(self, kind: str, rows: int) -> Points:
        """The first points that are still there; of patches, those of whole samples."""
        ids, numbers, labels = self.dataset.values(["id", "number", "things.detections.id"])
        if kind == "samples":
            return Points(self.dataset, self.of_samples[numbers[:rows]], ids[:rows])
        whole = [i for i, some in enumerate(labels) if some and len(some) == LABELS]
        whole = whole[: rows // LABELS]
        vectors = self.of_labels[[numbers[i] for i in whole]].reshape(-1, DIM)
        return Points(
            self.dataset,
            vectors,
            [ids[i] for i in whole for _ in range(LABELS)],
            [label for i in whole for label in labels[i]],
            "things",
        )


def _things() -> fo.Detections:
    boxes = [[0.3 * j, 0.1, 0.2, 0.2] for j in range(LABELS)]
    return fo.Detections(detections=[fo.Detection(label="a", bounding_box=box) for box in boxes])


def create(
    points: Points, brain_key: str = "given", backend: Any = "faiss", **kwargs: object
) -> Any:
    """An index of these points, given to FiftyOne's own function as a dict by sample."""
    by_sample: dict[str, list[np.ndarray]] = {}
    for sample_id, vector in zip(points.sample_ids, points.vectors, strict=True):
        by_sample.setdefault(sample_id, []).append(vector)
    samples = points.label_ids is None
    given = {
        sample_id: some[0] if samples else np.stack(some) for sample_id, some in by_sample.items()
    }
    return fob.compute_similarity(
        points.dataset,
        backend=backend,
        embeddings=given,
        brain_key=brain_key,
        patches_field=points.patches_field,
        **kwargs,
    )


def check_neighbors(
    ids: Sequence[str],
    distances: Sequence[float],
    query: np.ndarray,
    points: Points,
    metric: str,
    k: int = 10,
) -> float:
    """Fails unless each of ``k`` neighbors has its exact distance; returns their recall."""
    exact = all_distances(query, points.vectors, metric)
    place = {id: i for i, id in enumerate(points.ids)}
    assert len(set(ids)) == len(ids) == min(k, len(points.ids))
    assert set(ids) <= set(place)
    np.testing.assert_allclose(distances, exact[[place[i] for i in ids]], rtol=1e-6, atol=1e-7)
    assert np.all(np.diff(distances) >= 0)
    nearest = np.argsort(exact, kind="stable")[:k]
    return len(set(ids) & {points.ids[i] for i in nearest}) / len(nearest)


def nearest_ids(query: np.ndarray, points: Points, metric: str, k: int) -> list[str]:
    """The ids of the nearest points, by NumPy."""
    order = np.argsort(all_distances(query, points.vectors, metric), kind="stable")
    return [points.ids[i] for i in order[:k]]


def without(points: Points, ids: Sequence[str]) -> Points:
    """All points but these."""
    gone = set(ids)
    return points.at([i for i, id in enumerate(points.ids) if id not in gone])


def replaced(points: Points, places: Sequence[int], vectors: np.ndarray) -> Points:
    """The same points with other vectors in these places."""
    changed = points.vectors.copy()
    changed[list(places)] = vectors
    return points.with_vectors(changed)


def joined(points: Points, more: Points) -> Points:
    """Both."""
    labels = None if points.label_ids is None else points.label_ids + (more.label_ids or [])
    return Points(
        points.dataset,
        np.concatenate([points.vectors, more.vectors]),
        points.sample_ids + more.sample_ids,
        labels,
        points.patches_field,
    )


def check_holds(results: FaissSimilarityIndex, points: Points) -> None:
    """Fails unless the index holds these points, bit by bit, and nothing else, in any order."""
    vectors, sample_ids, label_ids = results.get_embeddings()
    ids = sample_ids if label_ids is None else label_ids
    have, want = np.argsort(ids), np.argsort(points.ids)
    assert ids[have].tolist() == np.array(points.ids)[want].tolist()
    assert sample_ids[have].tolist() == np.array(points.sample_ids)[want].tolist()
    assert vectors.dtype == np.float32
    assert vectors[have].tobytes() == points.vectors[want].tobytes()
