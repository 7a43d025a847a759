"""Saves heatmaps of explanations as FiftyOne fields."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import fiftyone as fo
import fiftyone.core.collections as foc
import numpy as np
from PIL import Image

from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.core.files import atomic_write
from fiftyone_faiss.brain.core.params import quoted
from fiftyone_faiss.brain.data.private import root_dataset
from fiftyone_faiss.brain.data.result_files import result_files
from fiftyone_faiss.brain.data.value_fields import SavedFields, ValueField, write_own_values

# Who writes the fields; a field of others is never changed.
_MADE_BY = "explain_match"
_FOLDER = "__faiss_heatmaps__"


def save_heatmap(
    samples: foc.SampleCollection,
    id: str,
    patches_field: str | None,
    heatmap: Matrix,
    field: str,
    folder: str | None,
) -> SavedFields:
    """Saves a heatmap; see :meth:`fiftyone_faiss.brain.insight.explaining.Explanation.save`."""
    if not field.isidentifier():
        raise ValueError(f"{quoted(field)} is no name of a field; choose one like 'why_similar'.")
    dataset = root_dataset(samples)
    files = result_files(dataset, [id], patches_field)
    if not files:
        raise ValueError(f"'{id}' does not exist any more; there is nowhere to save the heatmap.")
    owner = files[0]["sample_id"]
    # A new file each time: what the field held before can be restored.
    path = _folder(dataset, folder) / field / f"{id}-{uuid.uuid4().hex[:8]}.png"
    target = ValueField.named(dataset, field, [owner], None)
    # Written before the field names it, and complete.
    _write(path, heatmap)
    written = write_own_values(
        target,
        fo.EmbeddedDocumentField,
        {owner: fo.Heatmap(map_path=str(path))},
        _MADE_BY,
        keep=True,
        embedded_doc_type=fo.Heatmap,
    )
    return SavedFields(1, [written])


def _folder(dataset: fo.Dataset, folder: str | None) -> Path:
    if folder is not None:
        return Path(folder).expanduser().resolve()
    return Path(fo.config.default_dataset_dir).resolve() / _FOLDER / str(dataset._doc.id)


def _write(path: Path, heatmap: Matrix) -> None:
    os.makedirs(path.parent, exist_ok=True)
    image = Image.fromarray((255 * heatmap).round().astype(np.uint8))
    with atomic_write(path) as stream:
        image.save(stream, "PNG")
