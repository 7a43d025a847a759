"""What the page is told of the last results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import cast

import fiftyone as fo

from fiftyone_faiss import brain
from fiftyone_faiss.panels.cluster_state import clusters_run
from fiftyone_faiss.panels.curate_messages import (
    CurateState,
    DuplicatesRun,
    LeaksRun,
    Rate,
    RunResult,
)
from fiftyone_faiss.panels.curate_runs import Run, last_run, list_actions
from fiftyone_faiss.panels.labels_run import labels_run
from fiftyone_faiss.panels.models_run import models_run
from fiftyone_faiss.panels.scores_state import scores_run
from fiftyone_faiss.panels.selection_state import selection_run
from fiftyone_faiss.panels.text_tag_state import text_tags_run


def state_of(dataset: fo.Dataset) -> CurateState:
    """The last results for a dataset, and what can be undone."""
    duplicates = last_run(dataset, "duplicates", brain.Duplicates)
    leaks = last_run(dataset, "leaks", brain.Leaks)
    return {
        "duplicates": None if duplicates is None else _duplicates_run(duplicates),
        "leaks": None if leaks is None else _leaks_run(leaks),
        "clusters": clusters_run(dataset),
        "text_tags": text_tags_run(dataset),
        "labels": labels_run(dataset),
        "models": models_run(dataset),
        "scores": scores_run(dataset),
        "selection": selection_run(dataset),
        "undo": [
            {"id": action.id, "kind": action.kind, "text": action.text}
            for action in list_actions(dataset)
        ],
        "split_fields": brain.split_fields(dataset),
        "rules": list(brain.RULES),
    }


def _shared(
    run: Run[brain.Duplicates] | Run[brain.Leaks], pairs: Sequence[brain.DuplicatePair]
) -> RunResult:
    counts = Counter(pair.verdict for pair in pairs)
    result = run.result
    expected = result.expected_accidental_pairs
    shared = {
        "id": run.id,
        "params": run.params,
        "patches_field": result.patches_field,
        "thresh": result.thresh,
        "pair_count": result.pair_count,
        "expected": None if expected is None else expected.to_dict(),
        "recall": result.recall,
        "copies": counts["copy"],
        "look_alikes": counts["look-alike"],
        "unverified": counts["unverified"],
        "notes": list(result.notes),
    }
    return cast(RunResult, shared)


def _duplicates_run(run: Run[brain.Duplicates]) -> DuplicatesRun:
    result = run.result
    return {
        **_shared(run, result.pairs),
        "groups": len(result.members),
        "redundant": len(result.redundant),
        "compared": result.compared,
        "unreadable": len(result.unreadable),
    }


def _leaks_run(run: Run[brain.Leaks]) -> LeaksRun:
    result = run.result
    return {
        **_shared(run, result.pairs),
        "listed": len(result.pairs),
        "leaking": len(result.ids),
        "training": len(result.training_ids),
        "size": result.samples.count(),
        "rates": [cast(Rate, rate.to_dict()) for rate in result.rates],
        "without_split": len(result.splits.without_split),
        "in_several": len(result.splits.in_several),
    }
