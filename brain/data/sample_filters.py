"""Filters by tags, labels and other texts: restricts a collection, and counts the values in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
import fiftyone.core.fields as fof
import fiftyone.core.labels as fol
from fiftyone import ViewField as F

from fiftyone_faiss.brain.core.params import MAX_NAME, quoted, read_list, read_mapping, read_text
from fiftyone_faiss.brain.data.lookup import all_slices, by_ids, labels_by_ids
from fiftyone_faiss.brain.data.private import label_field_path, label_schema, root_dataset

TAGS = "tags"
MAX_FILTERS = 20
MAX_VALUES = 100
# The values that are counted of each field: those that occur most.
MAX_FACET_VALUES = 30
LABELED = (
    fol.Classification,
    fol.Classifications,
    fol.Detection,
    fol.Detections,
    fol.Polyline,
    fol.Polylines,
    fol.Keypoint,
    fol.Keypoints,
    fol.TemporalDetection,
    fol.TemporalDetections,
)
_NAMES_OF_ONE = ("id", "filepath", "sample_id", "frame_id")


@dataclass(frozen=True)
class Facet:
    """The values of a field among some samples, or labels.

    Attributes:
        path: ``"tags"``, a field of labels, or a field of texts
        values: each value with the number of samples, or of labels, that have it; most first
        more: the number of further values
    """

    path: str
    values: list[tuple[str, int]]
    more: int

    def to_dict(self) -> dict[str, Any]:
        """The attributes as JSON values."""
        values = [{"value": value, "count": count} for value, count in self.values]
        return {"path": self.path, "values": values, "more": self.more}


def read_filters(name: str, value: Any) -> dict[str, list[str]] | None:
    """Reads filters: the wanted values by the name of a field; None for no filter.

    Raises:
        ValueError: if it is another value; the message says what to give
    """
    filters = {}
    for path, wanted in read_mapping(name, value).items():
        path = read_text(f"A field of {name}", path, MAX_NAME)
        values = [
            read_text(f"A value of {name}", some, MAX_NAME) for some in read_list(name, wanted)
        ]
        if len(values) > MAX_VALUES:
            raise ValueError(f"{name} has {len(values):,} values of {quoted(path)}; give fewer.")
        if values:
            filters[path] = list(dict.fromkeys(values))
    if len(filters) > MAX_FILTERS:
        raise ValueError(f"{name} has {len(filters)} fields; give at most {MAX_FILTERS}.")
    return filters or None


def matching(
    samples: foc.SampleCollection, filters: Mapping[str, Sequence[str]] | None
) -> foc.SampleCollection:
    """The samples with one of the values in each of the fields; of labels, only those.

    Args:
        samples: the samples
        filters: the values by ``"tags"``, the path of a label field, or that of a field of texts

    Raises:
        ValueError: if there is no such field
    """
    if not filters:
        return samples
    if isinstance(samples, fo.Dataset):
        samples = all_slices(samples)
    labels = label_schema(samples, of_frames=False)
    for path, values in filters.items():
        if path == TAGS:
            samples = samples.match_tags(list(values))
        elif path in labels:
            samples = samples.filter_labels(path, F("label").is_in(list(values)))
        elif isinstance(samples.get_field(path), fof.StringField):
            samples = samples.match(F(path).is_in(list(values)))
        else:
            raise ValueError(
                f"There is no field {quoted(path)} of labels or texts to filter by; remove the "
                "filter, or choose another field."
            )
    return samples


def count_values(
    samples: foc.SampleCollection,
    ids: Sequence[str] | None = None,
    patches_field: str | None = None,
) -> list[Facet]:
    """Counts the tags, the labels and the texts of samples.

    Args:
        samples: the samples
        ids (None): the ids of samples, or of labels in ``patches_field``; None for all samples
        patches_field (None): the field of the labels; each label counts

    Returns:
        a :class:`Facet` for each field with values, the tags first
    """
    if ids is not None:
        dataset = root_dataset(samples)
        samples = (
            by_ids(dataset, ids)
            if patches_field is None
            else labels_by_ids(dataset, ids, patches_field)
        )
    labels = label_schema(samples, of_frames=False)
    paths = _paths(samples, labels)
    if not paths:
        return []
    columns = samples.values(list(paths.values()))
    weights = [1] * len(columns[0])
    if patches_field in paths:
        # Labels of one sample are several results.
        owned = columns[list(paths).index(str(patches_field))]
        weights = [len(_values_of(own, unique=False)) for own in owned]
    facets = []
    for path, column in zip(paths, columns, strict=True):
        if path == patches_field:
            counts = Counter(label for own in column for label in _values_of(own, unique=False))
        else:
            counts = Counter()
            for own, weight in zip(column, weights, strict=True):
                counts.update(dict.fromkeys(_values_of(own), weight))
        is_text = path not in labels and path != TAGS
        if counts and not (is_text and _are_names(counts)):
            ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
            more = max(0, len(ordered) - MAX_FACET_VALUES)
            facets.append(Facet(path, ordered[:MAX_FACET_VALUES], more))
    return facets


def _paths(samples: foc.SampleCollection, labels: Mapping[str, Any]) -> dict[str, str]:
    """The fields to count, each with the path of its values: tags, labels, then texts."""
    paths = {TAGS: TAGS} if samples.has_field(TAGS) else {}
    for path, field in labels.items():
        if issubclass(field.document_type, LABELED):
            paths[path] = label_field_path(samples, path, "label")
    texts = samples.get_field_schema(ftype=fof.StringField)
    names = [path for path in texts if path not in _NAMES_OF_ONE and not path.startswith("_")]
    return {**paths, **{path: path for path in names}}


def _values_of(own: Any, unique: bool = True) -> list[str]:
    """The texts of one sample: none, one, or several."""
    values = own if isinstance(own, list) else [own]
    texts = [value for value in values if isinstance(value, str)]
    return list(dict.fromkeys(texts)) if unique else texts


def _are_names(counts: Mapping[str, int]) -> bool:
    """Whether texts name samples, as captions do, rather than group them."""
    return sum(counts.values()) < 2 * len(counts)
