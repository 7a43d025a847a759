"""The tags of samples and of labels: reads and writes them in bulk."""

from __future__ import annotations

from collections.abc import Sequence

import fiftyone as fo

from fiftyone_faiss.brain.data.lookup import by_ids, labels_by_ids
from fiftyone_faiss.brain.data.private import label_field_path


def split_by_tag(
    dataset: fo.Dataset, ids: Sequence[str], tag: str, patches_field: str | None = None
) -> tuple[list[str], list[str]]:
    """Splits ids into those with a tag and those without; ids that do not exist are in neither.

    Args:
        dataset: the dataset
        ids: ids of samples, or of labels if ``patches_field`` is given
        tag: the tag
        patches_field (None): the field of the labels
    """
    if patches_field is None:
        path, view = "id", by_ids(dataset, ids)
        tagged = view.match_tags(tag)
    else:
        view = labels_by_ids(dataset, ids, patches_field)
        path = label_field_path(view, patches_field, "id")
        tagged = view.filter_labels(patches_field, fo.ViewField("tags").contains(tag))
    with_tag = set(tagged.values(path, unwind=True))
    without_tag = set(view.values(path, unwind=True)) - with_tag
    return [id for id in ids if id in with_tag], [id for id in ids if id in without_tag]


def add_tag(dataset: fo.Dataset, ids: Sequence[str], tag: str, patches_field: str | None) -> None:
    """Adds a tag to samples, or to labels; see :func:`split_by_tag`."""
    if patches_field is None:
        by_ids(dataset, ids).tag_samples(tag)
    else:
        labels_by_ids(dataset, ids, patches_field).tag_labels(tag, patches_field)


def remove_tag(
    dataset: fo.Dataset, ids: Sequence[str], tag: str, patches_field: str | None
) -> None:
    """Removes a tag from samples, or from labels; see :func:`split_by_tag`."""
    if patches_field is None:
        by_ids(dataset, ids).untag_samples(tag)
    else:
        labels_by_ids(dataset, ids, patches_field).untag_labels(tag, patches_field)
