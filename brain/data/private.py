"""The private FiftyOne attributes that code outside ``data`` and ``backend`` needs.

FiftyOne has no public way to get these. They are in one place, so that a FiftyOne release that
renames one is one edit.
"""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
from bson import ObjectId


def root_dataset(samples: foc.SampleCollection) -> fo.Dataset:
    """The dataset of a collection; a dataset itself, and for a view of patches or frames the
    dataset that it was made from."""
    return samples._root_dataset


def serialize_view(view: fo.DatasetView) -> list[dict[str, Any]]:
    """The stages of a view as JSON values; :func:`build_view` makes the view again."""
    stages: list[dict[str, Any]] = view._serialize(include_uuids=False)
    return stages


def build_view(dataset: fo.Dataset, stages: list[dict[str, Any]]) -> fo.DatasetView:
    """The view of a dataset with these serialized stages."""
    return fo.DatasetView._build(dataset, stages)


def dataset_id(dataset: fo.Dataset) -> ObjectId:
    """The id of a dataset in the database; it stays when the dataset is renamed."""
    return dataset._doc.id
