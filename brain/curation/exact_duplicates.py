"""Finds samples whose files have equal contents."""

from __future__ import annotations

import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.core.progress import Steps
from fiftyone_faiss.brain.curation.duplicates import DuplicatePair, Duplicates, members_of
from fiftyone_faiss.brain.curation.keeper_facts import facts_of
from fiftyone_faiss.brain.curation.keepers import check_rules, order_of
from fiftyone_faiss.brain.data.file_hashes import hash_files_steps
from fiftyone_faiss.brain.data.lookup import all_slices
from fiftyone_faiss.brain.data.private import root_dataset
from fiftyone_faiss.brain.data.progress_bar import ProgressOption, run_steps

# Files with equal contents differ by neither size nor sharpness.
EXACT_RULES = ("labels", "age")


def find_exact_duplicates(
    samples: foc.SampleCollection,
    pixels: bool = False,
    rules: tuple[str, ...] = EXACT_RULES,
    split_field: str | None = None,
    progress: ProgressOption = None,
) -> Duplicates:
    """Finds samples whose files have equal contents; needs no index.

    Args:
        samples: a dataset or a view
        pixels (False): whether to compare the decoded pixels of images, so that the same image in
            another lossless format is a duplicate too
        rules (("labels", "age")): which sample of a group to keep; see :mod:`keepers`
        split_field (None): see :class:`DuplicatesRequest`
        progress (None): whether to show a progress bar, or a callback

    Returns:
        a :class:`Duplicates`; missing and unreadable files are in ``unreadable``, by their path

    Raises:
        ValueError: if a rule is unknown
    """
    return run_steps(exact_duplicates_steps(samples, pixels, rules, split_field), progress)


def exact_duplicates_steps(
    samples: foc.SampleCollection,
    pixels: bool = False,
    rules: tuple[str, ...] = EXACT_RULES,
    split_field: str | None = None,
) -> Steps[Duplicates]:
    """Does the work of :func:`find_exact_duplicates` in steps that can be tracked and canceled."""
    rules = check_rules(rules, has_split=split_field is not None)
    ids, paths = all_slices(samples).values(["id", "filepath"])
    hashes = yield from hash_files_steps(paths, pixels)
    groups = [[ids[position] for position in group] for group in hashes.groups()]
    wanted = [id for group in groups for id in group]
    facts_by_id = facts_of(root_dataset(samples), wanted, rules, split_field) if wanted else {}
    members, pairs = [], []
    for group in sorted(groups, key=len, reverse=True):
        ordered = order_of([facts_by_id[id] for id in group if id in facts_by_id], rules)
        if len(ordered) < 2:
            continue
        names = [choice.id for choice in ordered]
        keeper = names[0]
        verdicts = {(min(keeper, id), max(keeper, id)): "copy" for id in names[1:]}
        choices = {choice.id: choice for choice in ordered}
        members.append(
            members_of(
                names, dict.fromkeys(names, keeper), dict.fromkeys(names, 0.0), choices, verdicts
            )
        )
        reason = "the pixels are equal" if pixels else "the files are equal"
        pairs += [
            DuplicatePair(min(keeper, id), max(keeper, id), 0.0, "copy", 1.0, reason)
            for id in names[1:]
        ]
    count = sum(len(group) * (len(group) - 1) // 2 for group in members)
    return Duplicates(
        samples, None, members, pairs, count, 0.0, None, 1.0, len(np.unique(ids)), hashes.unreadable
    )
