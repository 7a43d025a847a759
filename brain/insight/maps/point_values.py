"""The values by which the points of a map are colored: classes, or numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import fiftyone as fo
import fiftyone.core.fields as fof
import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.data.field_values import Values, values_of
from fiftyone_faiss.brain.insight.maps.index_map import IndexMap

# A legend has room for so many classes; the others are one entry of it.
MAX_CLASSES = 12
SEVERAL = "several values"
OTHER, NO_CLASS = 254, 255
# Whole numbers with at most so many different values are names of classes.
MAX_WHOLE_CLASSES = 24


@dataclass(frozen=True, eq=False)
class PointClasses:
    """A class of each point.

    Attributes:
        codes: ``(n,)`` uint8, the position in ``names``; 254 for other classes, 255 for none
        names: the largest classes, the largest first
        counts: the number of points of each of these
        others: how many other classes there are
        other_count: the number of points of these
        missing: the number of points without a class
    """

    codes: npt.NDArray[np.uint8]
    names: Sequence[str]
    counts: Sequence[int]
    others: int
    other_count: int
    missing: int


@dataclass(frozen=True, eq=False)
class PointNumbers:
    """A number of each point.

    Attributes:
        numbers: ``(n,)`` float32, NaN where a point has none
        missing: the number of points without a number
    """

    numbers: npt.NDArray[np.float32]
    missing: int

    @classmethod
    def of(cls, numbers: npt.ArrayLike) -> PointNumbers:
        """The numbers of all points; what is not finite counts as missing."""
        values = np.array(numbers, np.float32)
        values[~np.isfinite(values)] = np.nan
        return cls(values, int(np.isnan(values).sum()))

    @property
    def range(self) -> tuple[float, float]:
        """The smallest and the largest number; 0 and 0 if there is none."""
        if self.missing == len(self.numbers):
            return 0.0, 0.0
        return float(np.nanmin(self.numbers)), float(np.nanmax(self.numbers))


PointValues = PointClasses | PointNumbers


def point_values(
    dataset: fo.Dataset, index_map: IndexMap, field: str, tag: str | None = None
) -> PointValues:
    """Reads the value of a field for each point of a map.

    Args:
        dataset: the dataset of the map
        index_map: the map
        field: a field of labels, texts, tags or numbers; see
            :func:`fiftyone_faiss.brain.data.field_values.values_of`
        tag (None): tells points with this value from the others

    Returns:
        numbers for a field of numbers, and classes for any other, which includes whole numbers
        with few different values. A point with several different values has a class of its own

    Raises:
        ValueError: if there is no such field, or it holds other values
    """
    own = index_map.patches_field
    values = values_of(dataset, field, index_map.ids, index_map.sample_ids, own)
    if tag is not None:
        return classes_of([tag if tag in row else None for row in values])
    if _are_numbers(dataset, field, values):
        return PointNumbers.of([float(row[0]) if len(row) == 1 else np.nan for row in values])
    return classes_of([_class(row) for row in values])


def classes_of(names: Sequence[str | None]) -> PointClasses:
    """The classes of points from their names, None where a point has none."""
    counts = Counter(name for name in names if name is not None)
    # Names of equal frequency are sorted, so that a map has the same colors each time.
    ordered = sorted(counts, key=lambda name: (-counts[name], name))
    shown = ordered[:MAX_CLASSES]
    code_of: dict[str | None, int] = {name: code for code, name in enumerate(shown)}
    code_of[None] = NO_CLASS
    codes = np.array([code_of.get(name, OTHER) for name in names], np.uint8)
    missing = int((codes == NO_CLASS).sum())
    other_count = int((codes == OTHER).sum())
    shown_counts = [counts[name] for name in shown]
    return PointClasses(codes, shown, shown_counts, len(ordered) - len(shown), other_count, missing)


def _class(values: tuple[object, ...]) -> str | None:
    if len(values) > 1:
        return SEVERAL
    return str(values[0]) if values else None


def _are_numbers(dataset: fo.Dataset, field: str, values: Values) -> bool:
    """Whether the values of a field are numbers rather than names of classes."""
    schema = dataset.get_field(field) or dataset.get_field(f"frames.{field}")
    kinds = {type(value) for own in values for value in own}
    if isinstance(schema, fof.FloatField) or float in kinds:
        return kinds <= {int, float}
    different = {value for own in values for value in own}
    return kinds == {int} and len(different) > MAX_WHOLE_CLASSES
