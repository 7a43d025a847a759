"""The methods of the curation panel that find, list, name, tag and save clusters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import MAX_NAME, read_list, read_text, read_whole
from fiftyone_faiss.panels import cluster_messages, grid_messages
from fiftyone_faiss.panels.base import panel_method
from fiftyone_faiss.panels.cluster_state import cluster_rows, in_order
from fiftyone_faiss.panels.curate_lists import existing, page_of
from fiftyone_faiss.panels.curate_messages import ActAnswer, Started
from fiftyone_faiss.panels.curate_runs import (
    Action,
    Run,
    add_action,
    change_result,
    last_run,
    run_of,
    start,
)
from fiftyone_faiss.panels.curate_saving import saved_answer
from fiftyone_faiss.panels.curate_state import state_of
from fiftyone_faiss.panels.curate_tagging import tagged_answer
from fiftyone_faiss.panels.grid import Grid, samples_of, show_results

# The number that stands for what is in no cluster.
UNCLUSTERED = -1


class ClusterMethods:
    """A part of :class:`CuratePanel`."""

    @panel_method
    def find_clusters(
        self, ctx: foo.ExecutionContext, params: cluster_messages.ClusterParams
    ) -> Started:
        """Starts to find clusters."""
        request = brain.ClusterRequest.from_params(params)
        scope = read_text("scope", params.get("scope"), 2 * MAX_NAME) or "dataset"
        samples = samples_of(Grid.of(ctx, params), scope)
        given = request.vocabulary
        asked = {
            "brain_key": request.brain_key or "",
            "scope": scope,
            "method": request.method,
            "n_clusters": request.n_clusters,
            "min_size": request.min_size,
            "vocabulary": given if isinstance(given, str) else "own",
            "texts": [] if isinstance(given, str) else list(given),
            "names_key": request.names_key,
        }
        return start(ctx.dataset, "clusters", asked, brain.cluster_steps(samples, request))

    @panel_method
    def clusters(
        self, ctx: foo.ExecutionContext, params: cluster_messages.ClusterPageParams
    ) -> cluster_messages.ClustersAnswer:
        """Returns a page of clusters with the files of some members."""
        result = _run(ctx, params).result
        first, count = page_of(params)
        shown = in_order(result)[first : first + count]
        rows = cluster_rows(ctx.dataset, result, shown)
        return {"clusters": rows, "total": len(result.clusters)}

    @panel_method
    def rename_cluster(
        self, ctx: foo.ExecutionContext, params: cluster_messages.RenameClusterParams
    ) -> ActAnswer:
        """Gives a cluster a name, none, or that of the vocabulary again."""
        run = _run(ctx, params)
        number, name = _number(params.get("cluster")), params.get("name")
        before = _cluster(run.result, number)
        after = _renamed(run, number, name).clusters[number]
        text = f"Cluster {number} has no name now."
        if after.name is not None:
            text = f"Renamed “{before.label}” to “{after.name}”."
        edit = before.edit
        undo = _renaming(ctx.dataset, run, number, None if edit is None else edit.name or "")
        add_action(ctx.dataset, Action("clusters", text, undo))
        return {"text": text, "state": state_of(ctx.dataset)}

    @panel_method
    def show_clusters(
        self, ctx: foo.ExecutionContext, params: cluster_messages.ShowClustersParams
    ) -> grid_messages.GridAnswer:
        """Shows clusters in the grid, the most typical members of each first."""
        result = _run(ctx, params).result
        ids = _members(result, params)
        return show_results(ctx, Grid.of(ctx, params), ctx.dataset, ids, result.patches_field)

    @panel_method
    def tag_clusters(
        self, ctx: foo.ExecutionContext, params: cluster_messages.TagClustersParams
    ) -> ActAnswer:
        """Tags the members of clusters."""
        result = _run(ctx, params).result
        name = read_text("name", params.get("name"), MAX_NAME).strip()
        ids = existing(ctx.dataset, _members(result, params), result.patches_field)
        tagged = brain.apply_tag(ctx.dataset, ids, name, result.patches_field)
        return tagged_answer(ctx, "clusters", name, tagged, result.patches_field)

    @panel_method
    def save_clusters(
        self, ctx: foo.ExecutionContext, params: cluster_messages.SaveClustersParams
    ) -> ActAnswer:
        """Saves the cluster of each member in a field."""
        result = _run(ctx, params).result
        name = read_text("name", params.get("name"), MAX_NAME).strip()
        return saved_answer(ctx, "clusters", name, result.save(name), result.patches_field)


def _run(ctx: foo.ExecutionContext, params: Mapping[str, Any]) -> Run[brain.Clusters]:
    return run_of(ctx.dataset, "clusters", brain.Clusters, read_text("run", params.get("run")))


def _number(value: Any) -> int:
    number = read_whole("cluster", value)
    if number is None:
        raise ValueError("No cluster was given; choose one.")
    return number


def _cluster(result: brain.Clusters, number: int) -> brain.Cluster:
    if not 0 <= number < len(result.clusters):
        raise ValueError(
            f"There is no cluster {number}; give a number below {len(result.clusters)}."
        )
    return result.clusters[number]


def _members(result: brain.Clusters, params: Mapping[str, Any]) -> list[str]:
    """The ids of the members of the given clusters."""
    ids: list[str] = []
    for number in map(_number, read_list("clusters", params.get("clusters"))):
        if number == UNCLUSTERED:
            ids += result.unclustered
        else:
            ids += result.members(_cluster(result, number).number)
    return ids


def _renamed(run: Run[brain.Clusters], number: int, name: str | None) -> brain.Clusters:
    """Names a cluster; see ``RenameClusterParams``."""

    def named(result: brain.Clusters) -> brain.Clusters:
        return result.reset_name(number) if name is None else result.rename(number, name)

    return change_result(run, named)


def _renaming(
    dataset: fo.Dataset, run: Run[brain.Clusters], number: int, name: str | None
) -> Callable[[], str]:
    def undo() -> str:
        # A later run may have renamed the cluster since.
        change_result(run, brain.Clusters.with_kept_names)
        label = _renamed(run, number, name).clusters[number].label
        last = last_run(dataset, "clusters", brain.Clusters)
        if last is not None and last is not run:
            change_result(last, brain.Clusters.with_kept_names)
        return f"It is “{label}” again."

    return undo
