"""The splits of a collection: a field, tags, or views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import fiftyone as fo
import fiftyone.core.collections as foc

from fiftyone_faiss.brain.core.params import MAX_NAME, quoted
from fiftyone_faiss.brain.curation.keepers import SPLIT_RANKS
from fiftyone_faiss.brain.data.lookup import all_slices

Splits = str | Sequence[str] | Mapping[str, foc.SampleCollection]
"""A field of split names, a list of tags, or the views of splits by their names."""
OTHER_RANK = 1


@dataclass(frozen=True)
class SplitSamples:
    """The samples of each split.

    Attributes:
        names: the names of the splits, the training side first
        split_of: the split of each sample, by its id
        without_split: the ids of samples in no split
        in_several: the ids of samples in two or more, which are compared with no other
    """

    names: list[str]
    split_of: dict[str, str]
    without_split: list[str]
    in_several: list[str]

    def ids_of(self, name: str) -> list[str]:
        """The ids of the samples of a split."""
        return [id for id, split in self.split_of.items() if split == name]


def read_splits(samples: foc.SampleCollection, splits: Splits) -> SplitSamples:
    """Reads the splits of a collection.

    Raises:
        ValueError: if there are fewer than two splits with samples
    """
    every = all_slices(samples).values("id")
    by_name = _by_name(samples, splits)
    known = set(every)
    names_of: dict[str, list[str]] = {}
    for name, ids in by_name.items():
        for id in ids:
            if id in known:
                names_of.setdefault(id, []).append(name)
    split_of = {id: names[0] for id, names in names_of.items() if len(set(names)) == 1}
    in_several = [id for id, names in names_of.items() if len(set(names)) > 1]
    names = sorted(
        set(split_of.values()), key=lambda name: (rank_of(name), list(by_name).index(name))
    )
    if len(names) < 2:
        listed = ", ".join(f"'{name}'" for name in names) or "none"
        raise ValueError(
            f"Leaks need two splits with samples, found {listed}; give a field of split names, "
            "a list of tags, or a dict of views."
        )
    return SplitSamples(names, split_of, [id for id in every if id not in names_of], in_several)


def split_fields(dataset: fo.Dataset) -> list[str]:
    """The fields that may hold the names of splits."""
    texts = dataset.get_field_schema(ftype=fo.StringField)
    labels = dataset.get_field_schema(embedded_doc_type=fo.Classification)
    return sorted(name for name in {*texts, *labels} if name != "filepath")


def rank_of(name: str) -> int:
    """How late a split is used: samples of a split with a lower rank are dropped."""
    return SPLIT_RANKS.get(name.strip().lower(), OTHER_RANK)


def _by_name(samples: foc.SampleCollection, splits: Splits) -> dict[str, list[str]]:
    flat = all_slices(samples)
    if isinstance(splits, str):
        return _by_field(flat, splits)
    if isinstance(splits, Mapping):
        return {str(name): all_slices(view).values("id") for name, view in splits.items()}
    if not isinstance(splits, Sequence) or not all(isinstance(tag, str) for tag in splits):
        raise ValueError(
            f"splits is {quoted(splits)}; give a field of split names, a list of tags, or a dict "
            "of views."
        )
    counts = samples.count_sample_tags()
    for tag in splits:
        if tag not in counts:
            raise ValueError(
                f"No sample has the tag '{tag[:MAX_NAME]}' of a split; check its name."
            )
    return {tag: flat.match_tags(tag).values("id") for tag in splits}


def _by_field(samples: foc.SampleCollection, field: str) -> dict[str, list[str]]:
    schema = samples.get_field(field)
    if schema is None:
        raise ValueError(f"There is no field '{field[:MAX_NAME]}' of splits; check its name.")
    is_label = isinstance(schema, fo.EmbeddedDocumentField)
    path = f"{field}.label" if is_label else field
    names_of: dict[str, list[str]] = {}
    for id, value in zip(*samples.values(["id", path]), strict=True):
        if isinstance(value, str):
            names_of.setdefault(value, []).append(id)
    return names_of
