"""The methods of the curation panel that find and list duplicates and leaks."""

from __future__ import annotations

from typing import Any, cast

import fiftyone as fo
import fiftyone.operators as foo

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import (
    MAX_NAME,
    read_flag,
    read_list,
    read_number,
    read_text,
)
from fiftyone_faiss.panels import curate_messages, grid_messages, messages, run_messages
from fiftyone_faiss.panels.base import panel_method
from fiftyone_faiss.panels.curate_lists import MAX_SHOWN, files_of, page_of
from fiftyone_faiss.panels.curate_runs import duplicates_of, leaks_of, start
from fiftyone_faiss.panels.curate_state import state_of
from fiftyone_faiss.panels.grid import Grid, results_of, samples_of, show, show_results

# Near members of a member that the page gets: a cluster of black frames can have 50,000.
MAX_NEAR = 50
SAMPLED_PAIRS = 20


class CurateMethods:
    """A part of :class:`CuratePanel`."""

    @panel_method
    def curate_state(
        self, ctx: foo.ExecutionContext, params: messages.NoParams
    ) -> curate_messages.CurateState:
        """Returns the last results, and what can be undone."""
        return state_of(ctx.dataset)

    @panel_method
    def distances(
        self, ctx: foo.ExecutionContext, params: curate_messages.FindParams
    ) -> curate_messages.DistancesAnswer:
        """Counts the pairs within each of some thresholds."""
        samples = samples_of(Grid.of(ctx, params), _text(params, "scope") or "dataset")
        splits = _text(params, "split_field") or None
        key = _text(params, "brain_key") or None
        answer = brain.duplicate_distances(samples, key, splits).to_dict()
        return cast(curate_messages.DistancesAnswer, answer)

    @panel_method
    def find_duplicates(
        self, ctx: foo.ExecutionContext, params: curate_messages.FindParams
    ) -> curate_messages.Started:
        """Starts to find duplicates."""
        asked = _asked(params)
        samples = samples_of(Grid.of(ctx, params), asked["scope"])
        request = brain.DuplicatesRequest.from_params(asked)
        if asked["equal_files"]:
            steps = brain.exact_duplicates_steps(samples, split_field=request.split_field)
        else:
            steps = brain.near_duplicates_steps(samples, request)
        return start(ctx.dataset, "duplicates", asked, steps)

    @panel_method
    def find_leaks(
        self, ctx: foo.ExecutionContext, params: curate_messages.FindParams
    ) -> curate_messages.Started:
        """Starts to find leaks."""
        asked = _asked(params)
        if not asked["split_field"]:
            raise ValueError("Choose the field with the names of the splits.")
        samples = samples_of(Grid.of(ctx, params), asked["scope"])
        request = brain.DuplicatesRequest.from_params({**asked, "split_field": None})
        steps = brain.leaks_steps(samples, asked["split_field"], request)
        return start(ctx.dataset, "leaks", asked, steps)

    @panel_method
    def groups(
        self, ctx: foo.ExecutionContext, params: curate_messages.PageParams
    ) -> curate_messages.GroupsAnswer:
        """Returns a page of groups with their files, without members that were deleted."""
        run, result = duplicates_of(ctx.dataset, _text(params, "run"))
        existing = result.deciding()
        start, count = page_of(params)
        shown: list[tuple[int, list[Any]]] = []
        for group in existing.members[start : start + count]:
            shown.append((run.number_of[group[0].id], group[:MAX_SHOWN]))
        ids = [member.id for _, group in shown for member in group]
        near = result.near(ids)
        files = files_of(ctx.dataset, ids, result.patches_field)
        rows = [
            {
                "number": number,
                "members": [
                    {
                        **member.to_dict(),
                        "near": near.get(member.id, [])[:MAX_NEAR],
                        "file": files[member.id],
                    }
                    for member in group
                    if member.id in files
                ],
            }
            for number, group in shown
        ]
        gone = len(result.missing())
        return cast(
            curate_messages.GroupsAnswer,
            {"groups": rows, "total": len(existing.members), "gone": gone},
        )

    @panel_method
    def pairs(
        self, ctx: foo.ExecutionContext, params: curate_messages.PageParams
    ) -> curate_messages.PairsAnswer:
        """Returns a page of leaking pairs."""
        _, result = leaks_of(ctx.dataset, _text(params, "run"))
        verdict = _text(params, "verdict")
        chosen = [pair for pair in result.pairs if not verdict or pair.verdict == verdict]
        start, count = page_of(params)
        rows = _pair_rows(ctx.dataset, chosen[start : start + count], result.patches_field)
        return {"pairs": rows, "total": len(chosen)}

    @panel_method
    def sampled_pairs(
        self, ctx: foo.ExecutionContext, params: run_messages.RunParams
    ) -> curate_messages.PairsAnswer:
        """Returns some pairs by chance, of those that count, for a person to judge."""
        _, result = duplicates_of(ctx.dataset, _text(params, "run"))
        sampled = result.sampled_pairs(SAMPLED_PAIRS)
        rows = _pair_rows(ctx.dataset, sampled, result.patches_field)
        return {"pairs": rows, "total": len(rows)}

    @panel_method
    def show_ids(
        self, ctx: foo.ExecutionContext, params: curate_messages.ShowIdsParams
    ) -> grid_messages.GridAnswer:
        """Shows a group in the grid, or again what the grid showed first."""
        grid = Grid.of(ctx, params)
        if params.get("ids") is None:
            change = show(ctx, grid.view, grid.filters)
            return {**change, "base": [], "sidebar": {}, "shown": []}
        ids, field = results_of(cast(messages.ResultIds, params))
        return show_results(ctx, grid, ctx.dataset, ids, field)

    @panel_method
    def show_clean(
        self, ctx: foo.ExecutionContext, params: run_messages.RunParams
    ) -> messages.Empty:
        """Shows the samples without those of the training side that leak."""
        _, result = leaks_of(ctx.dataset, _text(params, "run"))
        view = result.clean_view()
        ctx.ops.set_view(view if isinstance(view, fo.DatasetView) else view.view())
        return {}


def _text(params: Any, name: str) -> str:
    return read_text(name, params.get(name), 2 * MAX_NAME)


def _asked(params: curate_messages.FindParams) -> curate_messages.FindParams:
    """What was asked, checked, without the state of the grid."""
    return {
        "equal_files": read_flag("equal_files", params.get("equal_files")),
        "brain_key": _text(params, "brain_key"),
        "scope": _text(params, "scope") or "dataset",
        "thresh": read_number("thresh", params.get("thresh")),
        "verify": read_flag("verify", params.get("verify")),
        "split_field": _text(params, "split_field") or None,
        "rules": [read_text("rules", rule) for rule in read_list("rules", params.get("rules"))],
    }


def _pair_rows(
    dataset: fo.Dataset, pairs: list[Any], field: str | None
) -> list[curate_messages.PairRow]:
    """The pairs of which both samples still exist."""
    ids = list(dict.fromkeys(id for pair in pairs for id in (pair.id_a, pair.id_b)))
    files = files_of(dataset, ids, field)
    return [
        {
            "a": files[pair.id_a],
            "b": files[pair.id_b],
            "split_a": getattr(pair, "split_a", ""),
            "split_b": getattr(pair, "split_b", ""),
            "distance": pair.distance,
            "verdict": pair.verdict,
            "confidence": pair.confidence,
            "reason": pair.reason,
        }
        for pair in pairs
        if pair.id_a in files and pair.id_b in files
    ]
