"""The ids in a view that an index may hold."""

from __future__ import annotations

from collections.abc import Sequence

import fiftyone.core.collections as foc
import fiftyone.core.stages as fos

from fiftyone_faiss.brain.data.embeddings_fields import label_ids
from fiftyone_faiss.brain.data.private import (
    FRAMES_PREFIX,
    holds_frames,
    holds_patches,
    label_field_path,
    view_stages,
)

# Stages that keep or drop each sample by itself, so that a few samples can be tested alone.
FILTERS = (
    fos.Exclude, fos.ExcludeBy, fos.ExcludeFields, fos.ExcludeLabels, fos.Exists, fos.FilterField,
    fos.FilterLabels, fos.Match, fos.MatchLabels, fos.MatchTags, fos.Select, fos.SelectBy,
    fos.SelectFields, fos.SelectLabels, fos.ToPatches,
)  # fmt: skip


def collection_ids(samples: foc.SampleCollection, patches_field: str | None) -> list[str]:
    """Returns the ids of a collection's samples, or of its labels in a field, in its order."""
    if patches_field is None:
        ids: list[str] = samples.values("sample_id" if holds_patches(samples) else "id")
        return list(dict.fromkeys(ids))
    # A view may hold a label twice.
    return list(dict.fromkeys(label_ids(samples, patches_field)))


def view_ids(
    samples: foc.SampleCollection, patches_field: str | None, is_of_frames: bool
) -> list[str]:
    """Returns the ids in a view that an index may hold.

    Args:
        samples: the view
        patches_field: the field of the labels, None for samples
        is_of_frames: whether the index holds frames or their labels; for a view of videos, these
            are returned
    """
    if not is_of_frames or holds_frames(samples):
        return collection_ids(samples, patches_field)
    path = f"{FRAMES_PREFIX}id"
    if patches_field is not None:
        path = label_field_path(samples, f"{FRAMES_PREFIX}{patches_field}", "id")
    ids: list[str] = samples.values(path, unwind=True)
    return ids


def can_test(samples: foc.SampleCollection, is_of_frames: bool) -> bool:
    """Returns whether :func:`ids_inside` works for a view: its stages test samples one by one."""
    return not is_of_frames and all(isinstance(stage, FILTERS) for stage in view_stages(samples))


def ids_inside(
    samples: foc.SampleCollection,
    patches_field: str | None,
    sample_ids: Sequence[str],
    ids: Sequence[str],
) -> list[str]:
    """Determines which of a few samples, or labels, are in a view, by a query to the database.

    Args:
        samples: the view
        patches_field: the field of the labels, None for samples
        sample_ids: the ids of the samples
        ids: the ids of the same samples, or of their labels
    """
    if not holds_patches(samples):
        some = samples.select(list(dict.fromkeys(sample_ids)))
    elif patches_field is None:
        some = samples.select_by("sample_id", sample_ids)
    else:
        some = samples.select(ids)
    return collection_ids(some, patches_field)
