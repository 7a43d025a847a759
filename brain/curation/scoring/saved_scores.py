"""Saves scores in a field, which can be undone."""

from __future__ import annotations

from collections.abc import Mapping

import fiftyone as fo
import fiftyone.core.collections as foc

from fiftyone_faiss.brain.core.params import quoted
from fiftyone_faiss.brain.data.private import root_dataset
from fiftyone_faiss.brain.data.value_fields import SavedFields, ValueField, write_own_values


def save(
    samples: foc.SampleCollection,
    scores: Mapping[str, float],
    field: str,
    patches_field: str | None,
) -> SavedFields:
    """Saves scores in a field of samples, frames or labels; earlier ones in it are cleared.

    Returns:
        how many were saved, which can be undone

    Raises:
        ValueError: if the name is not valid, or the field holds other values
    """
    name = field.strip()
    if not name.isidentifier():
        raise ValueError(f"{quoted(name)} is no field name; give a name such as 'uniqueness'.")
    target = ValueField.named(root_dataset(samples), name, list(scores), patches_field)
    written = write_own_values(target, fo.FloatField, scores, "scores")
    return SavedFields(len(written.after), [written])
