"""Existing embeddings to build an index from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.core.vectors import check_vectors
from fiftyone_faiss.brain.data.embeddings_fields import (
    Embeddings,
    find_embeddings_field,
    match_embeddings,
    read_embeddings,
)

GivenEmbeddings = str | np.ndarray | Sequence[Any] | Mapping[str, Any]
"""The name of a field, an ``(n, dim)`` array or tensor in the order of the samples or labels, or a
dict from ids to vectors, or from ids of samples to ``(m, dim)`` vectors of their labels."""


def given_embeddings(
    samples: foc.SampleCollection, embeddings: GivenEmbeddings, patches_field: str | None
) -> Embeddings:
    """Returns existing vectors with the ids they belong to.

    Args:
        samples: the samples
        embeddings: the vectors
        patches_field: the field of the labels that they belong to, or None for samples

    Raises:
        ValueError: if the field does not exist, or the vectors are invalid
    """
    if isinstance(embeddings, str):
        name = find_embeddings_field(samples, embeddings, patches_field)
        if name is None:
            raise ValueError(
                f"There is no field '{embeddings}' with embeddings; compute it first with "
                f"compute_embeddings(dataset, model, embeddings_field='{embeddings}')."
            )
        given = read_embeddings(samples, name, patches_field)
    else:
        given = match_embeddings(samples, embeddings, patches_field)
    if not len(given.vectors):
        raise ValueError("There are no embeddings to index; compute some first.")
    return given._replace(vectors=check_vectors(given.vectors))
