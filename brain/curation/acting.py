"""Acts on the duplicates of a collection: views, tags, fields, removal, merging."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
import fiftyone.core.storage as fos
from bson import ObjectId

from fiftyone_faiss.brain.data.lookup import by_ids, existing_ids, labels_by_ids
from fiftyone_faiss.brain.data.private import frame_documents, root_dataset, sample_documents
from fiftyone_faiss.brain.data.result_views import view_of
from fiftyone_faiss.brain.retrieval.tags import apply_tag

# FiftyOne puts the numbers of the groups into the view, which MongoDB limits to 16 MB.
MAX_GROUPED = 50_000


def grouped_view(
    samples: foc.SampleCollection, groups: Sequence[Sequence[str]], patches_field: str | None
) -> fo.DatasetView:
    """A view of groups: the App pages through them if they are not too many.

    Args:
        samples: the collection
        groups: the ids of each group, in order
        patches_field: the field of the labels, None for samples and frames
    """
    ids = [id for group in groups for id in group]
    view = view_of(samples, ids, patches_field)
    if not ids or len(ids) > MAX_GROUPED:
        return view
    numbers = [n for n, group in enumerate(groups) for _ in group]
    place = {"$indexOfArray": [[ObjectId(id) for id in ids], "$_id"]}
    number = fo.ViewExpression({"$arrayElemAt": [numbers, place]})
    return view.group_by(number)


def without(
    samples: foc.SampleCollection, ids: Sequence[str], patches_field: str | None
) -> foc.SampleCollection:
    """A collection without some samples, or labels."""
    if patches_field is not None:
        return samples.exclude_labels(ids=ids, fields=patches_field)
    return samples.exclude(ids)


def tag(
    samples: foc.SampleCollection, ids: Sequence[str], name: str, patches_field: str | None
) -> list[str]:
    """Tags samples or labels; see :func:`apply_tag`."""
    return apply_tag(root_dataset(samples), ids, name, patches_field)


@dataclass(frozen=True)
class Removal:
    """Samples or labels that were removed.

    Attributes:
        dataset: the dataset
        ids: the ids of the samples or labels
        documents: the removed samples, as they were in the database; the samples of removed labels,
            as they were before
        patches_field: the field of the labels, None for samples
        deleted_files: the files that were deleted, too
        frames: the frames of removed videos, as they were in the database
    """

    dataset: fo.Dataset
    ids: list[str]
    documents: list[dict[str, Any]]
    patches_field: str | None
    deleted_files: list[str]
    frames: list[dict[str, Any]]

    def undo(self) -> int:
        """Brings the samples or labels back, with their ids; deleted files stay deleted.

        Returns:
            how many came back; those that exist again, or whose sample is gone, do not
        """
        collection = sample_documents(self.dataset)
        if self.patches_field is None:
            there = existing_ids(self.dataset, self.ids, None)
            missing = [doc for doc in self.documents if str(doc["_id"]) not in there]
            if missing:
                collection.insert_many(missing)
            back = {doc["_id"] for doc in missing}
            frames = [frame for frame in self.frames if frame["_sample_id"] in back]
            frame_collection = frame_documents(self.dataset)
            if frames and frame_collection is not None:
                frame_collection.insert_many(frames)
            self.dataset.reload()
            return len(missing)
        there = existing_ids(self.dataset, self.ids, self.patches_field)
        restored = _restored_labels(self.documents, self.patches_field, set(self.ids) - there)
        for sample_id, path, labels in restored:
            collection.update_one({"_id": sample_id}, {"$push": {path: {"$each": labels}}})
        self.dataset.reload()
        return sum(len(labels) for _, _, labels in restored)


def remove(
    dataset: fo.Dataset,
    ids: Sequence[str],
    confirmed: int | None,
    patches_field: str | None,
    delete_files: bool = False,
) -> Removal:
    """Removes samples, or labels, from a dataset.

    Raises:
        ValueError: if ``confirmed`` is not the number of those that still exist
    """
    existing = existing_ids(dataset, ids, patches_field)
    present = [id for id in ids if id in existing]
    if confirmed != len(present):
        things = "samples" if patches_field is None else "labels"
        raise ValueError(
            f"This removes {len(present):,} {things}; call it with confirmed={len(present)} to do "
            "that."
        )
    if patches_field is None:
        selected = by_ids(dataset, present)
    else:
        selected = labels_by_ids(dataset, present, patches_field)
    wanted = {"_id": {"$in": [ObjectId(id) for id in selected.values("id")]}}
    documents = list(sample_documents(dataset).find(wanted))
    frames = _frames_of(dataset, documents) if patches_field is None else []
    files = [doc["filepath"] for doc in documents] if delete_files and not patches_field else []
    if patches_field is None:
        dataset.delete_samples(present)
    else:
        dataset.delete_labels(ids=present, fields=patches_field)
    for path in files:
        fos.delete_file(path)
    return Removal(dataset, present, documents, patches_field, files, frames)


def _frames_of(dataset: fo.Dataset, documents: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    collection = frame_documents(dataset)
    if collection is None:
        return []
    return list(collection.find({"_sample_id": {"$in": [doc["_id"] for doc in documents]}}))


def _restored_labels(
    documents: Sequence[Mapping[str, Any]], field: str, ids: set[str]
) -> list[tuple[ObjectId, str, list[dict[str, Any]]]]:
    """The labels to bring back: the id of the sample, the path of its list, the labels."""
    restored = []
    for document in documents:
        value = document[field]
        name = next(name for name, part in value.items() if isinstance(part, list) and part)
        labels = [label for label in value[name] if str(label["_id"]) in ids]
        if labels:
            restored.append((document["_id"], f"{field}.{name}", labels))
    return restored


@dataclass(frozen=True)
class Merge:
    """What keepers took over.

    Attributes:
        dataset: the dataset
        tags: the tags that each keeper got, by its id
        labels: the names of the label fields that each keeper got, by its id
    """

    dataset: fo.Dataset
    tags: dict[str, list[str]]
    labels: dict[str, list[str]]

    def undo(self) -> None:
        """Takes the tags and labels from the keepers again."""
        for sample in by_ids(self.dataset, [*self.tags, *self.labels]).iter_samples(autosave=True):
            sample.tags = [t for t in sample.tags if t not in self.tags.get(sample.id, ())]
            for name in self.labels.get(sample.id, ()):
                sample[name] = None


def merge(
    dataset: fo.Dataset,
    pairs: Sequence[tuple[str, str]],
    labels: bool,
    tags: bool,
    dry: bool = False,
) -> Merge:
    """Copies tags and labels of redundant samples to their keepers.

    A keeper gets a label field only if it has none itself; of several redundant samples, the first
    that has it counts.

    Args:
        dataset: the dataset
        pairs: the ids of keepers and of redundant samples
        labels: whether to copy labels
        tags: whether to copy tags
        dry (False): whether to change nothing, and to tell what would be changed
    """
    fields = list(dataset.get_field_schema(embedded_doc_type=fo.Label)) if labels else []
    wanted = dict.fromkeys(id for pair in pairs for id in pair)
    samples = {sample.id: sample for sample in by_ids(dataset, wanted)}
    got_tags: dict[str, list[str]] = {}
    got_labels: dict[str, dict[str, fo.Label]] = {}
    for keeper_id, other_id in pairs:
        keeper, other = samples.get(keeper_id), samples.get(other_id)
        if keeper is None or other is None:
            continue
        own = [*keeper.tags, *got_tags.get(keeper_id, ())]
        fresh = [t for t in other.tags if t not in own] if tags else []
        if fresh:
            got_tags.setdefault(keeper_id, []).extend(fresh)
        filled = got_labels.get(keeper_id, {})
        for name in fields:
            if name not in filled and _is_empty(keeper[name]) and not _is_empty(other[name]):
                got_labels.setdefault(keeper_id, {})[name] = other[name]
    for id in () if dry else {*got_tags, *got_labels}:
        samples[id].tags = [*samples[id].tags, *got_tags.get(id, ())]
        for name, label in got_labels.get(id, {}).items():
            samples[id][name] = label.copy()
        samples[id].save()
    return Merge(dataset, got_tags, {id: list(names) for id, names in got_labels.items()})


def _is_empty(label: fo.Label | None) -> bool:
    """Whether there is no label, or a list of none."""
    if label is None:
        return True
    lists = [value for _, value in label.iter_fields() if isinstance(value, list)]
    name = getattr(label, "_LABEL_LIST_FIELD", None)
    return bool(lists) and name is not None and not label[name]
