"""The ids in a view that an index may hold."""

from __future__ import annotations

from collections.abc import Sequence

import fiftyone.core.collections as foc
import fiftyone.core.stages as fos

from fiftyone_faiss.brain.core.ids import PackedIds, unpack_bson
from fiftyone_faiss.brain.data.embeddings_fields import check_holds_labels, label_ids
from fiftyone_faiss.brain.data.lookup import all_slices, videos
from fiftyone_faiss.brain.data.private import (
    FRAMES_PREFIX,
    holds_frames,
    holds_patches,
    label_field_path,
    owner_id_field,
    raw_ids,
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
        ids: list[str] = samples.values(owner_id_field(samples))
        return list(dict.fromkeys(ids))
    # A view may hold a label twice.
    return list(dict.fromkeys(label_ids(samples, patches_field)))


def packed_ids(samples: foc.SampleCollection, patches_field: str | None) -> PackedIds:
    """Returns the ids of :func:`collection_ids` packed, in a fraction of the time.

    An id that the collection holds twice is returned twice.
    """
    if patches_field is None:
        # Private fields hold the ids of others: "_sample_id" is the field "sample_id".
        return unpack_bson(raw_ids(samples, f"_{owner_id_field(samples)}"))
    check_holds_labels(samples, patches_field)
    return unpack_bson(raw_ids(samples, label_field_path(samples, patches_field, "_id")))


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
        ids = collection_ids(samples, patches_field)
        if not is_of_frames and holds_frames(samples) and patches_field is None:
            # An index of whole videos holds the videos of the frames.
            ids += dict.fromkeys(samples.values("sample_id"))
        return ids
    path = f"{FRAMES_PREFIX}id"
    if patches_field is not None:
        path = label_field_path(samples, f"{FRAMES_PREFIX}{patches_field}", "id")
    # Clips of one video may share frames.
    return list(dict.fromkeys(samples.values(path, unwind=True)))


def whole_groups(view: foc.SampleCollection, is_of_frames: bool) -> foc.SampleCollection:
    """Returns a view with all samples of its groups, of which it shows one each.

    Args:
        view: the view; returned as it is if it holds no groups
        is_of_frames: whether to return the videos alone, for an index of their frames
    """
    return videos(view) if is_of_frames else all_slices(view)


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
