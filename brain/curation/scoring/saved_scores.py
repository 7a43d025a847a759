"""Saves scores in a field, and remembers what the field held."""

from __future__ import annotations

from collections.abc import Mapping

import fiftyone.core.collections as foc

from fiftyone_faiss.brain.curation.saved_groups import SavedGroups
from fiftyone_faiss.brain.data.lookup import all_slices, are_frames, is_of_frames
from fiftyone_faiss.brain.data.private import FRAMES_PREFIX, label_field_path, root_dataset
from fiftyone_faiss.brain.data.score_fields import save_scores


def save(
    samples: foc.SampleCollection,
    scores: Mapping[str, float],
    field: str,
    patches_field: str | None,
) -> SavedGroups:
    """Saves scores in a field of samples, frames or labels; see :func:`save_scores`.

    Returns:
        how many were saved, which can be undone

    Raises:
        ValueError: if the field holds other values
    """
    dataset = root_dataset(samples)
    path = field
    if patches_field is not None:
        prefix = FRAMES_PREFIX if is_of_frames(dataset, patches_field) else ""
        path = label_field_path(dataset, prefix + patches_field, field)
    elif are_frames(dataset, list(scores)[:1]):
        path = FRAMES_PREFIX + field
    held = None
    if dataset.get_field(path) is not None:
        ids, values = all_slices(dataset).values(["id", path])
        held = (ids, values)
    count = save_scores(dataset, scores, field, patches_field)
    return SavedGroups(dataset, count, {path: held})
