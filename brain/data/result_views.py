"""Views of search results, and saved views."""

from __future__ import annotations

import fiftyone as fo
import fiftyone.core.collections as foc
import fiftyone.core.patches as fop

from fiftyone_faiss.brain.data.lookup import (
    all_slices,
    are_frames,
    by_ids,
    is_of_frames,
    labels_by_ids,
)
from fiftyone_faiss.brain.data.private import (
    holds_frames,
    holds_parts,
    holds_patches,
    label_field_path,
    owner_id_field,
    root_dataset,
)


def view_of(
    samples: foc.SampleCollection, ids: list[str], patches_field: str | None
) -> fo.DatasetView:
    """A view of samples, or of patches, in this order.

    Raises:
        ValueError: if there are too many for a view
    """
    check_ordered(len(ids), samples)
    dataset = root_dataset(samples)
    if patches_field is None:
        # Views of patches, clips and frames have no samples.
        if holds_parts(samples) or are_frames(dataset, ids):
            return by_ids(samples, ids, ordered=True)
        samples = all_slices(samples)
    elif isinstance(samples, fop.EvaluationPatchesView):
        pairs = parts_with(samples, ids, patches_field)
        ids = list(dict.fromkeys(part_id for part_id, _ in pairs))
    elif not holds_patches(samples):
        if not holds_frames(samples) and is_of_frames(dataset, patches_field):
            samples = labels_by_ids(samples, ids, patches_field)
        samples = all_slices(samples).to_patches(patches_field)
    return samples.select(ids, ordered=True)


def parts_with(
    view: foc.SampleCollection, ids: list[str], patches_field: str | None
) -> list[tuple[str, str]]:
    """The patches, clips or frames of a view that belong to samples, or that hold labels.

    Args:
        view: the view of parts; a true positive of an evaluation is one patch of two labels
        ids: ids of samples or frames, or of labels if ``patches_field`` is given
        patches_field: the field of the labels

    Returns:
        ``(id in the view, id)`` in the order of the ids, each part once
    """
    if patches_field is not None:
        path = label_field_path(view, patches_field, "id")
    else:
        of_frames = are_frames(root_dataset(view), ids)
        path = owner_id_field(view) if of_frames else "sample_id"
    place = {id: i for i, id in enumerate(ids)}
    parts = [
        (place[own_id], part_id, own_id)
        for part_id, held in zip(*view.values(["id", path]), strict=True)
        for own_id in (held if isinstance(held, list) else [held])
        if own_id in place
    ]
    first = {part_id: (part_id, own_id) for _, part_id, own_id in sorted(parts, reverse=True)}
    return sorted(first.values(), key=lambda pair: place[pair[1]])


# FiftyOne puts the ids of a sorted view into one MongoDB document, of 16 MB at most.
MAX_ORDERED_IDS = 200_000


def check_ordered(count: int, samples: foc.SampleCollection) -> None:
    """Raises a ``ValueError`` if a view cannot hold that many samples in order."""
    if count > MAX_ORDERED_IDS and samples.count() > MAX_ORDERED_IDS:
        raise ValueError(
            f"A view cannot hold {count:,} samples in order; give k, {MAX_ORDERED_IDS:,} at most."
        )


def save_view(view: fo.DatasetView, name: str, overwrite: bool = False) -> None:
    """Saves a view with its dataset.

    Raises:
        ValueError: if there is a saved view with that name, or the name is empty
    """
    name = name.strip()
    if not name:
        raise ValueError("The name is empty; give the view a name, such as 'red cars'.")
    dataset = root_dataset(view)
    if dataset.has_saved_view(name) and not overwrite:
        raise ValueError(f"There is a saved view '{name}' already; choose another name.")
    dataset.save_view(name, view, overwrite=overwrite)
