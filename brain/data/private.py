"""FiftyOne's private attributes, each behind a function that says what it gives.

A new FiftyOne release may change them, so other modules use these functions instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
import fiftyone.core.labels as fol
import fiftyone.core.stages as fos
from bson import ObjectId
from pymongo.collection import Collection

FRAMES_PREFIX: str = foc.SampleCollection._FRAMES_PREFIX
"""What the path of a frame-level field begins with: ``"frames."``."""

LABEL_LISTS: tuple[type[fo.Label], ...] = fol._LABEL_LIST_FIELDS
"""The label types that hold lists of labels, such as ``Detections``."""


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


def run_document(samples: foc.SampleCollection, brain_key: str) -> Any:
    """Returns the document of a Brain run; its ``results`` are a file in the database, or empty."""
    return samples._root_dataset._doc.brain_methods[brain_key]


def holds_frames(samples: foc.SampleCollection) -> bool:
    """Returns whether a collection is a view of the frames of videos."""
    return bool(samples._is_frames)


def holds_patches(samples: foc.SampleCollection) -> bool:
    """Returns whether a collection is a view of patches."""
    return bool(samples._is_patches)


def holds_parts(samples: foc.SampleCollection) -> bool:
    """Returns whether a collection is a view of frames, patches or clips, with ids of their own."""
    return bool(samples._is_frames or samples._is_patches or samples._is_clips)


def owner_id_field(samples: foc.SampleCollection) -> str:
    """Returns the field with the ids of the samples, or frames, that a collection shows.

    Patches and clips have ids of their own; those of frames belong to a frame of a video.
    """
    if samples._is_patches:
        return "frame_id" if samples._is_frames else "sample_id"
    return "sample_id" if samples._is_clips else "id"


def patches_fields(samples: foc.SampleCollection) -> list[str]:
    """Returns the fields whose labels a view of patches holds; none for other collections."""
    if not samples._is_patches:
        return []
    fields: list[str] = samples._label_fields
    return fields


def frames_options(frames: foc.SampleCollection) -> dict[str, Any]:
    """Returns the keyword arguments of ``to_frames()`` that made a view of frames."""
    (stage,) = (stage for stage in frames._all_stages if isinstance(stage, fos.ToFrames))
    return stage.config or {}


def view_stages(view: foc.SampleCollection) -> list[fos.ViewStage]:
    """Returns all stages of a view, including that of its frames or patches."""
    stages: list[fos.ViewStage] = view._all_stages
    return stages


def sample_documents(dataset: fo.Dataset) -> Collection[dict[str, Any]]:
    """Returns the MongoDB collection of a dataset's samples."""
    return dataset._sample_collection


def frame_documents(dataset: fo.Dataset) -> Collection[dict[str, Any]] | None:
    """Returns the MongoDB collection of a dataset's frames; None without videos."""
    return dataset._frame_collection


def raw_ids(samples: foc.SampleCollection, path: str) -> Iterator[bytes]:
    """Reads ids from the database as BSON documents of one ``_id`` each, in batches.

    Decoding a million documents takes seconds.

    Args:
        samples: the samples
        path: the database path of the ids, of samples or of labels in lists
    """
    pipeline = samples._pipeline(
        post_pipeline=[
            {"$project": {"_id": f"${path}"}},
            {"$unwind": "$_id"},
            {"$match": {"_id": {"$type": "objectId"}}},
        ]
    )
    collection = samples._dataset._sample_collection
    return iter(collection.aggregate_raw_batches(pipeline, allowDiskUse=True))


def collection_names(samples: foc.SampleCollection) -> set[str]:
    """Returns the MongoDB collections of a view and of its dataset: of samples and of frames."""
    datasets = (samples._root_dataset, samples._dataset)
    names = {dataset._sample_collection_name for dataset in datasets}
    names |= {dataset._frame_collection_name for dataset in datasets}
    return names - {None}


def label_schema(samples: foc.SampleCollection, of_frames: bool) -> dict[str, Any]:
    """Returns the label fields of samples, or of frames, by path; nested ones included."""
    if of_frames:
        return samples._get_frame_label_field_schema() or {}
    schema: dict[str, Any] = samples._get_label_field_schema()
    return schema


def label_field_path(samples: foc.SampleCollection, field: str, name: str) -> str:
    """Returns the path of an attribute of the labels in a field: ``things.detections.id``.

    Raises:
        ValueError: if there is no such field
    """
    if not samples.has_field(field):
        raise ValueError(
            f"There is no field '{field}'; if it was renamed, rename it back, else delete the "
            "indexes of its labels, or build them again from another field."
        )
    path: str = samples._get_label_field_path(field, name)[1]
    return path


def select_all_slices(samples: foc.SampleCollection) -> fo.DatasetView:
    """Selects the samples of all slices of groups, also those of different media."""
    return samples.select_group_slices(_allow_mixed=True)


def flatten_groups(samples: foc.SampleCollection) -> foc.SampleCollection:
    """Replaces groups of equal values of a field (``group_by``) by their samples."""
    return samples.flatten() if samples._is_dynamic_groups else samples
