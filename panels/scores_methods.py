"""The methods of the curation panel that compute, list and tag scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast, get_args

import fiftyone as fo
import fiftyone.operators as foo

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import MAX_NAME, quoted, read_text
from fiftyone_faiss.panels import grid_messages, messages, run_messages, scores_messages
from fiftyone_faiss.panels.base import panel_method
from fiftyone_faiss.panels.curate_lists import existing, files_of, page_of
from fiftyone_faiss.panels.curate_messages import ActAnswer, Started
from fiftyone_faiss.panels.curate_runs import run_of, start
from fiftyone_faiss.panels.curate_tagging import tagged_answer
from fiftyone_faiss.panels.grid import Grid, samples_of, show_results
from fiftyone_faiss.panels.scores_messages import ScoreList
from fiftyone_faiss.panels.scores_state import Scored, scored_steps


class ScoresMethods:
    """A part of :class:`CuratePanel`."""

    @panel_method
    def value_fields(
        self, ctx: foo.ExecutionContext, params: run_messages.FieldsParams
    ) -> run_messages.FieldsAnswer:
        """Lists the fields that services can read, of samples or of labels."""
        field = read_text("patches_field", params.get("patches_field"), MAX_NAME) or None
        return {"fields": brain.value_fields(ctx.dataset, field)}

    @panel_method
    def compute_scores(
        self, ctx: foo.ExecutionContext, params: scores_messages.ScoresParams
    ) -> Started:
        """Starts to compute scores, and to save them in a field."""
        request = brain.ScoresRequest.from_params(params)
        scope = read_text("scope", params.get("scope"), 2 * MAX_NAME) or "dataset"
        samples = samples_of(Grid.of(ctx, params), scope)
        asked = {
            "kind": request.kind,
            "brain_key": request.brain_key or "",
            "scope": scope,
            "field": str(request.field),
            "label_field": request.label_field,
        }
        return start(ctx.dataset, "scores", asked, scored_steps(ctx.dataset, samples, request))

    @panel_method
    def show_score_field(
        self, ctx: foo.ExecutionContext, params: messages.NoParams
    ) -> messages.Empty:
        """Shows a field in the App's sidebar that a job has added."""
        ctx.ops.reload_dataset()
        return {}

    @panel_method
    def scored(
        self, ctx: foo.ExecutionContext, params: scores_messages.ScoredParams
    ) -> scores_messages.ScoredAnswer:
        """Returns a page of scores with their files."""
        report, ids = _listed(ctx.dataset, params)
        first, count = page_of(params)
        shown = ids[first : first + count]
        files = files_of(ctx.dataset, shown, report.patches_field)
        unusual = set(report.unusual)
        labels = _labels(ctx.dataset, shown, report.patches_field, params)
        rows: list[scores_messages.ScoredRow] = [
            {
                "file": files[id],
                "score": report.scores[id],
                "is_unusual": id in unusual,
                "label": labels.get(id),
            }
            for id in shown
            if id in files
        ]
        return {"rows": rows, "total": len(ids)}

    @panel_method
    def show_scored(
        self, ctx: foo.ExecutionContext, params: scores_messages.ShowScoredParams
    ) -> grid_messages.GridAnswer:
        """Shows a list of scores in the grid, in its order."""
        report, ids = _listed(ctx.dataset, params)
        grid = Grid.of(ctx, params)
        return show_results(ctx, grid, ctx.dataset, ids, report.patches_field)

    @panel_method
    def tag_scored(
        self, ctx: foo.ExecutionContext, params: scores_messages.TagScoredParams
    ) -> ActAnswer:
        """Tags a list of scores."""
        report, ids = _listed(ctx.dataset, params)
        name = read_text("name", params.get("name"), MAX_NAME).strip()
        tagged = brain.apply_tag(ctx.dataset, ids, name, report.patches_field)
        return tagged_answer(ctx, "scores", name, tagged, report.patches_field)


def _scored(dataset: fo.Dataset, params: Mapping[str, Any]) -> Scored:
    return run_of(dataset, "scores", Scored, read_text("run", params.get("run"))).result


def _listed(dataset: fo.Dataset, params: Mapping[str, Any]) -> tuple[brain.ScoreReport, list[str]]:
    """The report, and the ids of a list that still exist."""
    scored = _scored(dataset, params)
    name = read_text("which", params.get("which"), MAX_NAME)
    if name not in get_args(ScoreList):
        raise ValueError(
            f"{quoted(name)} is no list; choose one of {', '.join(get_args(ScoreList))}."
        )
    ids = scored.lists[cast(ScoreList, name)]
    return scored.report, existing(dataset, ids, scored.report.patches_field)


def _labels(
    dataset: fo.Dataset, ids: Sequence[str], field: str | None, params: Mapping[str, Any]
) -> dict[str, str]:
    """The class of each id that its score was compared within, as far as a tile can show it."""
    run = run_of(dataset, "scores", Scored, read_text("run", params.get("run")))
    name = run.params["label_field"]
    if name is None or not ids:
        return {}
    fields, _ = brain.tile_values(dataset, ids[:1], field, [])
    if all(known["name"] != name for known in fields):
        return {}
    _, values = brain.tile_values(dataset, ids, field, [name])
    return {id: ", ".join(own[name]) for id, own in values.items() if own.get(name)}
