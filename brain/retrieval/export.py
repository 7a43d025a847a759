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

from fiftyone_faiss.brain.data.lookup import (
    by_ids,
)


def file_paths(
    samples: foc.SampleCollection, sample_ids: Sequence[str], path_field: str = "filepath"
) -> dict[str, str]:
    """The files of samples, or of frames, by their ids."""
    found = by_ids(samples, sample_ids)
    return dict(zip(*found.values(["id", path_field]), strict=True))


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """A table with a line of names, as RFC 4180 has it."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, fieldnames=list(rows[0]) if rows else ["id"])
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def as_json(value: Mapping[str, Any]) -> str:
    """Readable JSON."""
    return json.dumps(value, indent=1, ensure_ascii=False)


def as_stages(view: fo.DatasetView) -> str:
    """A view as JSON: the ``dataset`` and its ``stages``, which ``DatasetView._build`` takes."""
    stages = view._serialize(include_uuids=False)
    return json_util.dumps({"dataset": view._root_dataset.name, "stages": stages}, indent=1)
