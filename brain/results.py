"""Acting on results: saved views, fields of scores, exports."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
from bson import json_util

SCORES = {"made_by": "fiftyone-faiss scores"}
"""What is noted at a field of scores, so that no other field is ever emptied."""

# MongoDB takes 16 MB in one command.
LABELS_AT_ONCE = 100_000


def save_view(view: fo.DatasetView, name: str, overwrite: bool = False) -> None:
    """Saves a view with its dataset.

    Raises:
        ValueError: if there is one of that name, or the name is empty
    """
    name = name.strip()
    if not name:
        raise ValueError("The name is empty; give the view a name, such as 'red cars'.")
    dataset = view._root_dataset
    if dataset.has_saved_view(name) and not overwrite:
        raise ValueError(f"There is a saved view '{name}' already; choose another name.")
    dataset.save_view(name, view, overwrite=overwrite)


def save_scores(
    dataset: fo.Dataset,
    scores: Mapping[str, float],
    score_field: str,
    patches_field: str | None = None,
) -> int:
    """Stores scores in a field of samples, or of labels; values that were in it are cleared.

    Args:
        dataset: the dataset
        scores: a score for each id, of samples, or of labels if ``patches_field`` is given
        score_field: the field, of samples or of labels
        patches_field (None): the field of the labels

    Returns:
        how many have a score now

    Raises:
        ValueError: if the name is none, or the field holds something else
    """
    name = score_field.strip()
    if not name.isidentifier():
        raise ValueError(f"'{name}' is no name for a field; give one such as 'dog_score'.")
    if patches_field is None:
        _make_ready(dataset, name)
        dataset.set_values(name, dict(scores), key_field="id")
        return int(dataset.exists(name).count())
    # Looked up before the field is emptied.
    values = _label_values(dataset, scores, patches_field)
    _, path = dataset._get_label_field_path(patches_field, name)
    _make_ready(dataset, path)
    dataset.set_label_values(path, values, dynamic=True)
    return len(values)


def _label_values(
    dataset: fo.Dataset, scores: Mapping[str, float], patches_field: str
) -> list[dict[str, Any]]:
    """What ``set_label_values`` takes, for the labels that are there."""
    _, id_path = dataset._get_label_field_path(patches_field, "id")
    wanted = list(scores)
    values = []
    for at in range(0, len(wanted), LABELS_AT_ONCE):
        part = wanted[at : at + LABELS_AT_ONCE]
        labels = dataset.select_labels(ids=part, fields=patches_field)
        for sample_id, ids in zip(*labels.values(["id", id_path]), strict=True):
            values += [
                {"sample_id": sample_id, "label_id": one, "value": float(scores[one])}
                for one in (ids if isinstance(ids, list) else [ids])
            ]
    return values


def _make_ready(dataset: fo.Dataset, path: str) -> None:
    """Makes the field, or empties it if it holds scores of an earlier search, and nothing else."""
    field = dataset.get_field(path)
    if field is None:
        dataset.add_sample_field(path, fo.FloatField, info=SCORES)
        return
    if not isinstance(field, fo.FloatField) or (field.info or {}) != SCORES:
        raise ValueError(f"The field '{path}' holds other values; choose another name.")
    dataset.clear_sample_field(path)


def file_paths(
    samples: foc.SampleCollection, sample_ids: Sequence[str], path_field: str = "filepath"
) -> dict[str, str]:
    """The files of samples, by their ids."""
    found = samples._root_dataset.select(list(set(sample_ids)))
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
