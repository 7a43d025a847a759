"""Saves scores in fields of samples, frames and labels."""

from __future__ import annotations

from collections.abc import Mapping

import fiftyone as fo
import fiftyone.core.collections as foc

from fiftyone_faiss.brain.core.params import quoted
from fiftyone_faiss.brain.data.private import root_dataset
from fiftyone_faiss.brain.data.value_fields import SavedFields, ValueField, write_own_values


def save_scores(
    samples: foc.SampleCollection,
    scores: Mapping[str, float],
    score_field: str,
    patches_field: str | None = None,
) -> SavedFields:
    """Saves scores in a field of samples, frames or labels; earlier scores in it are cleared.

    Args:
        samples: a dataset or a view
        scores: a score for each id, of samples or frames, or of labels if ``patches_field`` is
            given
        score_field: the field, of samples, frames or labels
        patches_field (None): the field of the labels

    Returns:
        how many were saved, which can be undone

    Raises:
        ValueError: if the name is not valid, or the field holds other values
    """
    name = score_field.strip()
    if not name.isidentifier():
        raise ValueError(f"{quoted(name)} is no field name; give a name such as 'dog_score'.")
    field = ValueField.named(root_dataset(samples), name, list(scores), patches_field)
    written = write_own_values(field, fo.FloatField, scores, "scores")
    count = sum(value is not None for value in written.after.values())
    return SavedFields(count, [written])
