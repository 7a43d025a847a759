"""Parts of the forms that compute scores and select samples."""

from __future__ import annotations

import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain

WEIGHTS = {
    "diversity": (1.0, "Diversity", "Far from what is selected or labeled already"),
    "typicality": (1.0, "Typicality", "In the middle of many similar samples"),
    "clusters": (0.0, "Clusters", "Equal numbers from each cluster"),
}


def field(ctx: foo.ExecutionContext, inputs: types.Object, kind: str) -> None:
    """Adds the field that scores are saved in."""
    default = brain.SCORES.get(kind, brain.SCORES["outliers"])
    problem = _problem_of_field(kind, ctx.params.get("field"))
    inputs.str(
        "field",
        label="Field",
        description=f"Earlier scores in it are replaced; '{default}' if it is empty",
        invalid=bool(problem),
        error_message=problem,
    )


def _problem_of_field(kind: str, value: object) -> str:
    try:
        brain.ScoresRequest.from_params({"kind": kind, "field": value})
    except ValueError as error:
        return str(error)
    return ""


def value_field(
    ctx: foo.ExecutionContext,
    inputs: types.Object,
    name: str,
    label: str,
    description: str,
    patches_field: str | None,
) -> None:
    """Adds a picker of a field of labels, texts, numbers or tags."""
    view = types.AutocompleteView(allow_user_input=True)
    for path in brain.value_fields(ctx.dataset, patches_field):
        view.add_choice(path, label=path)
    inputs.str(name, label=label, view=view, description=description)


def labeled(ctx: foo.ExecutionContext, inputs: types.Object, patches_field: str | None) -> None:
    """Adds what is labeled already: a field or a tag."""
    description = "Samples with a value in this field are covered, and are not selected"
    value_field(ctx, inputs, "labeled", "Labeled already", description, patches_field)
    both = bool(ctx.params.get("labeled")) and bool(ctx.params.get("labeled_tag"))
    inputs.str(
        "labeled_tag",
        label="Tag of what is labeled already",
        description="Instead of the field",
        invalid=both,
        error_message="Give the field or the tag, not both",
    )


def nearness(ctx: foo.ExecutionContext, inputs: types.Object, supports_text: bool) -> None:
    """Adds what the selection shall be near to, or far from."""
    if supports_text:
        inputs.str("near", label="Near to", description="A query, such as 'a red car'")
    inputs.str("near_tag", label="Near to the tag", description="Near to samples with this tag")
    if ctx.params.get("near") or ctx.params.get("near_tag"):
        inputs.float(
            "nearness",
            default=2.0,
            label="Weight of nearness",
            description="Negative for far from it",
        )


def weights(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    """Adds the weights of the terms, and whether outliers are left out."""
    for name, (default, label, description) in WEIGHTS.items():
        problem = _problem_of_weight(name, ctx.params.get(name))
        inputs.float(
            name,
            default=default,
            label=label,
            description=description,
            invalid=bool(problem),
            error_message=problem,
        )
    inputs.bool("exclude_outliers", default=True, label="Leave out outliers")
    inputs.bool(
        "judgments",
        default=True,
        label="Use earlier judgments",
        description="What was selected before and labels that were checked count as labeled",
    )


def _problem_of_weight(name: str, value: object) -> str:
    try:
        brain.SelectionRequest.from_params({"n": 1, name: value})
    except ValueError as error:
        return str(error)
    return ""


def tag(inputs: types.Object, default: str, description: str) -> None:
    """Adds a tag."""
    inputs.str("tag", default=default, label="Tag", description=description)
