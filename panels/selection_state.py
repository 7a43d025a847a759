"""What the page is told of the last selection."""

from __future__ import annotations

from typing import cast

import fiftyone as fo

from fiftyone_faiss import brain
from fiftyone_faiss.panels.curate_lists import files_of
from fiftyone_faiss.panels.curate_runs import last_run
from fiftyone_faiss.panels.selection_messages import (
    FigureName,
    ReceiptFigure,
    SelectionRun,
    SelectParams,
    Uncovered,
    ValueCount,
)

# A field of texts can have as many values as samples.
MAX_VALUES = 30


def selection_run(dataset: fo.Dataset) -> SelectionRun | None:
    """The last selection of a dataset."""
    run = last_run(dataset, "selection", brain.Selection)
    if run is None:
        return None
    selection = run.result
    receipt = selection.receipt
    values = sorted(receipt.counts.items(), key=lambda item: (-item[1], item[0]))
    shown: list[ValueCount] = [{"value": v, "count": n} for v, n in values[:MAX_VALUES]]
    return {
        "id": run.id,
        "params": cast(SelectParams, run.params),
        "patches_field": selection.patches_field,
        "count": len(selection),
        "figures": _figures(selection),
        "uncovered": _uncovered(dataset, selection),
        "covered": receipt.covered,
        "outliers": receipt.outliers,
        "near_duplicates": receipt.near_duplicates,
        "values": shown,
        "more_values": len(values) - len(shown),
        "notes": list(selection.notes),
    }


def _figures(selection: brain.Selection) -> list[ReceiptFigure]:
    receipt = selection.receipt
    return [
        {
            "name": cast(FigureName, name),
            "value": float(getattr(receipt.figures, name)),
            "random": {"value": random.value, "low": random.low, "high": random.high},
            "verdict": receipt.verdict(name),
        }
        for name, random in receipt.random.items()
    ]


def _uncovered(dataset: fo.Dataset, selection: brain.Selection) -> Uncovered:
    region = selection.receipt.uncovered
    files = files_of(dataset, [region.id], selection.patches_field)
    return {
        "file": files.get(region.id),
        "distance": region.distance,
        "count": region.count,
    }
