"""Tags results of the curation panel, which can be undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import fiftyone as fo
import fiftyone.operators as foo

from fiftyone_faiss import brain
from fiftyone_faiss.panels.curate_messages import ActAnswer, RunKind
from fiftyone_faiss.panels.curate_runs import Action, add_action
from fiftyone_faiss.panels.curate_state import state_of


def things(count: int, patches_field: str | None) -> str:
    """A number of samples, or of labels: "1 sample", "2,000 labels"."""
    noun = "sample" if patches_field is None else "label"
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def untagging(dataset: fo.Dataset, name: str, ids: Sequence[str]) -> Callable[[], str]:
    """A function that undoes a tagging, and says so."""

    def undo() -> str:
        count = brain.untag_neighbors(dataset, name, ids)
        return f"Removed the tag “{name}” from {count:,} again."

    return undo


def tagged_answer(
    ctx: foo.ExecutionContext,
    kind: RunKind,
    name: str,
    tagged: Sequence[str],
    patches_field: str | None,
    also_undo: Callable[[], None] = lambda: None,
) -> ActAnswer:
    """The answer after a tagging, which can be undone.

    Args:
        ctx: the context
        kind: the kind of the result
        name: the tag
        tagged: the ids that did not have it before
        patches_field: the field of the labels, None for samples
        also_undo (None): undoes what was done besides
    """
    untag = untagging(ctx.dataset, name, tagged)

    def undo() -> str:
        also_undo()
        return untag()

    text = f"Tagged {things(len(tagged), patches_field)} “{name}”."
    add_action(ctx.dataset, Action(kind, text, undo))
    ctx.ops.reload_dataset()
    return {"text": text, "state": state_of(ctx.dataset)}
