"""The last scores of a dataset, and what the page is told of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import fiftyone as fo
import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.progress import Steps
from fiftyone_faiss.panels.curate_runs import Action, add_action, last_run
from fiftyone_faiss.panels.scores_messages import ScoreBar, ScoreList, ScoresRun

BARS = 25
# The highest, or lowest, scores that are listed.
MAX_LISTED = 100


@dataclass
class Scored:
    """Scores, and whether the field still holds them.

    Attributes:
        report: the report
        is_saved: whether the field has not been restored since
    """

    report: brain.ScoreReport
    is_saved: bool = True

    def __str__(self) -> str:
        return str(self.report)

    @cached_property
    def lists(self) -> Mapping[ScoreList, list[str]]:
        """The ids that are listed, in their order."""
        return {
            "unusual": list(self.report.unusual),
            "highest": self.report.top(MAX_LISTED),
            "lowest": self.report.top(MAX_LISTED, reverse=True),
        }

    @cached_property
    def histogram(self) -> list[ScoreBar]:
        """The numbers of scores between 0 and 1."""
        scores = self.report.scores
        every, unusual = (
            np.histogram([scores[id] for id in ids], BARS, (0.0, 1.0))[0].tolist()
            for ids in (scores, self.report.unusual)
        )
        return [{"count": count, "unusual": own} for count, own in zip(every, unusual, strict=True)]


def scored_steps(
    dataset: fo.Dataset, samples: foc.SampleCollection, request: brain.ScoresRequest
) -> Steps[Scored]:
    """Computes scores; once they are saved, that can be undone."""
    report = yield from brain.scores_steps(samples, request)
    scored = Scored(report)

    def undo() -> str:
        report.undo()
        scored.is_saved = False
        return f"The field “{report.field}” is as it was before."

    text = f"Saved {report.count:,} scores in the field “{report.field}”."
    add_action(dataset, Action("scores", text, undo))
    return scored


def scores_run(dataset: fo.Dataset) -> ScoresRun | None:
    """The last scores of a dataset."""
    run = last_run(dataset, "scores", Scored)
    if run is None:
        return None
    report = run.result.report
    low, high = report.range
    expected = report.expected_false_alarms
    shared: dict[str, Any] = {
        name: getattr(report, name)
        for name in (
            "kind",
            "field",
            "patches_field",
            "count",
            "near_duplicates",
            "thresh",
            "recall",
        )
    }
    entry = {
        **shared,
        "id": run.id,
        "params": run.params,
        "low": low,
        "high": high,
        "histogram": run.result.histogram,
        "unusual": len(report.unusual),
        "expected": None if expected is None else expected.to_dict(),
        "classes": len(report.classes),
        "notes": list(report.notes),
        "is_saved": run.result.is_saved,
    }
    return cast(ScoresRun, entry)
