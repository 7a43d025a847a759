"""Parts of the forms that find clusters and tag by text."""

from __future__ import annotations

import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.brain.curation.grouping.cluster_request import OWN

_VOCABULARY = {
    "general": "1,000 names of things and places",
    "wordnet": "11,000 nouns; embedding them takes minutes the first time",
    OWN: "Your own texts",
    "none": "No names",
}


def method(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    """Adds the method, and the number or the size of the clusters."""
    tabs = types.TabsView()
    tabs.add_choice("kmeans", label="All samples")
    tabs.add_choice("density", label="Dense regions")
    inputs.enum("method", tabs.values(), view=tabs, default="kmeans", label="Method")
    is_dense = ctx.params.get("method") == "density"
    name = "min_size" if is_dense else "n_clusters"
    problem = ""
    try:
        brain.ClusterRequest(
            method="density" if is_dense else "kmeans", **{name: ctx.params.get(name)}
        )
    except ValueError as error:
        problem = str(error)
    inputs.int(
        name,
        label="Smallest cluster" if is_dense else "Number of clusters",
        description="Leave it empty for a proposal",
        invalid=bool(problem),
        error_message=problem,
    )


def vocabulary(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    """Adds the texts that clusters are named by."""
    view = types.DropdownView()
    for name, label in _VOCABULARY.items():
        view.add_choice(name, label=label)
    inputs.enum("vocabulary", view.values(), view=view, default="general", label="Names")
    if ctx.params.get("vocabulary") == OWN:
        inputs.list(
            "texts",
            types.String(),
            label="Texts",
            description="A cluster gets no name if none of them fits",
            required=True,
        )


def prompts(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    """Adds the prompts, one on each line."""
    problem = ""
    if ctx.params.get("prompts"):
        try:
            brain.TagsRequest.from_params({"prompts": ctx.params["prompts"]})
        except ValueError as error:
            problem = str(error)
    inputs.str(
        "prompts",
        required=True,
        label="Texts",
        description="One on each line, such as 'a red car', or 'car: a red car' for the tag 'car'",
        view=types.TextFieldView(multiline=True, rows=4),
        invalid=bool(problem),
        error_message=problem,
    )


def field(inputs: types.Object, default: str, description: str) -> None:
    """Adds the field that labels are saved in."""
    inputs.str("field", default=default, label="Save in", description=description)
