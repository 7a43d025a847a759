"""What the page is told of the last audit of labels."""

from __future__ import annotations

from typing import Any, cast

import fiftyone as fo

from fiftyone_faiss import brain
from fiftyone_faiss.panels.curate_runs import last_run
from fiftyone_faiss.panels.labels_messages import Agreement, AuditParams, LabelsRun, NoiseRates
from fiftyone_faiss.panels.run_messages import Interval

# The pairs of classes that the page shows.
MAX_PAIRS = 50


def labels_run(dataset: fo.Dataset) -> LabelsRun | None:
    """The last audit of labels of a dataset; None if there is none."""
    run = last_run(dataset, "labels", brain.LabelAudit)
    if run is None:
        return None
    audit = run.result
    rate = audit.noise_rate
    return {
        "id": run.id,
        "params": cast(AuditParams, run.params),
        "patches_field": audit.patches_field,
        "label_field": audit.label_field,
        "audited": len(audit.labels),
        "unlabeled": audit.unlabeled,
        "grouped": audit.grouped,
        "recall": audit.recall,
        "k": audit.k,
        "issues": len(audit.issues),
        "doubt": audit.doubt,
        "agreement": cast(Agreement, audit.agreement.to_dict()),
        "expected_wrong": cast(Interval, audit.expected_wrong.to_dict()),
        "noise_rate": None if rate is None else _noise_rates(rate.to_dict()),
        "decisions_field": audit.decisions_field,
        "notes": list(audit.notes),
    }


def _noise_rates(rate: dict[str, Any]) -> NoiseRates:
    more = max(0, len(rate["pairs"]) - MAX_PAIRS)
    return cast(NoiseRates, {**rate, "pairs": rate["pairs"][:MAX_PAIRS], "more_pairs": more})
