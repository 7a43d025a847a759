"""The methods of the curation panel that tag by text, ask a person, and save tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

import fiftyone as fo
import fiftyone.operators as foo

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import (
    MAX_NAME,
    quoted,
    read_list,
    read_mapping,
    read_text,
)
from fiftyone_faiss.panels import grid_messages, text_tag_messages
from fiftyone_faiss.panels.base import panel_method
from fiftyone_faiss.panels.curate_lists import page_of
from fiftyone_faiss.panels.curate_messages import ActAnswer, Started
from fiftyone_faiss.panels.curate_runs import (
    Action,
    Run,
    add_action,
    change_result,
    run_of,
    start,
)
from fiftyone_faiss.panels.curate_saving import saved_answer
from fiftyone_faiss.panels.curate_state import state_of
from fiftyone_faiss.panels.curate_tagging import things
from fiftyone_faiss.panels.grid import Grid, samples_of, show_results
from fiftyone_faiss.panels.text_tag_messages import SaveKind
from fiftyone_faiss.panels.text_tag_state import scored_files, text_tag_rows


class TextTagMethods:
    """A part of :class:`CuratePanel`."""

    @panel_method
    def tag_by_text(
        self, ctx: foo.ExecutionContext, params: text_tag_messages.TextTagsParams
    ) -> Started:
        """Starts to compare the prompts with the samples."""
        request = brain.TagsRequest.from_params(params)
        scope = read_text("scope", params.get("scope"), 2 * MAX_NAME) or "dataset"
        samples = samples_of(Grid.of(ctx, params), scope)
        asked = {
            "brain_key": request.brain_key or "",
            "scope": scope,
            "prompts": params["prompts"],
            "propagate": request.propagate,
        }
        return start(ctx.dataset, "text_tags", asked, brain.text_tags_steps(samples, request))

    @panel_method
    def text_tags(
        self, ctx: foo.ExecutionContext, params: text_tag_messages.TextTagPageParams
    ) -> text_tag_messages.TextTagsAnswer:
        """Returns a page of prompts with their best samples."""
        result = _run(ctx, params).result
        first, count = page_of(params)
        rows = text_tag_rows(ctx.dataset, result, first, count)
        return {"prompts": rows, "total": len(result.prompts)}

    @panel_method
    def show_text_tag(
        self, ctx: foo.ExecutionContext, params: text_tag_messages.ShowTextTagParams
    ) -> grid_messages.GridAnswer:
        """Shows the samples of a tag in the grid, best first."""
        result = _run(ctx, params).result
        ids = result.ids(_tag(params))
        return show_results(ctx, Grid.of(ctx, params), ctx.dataset, ids, result.patches_field)

    @panel_method
    def tag_questions(
        self, ctx: foo.ExecutionContext, params: text_tag_messages.TextTagParams
    ) -> text_tag_messages.QuestionsAnswer:
        """Returns ten samples to ask a person about."""
        result, tag = _run(ctx, params).result, _tag(params)
        asked = result.questions(tag)
        return {"questions": scored_files(ctx.dataset, result, result.place(tag), asked)}

    @panel_method
    def answer_questions(
        self, ctx: foo.ExecutionContext, params: text_tag_messages.TagAnswersParams
    ) -> ActAnswer:
        """Learns from a person's answers."""
        run, tag = _run(ctx, params), _tag(params)
        answers = read_mapping("answers", params.get("answers"))
        if not answers:
            raise ValueError("There are no answers; answer at least one question.")
        before = run.result.prompts[run.result.place(tag)]
        result = change_result(run, lambda result: result.refine({tag: answers}))
        count = things(len(result.ids(tag)), result.patches_field)
        noun = "answer" if len(answers) == 1 else "answers"
        text = f"Learned from {len(answers)} {noun} about “{tag}”: it tags {count} now."

        def undo() -> str:
            change_result(run, lambda result: _with_prompt(result, tag, before))
            return f"“{tag}” is as it was before the answers."

        add_action(ctx.dataset, Action("text_tags", text, undo))
        return {"text": text, "state": state_of(ctx.dataset)}

    @panel_method
    def save_text_tags(
        self, ctx: foo.ExecutionContext, params: text_tag_messages.SaveTextTagsParams
    ) -> ActAnswer:
        """Saves tags as FiftyOne's tags, or as labels in a field."""
        result = _run(ctx, params).result
        if params.get("tags") is not None:
            tags = [read_text("tags", tag, MAX_NAME) for tag in read_list("tags", params["tags"])]
            result = result.of_prompts(tags)
        how = read_text("how", params.get("how"), MAX_NAME)
        if how not in get_args(SaveKind):
            raise ValueError(f"{quoted(how)} is not known; choose tags, classifications or single.")
        name = read_text("name", params.get("name"), MAX_NAME)
        if how == "tags":
            return _tagged(ctx, result, name)
        other = read_text("other", params.get("other"), MAX_NAME).strip() or None
        gt_field = read_text("gt_field", params.get("gt_field"), MAX_NAME) or None
        if how == "single":
            return _saved_single(ctx, result, name.strip(), other, gt_field)
        saved = result.save(name.strip())
        return saved_answer(ctx, "text_tags", name.strip(), saved, result.patches_field)


def _run(ctx: foo.ExecutionContext, params: Mapping[str, Any]) -> Run[brain.TextTags]:
    return run_of(ctx.dataset, "text_tags", brain.TextTags, read_text("run", params.get("run")))


def _tag(params: Mapping[str, Any]) -> str:
    return read_text("tag", params.get("tag"), MAX_NAME)


def _with_prompt(result: brain.TextTags, tag: str, prompt: brain.PromptTag) -> brain.TextTags:
    prompts = list(result.prompts)
    prompts[result.place(tag)] = prompt
    return replace(result, prompts=prompts)


def _tagged(ctx: foo.ExecutionContext, result: brain.TextTags, prefix: str) -> ActAnswer:
    """Adds FiftyOne's tags."""
    count = sum(len(result.ids(prompt.tag)) for prompt in result.prompts)
    if not count:
        raise ValueError("None of these prompts tags anything; answer its questions first.")
    tagged = result.tag(prefix)
    names = list(tagged)

    def undo() -> str:
        for name, ids in tagged.items():
            brain.untag_neighbors(ctx.dataset, name, ids)
        return f"Removed {_tags(names)} again."

    samples = len({id for ids in tagged.values() for id in ids})
    text = f"Tagged {things(samples, result.patches_field)} with {_tags(names)}."
    add_action(ctx.dataset, Action("text_tags", text, undo))
    ctx.ops.reload_dataset()
    return {"text": text, "state": state_of(ctx.dataset)}


def _tags(names: list[str]) -> str:
    return f"the tag “{names[0]}”" if len(names) == 1 else f"{len(names)} tags"


def _saved_single(
    ctx: foo.ExecutionContext,
    result: brain.TextTags,
    name: str,
    other: str | None,
    gt_field: str | None,
) -> ActAnswer:
    """Saves the surest tag of each sample, and evaluates it if a field of labels is given."""
    eval_key = f"eval_{name}"
    dataset = ctx.dataset
    if gt_field is not None:
        dataset.reload()
        if gt_field not in dataset.get_field_schema(embedded_doc_type=fo.Classification):
            raise ValueError(f"{quoted(gt_field)} is no field of Classifications; choose another.")
        if dataset.has_evaluation(eval_key):
            raise ValueError(
                f"There is an evaluation {quoted(eval_key)} already; choose another field name, or "
                "delete the evaluation first."
            )
    saved = result.save(name, single=True, other=other)
    field = result.patches_field
    if gt_field is None:
        return saved_answer(ctx, "text_tags", name, saved, field)
    dataset.reload()
    result.samples.evaluate_classifications(name, gt_field=gt_field, eval_key=eval_key)
    return saved_answer(
        ctx,
        "text_tags",
        name,
        saved,
        field,
        before_undo=lambda: _delete_evaluation(dataset, eval_key),
        more=f"The panel Model Evaluation shows its evaluation “{eval_key}”.",
    )


def _delete_evaluation(dataset: fo.Dataset, eval_key: str) -> None:
    # Another request may have another object of the same dataset.
    dataset.reload()
    if dataset.has_evaluation(eval_key):
        dataset.delete_evaluation(eval_key)
