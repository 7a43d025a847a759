"""The methods of the map panel that compare a few samples pair by pair."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
import numpy as np

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import MAX_NAME, quoted, read_flag, read_ids, read_text
from fiftyone_faiss.panels import matrix_messages
from fiftyone_faiss.panels.base import panel_method
from fiftyone_faiss.panels.grid import Grid, path_field
from fiftyone_faiss.panels.map_state import as_text

# Of a larger view, some are compared: their cells are large enough to point at.
MAX_OF_VIEW = 200
SEED = 51
FORMATS = ("png", "svg", "csv")


class MatrixMethods:
    """A part of :class:`MapPanel`."""

    @panel_method
    def matrix_fields(
        self, ctx: foo.ExecutionContext, params: matrix_messages.MatrixFieldsParams
    ) -> matrix_messages.MatrixFields:
        """Lists the fields that a matrix can be ordered by."""
        key = read_text("brain_key", params.get("brain_key"), MAX_NAME) or None
        patches_field = brain.load_index(ctx.dataset, key).patches_field
        names = brain.value_fields(ctx.dataset, patches_field)
        return {"fields": [name for name in names if "." not in name]}

    @panel_method
    def matrix(
        self, ctx: foo.ExecutionContext, params: matrix_messages.MatrixParams
    ) -> matrix_messages.MatrixAnswer:
        """Compares samples or labels pair by pair."""
        matrix, total = _compared(ctx, params)
        upper = np.triu_indices(len(matrix), 1)
        random_pairs = matrix.random_pairs
        files = brain.result_files(
            ctx.dataset, matrix.ids, matrix.patches_field, path_field(ctx.dataset)
        )
        place_of = {id: place for place, id in enumerate(matrix.ids)}
        return {
            "brain_key": matrix.brain_key,
            "metric": matrix.metric,
            "patches_field": matrix.patches_field,
            "ids": matrix.ids,
            "files": files,
            "distances": as_text(matrix.distances[upper].astype("<f4")),
            "angles": as_text(matrix.angles[upper].astype("<f4")),
            "percentiles": None
            if matrix.percentiles is None
            else as_text(matrix.percentiles[upper].astype("<f4")),
            "resolution": 0.0 if random_pairs is None else random_pairs.resolution,
            "margin": 0.0 if random_pairs is None else random_pairs.margin,
            "order": matrix.order.tolist(),
            "label_order": matrix.label_order.tolist(),
            "labels": matrix.labels,
            "duplicates": [[place_of[id] for id in group] for group in matrix.duplicates],
            "notes": matrix.notes,
            "total": total,
        }

    @panel_method
    def matrix_file(
        self, ctx: foo.ExecutionContext, params: matrix_messages.MatrixFileParams
    ) -> matrix_messages.MatrixFile:
        """Draws a matrix, or writes it as a table."""
        kind = read_text("format", params.get("format"), MAX_NAME)
        if kind not in FORMATS:
            raise ValueError(f"format is {quoted(kind)}; choose one of {', '.join(FORMATS)}.")
        matrix, _ = _compared(ctx, params)
        by_label = read_flag("by_label", params.get("by_label"))
        if kind == "csv":
            content = matrix.to_text(by_label).encode()
        else:
            content = matrix.to_image(kind, by_label)
        text = base64.b64encode(content).decode()
        return {"name": f"distances-{matrix.brain_key}.{kind}", "content": text}


def _compared(
    ctx: foo.ExecutionContext, params: Mapping[str, Any]
) -> tuple[brain.DistanceMatrix, int]:
    """The matrix of a request, and how many could be compared."""
    key = read_text("brain_key", params.get("brain_key"), MAX_NAME) or None
    field = read_text("label_field", params.get("label_field"), MAX_NAME) or None
    samples, ids, total = _asked(ctx, params, brain.load_index(ctx.dataset, key).patches_field)
    return brain.distance_matrix(samples, ids, key, field), total


def _asked(
    ctx: foo.ExecutionContext, params: Mapping[str, Any], patches_field: str | None
) -> tuple[foc.SampleCollection, list[str] | None, int]:
    """The samples to compare, or the ids, and how many there are."""
    if params.get("ids") is None:
        samples = Grid.of(ctx, params).samples
        total = len(samples)
        return samples.take(MAX_OF_VIEW, seed=SEED) if total > MAX_OF_VIEW else samples, None, total
    ids = list(read_ids("ids", params["ids"]))
    if patches_field is not None and not brain.existing_ids(ctx.dataset, ids, patches_field):
        # The grid shows samples, and the index holds their labels.
        return brain.by_ids(ctx.dataset, ids), None, len(ids)
    return ctx.dataset, ids, len(ids)
