"""How well a faster network finds what the same network finds in float32."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.embedders.base import Vectors

K = 10
# The normal quantile of a 95 % interval.
_Z95 = 1.96
# Similarities that are closer than the rounding of float32 count as equal.
_TIE = 1e-6


@dataclass(frozen=True)
class Agreement:
    """The agreement of the vectors of a network with those in float32, on the same images.

    Attributes:
        images: the number of images; each is a query for its nearest ones among the others
        recall: recall@10 of these queries, 0 to 1: the mean share of the 10 nearest images in
            float32 that are among the 10 nearest here
        recall_low: the lower end of the 95 % interval of ``recall``, by the normal approximation
            of the mean over queries
        min_cosine: the smallest cosine of a vector to its float32 version, -1 to 1
        texts: the number of text queries
        text_recall: recall@10 of text queries for the images; None for a model without text
    """

    images: int
    recall: float
    recall_low: float
    min_cosine: float
    texts: int = 0
    text_recall: float | None = None

    def __str__(self) -> str:
        texts = (
            "" if self.text_recall is None else f", {self.text_recall:.3f} of {self.texts} texts"
        )
        return (
            f"recall@{K} against float32 {self.recall:.3f} (95 %: at least {self.recall_low:.3f}) "
            f"of {self.images:,} images{texts}; cosines of at least {self.min_cosine:.4f}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Returns JSON values."""
        return asdict(self)


def measure_agreement(
    exact: Vectors, other: Vectors, texts: Vectors | None = None, k: int = K
) -> Agreement:
    """Compares the vectors of images with their float32 versions.

    Args:
        exact: ``(n, dim)`` float32 unit vectors, computed in float32; more than ``k``
        other: ``(n, dim)`` float32 unit vectors of the same images
        texts (None): ``(t, dim)`` float32 unit vectors of text queries
        k (10): the number of neighbors
    """
    recalls = recall_of_queries(exact @ exact.T, other @ other.T, k, are_images=True)
    spread = _Z95 * float(recalls.std()) / np.sqrt(len(recalls))
    text_recall = None
    if texts is not None:
        text_recall = float(recall_of_queries(texts @ exact.T, texts @ other.T, k).mean())
    return Agreement(
        images=len(exact),
        recall=float(recalls.mean()),
        recall_low=max(0.0, float(recalls.mean() - spread)),
        min_cosine=float(np.sum(exact * other, axis=1).min()),
        texts=0 if texts is None else len(texts),
        text_recall=text_recall,
    )


def recall_of_queries(
    exact: Vectors, other: Vectors, k: int, are_images: bool = False
) -> npt.NDArray[np.float64]:
    """Returns the recall@k of each query.

    Images that are as similar in float32 as the k-th nearest one are interchangeable.

    Args:
        exact: ``(q, n)`` similarities in float32
        other: ``(q, n)`` similarities of the same pairs
        k: the number of neighbors, less than ``n``
        are_images (False): whether the queries are the ``n`` images, which are not their own
            neighbors

    Returns:
        ``(q,)`` float64, 0 to 1
    """
    if are_images:
        exact, other = exact.copy(), other.copy()
        for similarities in (exact, other):
            np.fill_diagonal(similarities, -np.inf)
    rows = np.argpartition(-other, k - 1, axis=1)[:, :k]
    kth = -np.partition(-exact, k - 1, axis=1)[:, k - 1 : k]
    hits = np.take_along_axis(exact, rows, axis=1) >= kth - _TIE
    return np.asarray(hits.mean(axis=1), np.float64)
