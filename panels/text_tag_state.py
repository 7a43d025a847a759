"""The last tags by text of a dataset, and what the page is told of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

import fiftyone as fo
import numpy as np

from fiftyone_faiss import brain
from fiftyone_faiss.panels.curate_lists import files_of
from fiftyone_faiss.panels.curate_runs import last_run
from fiftyone_faiss.panels.text_tag_messages import ScoredFile, TextTagRow, TextTagsRun

BARS, BEST = 48, 6


def text_tags_run(dataset: fo.Dataset) -> TextTagsRun | None:
    """The last tags by text of a dataset."""
    run = last_run(dataset, "text_tags", brain.TextTags)
    if run is None:
        return None
    result = run.result
    counts = Counter(prompt.status for prompt in result.prompts)
    entry = {
        "id": run.id,
        "params": run.params,
        "patches_field": result.patches_field,
        "compared": len(result.all_ids),
        "count": len(result.prompts),
        "tagged": counts["tagged"],
        "absent": counts["absent"],
        "refused": counts["refused"],
        "label_fields": _label_fields(dataset, result),
        "notes": list(result.notes),
    }
    return cast(TextTagsRun, entry)


def _label_fields(dataset: fo.Dataset, result: brain.TextTags) -> list[str]:
    """The fields that saved labels can be evaluated against; none for labels and frames."""
    if result.patches_field is not None or dataset.media_type == "video":
        return []
    return list(dataset.get_field_schema(embedded_doc_type=fo.Classification))


def text_tag_rows(
    dataset: fo.Dataset, result: brain.TextTags, start: int, count: int
) -> list[TextTagRow]:
    """Describes prompts with the files of their best samples that exist."""
    told = result.to_dict()["prompts"]
    rows: list[dict[str, Any]] = []
    for place in range(start, min(start + count, len(result.prompts))):
        scores = result.scores[place]
        counts, edges = np.histogram(scores, BARS)
        order = np.argsort(-scores, kind="stable")[:BEST]
        best = [result.all_ids[n] for n in order]
        rows.append(
            {
                **told[place],
                "low": float(edges[0]),
                "high": float(edges[-1]),
                "histogram": counts.tolist(),
                "answers": len(result.prompts[place].answers),
                "best": scored_files(dataset, result, place, best),
            }
        )
    return cast(list[TextTagRow], rows)


def scored_files(
    dataset: fo.Dataset, result: brain.TextTags, place: int, ids: Sequence[str]
) -> list[ScoredFile]:
    """The files of samples that exist, with their scores for the prompt at a place."""
    files = files_of(dataset, ids, result.patches_field)
    position_of = result.position_of
    is_tagged = result.prompts[place].is_tagged
    return [
        {
            "file": files[id],
            "score": float(result.scores[place, position_of[id]]),
            "is_tagged": bool(is_tagged[position_of[id]]),
        }
        for id in ids
        if id in files
    ]
