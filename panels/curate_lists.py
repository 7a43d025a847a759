"""The lists that the curation panel sends page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import fiftyone as fo

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import read_ids, read_whole
from fiftyone_faiss.brain.data.result_files import ResultFile
from fiftyone_faiss.panels.grid import path_field

# Rows of a page, and members of one group that the page gets.
MAX_SHOWN = 200


def page_of(params: Mapping[str, Any]) -> tuple[int, int]:
    """The start of a page, and its number of rows.

    Raises:
        ValueError: if they are not valid
    """
    start, count = (read_whole(name, params.get(name)) or 0 for name in ("start", "count"))
    if start < 0 or not 0 < count <= MAX_SHOWN:
        raise ValueError(f"start is {start} and count {count}; give 0 or more, and 1 to 200.")
    return start, count


def files_of(dataset: fo.Dataset, ids: Sequence[str], field: str | None) -> dict[str, ResultFile]:
    """The files of samples, frames or labels that exist, by their ids."""
    files = brain.result_files(dataset, list(read_ids("ids", ids)), field, path_field(dataset))
    return {file["id"]: file for file in files}


def existing(dataset: fo.Dataset, ids: Sequence[str], field: str | None) -> list[str]:
    """The ids that exist, in their order."""
    there = brain.existing_ids(dataset, ids, field)
    return [id for id in ids if id in there]
