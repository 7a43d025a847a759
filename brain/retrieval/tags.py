"""Tagging samples and labels, and taking it back.

Each tagging is a record of its own, so that of several people who tag at once nobody overwrites
another's. A record only ever shrinks, if it is still as it was read, and goes when it is empty.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
from fiftyone.operators.store import ExecutionStore

from fiftyone_faiss.brain.data.lookup import are_frames, by_ids, labels_by_ids

DEFAULT_TAG = "neighbors"
STORE_NAME = "fiftyone_faiss_taggings"


def apply_tag(
    dataset: fo.Dataset,
    ids: Sequence[str],
    tag: str,
    patches_field: str | None = None,
    replace: bool = False,
) -> list[str]:
    """Tags samples, or labels of a field, in one bulk write, and remembers whom.

    Args:
        dataset: the dataset
        ids: ids of samples, or of labels if ``patches_field`` is given
        tag: the tag
        patches_field (None): the field of the labels
        replace (False): whether to take back the previous tagging with this tag first

    Returns:
        the ids that had not had the tag before

    Raises:
        ValueError: if the tag is empty, or the ids are of frames, which have no tags
    """
    _check(dataset, ids, tag, patches_field)
    if replace:
        untag_neighbors(dataset, tag)
    new = untagged(dataset, ids, tag, patches_field)
    if new:
        # Remembered first: a tagging stopped halfway can be taken back whole.
        taggings = _taggings(dataset)
        intended = _remember(taggings, tag, new, patches_field)
        if patches_field is None:
            by_ids(dataset, new).tag_samples(tag)
        else:
            labels_by_ids(dataset, new, patches_field).tag_labels(tag, patches_field)
        # Again: by now somebody may have taken back what was not there yet.
        _remember(taggings, tag, new, patches_field)
        taggings.delete(intended)
    return new


def untagged(
    dataset: fo.Dataset, ids: Sequence[str], tag: str, patches_field: str | None = None
) -> list[str]:
    """Those of some samples, or labels, that do not have a tag; see :func:`apply_tag`."""
    _check(dataset, ids, tag, patches_field)
    return _by_tag(dataset, ids, tag, patches_field)[False]


def untag_neighbors(
    samples: foc.SampleCollection, tag: str = DEFAULT_TAG, ids: Sequence[str] | None = None
) -> int:
    """Takes back every tagging with a tag; what had the tag before keeps it.

    Args:
        samples: the dataset, or a view of it
        tag ("neighbors"): the tag
        ids (None): of which samples, or labels, to take it back, by default of all

    Returns:
        how many samples, or labels, lost the tag
    """
    dataset = samples._root_dataset
    taggings = _taggings(dataset)
    wanted = None if ids is None else set(ids)
    count = 0
    for key, stored in _stored(taggings, tag):
        count += _untag(dataset, tag, _chosen(stored, wanted), stored["patches_field"])
        _forget(taggings, key, stored, wanted)
    return count


def _untag(dataset: fo.Dataset, tag: str, ids: Sequence[str], patches_field: str | None) -> int:
    """Takes a tag from samples, or labels; tells how many had it."""
    had = _by_tag(dataset, ids, tag, patches_field)[True]
    if patches_field is None:
        by_ids(dataset, had).untag_samples(tag)
    else:
        labels_by_ids(dataset, had, patches_field).untag_labels(tag, patches_field)
    return len(had)


def check_tag(tag: str) -> None:
    """Raises a ``ValueError`` if a tag is empty."""
    if not tag.strip():
        raise ValueError("The tag is empty; give a word, such as 'neighbors'.")


def _check(dataset: fo.Dataset, ids: Sequence[str], tag: str, patches_field: str | None) -> None:
    check_tag(tag)
    if patches_field is None and are_frames(dataset, ids):
        raise ValueError(
            "Frames of videos cannot be tagged; save them as a view, or their scores in a field."
        )


def _taggings(dataset: fo.Dataset) -> ExecutionStore:
    return ExecutionStore.create(STORE_NAME, dataset_id=dataset._doc.id)


def _remember(
    taggings: ExecutionStore, tag: str, ids: Sequence[str], patches_field: str | None
) -> str:
    """Writes a record of its own for a tagging; returns its key."""
    key = f"{tag}/{uuid.uuid4()}"
    taggings.set(key, {"tag": tag, "ids": list(ids), "patches_field": patches_field})
    return key


def _stored(taggings: ExecutionStore, tag: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The keys of a tag's records, and what they hold."""
    for key in taggings.list_keys():
        if key.startswith(f"{tag}/"):
            stored = taggings.get(key)
            # A tag may be "a/b", whose records are none of "a".
            if stored is not None and stored["tag"] == tag:
                yield key, stored


def _chosen(record: dict[str, Any], wanted: set[str] | None) -> list[str]:
    return [one for one in record["ids"] if wanted is None or one in wanted]


def _forget(
    taggings: ExecutionStore, key: str, stored: dict[str, Any] | None, wanted: set[str] | None
) -> None:
    """Takes ids out of a record; all of them, if None are named."""
    while stored is not None:
        chosen = set(_chosen(stored, wanted))
        kept = [one for one in stored["ids"] if one not in chosen]
        if not kept:
            # Whatever others did meanwhile: records only shrink.
            taggings.delete(key)
            return
        if taggings.compare_and_set(key, stored, {**stored, "ids": kept}):
            return
        stored = taggings.get(key)


def _by_tag(
    dataset: fo.Dataset, ids: Sequence[str], tag: str, patches_field: str | None
) -> dict[bool, list[str]]:
    """Those of the ids that exist and have the tag, and those that exist and do not."""
    if patches_field is None:
        path, view = "id", by_ids(dataset, ids)
        tagged = view.match_tags(tag)
    else:
        view = labels_by_ids(dataset, ids, patches_field)
        _, path = view._get_label_field_path(patches_field, "id")
        tagged = view.filter_labels(patches_field, fo.ViewField("tags").contains(tag))
    have = set(tagged.values(path, unwind=True))
    others = set(view.values(path, unwind=True)) - have
    return {True: [one for one in ids if one in have], False: [one for one in ids if one in others]}
