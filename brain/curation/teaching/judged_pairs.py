"""Pairs that people judged in the App: liked and disliked results, and pairs that are no
duplicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, product
from typing import Any, NamedTuple

import fiftyone.core.collections as foc

from fiftyone_faiss.brain.core.params import read_ids
from fiftyone_faiss.brain.curation.judgments import different_pairs
from fiftyone_faiss.brain.curation.teaching.request import IdPair
from fiftyone_faiss.brain.retrieval.history import list_searches

# Of the results of a search, so many of each kind make pairs: the pairs grow with the square.
MAX_JUDGED = 50


class JudgedPairs(NamedTuple):
    """Pairs of ids of samples, frames or labels."""

    alike: list[IdPair]
    unlike: list[IdPair]


def judged_pairs(samples: foc.SampleCollection, patches_field: str | None) -> JudgedPairs:
    """Reads the pairs that people judged.

    Liked results of a search are like each other, and unlike the disliked ones. The samples that
    were searched for count as liked, if some results were judged. Pairs that are no duplicates are
    unlike.

    Args:
        samples: the dataset, or a view of it
        patches_field: the field of the labels that the index holds, None for samples and frames
    """
    alike: list[IdPair] = []
    unlike = sorted(different_pairs(samples, patches_field))
    for search in list_searches(samples):
        liked, disliked = _liked(search.params), _ids(search.params, "disliked")
        alike += combinations(liked, 2)
        unlike += product(liked, disliked)
    return JudgedPairs(alike, unlike)


def _liked(params: Mapping[str, Any]) -> Sequence[str]:
    liked, disliked = _ids(params, "liked"), _ids(params, "disliked")
    queried = _ids(params, "sample_ids") if liked or disliked else ()
    return tuple(dict.fromkeys([*queried, *liked]))[:MAX_JUDGED]


def _ids(params: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return read_ids(name, params.get(name))[:MAX_JUDGED]
