"""What a projection does to the search by text, measured by labels, or by agreement."""

from __future__ import annotations

from dataclasses import dataclass

import fiftyone as fo
import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.core.arrays import Mask, Matrix
from fiftyone_faiss.brain.curation.field_values import field_values
from fiftyone_faiss.brain.curation.grouping.vocabulary import text_vectors
from fiftyone_faiss.brain.curation.labeling.label_values import with_positions
from fiftyone_faiss.brain.curation.labeling.paired import PairedQueries
from fiftyone_faiss.brain.curation.teaching.projection_report import Reference, TextSearch
from fiftyone_faiss.brain.data.field_values import Values
from fiftyone_faiss.brain.data.lookup import are_frames
from fiftyone_faiss.brain.data.private import root_dataset
from fiftyone_faiss.brain.data.sample_filters import LABELED
from fiftyone_faiss.brain.models.reference_prompts import REFERENCE_PROMPTS
from fiftyone_faiss.embedders import Embedder, Projection

K = 10
# The loss of precision@10 that is allowed.
MAX_LOSS = 0.02
# How much of what was learned is kept: as much as the search by text bears.
AMOUNTS = (1.0, 0.7, 0.5, 0.35, 0.25)
# Vectors that are searched, and texts of each field.
MAX_SEARCHED, MAX_TEXTS = 20_000, 300
# Texts whose distances to all vectors are in memory at once.
BLOCK_TEXTS = 128
# The names of labels tell something if the model finds them so much more often than by chance.
MIN_LIFT, MIN_TEXTS = 2.0, 5
# Without labels, the nearest of this share before the projection are right, at least so many.
NEAR_SHARE, MIN_NEAR = 0.05, 50


@dataclass(frozen=True)
class _Texts:
    """Texts to search for.

    Attributes:
        vectors: ``(t, dim)`` their vectors
        is_right: ``(t, n)`` which of the searched vectors are right
        reference: why they are right
    """

    vectors: Matrix
    is_right: Mask
    reference: Reference


class TextCheck:
    """Searches by text before and after projections.

    Args:
        compared: the vectors
        embedder: their embedder, which embeds texts
        seed: of the choice of vectors, if there are many, and of the intervals
    """

    def __init__(self, compared: Compared, embedder: Embedder, seed: int) -> None:
        n = len(compared.vectors)
        chosen = np.arange(n)
        if n > MAX_SEARCHED:
            chosen = np.sort(np.random.default_rng(seed).choice(n, MAX_SEARCHED, replace=False))
        searched = with_positions(compared, chosen)
        self._seed = seed
        self._vectors = searched.vectors.at(np.arange(len(chosen)))
        labels = _labels(searched, embedder, self._vectors)
        self._texts = _prompts(embedder, self._vectors) if labels is None else labels

    def largest_amount(self, projection: Projection) -> tuple[float, TextSearch]:
        """Finds how much of a projection the search by text bears.

        Returns:
            the largest of ``AMOUNTS`` with a loss of at most ``MAX_LOSS``, or the smallest, with
            what it does
        """
        for amount in AMOUNTS:
            measured = self.measure(projection.scaled(amount))
            if measured.change.value >= -MAX_LOSS:
                break
        return amount, measured

    def measure(self, projection: Projection) -> TextSearch:
        """Measures what a projection does."""
        before = _precision(self._texts, self._vectors)
        projected = _Texts(
            projection.apply(self._texts.vectors), self._texts.is_right, self._texts.reference
        )
        after = _precision(projected, projection.apply(self._vectors))
        count = len(before)
        paired = PairedQueries(np.stack([before, after], axis=1), np.arange(count), self._seed)
        return TextSearch(
            self._texts.reference,
            paired.interval(0),
            paired.interval(1),
            paired.difference(1, 0),
            count,
        )


def _labels(searched: Compared, embedder: Embedder, vectors: Matrix) -> _Texts | None:
    """The names of labels that the model finds; None if there are too few."""
    names: list[str] = []
    rows: list[Mask] = []
    for field in _label_fields(searched):
        of_names = _members(field_values(searched, field))
        for name, members in list(of_names.items())[:MAX_TEXTS]:
            is_right = np.zeros(len(vectors), bool)
            is_right[members] = True
            names.append(name.replace("_", " "))
            rows.append(is_right)
    if not names:
        return None
    texts = _Texts(text_vectors(embedder, tuple(names), "off"), np.stack(rows), "labels")
    lift = _precision(texts, vectors) / texts.is_right.mean(axis=1)
    known = np.flatnonzero(lift >= MIN_LIFT)
    if len(known) < MIN_TEXTS:
        return None
    return _Texts(texts.vectors[known], texts.is_right[known], "labels")


def _label_fields(searched: Compared) -> list[str]:
    """The fields of labels, not those of texts: the names of labels say what is in an image."""
    if searched.patches_field is not None:
        return [searched.patches_field]
    dataset = root_dataset(searched.samples)
    schema = dataset.get_field_schema()
    if are_frames(dataset, searched.sample_ids_at(np.arange(1))):
        schema = dataset.get_frame_field_schema() or {}
    return [name for name, field in schema.items() if _is_label(field)]


def _is_label(field: fo.Field) -> bool:
    kind = getattr(field, "document_type", None)
    return kind is not None and issubclass(kind, LABELED)


def _members(values: Values) -> dict[str, list[int]]:
    """The places of each name that enough of the vectors have, the most frequent first."""
    members: dict[str, list[int]] = {}
    for place, own in enumerate(values):
        for value in own:
            members.setdefault(str(value), []).append(place)
    frequent = {name: places for name, places in members.items() if len(places) >= K}
    return dict(sorted(frequent.items(), key=lambda item: -len(item[1])))


def _prompts(embedder: Embedder, vectors: Matrix) -> _Texts:
    """The reference prompts; what is near before the projection is right."""
    texts = text_vectors(embedder, REFERENCE_PROMPTS, "off")
    near = min(len(vectors), max(MIN_NEAR, int(NEAR_SHARE * len(vectors))))
    is_right = np.zeros((len(texts), len(vectors)), bool)
    np.put_along_axis(is_right, _nearest(texts, vectors, near), True, axis=1)
    return _Texts(texts, is_right, "agreement")


def _precision(texts: _Texts, vectors: Matrix) -> npt.NDArray[np.float64]:
    """``(t,)`` the share of the ten nearest vectors of each text that are right."""
    nearest = _nearest(texts.vectors, vectors, min(K, len(vectors)))
    return np.take_along_axis(texts.is_right, nearest, axis=1).mean(axis=1)


def _nearest(texts: Matrix, vectors: Matrix, count: int) -> Positions:
    """``(t, count)`` the nearest vectors of each text, in any order."""
    nearest = np.empty((len(texts), count), np.int64)
    for start in range(0, len(texts), BLOCK_TEXTS):
        closeness = texts[start : start + BLOCK_TEXTS] @ vectors.T
        part = np.argpartition(-closeness, count - 1, axis=1)[:, :count]
        nearest[start : start + BLOCK_TEXTS] = part
    return nearest
