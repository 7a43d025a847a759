"""Tagging a query's neighbours, and taking it back.

Each tagging is a record of its own, so that of several people who tag at once nobody overwrites
another's. A record only ever shrinks, if it is still as it was read, and goes when it is empty.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
from fiftyone.operators.store import ExecutionStore

from fiftyone_faiss.brain.neighbors import Neighbors
from fiftyone_faiss.brain.parsing import parse_query
from fiftyone_faiss.brain.queries import SamplesQuery
from fiftyone_faiss.brain.request import DEFAULT_K, SearchRequest, parse_k
from fiftyone_faiss.brain.search import answer

DEFAULT_TAG = "neighbors"
STORE_NAME = "fiftyone_faiss_taggings"


@dataclass(frozen=True)
class Tagging:
    """What a tagging did.

    Attributes:
        tag: the tag
        ids: the ids of the samples, or labels, that got it and had not had it
        neighbors: the search it came of
    """

    tag: str
    ids: list[str]
    neighbors: Neighbors


def tag_neighbors(
    samples: foc.SampleCollection,
    query: Any,
    tag: str = DEFAULT_TAG,
    k: int = DEFAULT_K,
    brain_key: str | None = None,
    replace: bool = False,
) -> Tagging:
    """Tags what a search finds, and the query's own samples.

    For an index of patches the labels are tagged, not their samples.

    Args:
        samples: a dataset, or a view to search in
        query: see :func:`fiftyone_faiss.search`
        tag ("neighbors"): the tag
        k (25): how many neighbours
        brain_key (None): the index to search; may be left out when there is only one
        replace (False): whether to take back the previous tagging with this tag first

    Returns:
        a :class:`Tagging`

    Raises:
        ValueError: as in :func:`fiftyone_faiss.search`, or if the tag is empty
    """
    request = SearchRequest(parse_query(query), brain_key, parse_k(k))
    return tag_answer(samples, request, tag, replace)


def tag_answer(
    samples: foc.SampleCollection, request: SearchRequest, tag: str, replace: bool = False
) -> Tagging:
    """Tags the answer to a request; see :func:`tag_neighbors`."""
    _check_tag(tag)
    neighbors = answer(samples, request)
    own = request.query.ids if isinstance(request.query, SamplesQuery) else ()
    ids = list(dict.fromkeys((*own, *neighbors.ids)))
    dataset = samples._root_dataset
    tagged = apply_tag(dataset, ids, tag, neighbors.patches_field, replace)
    return Tagging(tag, tagged, neighbors)


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
    """
    _check_tag(tag)
    if replace:
        untag_neighbors(dataset, tag)
    new = untagged(dataset, ids, tag, patches_field)
    if new:
        # Remembered first: a tagging stopped halfway can be taken back whole.
        taggings = _taggings(dataset)
        intended = _remember(taggings, tag, new, patches_field)
        if patches_field is None:
            dataset.select(new).tag_samples(tag)
        else:
            _labels(dataset, new, patches_field).tag_labels(tag, label_fields=patches_field)
        # Again: by now somebody may have taken back what was not there yet.
        _remember(taggings, tag, new, patches_field)
        taggings.delete(intended)
    return new


def untagged(
    dataset: fo.Dataset, ids: Sequence[str], tag: str, patches_field: str | None = None
) -> list[str]:
    """Those of some samples, or labels, that do not have a tag; see :func:`apply_tag`."""
    _check_tag(tag)
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
        for record in _records(stored):
            count += _untag(dataset, tag, _chosen(record, wanted), record["patches_field"])
        _forget(taggings, key, stored, wanted)
    return count


def _untag(dataset: fo.Dataset, tag: str, ids: Sequence[str], patches_field: str | None) -> int:
    """Takes a tag from samples, or labels; tells how many had it."""
    had = _by_tag(dataset, ids, tag, patches_field)[True]
    if patches_field is None:
        dataset.select(had).untag_samples(tag)
    else:
        _labels(dataset, had, patches_field).untag_labels(tag, label_fields=patches_field)
    return len(had)


def _check_tag(tag: str) -> None:
    if not tag.strip():
        raise ValueError("The tag is empty; give a word, such as 'neighbors'.")


def _taggings(dataset: fo.Dataset) -> ExecutionStore:
    return ExecutionStore.create(STORE_NAME, dataset_id=dataset._doc.id)


def _remember(
    taggings: ExecutionStore, tag: str, ids: Sequence[str], patches_field: str | None
) -> str:
    """Writes a record of its own for a tagging; returns its key."""
    key = f"{tag}/{uuid.uuid4()}"
    taggings.set(key, {"tag": tag, "ids": list(ids), "patches_field": patches_field})
    return key


def _stored(taggings: ExecutionStore, tag: str) -> Iterator[tuple[str, Any]]:
    """The keys of a tag's records, and what they hold."""
    for key in taggings.list_keys():
        if key == tag or key.startswith(f"{tag}/"):
            stored = taggings.get(key)
            # Once, all taggings with a tag were one list, under the tag itself. A tag may be "a/b",
            # whose records are none of "a".
            if isinstance(stored, list) if key == tag else _is_of(stored, tag):
                yield key, stored


def _is_of(stored: Any, tag: str) -> bool:
    return isinstance(stored, dict) and stored["tag"] == tag


def _records(stored: Any) -> list[dict[str, Any]]:
    return stored if isinstance(stored, list) else [stored]


def _chosen(record: dict[str, Any], wanted: set[str] | None) -> list[str]:
    return [one for one in record["ids"] if wanted is None or one in wanted]


def _forget(taggings: ExecutionStore, key: str, stored: Any, wanted: set[str] | None) -> None:
    """Takes ids out of a record; all of them, if None are named."""
    while stored is not None:
        kept = []
        for record in _records(stored):
            chosen = set(_chosen(record, wanted))
            others = [one for one in record["ids"] if one not in chosen]
            if others:
                kept.append({**record, "ids": others})
        if not kept:
            # Whatever others did meanwhile: records only shrink.
            taggings.delete(key)
            return
        if taggings.compare_and_set(key, stored, kept if isinstance(stored, list) else kept[0]):
            return
        stored = taggings.get(key)


def _labels(dataset: fo.Dataset, ids: Sequence[str], field: str) -> fo.DatasetView:
    return dataset.select_labels(ids=list(ids), fields=field)


def _by_tag(
    dataset: fo.Dataset, ids: Sequence[str], tag: str, patches_field: str | None
) -> dict[bool, list[str]]:
    """Those of the ids that exist and have the tag, and those that exist and do not."""
    if patches_field is None:
        path, view = "id", dataset.select(list(ids))
        tagged = view.match_tags(tag)
    else:
        _, path = dataset._get_label_field_path(patches_field, "id")
        view = _labels(dataset, ids, patches_field)
        tagged = view.filter_labels(patches_field, fo.ViewField("tags").contains(tag))
    have = set(tagged.values(path, unwind=True))
    others = set(view.values(path, unwind=True)) - have
    return {True: [one for one in ids if one in have], False: [one for one in ids if one in others]}
