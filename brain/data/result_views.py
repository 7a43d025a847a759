"""Views of search results, and saved views."""

from __future__ import annotations

import fiftyone as fo
import fiftyone.core.collections as foc

from fiftyone_faiss.brain.data.lookup import (
    all_slices,
    are_frames,
    by_ids,
    is_of_frames,
    labels_by_ids,
)
from fiftyone_faiss.brain.data.private import holds_frames, holds_patches, root_dataset


def view_of(
    samples: foc.SampleCollection, ids: list[str], patches_field: str | None
) -> fo.DatasetView:
    """A view of samples, or of patches, in this order.

    Raises:
        ValueError: if there are too many for a view
    """
    check_ordered(len(ids), samples)
    dataset = root_dataset(samples)
    is_view = isinstance(samples, fo.DatasetView)
    if patches_field is None:
        # A view of patches has no samples.
        if not is_view or holds_patches(samples) or are_frames(dataset, ids):
            return by_ids(samples, ids, ordered=True)
    elif not holds_patches(samples):
        if not holds_frames(samples) and is_of_frames(dataset, patches_field):
            samples = labels_by_ids(samples, ids, patches_field)
        elif not is_view:
            samples = all_slices(dataset)
        samples = samples.to_patches(patches_field)
    return samples.select(ids, ordered=True)


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
