"""Indexes of given vectors."""

from __future__ import annotations

import fiftyone as fo
import fiftyone.brain as fob
import numpy as np

from fiftyone_faiss.brain.similarity import FaissSimilarityIndex


def index_of(
    samples: fo.Dataset, vectors: np.ndarray, brain_key: str = "given", **kwargs: object
) -> FaissSimilarityIndex:
    """An index of given vectors, made the way FiftyOne makes one."""
    return fob.compute_similarity(
        samples, backend="faiss", embeddings=vectors, brain_key=brain_key, **kwargs
    )
