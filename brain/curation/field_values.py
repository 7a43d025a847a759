"""Reads the values of a field for compared vectors."""

from __future__ import annotations

import numpy as np

from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.core.params import quoted
from fiftyone_faiss.brain.data.field_values import Values, values_of
from fiftyone_faiss.brain.data.private import root_dataset


def field_values(compared: Compared, field: str) -> Values:
    """Reads the values of a field for each position.

    Args:
        compared: the vectors
        field: see :func:`fiftyone_faiss.brain.data.field_values.values_of`

    Raises:
        ValueError: if there is no such field, or it holds other values
    """
    positions = np.arange(len(compared.vectors))
    ids, sample_ids = compared.ids_at(positions), compared.sample_ids_at(positions)
    dataset = root_dataset(compared.samples)
    return values_of(dataset, field, ids, sample_ids, compared.patches_field)


def class_of(values: Values, field: str) -> tuple[list[str], np.ndarray]:
    """Numbers the classes of positions that have one label each.

    Args:
        values: see :func:`field_values`
        field: the name of the field, for messages

    Returns:
        the names of the classes, sorted, and the ``(n,)`` number of each position's class, -1 for
        positions without a label

    Raises:
        ValueError: if a position has several labels, or none has one
    """
    if any(len(own) > 1 for own in values):
        raise ValueError(
            f"Some samples have several labels in {quoted(field)}; choose a field with one label "
            "for each, or an index of the patches of these labels."
        )
    names = sorted({str(own[0]) for own in values if own})
    if not names:
        raise ValueError(f"No sample has a label in {quoted(field)}; choose another field.")
    number = {name: n for n, name in enumerate(names)}
    return names, np.array([number[str(own[0])] if own else -1 for own in values], np.int64)
