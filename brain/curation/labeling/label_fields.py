"""The fields that may hold labels of an index, for a choice."""

from __future__ import annotations

import fiftyone as fo
import fiftyone.core.collections as foc

from fiftyone_faiss.brain.data.lookup import is_of_frames
from fiftyone_faiss.brain.data.private import FRAMES_PREFIX, label_field_path, root_dataset

# Texts that are no labels.
OTHER_TEXTS = ("filepath", "mask_path", "map_path")


def label_fields(samples: foc.SampleCollection, patches_field: str | None = None) -> list[str]:
    """Returns the fields that :func:`audit_labels` takes, those of labels before texts.

    Args:
        samples: the dataset, or a view of it
        patches_field (None): the field of the labels that the index holds, None for samples and
            frames
    """
    dataset = root_dataset(samples)
    if patches_field is not None:
        of_frames = is_of_frames(dataset, patches_field)
        prefix = FRAMES_PREFIX if of_frames else ""
        root = label_field_path(dataset, prefix + patches_field, "id").rpartition(".")[0]
        schema = dataset.get_field_schema(flat=True) | (
            {prefix + path: field for path, field in _frame_schema(dataset, flat=True).items()}
        )
        names = [path.removeprefix(f"{root}.") for path in schema if path.startswith(f"{root}.")]
        texts = [name for name in names if isinstance(schema[f"{root}.{name}"], fo.StringField)]
        own = [name for name in texts if "." not in name and name not in ("label", *OTHER_TEXTS)]
        return [patches_field, *(f"{patches_field}.{name}" for name in own)]
    fields = dict(dataset.get_field_schema())
    fields |= {FRAMES_PREFIX + path: field for path, field in _frame_schema(dataset).items()}
    labels = [path for path, field in fields.items() if _is_classification(field)]
    texts = [path for path, field in fields.items() if isinstance(field, fo.StringField)]
    return [*labels, *(path for path in texts if path.split(".")[-1] not in OTHER_TEXTS)]


def _frame_schema(dataset: fo.Dataset, flat: bool = False) -> dict[str, fo.Field]:
    return dict(dataset.get_frame_field_schema(flat=flat) or {})


def _is_classification(field: fo.Field) -> bool:
    kind = getattr(field, "document_type", None)
    return kind is not None and issubclass(kind, fo.Classification)
