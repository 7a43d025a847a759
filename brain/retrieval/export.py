"""Search results as text: CSV, JSON, view stages."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
from bson import json_util

from fiftyone_faiss.brain.data.lookup import by_ids
from fiftyone_faiss.brain.data.private import root_dataset, serialize_view

# Values that have no place in a cell.
LISTS = ("near_duplicate_ids", "near_duplicate_scores", "contributions")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""What a text that a spreadsheet takes for a formula begins with. Numbers are no texts."""


def file_paths(
    samples: foc.SampleCollection, sample_ids: Sequence[str], path_field: str = "filepath"
) -> dict[str, str]:
    """The files of samples, or of frames, by their ids."""
    view = by_ids(samples, sample_ids)
    return dict(zip(*view.values(["id", path_field]), strict=True))


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """A table with a header line, in the format of RFC 4180.

    A text that a spreadsheet would run as a formula has an apostrophe before it.
    """
    stream = io.StringIO()
    names = [name for name in rows[0] if name not in LISTS] if rows else ["id"]
    writer = csv.DictWriter(stream, fieldnames=names)
    writer.writeheader()
    writer.writerows({name: _cell(row.get(name)) for name in names} for row in rows)
    return stream.getvalue()


def _cell(value: Any) -> Any:
    is_formula = isinstance(value, str) and value.startswith(FORMULA_STARTS)
    return f"'{value}" if is_formula else value


def as_json(value: Mapping[str, Any]) -> str:
    """Readable JSON."""
    return json.dumps(value, indent=1, ensure_ascii=False)


def as_stages(view: fo.DatasetView) -> str:
    """A view as JSON: the ``dataset`` and its ``stages``, for ``brain.data.private.build_view``."""
    value = {"dataset": root_dataset(view).name, "stages": serialize_view(view)}
    return json_util.dumps(value, indent=1)
