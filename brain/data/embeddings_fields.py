"""Embeddings of samples and labels: those in fields of a dataset, and those that callers give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import fiftyone.core.collections as foc
import numpy as np

# FiftyOne has no public functions that read embeddings of labels.
from fiftyone.brain.internal.core import utils as fbu

from fiftyone_faiss.brain.core.arrays import Matrix


class Embeddings(NamedTuple):
    """Vectors and the samples or labels that they belong to.

    Attributes:
        vectors: ``(n, dim)``
        sample_ids: ``(n,)`` sample ids
        label_ids: ``(n,)`` label ids, None for embeddings of samples
    """

    vectors: Matrix
    sample_ids: np.ndarray
    label_ids: np.ndarray | None

    @property
    def ids(self) -> np.ndarray:
        """The ids that identify the vectors: those of labels, or else of samples."""
        return self.sample_ids if self.label_ids is None else self.label_ids


def find_embeddings_field(
    samples: foc.SampleCollection, embeddings_field: str, patches_field: str | None
) -> str | None:
    """Returns the name of a field of embeddings as FiftyOne expects it; None if it is missing.

    Args:
        samples: the samples
        embeddings_field: the field, of the labels if ``patches_field`` is given
        patches_field: the field of the labels, or None for samples
    """
    name: str
    name, exists = fbu.parse_data_field(samples, embeddings_field, patches_field=patches_field)
    return name if exists else None


def read_embeddings(
    samples: foc.SampleCollection, embeddings_field: str, patches_field: str | None
) -> Embeddings:
    """Reads the embeddings of samples, or of labels, from a field."""
    return Embeddings(
        *fbu.get_embeddings(samples, embeddings_field=embeddings_field, patches_field=patches_field)
    )


def match_embeddings(
    samples: foc.SampleCollection,
    embeddings: np.ndarray | Mapping[str, np.ndarray],
    patches_field: str | None,
) -> Embeddings:
    """Matches embeddings that a caller gives with the samples, or the labels, of a collection.

    Args:
        samples: the samples
        embeddings: an ``(n, dim)`` array in the order of the samples or labels, or a dict from ids
            to vectors
        patches_field: the field of the labels, or None for samples
    """
    return Embeddings(*fbu.parse_data(samples, patches_field=patches_field, data=embeddings))


def label_ids(samples: foc.SampleCollection, patches_field: str) -> list[str]:
    """Returns the ids of the labels in a field, in the order of the samples."""
    ids: list[str] = fbu.get_ids(samples, patches_field=patches_field)[1].tolist()
    return ids
