"""The methods of the curation panel that audit labels, and apply a person's decisions."""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

import fiftyone.operators as foo

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import MAX_NAME, quoted, read_ids, read_text, read_whole
from fiftyone_faiss.panels import curate_messages, grid_messages, labels_messages, messages
from fiftyone_faiss.panels.base import panel_method
from fiftyone_faiss.panels.curate_lists import files_of, page_of
from fiftyone_faiss.panels.curate_runs import Action, add_action, run_of, start
from fiftyone_faiss.panels.curate_state import state_of
from fiftyone_faiss.panels.curate_tagging import untagging
from fiftyone_faiss.panels.grid import Grid, samples_of, show_results

# The changes, from one class to another one, that the page names before they are made.
MAX_CHANGES = 5
# What the page is told of a request.
ASKED = ("brain_key", "label_field", "thresh", "k", "min_probability")


class LabelsMethods:
    """A part of :class:`CuratePanel`."""

    @panel_method
    def label_fields(
        self, ctx: foo.ExecutionContext, params: labels_messages.IndexParams
    ) -> labels_messages.LabelFields:
        """Lists the fields that may hold labels of what an index holds."""
        key = read_text("brain_key", params.get("brain_key"), MAX_NAME)
        known = {info.brain_key: info for info in brain.index_configs(ctx.dataset)}
        if key not in known:
            raise ValueError(f"There is no index {quoted(key)} any more; choose another one.")
        return {"fields": brain.label_fields(ctx.dataset, known[key].patches_field)}

    @panel_method
    def audit_labels(
        self, ctx: foo.ExecutionContext, params: labels_messages.AuditParams
    ) -> curate_messages.Started:
        """Starts an audit of labels."""
        scope = read_text("scope", params.get("scope"), 2 * MAX_NAME) or "dataset"
        request = brain.AuditRequest.from_params(params)
        steps = brain.audit_steps(samples_of(Grid.of(ctx, params), scope), request)
        asked = {name: getattr(request, name) for name in ASKED}
        return start(ctx.dataset, "labels", {**asked, "scope": scope}, steps)

    @panel_method
    def issues(
        self, ctx: foo.ExecutionContext, params: labels_messages.IssuesParams
    ) -> labels_messages.IssuesAnswer:
        """Returns a page of issues with their files and decisions, without those that are gone."""
        audit = _audit(ctx, params)
        first, count = page_of(params)
        issues = audit.issues[first : first + count]
        ids = [issue.id for issue in issues]
        files = files_of(ctx.dataset, ids, audit.patches_field)
        now, decisions = audit.current_labels(ids), audit.decisions()
        rows = [
            _row(issue, files[issue.id], now.get(issue.id), decisions.get(issue.id, {}))
            for issue in issues
            if issue.id in files
        ]
        return {"issues": rows, "total": len(audit.issues)}

    @panel_method
    def label_classes(
        self, ctx: foo.ExecutionContext, params: labels_messages.AuditRunParams
    ) -> labels_messages.LabelClasses:
        """Lists the classes, for the choice of a label."""
        return {"classes": sorted(set(_audit(ctx, params).labels.values()))}

    @panel_method
    def decide_label(
        self, ctx: foo.ExecutionContext, params: labels_messages.DecideParams
    ) -> messages.Empty:
        """Writes a decision into fields, or removes it."""
        audit = _audit(ctx, params)
        (id,) = read_ids("id", [params.get("id")])
        action = read_text("action", params.get("action"))
        if action:
            audit.decide({id: {"action": action, "label": params.get("new_label")}})
        else:
            audit.withdraw([id])
        return {}

    @panel_method
    def label_plan(
        self, ctx: foo.ExecutionContext, params: labels_messages.AuditRunParams
    ) -> labels_messages.LabelPlan:
        """Tells what applying the decisions would change."""
        plan = _audit(ctx, params).plan()
        pairs = Counter((plan.old[id], label) for id, label in plan.labels.items()).most_common()
        changes: list[labels_messages.LabelChange] = [
            {"old": old, "new": new, "count": count} for (old, new), count in pairs
        ]
        return {
            "relabel": len(plan.labels),
            "changes": changes[:MAX_CHANGES],
            "more_changes": max(0, len(changes) - MAX_CHANGES),
            "skipped": len(plan.skipped),
            "keep": plan.keep,
            "not_sure": plan.not_sure,
        }

    @panel_method
    def apply_labels(
        self, ctx: foo.ExecutionContext, params: labels_messages.ApplyParams
    ) -> curate_messages.ActAnswer:
        """Changes the labels that a person decided to change."""
        audit = _audit(ctx, params)
        shown = read_whole("relabel", params.get("relabel")) or 0
        count = len(audit.plan().labels)
        if not count or count != shown:
            raise ValueError(
                f"The page showed {shown:,} changes, and there are {count:,} now; look at them "
                "again, then apply them."
            )
        applied = audit.apply()
        text = f"Changed {_labels(len(applied.changed))} of “{audit.label_field}”."
        if applied.skipped:
            text += f" {len(applied.skipped):,} stay, because somebody has changed them."

        def undo() -> str:
            return f"Restored {_labels(applied.undo())} of “{audit.label_field}”."

        return _done(ctx, text, undo)

    @panel_method
    def tag_issues(
        self, ctx: foo.ExecutionContext, params: labels_messages.TagIssuesParams
    ) -> curate_messages.ActAnswer:
        """Tags the issues."""
        audit = _audit(ctx, params)
        name = read_text("name", params.get("name"), MAX_NAME).strip()
        tagged = audit.tag(name)
        text = f"Tagged {len(tagged):,} of {len(audit.issues):,} “{name}”."
        return _done(ctx, text, untagging(ctx.dataset, name, tagged))

    @panel_method
    def show_issues(
        self, ctx: foo.ExecutionContext, params: labels_messages.ShowIssuesParams
    ) -> grid_messages.GridAnswer:
        """Shows the issues in the grid, the most probable first."""
        audit = _audit(ctx, params)
        grid = Grid.of(ctx, params)
        return show_results(ctx, grid, ctx.dataset, audit.ids, audit.patches_field)


def _audit(ctx: foo.ExecutionContext, params: Any) -> brain.LabelAudit:
    id = read_text("run", params.get("run"), MAX_NAME)
    return run_of(ctx.dataset, "labels", brain.LabelAudit, id).result


def _labels(count: int) -> str:
    return f"{count:,} label{'' if count == 1 else 's'}"


def _done(ctx: foo.ExecutionContext, text: str, undo: Any) -> curate_messages.ActAnswer:
    add_action(ctx.dataset, Action("labels", text, undo))
    ctx.ops.reload_dataset()
    return {"text": text, "state": state_of(ctx.dataset)}


def _row(
    issue: brain.LabelIssue, file: Any, now: str | None, decision: dict[str, Any]
) -> labels_messages.IssueRow:
    row = {
        **issue.to_dict(),
        "votes": [{"label": label, "count": count} for label, count in issue.votes.items()],
        "now": now,
        "action": decision.get("action"),
        "new_label": decision.get("label"),
        "file": file,
    }
    return cast(labels_messages.IssueRow, row)
