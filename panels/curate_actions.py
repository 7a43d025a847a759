"""The methods of the curation panel that change a dataset, and undo that."""

from __future__ import annotations

from collections.abc import Callable

import fiftyone.operators as foo

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import (
    MAX_NAME,
    quoted,
    read_flag,
    read_ids,
    read_list,
    read_text,
)
from fiftyone_faiss.panels import curate_messages, messages
from fiftyone_faiss.panels.base import panel_method
from fiftyone_faiss.panels.curate_runs import (
    Action,
    add_action,
    duplicates_of,
    leaks_of,
    take_action,
)
from fiftyone_faiss.panels.curate_state import state_of
from fiftyone_faiss.panels.curate_tagging import tagged_answer, things, untagging

Done = tuple[str, Callable[[], str]]
"""What an action did, and how to undo it."""


class CurateActions:
    """A part of :class:`CuratePanel`."""

    @panel_method
    def plan(
        self, ctx: foo.ExecutionContext, params: curate_messages.DecisionParams
    ) -> curate_messages.Plan:
        """Tells what the actions would change."""
        chosen = _chosen(ctx, params)
        merge = chosen.merge_preview() if chosen.patches_field is None else None
        merged = set() if merge is None else {*merge.tags, *merge.labels}
        return {
            "ids": chosen.redundant,
            "groups": len(chosen.members),
            "merged": len(merged),
        }

    @panel_method
    def act(
        self, ctx: foo.ExecutionContext, params: curate_messages.ActParams
    ) -> curate_messages.ActAnswer:
        """Does what was confirmed, with those of the given ids that are still redundant."""
        action = read_text("action", params.get("action"))
        if action not in _ACTIONS:
            raise ValueError(f"{quoted(action)} is no action; choose one of {', '.join(_ACTIONS)}.")
        chosen = _chosen(ctx, params)
        confirmed = set(read_ids("ids", params.get("ids")))
        others = [id for id in chosen.redundant if id not in confirmed]
        chosen = chosen.keeping(others)
        if not chosen.redundant:
            raise ValueError("None of these samples is redundant any more; nothing was changed.")
        lost = len(confirmed) - len(chosen.redundant)
        name = read_text("name", params.get("name"), MAX_NAME).strip()
        text, undo = _ACTIONS[action](chosen, name)
        if lost:
            text += f" {lost:,} others were deleted meanwhile or are not redundant any more."
        add_action(ctx.dataset, Action("duplicates", text, undo))
        ctx.ops.reload_dataset()
        return {"text": text, "state": state_of(ctx.dataset)}

    @panel_method
    def tag_leaks(
        self, ctx: foo.ExecutionContext, params: curate_messages.TagLeaksParams
    ) -> curate_messages.ActAnswer:
        """Tags the samples in a leak."""
        _, result = leaks_of(ctx.dataset, read_text("run", params.get("run")))
        name = read_text("name", params.get("name"), MAX_NAME).strip()
        return tagged_answer(ctx, "leaks", name, result.tag(name), result.patches_field)

    @panel_method
    def judge_pair(
        self, ctx: foo.ExecutionContext, params: curate_messages.JudgePairParams
    ) -> messages.Empty:
        """Records that two are no duplicates, or takes that back; the next run reads it."""
        _, result = duplicates_of(ctx.dataset, read_text("run", params.get("run")))
        id_a, id_b = read_ids("ids", [params.get("id_a"), params.get("id_b")])
        judgment = brain.record_different(ctx.dataset, id_a, id_b, result.patches_field)
        if not read_flag("is_different", params.get("is_different")):
            brain.remove_judgment(ctx.dataset, judgment)
        return {}

    @panel_method
    def undo(
        self, ctx: foo.ExecutionContext, params: curate_messages.UndoParams
    ) -> curate_messages.ActAnswer:
        """Undoes an action."""
        text = take_action(ctx.dataset, read_text("id", params.get("id"))).undo()
        ctx.ops.reload_dataset()
        return {"text": text, "state": state_of(ctx.dataset)}


def _chosen(ctx: foo.ExecutionContext, params: curate_messages.DecisionParams) -> brain.Duplicates:
    """The duplicates of the chosen groups, with a person's decisions, as far as they exist."""
    _, result = duplicates_of(ctx.dataset, read_text("run", params.get("run")))
    if params.get("groups") is not None:
        numbers = set(read_list("groups", params["groups"]))
        result = result.of_groups([n for n in range(len(result.members)) if n in numbers])
    keep, remove = (read_ids(name, params.get(name)) for name in ("keep", "remove"))
    return result.deciding(keep, remove)


def _tag(chosen: brain.Duplicates, name: str) -> Done:
    tagged = chosen.tag(name)
    text = f"Tagged {things(len(tagged), chosen.patches_field)} “{name}”."
    return text, untagging(chosen.samples, name, tagged)


def _save(chosen: brain.Duplicates, name: str) -> Done:
    saved = chosen.save(name)

    def undo() -> str:
        saved.undo()
        return f"Restored the fields “{name}_…”."

    noun = things(saved.count, chosen.patches_field)
    return f"Saved {len(chosen.members):,} groups of {noun} in the fields “{name}_…”.", undo


def _merge(chosen: brain.Duplicates, name: str) -> Done:
    if chosen.patches_field is not None:
        raise ValueError("Labels have no labels to merge; merge works with samples.")
    merge = chosen.merge()

    def undo() -> str:
        merge.undo()
        return "Took the merged labels and tags from the keepers again."

    count = len({*merge.tags, *merge.labels})
    return f"Merged labels and tags into {things(count, None)}.", undo


def _remove(chosen: brain.Duplicates, name: str) -> Done:
    removal = chosen.remove(confirmed=len(chosen.redundant))
    field = chosen.patches_field

    def undo() -> str:
        return f"Brought {things(removal.undo(), field)} back."

    files = "" if field else " Files stay on disk."
    return f"Removed {things(len(removal.ids), field)} from the dataset.{files}", undo


_ACTIONS: dict[str, Callable[[brain.Duplicates, str], Done]] = {
    "tag": _tag,
    "save": _save,
    "merge": _merge,
    "remove": _remove,
}
