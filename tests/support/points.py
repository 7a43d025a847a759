"""What an index is made of, samples or labels alike, and what it must then hold and answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import fiftyone as fo
import fiftyone.brain as fob
import numpy as np

from fiftyone_faiss.brain.similarity import FaissSimilarityIndex
from support.distances import reference

KINDS = ("samples", "detections", "detection")


@dataclass(frozen=True)
class Points:
    """Vectors and what they belong to.

    Attributes:
        dataset: the dataset
        vectors: ``(n, dim)`` float32
        sample_ids: ``n`` sample ids
        label_ids: ``n`` label ids, or None for samples
        patches_field: the labels' field, or None for samples
    """

    dataset: fo.Dataset
    vectors: np.ndarray
    sample_ids: list[str]
    label_ids: list[str] | None = None
    patches_field: str | None = None

    @property
    def ids(self) -> list[str]:
        """The ids that the index goes by."""
        return self.sample_ids if self.label_ids is None else self.label_ids

    def at(self, places: Sequence[int]) -> Points:
        """The points in these places."""
        labels = None if self.label_ids is None else [self.label_ids[i] for i in places]
        samples = [self.sample_ids[i] for i in places]
        return replace(
            self, vectors=self.vectors[list(places)], sample_ids=samples, label_ids=labels
        )

    def with_vectors(self, vectors: np.ndarray) -> Points:
        """The same points with other vectors."""
        return replace(self, vectors=vectors)

    def of(self, ids: Sequence[str]) -> Points:
        """The points of these ids, in their order."""
        return self.at([self.ids.index(id) for id in ids])

    @property
    def added(self) -> tuple[np.ndarray, list[str], list[str] | None]:
        """What ``add_to_index`` takes."""
        return self.vectors, self.sample_ids, self.label_ids

    def index(self, brain_key: str | None = "given", **kwargs: object) -> FaissSimilarityIndex:
        """An index of these points."""
        results = self.empty_index(brain_key, **kwargs)
        results.add_to_index(*self.added)
        return results

    def empty_index(
        self, brain_key: str | None = "given", **kwargs: object
    ) -> FaissSimilarityIndex:
        """An index of the same field without a vector."""
        return fob.compute_similarity(
            self.dataset,
            backend="faiss",
            embeddings=False,
            brain_key=brain_key,
            patches_field=self.patches_field,
            **kwargs,
        )


def add_labels(dataset: fo.Dataset) -> fo.Dataset:
    """Adds two or one detections to each sample, as "things", and another one as "thing"."""
    boxes = ([0.1, 0.1, 0.3, 0.3], [0.5, 0.1, 0.3, 0.3])
    for i, sample in enumerate(dataset):
        named = [
            fo.Detection(label="ab"[j], bounding_box=box)
            for j, box in enumerate(boxes[: 1 + i % 2])
        ]
        sample["things"] = fo.Detections(detections=named)
        sample["thing"] = fo.Detection(label="ab"[i % 2], bounding_box=boxes[0])
        sample.save()
    return dataset


def points_of(dataset: fo.Dataset, kind: str, rng: np.random.Generator, dim: int = 8) -> Points:
    """Random vectors for the samples, or the labels, of a dataset."""
    sample_ids = dataset.values("id")
    labels, field = None, None
    if kind != "samples":
        add_labels(dataset)
        field = "things" if kind == "detections" else "thing"
        path = "things.detections.id" if kind == "detections" else "thing.id"
        labels = dataset.values(path, unwind=True)
    if kind == "detections":
        counts = map(len, dataset.values("things.detections.id"))
        sample_ids = [id for id, n in zip(sample_ids, counts, strict=True) for _ in range(n)]
    vectors = rng.normal(size=(len(sample_ids), dim)).astype(np.float32)
    return Points(dataset, vectors, sample_ids, labels, field)


def nearest(
    query: np.ndarray, points: Points, metric: str = "cosine", k: int | None = None
) -> tuple[list[str], np.ndarray]:
    """The ids of the nearest points, and their distances, by NumPy."""
    distances = reference(query[None], points.vectors, metric)[0]
    order = np.argsort(distances, kind="stable")[:k]
    return [points.ids[i] for i in order], distances[order]


def neighbors_of(
    results: FaissSimilarityIndex, query: object, k: int | None = None, **kwargs: object
) -> tuple[list[str], list[float]]:
    """The ids, of labels if it is an index of labels, and the distances that an index gives."""
    samples, labels, distances = results._kneighbors(query=query, k=k, return_dists=True, **kwargs)
    return (samples if labels is None else labels), distances


def check_answers(
    results: FaissSimilarityIndex, query: np.ndarray, points: Points, k: int | None = 5
) -> None:
    """Fails unless the index gives the very points, and no others, that NumPy finds."""
    expected, distances = nearest(query, points, results.config.metric, k)
    ids, given = neighbors_of(results, query, k)
    assert ids == expected
    np.testing.assert_allclose(given, distances, rtol=1e-5, atol=1e-6)


def check_stored(results: FaissSimilarityIndex, points: Points) -> None:
    """Fails unless the index holds these points, bit by bit, and nothing else, in any order."""
    vectors, sample_ids, label_ids = results.get_embeddings()
    ids = (sample_ids if label_ids is None else label_ids).tolist()
    assert sorted(ids) == sorted(points.ids)
    order = [ids.index(id) for id in points.ids]
    np.testing.assert_array_equal(vectors[order], points.vectors)
    assert sample_ids[order].tolist() == points.sample_ids
    assert results.total_index_size == len(points.ids)


def one_sentence(text: object) -> bool:
    """Whether this reads as one sentence: one line, one full stop, at its end."""
    return str(text).endswith(".") and ". " not in str(text) and "\n" not in str(text)
