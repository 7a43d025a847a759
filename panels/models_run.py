"""What the page is told of the last comparison of models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import fiftyone as fo
import numpy as np

from fiftyone_faiss import brain
from fiftyone_faiss.panels.curate_runs import last_run
from fiftyone_faiss.panels.models_messages import ClassMeasures, ModelsRun


def models_run(dataset: fo.Dataset) -> ModelsRun | None:
    """The last comparison of models of a dataset; None if there is none."""
    run = last_run(dataset, "models", brain.ModelComparison)
    if run is None:
        return None
    result = run.result
    shown = result.to_dict()
    shared = ("patches_field", "label_field", "k", "queries", "searched", "leaders", "winner")
    limits = ("chance", "best_possible", "notes")
    only = _right_alone(result)
    return cast(
        ModelsRun,
        {
            "id": run.id,
            "params": run.params,
            **{name: shown[name] for name in (*shared, *limits)},
            "models": [_without(model, "by_class") for model in shown["models"]],
            "pairs": [
                {
                    **_without(pair, "class_name"),
                    "first_only": only[pair["first"], pair["second"]],
                    "second_only": only[pair["second"], pair["first"]],
                }
                for pair in shown["pairs"]
            ],
            "classes": len(result.models[0].by_class),
        },
    )


def class_rows(result: brain.ModelComparison) -> list[ClassMeasures]:
    """The mAP@R of each index by class, the classes with the largest clear difference first."""
    rows: list[tuple[float, ClassMeasures]] = []
    differences: dict[str, list[dict[str, Any]]] = {}
    for pair in result.class_pairs:
        if pair.better is not None and pair.class_name is not None:
            differences.setdefault(pair.class_name, []).append(_difference(pair.to_dict()))
    for name in result.models[0].by_class:
        clear = differences.get(name, [])
        measures = [dict(vars(model.by_class[name]["map_at_r"])) for model in result.models]
        row = {"name": name, "measures": measures, "differences": clear}
        largest = max((known["difference"]["value"] for known in clear), default=0.0)
        rows.append((-largest, cast(ClassMeasures, row)))
    return [row for _, row in sorted(rows, key=lambda ranked: (ranked[0], ranked[1]["name"]))]


def _difference(pair: Mapping[str, Any]) -> dict[str, Any]:
    """A clear difference, as that of the better index."""
    value, low, high = (pair["difference"][name] for name in ("value", "low", "high"))
    if pair["better"] == pair["first"]:
        interval, other = {"value": value, "low": low, "high": high}, pair["second"]
    else:
        interval, other = {"value": -value, "low": -high, "high": -low}, pair["first"]
    return {"better": pair["better"], "other": other, "difference": interval}


def _right_alone(result: brain.ModelComparison) -> dict[tuple[str, str], int]:
    """How many queries one index retrieves right and another one wrong."""
    keys = list(result.right)
    right = np.array([result.right[key] for key in keys], np.int64)
    counts = right @ (1 - right).T
    return {
        (first, second): int(counts[i, j])
        for i, first in enumerate(keys)
        for j, second in enumerate(keys)
    }


def _without(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != name}
