"""Tags samples and labels, and undoes that.

Each tagging has its own record, so that people who tag at the same time do not overwrite each
other's. A record only shrinks, only if it is unchanged since it was read, and is deleted when it
is empty.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc

from fiftyone_faiss.brain.core.params import read_ids, read_text
from fiftyone_faiss.brain.data.lookup import are_frames
from fiftyone_faiss.brain.data.private import root_dataset
from fiftyone_faiss.brain.data.tag_fields import add_tag, remove_tag, split_by_tag
from fiftyone_faiss.brain.retrieval.records import RecordRepository

DEFAULT_TAG = "neighbors"
STORE_NAME = "fiftyone_faiss_taggings"


def apply_tag(
    dataset: fo.Dataset,
    ids: Sequence[str],
    tag: str,
    patches_field: str | None = None,
    replace: bool = False,
) -> list[str]:
    """Tags samples, or labels of a field, in one bulk write, and records their ids.

    Args:
        dataset: the dataset
        ids: ids of samples, or of labels if ``patches_field`` is given
        tag: the tag
        patches_field (None): the field of the labels
        replace (False): whether to undo the previous tagging with this tag first

    Returns:
        the ids that did not have the tag before

    Raises:
        ValueError: if the tag is empty, or the ids are of frames, which have no tags
    """
    _check(dataset, ids, tag, patches_field)
    if replace:
        untag_neighbors(dataset, tag)
    new = untagged(dataset, ids, tag, patches_field)
    if new:
        records = RecordRepository.of(STORE_NAME, dataset)
        # Recorded first, so that a tagging that was interrupted can be undone completely.
        intended = _record(records, tag, new, patches_field)
        add_tag(dataset, new, tag, patches_field)
        # Recorded again: an undo may have run before the tags were there.
        _record(records, tag, new, patches_field)
        records.delete(intended)
    return new


def untagged(
    dataset: fo.Dataset, ids: Sequence[str], tag: str, patches_field: str | None = None
) -> list[str]:
    """The samples, or labels, that do not have a tag; see :func:`apply_tag`."""
    return _split(dataset, ids, tag, patches_field)[1]


def untag_neighbors(
    samples: foc.SampleCollection, tag: str = DEFAULT_TAG, ids: Sequence[str] | None = None
) -> int:
    """Undoes every tagging with a tag; samples that had the tag before keep it.

    Args:
        samples: the dataset, or a view of it
        tag ("neighbors"): the tag
        ids (None): the samples, or labels, to untag; None for all

    Returns:
        the number of samples, or labels, that lost the tag
    """
    tag = read_text("tag", tag)
    dataset = root_dataset(samples)
    records = RecordRepository.of(STORE_NAME, dataset)
    wanted = None if ids is None else set(read_ids("ids", ids))
    count = 0
    for key, record in records.read(f"{tag}/").items():
        # A tag may contain a slash: the records of "a/b" are none of "a".
        if record["tag"] == tag:
            field = record["patches_field"]
            with_tag, _ = split_by_tag(dataset, _chosen(record, wanted), tag, field)
            remove_tag(dataset, with_tag, tag, field)
            count += len(with_tag)
            _shrink(records, key, record, wanted)
    return count


def remove_tag_from(
    dataset: fo.Dataset, ids: Sequence[str], tag: str, patches_field: str | None = None
) -> list[str]:
    """Removes a tag from samples, or labels of a field, also one that they had before a tagging.

    Args:
        dataset: the dataset
        ids: ids of samples, or of labels if ``patches_field`` is given
        tag: the tag
        patches_field (None): the field of the labels

    Returns:
        the ids that had the tag

    Raises:
        ValueError: as in :func:`apply_tag`
    """
    with_tag, _ = _split(dataset, ids, tag, patches_field)
    if with_tag:
        remove_tag(dataset, with_tag, tag, patches_field)
    return with_tag


def check_tag(tag: str) -> None:
    """Raises a ``ValueError`` if a tag is no text, or empty."""
    if not read_text("tag", tag).strip():
        raise ValueError("The tag is empty; give a tag, such as 'neighbors'.")


def _split(
    dataset: fo.Dataset, ids: Sequence[str], tag: str, patches_field: str | None
) -> tuple[list[str], list[str]]:
    """Checks ids, and splits them into those with a tag and those without."""
    _check(dataset, ids, tag, patches_field)
    return split_by_tag(dataset, ids, tag, patches_field)


def _check(dataset: fo.Dataset, ids: Sequence[str], tag: str, patches_field: str | None) -> None:
    check_tag(tag)
    read_ids("ids", ids)
    if patches_field is None and are_frames(dataset, ids):
        raise ValueError(
            "Frames of videos cannot be tagged; save them as a view, or their scores in a field."
        )


def _record(
    records: RecordRepository, tag: str, ids: Sequence[str], patches_field: str | None
) -> str:
    """Adds a record for a tagging; returns its key."""
    key = f"{tag}/{uuid.uuid4()}"
    records.set_if_absent(key, {"tag": tag, "ids": list(ids), "patches_field": patches_field})
    return key


def _chosen(record: dict[str, Any], wanted: set[str] | None) -> list[str]:
    return [id for id in record["ids"] if wanted is None or id in wanted]


def _shrink(
    records: RecordRepository, key: str, record: dict[str, Any] | None, wanted: set[str] | None
) -> None:
    """Removes ids from a record; all of them if ``wanted`` is None."""
    while record is not None:
        chosen = set(_chosen(record, wanted))
        remaining = [id for id in record["ids"] if id not in chosen]
        if not remaining:
            # Whatever others did meanwhile: records only shrink.
            records.delete(key)
            return
        if records.compare_and_set(key, record, {**record, "ids": remaining}):
            return
        record = records.get(key)
