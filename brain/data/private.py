"""FiftyOne's private attributes, each behind a function that says what it gives.

A new FiftyOne release may change them, so other modules use these functions instead.
"""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
from bson import ObjectId


def root_dataset(samples: foc.SampleCollection) -> fo.Dataset:
    """Returns the dataset that a collection belongs to; for a view of frames or patches, too."""
    return samples._root_dataset


def serialize_view(view: fo.DatasetView) -> list[dict[str, Any]]:
    """Returns the stages of a view as JSON values, without the random ids that FiftyOne adds."""
    stages: list[dict[str, Any]] = view._serialize(include_uuids=False)
    return stages


def build_view(dataset: fo.Dataset, stages: list[dict[str, Any]]) -> fo.DatasetView:
    """Builds a view from stages that :func:`serialize_view` returned."""
    return fo.DatasetView._build(dataset, stages)


def dataset_id(dataset: fo.Dataset) -> ObjectId:
    """Returns the id of a dataset's document in the database."""
    return dataset._doc.id
