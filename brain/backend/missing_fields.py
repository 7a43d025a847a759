"""The fields of a dataset that an index needs, and that may be renamed or deleted."""

from __future__ import annotations

import fiftyone as fo
import fiftyone.core.collections as foc
from fiftyone.brain.similarity import SimilarityConfig

from fiftyone_faiss.brain.data.lookup import is_of_frames
from fiftyone_faiss.brain.data.private import FRAMES_PREFIX, label_field_path, root_dataset


def labels_problem(samples: foc.SampleCollection, key: str, config: SimilarityConfig) -> str | None:
    """Returns a sentence if the labels of an index are in no field of the dataset, else None."""
    field: str | None = config.patches_field or config.roi_field
    if field is None or _exists(root_dataset(samples), field):
        return None
    what = "labels" if config.patches_field is not None else "regions"
    return (
        f"The index '{key}' holds {what} of the field '{field}', which was renamed or deleted; "
        f"rename it back to '{field}', or delete the index and build it again."
    )


def embeddings_problem(
    samples: foc.SampleCollection, key: str, config: SimilarityConfig
) -> str | None:
    """Returns a sentence if the field with the embeddings of an index is missing, else None.

    Searches do not need the field.
    """
    field: str | None = config.embeddings_field
    if field is None or has_embeddings_field(samples, config):
        return None
    return (
        f"The index '{key}' reads new embeddings from the field '{field}', which was renamed or "
        f"deleted; rename it back to '{field}', or compute it again with compute_embeddings."
    )


def has_embeddings_field(samples: foc.SampleCollection, config: SimilarityConfig) -> bool:
    """Returns whether the field with the embeddings of an index exists."""
    dataset, field = root_dataset(samples), config.patches_field
    if field is None:
        return _exists(dataset, config.embeddings_field)
    if not _exists(dataset, field):
        return False
    prefix = FRAMES_PREFIX if is_of_frames(dataset, field) else ""
    return bool(
        dataset.has_field(label_field_path(dataset, prefix + field, config.embeddings_field))
    )


def _exists(dataset: fo.Dataset, field: str) -> bool:
    return bool(dataset.has_sample_field(field) or dataset.has_frame_field(field))
