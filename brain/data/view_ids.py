"""The ids of a collection that an index may hold."""

from __future__ import annotations

from collections.abc import Sequence

import fiftyone.core.collections as foc
import fiftyone.core.stages as fos
from fiftyone.brain.internal.core import utils as fbu

# Stages that keep or remove each sample by itself, so that a few samples can be tested alone.
FILTERS = (
    fos.Exclude, fos.ExcludeBy, fos.ExcludeFields, fos.ExcludeLabels, fos.Exists, fos.FilterField,
    fos.FilterLabels, fos.Match, fos.MatchLabels, fos.MatchTags, fos.Select, fos.SelectBy,
    fos.SelectFields, fos.SelectLabels, fos.ToPatches,
)  # fmt: skip


def collection_ids(samples: foc.SampleCollection, patches_field: str | None) -> list[str]:
    """The ids of a collection's samples, or of its labels in a patches field, in its order."""
    if patches_field is None:
        ids: list[str] = samples.values("sample_id" if samples._is_patches else "id")
        return list(dict.fromkeys(ids))
    _, labels = fbu.get_ids(samples, patches_field=patches_field)
    # A view may hold a label twice.
    return list(dict.fromkeys(labels.tolist()))


def view_ids(
    samples: foc.SampleCollection, patches_field: str | None, is_of_frames: bool
) -> list[str]:
    """The ids in a view that an index may hold.

    Args:
        samples: the view
        patches_field: the field of the labels, None for samples
        is_of_frames: whether the index holds frames, or their labels; of a view of videos, these
            are listed
    """
    if not is_of_frames or samples._is_frames:
        return collection_ids(samples, patches_field)
    path = f"{samples._FRAMES_PREFIX}id"
    if patches_field is not None:
        field = f"{samples._FRAMES_PREFIX}{patches_field}"
        path = samples._get_label_field_path(field, "id")[1]
    ids: list[str] = samples.values(path, unwind=True)
    return ids


def can_test(samples: foc.SampleCollection, is_of_frames: bool) -> bool:
    """Whether :func:`ids_inside` works on a view: its stages test each sample by itself."""
    return not is_of_frames and all(isinstance(one, FILTERS) for one in samples._all_stages)


def ids_inside(
    samples: foc.SampleCollection,
    patches_field: str | None,
    sample_ids: Sequence[str],
    ids: Sequence[str],
) -> list[str]:
    """Asks the database which of a few samples, or labels, are in a view.

    Args:
        samples: the view
        patches_field: the field of the labels, None for samples
        sample_ids: the ids of the samples
        ids: the ids of the same samples, or of their labels
    """
    if not samples._is_patches:
        some = samples.select(list(dict.fromkeys(sample_ids)))
    elif patches_field is None:
        some = samples.select_by("sample_id", sample_ids)
    else:
        some = samples.select(ids)
    return collection_ids(some, patches_field)
