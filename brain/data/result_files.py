"""Where results are: their files, boxes and frames, by their ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypedDict

import fiftyone.core.collections as foc

from fiftyone_faiss.brain.data.frame_images import frame_numbers
from fiftyone_faiss.brain.data.lookup import by_ids, labels_by_ids
from fiftyone_faiss.brain.data.patch_labels import boxes_of
from fiftyone_faiss.brain.data.private import label_field_path, owner_id_field, root_dataset

# ``[x, y, width, height]``, 0 to 1. A list, because JSON has no tuples.
BoundingBox = Annotated[list[float], 4]


class ResultFile(TypedDict):
    """A sample, frame or label: its file, and where in the file it is."""

    id: str
    sample_id: str
    filepath: str | None
    bounding_box: BoundingBox | None
    frame_number: int | None


def result_files(
    samples: foc.SampleCollection,
    ids: Sequence[str],
    patches_field: str | None,
    path_field: str = "filepath",
) -> list[ResultFile]:
    """Lists the files of samples, frames or labels, in the order of the ids.

    Args:
        samples: the dataset, or a view of it
        ids: ids of samples or frames, or of labels if ``patches_field`` is given; those that do
            not exist are left out
        patches_field: the field of the labels
        path_field ("filepath"): the field with the paths of the files
    """
    boxes: dict[str, BoundingBox | None] = {}
    if patches_field is None:
        view = by_ids(samples, ids)
        owners = {id: id for id in view.values("id")}
    else:
        view = labels_by_ids(samples, ids, patches_field)
        held = view.values([owner_id_field(view), label_field_path(view, patches_field, "id")])
        owners = {
            label_id: owner
            for owner, label_ids in zip(*held, strict=True)
            for label_id in (label_ids if isinstance(label_ids, list) else [label_ids])
        }
        pairs = [pair for row in boxes_of(view, patches_field) for pair in row]
        boxes = {id: None if box is None else list(box) for id, box in pairs}
    paths = dict(zip(*view.values(["id", path_field]), strict=True))
    numbers = frame_numbers(root_dataset(samples), list(owners), patches_field)
    return [
        {
            "id": id,
            "sample_id": owners[id],
            "filepath": paths.get(owners[id]),
            "bounding_box": boxes.get(id),
            "frame_number": numbers.get(id),
        }
        for id in dict.fromkeys(ids)
        if id in owners
    ]
