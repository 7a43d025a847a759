"""Parts of the form that teaches an index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import read_text

SOURCES = {
    "labels": ("Labels", "label_field"),
    "tags": ("Tags", "tags"),
    "judgments": ("Judgments", "judgments"),
}


def source(ctx: foo.ExecutionContext, inputs: types.Object, index: brain.IndexSummary) -> None:
    """Adds what to learn from: labels, tags or judgments."""
    tabs = types.TabsView()
    for name, (label, _) in SOURCES.items():
        tabs.add_choice(name, label=label)
    inputs.enum("source", tabs.values(), view=tabs, default="labels", label="Learn from")
    chosen = _source(ctx.params)
    if chosen == "labels":
        names = brain.label_fields(ctx.dataset, index.patches_field)
        _names(inputs, "label_field", names, "Fields", "Samples with the same label are alike")
    elif chosen == "tags":
        names = sorted(ctx.dataset.distinct("tags"))
        described = "Samples with the same tag are alike; of one tag, others are unlike it"
        _names(inputs, "tags", names, "Tags", described)
    else:
        notice = types.Notice(
            label="Liked results of a search are alike, and unlike the disliked ones",
            description="Pairs that you marked as no duplicates are unlike, too.",
        )
        inputs.view("judged", notice)


def _names(
    inputs: types.Object, name: str, values: list[str], label: str, description: str
) -> None:
    view = types.AutocompleteView(allow_user_input=False)
    for value in values:
        view.add_choice(value, label=value)
    inputs.list(name, types.String(), view=view, label=label, description=description)


def new_key(ctx: foo.ExecutionContext, inputs: types.Object, brain_key: str) -> None:
    """Adds the key of the new index."""
    taken = set(ctx.dataset.list_brain_runs())
    default = f"{brain_key}_taught"
    key = read_text("new_key", ctx.params.get("new_key")).strip() or default
    problem = "" if key.isidentifier() else "Use letters, digits and underscores"
    if key in taken:
        problem = "There is a run of this name already"
    inputs.str(
        "new_key",
        default=default,
        label="New index",
        description="It is made only if it is better on samples that were held out",
        invalid=bool(problem),
        error_message=problem,
    )


def request_of(params: Mapping[str, Any], brain_key: str) -> brain.TeachingRequest:
    """The request that the form asks for.

    Raises:
        ValueError: if a value is not valid
    """
    chosen = _source(params)
    name = SOURCES[chosen][1]
    learned = {name: True if chosen == "judgments" else params.get(name)}
    key = read_text("new_key", params.get("new_key")).strip() or f"{brain_key}_taught"
    named = {"brain_key": brain_key, "new_key": key, "rank": params.get("rank")}
    return brain.TeachingRequest.from_params({**named, **learned})


def _source(params: Mapping[str, Any]) -> str:
    chosen = read_text("source", params.get("source")) or "labels"
    if chosen not in SOURCES:
        raise ValueError(f"source is '{chosen}'; choose one of {', '.join(SOURCES)}.")
    return chosen
