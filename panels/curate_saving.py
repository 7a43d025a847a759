"""Saves results of the curation panel in fields, which can be undone."""

from __future__ import annotations

from collections.abc import Callable

import fiftyone.operators as foo

from fiftyone_faiss.brain.data.value_fields import SavedFields
from fiftyone_faiss.panels.curate_messages import ActAnswer, RunKind
from fiftyone_faiss.panels.curate_runs import Action, add_action
from fiftyone_faiss.panels.curate_state import state_of
from fiftyone_faiss.panels.curate_tagging import things


def saved_answer(
    ctx: foo.ExecutionContext,
    kind: RunKind,
    name: str,
    saved: SavedFields,
    patches_field: str | None,
    before_undo: Callable[[], None] | None = None,
    more: str = "",
) -> ActAnswer:
    """The answer after a field was saved, which can be undone.

    Args:
        ctx: the context
        kind: the kind of the result
        name: the field, or the attribute of labels
        saved: what was saved
        patches_field: the field of the labels, None for samples and frames
        before_undo (None): undoes what was made of the field
        more (""): what else was done, in a sentence
    """
    place = f"field “{name}”" if patches_field is None else f"attribute “{name}”"

    def undo() -> str:
        if before_undo is not None:
            before_undo()
        saved.undo()
        return f"The {place} is as it was before."

    text = f"Saved {things(saved.count, patches_field)} in the {place}. {more}".strip()
    add_action(ctx.dataset, Action(kind, text, undo))
    ctx.ops.reload_dataset()
    return {"text": text, "state": state_of(ctx.dataset)}
