"""Parts of the forms that make maps and place new samples on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import read_text, read_whole
from fiftyone_faiss.brain.insight.maps.request import default_vis_key

_METHODS = {
    "umap": ("UMAP", "Keeps neighbors together, and groups apart"),
    "tsne": ("t-SNE", "Keeps neighbors together; slower than UMAP"),
    "pca": ("PCA", "The directions of the largest variance; fast, and repeatable"),
    "axes": ("Named axes", "One query line for each axis, such as 'night - day'"),
}
_AXES = ("axis_x", "axis_y", "axis_z")


def method(ctx: foo.ExecutionContext, inputs: types.Object) -> str:
    """Adds the method and the number of dimensions."""
    tabs = types.TabsView()
    for name in brain.MAP_METHODS:
        tabs.add_choice(name, label=_METHODS[name][0])
    chosen = ctx.params.get("method")
    name = chosen if chosen in _METHODS else "umap"
    description = _METHODS[name][1]
    inputs.enum("method", tabs.values(), view=tabs, default="umap", description=description)
    dims = types.RadioGroup(orientation="horizontal")
    dims.add_choice("2", label="2-D")
    dims.add_choice("3", label="3-D, which FiftyOne's Embeddings panel does not show")
    inputs.enum("num_dims", dims.values(), view=dims, default="2", label="Dimensions")
    return name


def options(ctx: foo.ExecutionContext, inputs: types.Object, name: str) -> None:
    """Adds the options of a method, and marks those that are not valid."""
    if name == "axes":
        for axis in _AXES[: _dims(ctx.params)]:
            _axis(ctx, inputs, axis)
    if name in ("umap", "tsne"):
        inputs.int(
            "num_neighbors",
            default=15,
            min=2,
            max=100,
            label="Neighbors",
            description="More keep larger groups together, fewer show finer ones",
        )
    if name == "umap":
        inputs.float(
            "min_dist",
            default=0.1,
            min=0,
            max=1,
            label="Smallest distance",
            description="Smaller values pack similar samples more densely",
        )


def _axis(ctx: foo.ExecutionContext, inputs: types.Object, axis: str) -> None:
    line = read_text(axis, ctx.params.get(axis))
    problem = brain.explain_line(line)["error"] if line.strip() else ""
    inputs.str(
        axis,
        required=True,
        label=f"Axis {axis[-1]}",
        description="What is at its upper end, and after a minus what is at its lower end",
        invalid=bool(problem),
        error_message=problem or "",
    )


def key(ctx: foo.ExecutionContext, inputs: types.Object, brain_key: str, name: str) -> None:
    """Adds the brain key of the map; one that is taken needs a switch."""
    problem = ""
    default = default_vis_key(brain_key, name, _dims(ctx.params))
    chosen = read_text("vis_key", ctx.params.get("vis_key"))
    try:
        brain.MapRequest(vis_key=chosen)
    except ValueError as error:
        problem = str(error)
    inputs.str(
        "vis_key",
        label="Brain key of the map",
        description=f"'{default}' if it is empty",
        invalid=bool(problem),
        error_message=problem,
    )
    if (chosen.strip() or default) in {info.vis_key for info in brain.list_maps(ctx.dataset)}:
        inputs.bool("overwrite", default=False, label="Replace the map that has this key")


def request_of(params: Mapping[str, Any]) -> brain.MapRequest:
    """The request that a form describes."""
    dims = _dims(params)
    axes = [params.get(axis) or "" for axis in _AXES[:dims]]
    is_named = params.get("method") == "axes"
    return brain.MapRequest.from_params(
        {**params, "num_dims": dims, "axes": axes if is_named else ()}
    )


def _dims(params: Mapping[str, Any]) -> int:
    return read_whole("num_dims", params.get("num_dims")) or 2


def maps(ctx: foo.ExecutionContext, inputs: types.Object) -> str | None:
    """Adds a picker of the dataset's maps; returns None if there are none."""
    known = brain.list_maps(ctx.dataset)
    if not known:
        notice = types.Warning(
            label="This dataset has no map yet",
            description="Run the operator 'FAISS: make a map' first.",
        )
        inputs.view("no_map", notice).invalid = True
        return None
    view = types.DropdownView()
    for info in known:
        description = f"{_METHODS[info.method][0]} of '{info.brain_key}', {info.count:,} points"
        view.add_choice(info.vis_key, label=info.vis_key, description=description)
    default = known[0].vis_key
    inputs.enum("vis_key", view.values(), view=view, default=default, required=True, label="Map")
    return str(ctx.params.get("vis_key") or default)
