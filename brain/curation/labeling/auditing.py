"""Audits labels by the votes of their neighbors."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import fiftyone.core.collections as foc
import numpy as np
from scipy import sparse

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.core.progress import Steps
from fiftyone_faiss.brain.curation.labeling.audit_request import AuditRequest
from fiftyone_faiss.brain.curation.labeling.fitting import CHOICES, chosen_k_steps, fit_steps
from fiftyone_faiss.brain.curation.labeling.judging import Judgment, judge
from fiftyone_faiss.brain.curation.labeling.label_audit import LabelAudit, LabelIssue
from fiftyone_faiss.brain.curation.labeling.label_decisions import DecisionFields, default_field
from fiftyone_faiss.brain.curation.labeling.label_values import Labeled
from fiftyone_faiss.brain.curation.labeling.noise_model import MAX_CLASSES
from fiftyone_faiss.brain.curation.labeling.visibility import (
    Mask,
    agreement_of,
    doubt_of,
    judged_classes,
    unseen_note,
)
from fiftyone_faiss.brain.curation.labeling.votes import voter_steps
from fiftyone_faiss.brain.curation.near_duplicate_groups import groups_steps
from fiftyone_faiss.brain.data.progress_bar import ProgressOption, run_steps

# A suggested label is at least this probable.
SUGGESTED = 0.5


def audit_labels(
    samples: foc.SampleCollection,
    label_field: str,
    brain_key: str | None = None,
    *,
    progress: ProgressOption = None,
    **options: Any,
) -> LabelAudit:
    """Finds labels that are probably wrong, and estimates how many are.

    The nearest neighbors of each sample vote about its label; near duplicates of the sample do
    not, because they would repeat its own label. If the index does not see what the labels name,
    the audit is not conclusive, and lists no issues.

    Args:
        samples: a dataset or a view; only its members vote
        label_field: a field of ``Classification``, the field of the patches of the index, or a
            field or attribute of texts, such as ``"objects.color"``
        brain_key (None): the FAISS index; not needed when there is only one
        progress (None): whether to show a progress bar, or a callback
        **options: see :class:`AuditRequest`

    Returns:
        a :class:`LabelAudit`

    Raises:
        ValueError: if a value is not valid, there is no such field, or it has fewer than two
            classes or more than 2,000
    """
    request = AuditRequest(label_field, brain_key, **options)
    return run_steps(audit_steps(samples, request), progress)


def audit_steps(samples: foc.SampleCollection, request: AuditRequest) -> Steps[LabelAudit]:
    """Does the work of :func:`audit_labels` in steps that can be tracked and canceled."""
    compared = Compared.of(samples, request.brain_key)
    labeled = Labeled.of(compared, request.label_field)
    if len(labeled.names) > MAX_CLASSES:
        raise ValueError(
            f"'{request.label_field}' has {len(labeled.names):,} classes; audit views of at most "
            f"{MAX_CLASSES:,}."
        )
    groups = yield from groups_steps(labeled.compared, request.thresh)
    most = request.k or max(CHOICES)
    voters = yield from voter_steps(labeled.compared, groups, most)
    labels, classes = labeled.labels, len(labeled.names)
    sizes = np.bincount(groups)[groups]
    k = request.k or (yield from chosen_k_steps(voters, labels, classes, 1 / sizes))
    counts = voters.counts(k, labels, classes)
    model = yield from fit_steps(counts, labels, 1 / sizes)
    judged = judged_classes(model, labels, 1 / sizes)
    judgment = judge(model, counts, labels, 1 / sizes, labeled.names, judged)
    agreement = agreement_of(voters, k, labels, groups)
    about = f"'{compared.brain_key}' do not tell the labels of '{request.label_field}'"
    doubt = doubt_of(agreement, model, judged, judgment.look_alikes / len(labels), about)
    field = request.field or default_field(labeled.field)
    kept = _kept(labeled, field)
    issues: list[LabelIssue] = []
    if doubt is None:
        votes = voters.counts(k, labels, classes, weighted=False)
        issues = _issues(labeled, judgment, votes, request.min_probability, judged)
    of_judged = zip(labeled.ids, judgment.wrong.tolist(), judged[labels].tolist(), strict=True)
    return LabelAudit(
        samples,
        compared.patches_field,
        request.label_field,
        [issue for issue in issues if issue.id not in kept],
        judgment.noise_rate if doubt is None else None,
        {id: wrong for id, wrong, is_judged in of_judged if is_judged and doubt is None},
        {id: labeled.names[n] for id, n in zip(labeled.ids, labels.tolist(), strict=True)},
        agreement,
        doubt,
        judgment.look_alikes,
        labeled.unlabeled,
        int((sizes > 1).sum()),
        voters.recall,
        k,
        labeled.field,
        field,
        tuple(_notes(labeled, groups, counts, kept, None if doubt else judged)),
    )


def _kept(labeled: Labeled, field: str) -> set[str]:
    """The ids whose present label a person kept after an earlier audit."""
    decisions, old = DecisionFields(labeled.field, field, labeled.ids).read()
    now = labeled.labels.tolist()
    return {
        id
        for id, label in zip(labeled.ids, now, strict=True)
        if id in decisions and decisions[id].action == "keep" and old[id] == labeled.names[label]
    }


def _issues(
    labeled: Labeled,
    judgment: Judgment,
    counts: sparse.csr_matrix,
    minimum: float,
    judged: Mask,
) -> list[LabelIssue]:
    chosen = np.flatnonzero((judgment.wrong >= minimum) & judged[labeled.labels])
    order = chosen[np.lexsort((judgment.margin[chosen], -judgment.wrong[chosen]))]
    issues = []
    for position in order.tolist():
        row = counts[position]
        by_count = sorted(zip(row.data.tolist(), row.indices.tolist(), strict=True), reverse=True)
        suggested = judgment.suggested[position]
        is_probable = judgment.suggested_probability[position] >= SUGGESTED and judged[suggested]
        issues.append(
            LabelIssue(
                labeled.ids[position],
                labeled.names[labeled.labels[position]],
                labeled.names[suggested] if is_probable else None,
                float(judgment.wrong[position]),
                {labeled.names[label]: int(count) for count, label in by_count},
            )
        )
    return issues


def _notes(
    labeled: Labeled,
    groups: Positions,
    counts: sparse.csr_matrix,
    kept: Collection[str],
    judged: Mask | None,
) -> list[str]:
    unseen = None if judged is None else unseen_note(labeled.names, judged)
    notes = [] if unseen is None else [unseen]
    if kept and judged is not None:
        notes.append(f"{len(kept):,} labels that a person kept are no issues.")
    labels_of_group = np.unique(np.stack([groups, labeled.labels]), axis=1)[0]
    several = int((np.unique(labels_of_group, return_counts=True)[1] > 1).sum())
    if several:
        notes.append(f"{several:,} groups of near duplicates have several labels.")
    alone = int((counts.sum(axis=1) == 0).sum())
    if alone:
        notes.append(f"{alone:,} have no neighbor that votes; their labels cannot be judged.")
    rare = int((np.bincount(labeled.labels) < 5).sum())
    if rare:
        notes.append(f"{rare:,} classes have fewer than five samples, too few to know them.")
    return notes
