"""Tagging what a search finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import fiftyone.core.collections as foc

from fiftyone_faiss.brain.queries.parsing import parse_query
from fiftyone_faiss.brain.queries.terms import Query, SamplesQuery
from fiftyone_faiss.brain.retrieval.neighbors import Neighbors
from fiftyone_faiss.brain.retrieval.request import DEFAULT_K, SearchRequest
from fiftyone_faiss.brain.retrieval.searching import run_search, search
from fiftyone_faiss.brain.retrieval.tags import DEFAULT_TAG, apply_tag, check_tag


@dataclass(frozen=True)
class Tagging:
    """What a tagging did.

    Attributes:
        tag: the tag
        ids: the ids of the samples, or labels, that got it and had not had it
        neighbors: the search it came of
    """

    tag: str
    ids: list[str]
    neighbors: Neighbors


def tag_neighbors(
    samples: foc.SampleCollection,
    query: Any,
    tag: str = DEFAULT_TAG,
    k: int | None = DEFAULT_K,
    brain_key: str | None = None,
    replace: bool = False,
    **options: Any,
) -> Tagging:
    """Tags what a search finds, and the query's own samples: those to be found, not those to be
    avoided.

    For an index of patches the labels are tagged, not their samples.

    Args:
        samples: a dataset, or a view to search in
        query: see :func:`fiftyone_faiss.search`
        tag ("neighbors"): the tag
        k (25): how many neighbours
        brain_key (None): the index to search; may be left out when there is only one
        replace (False): whether to take back the previous tagging with this tag first
        **options: see :func:`fiftyone_faiss.search`

    Returns:
        a :class:`Tagging`

    Raises:
        ValueError: as in :func:`fiftyone_faiss.search`, or if the tag is empty, or frames were
            found, which have no tags
    """
    check_tag(tag)
    names = {name: options.pop(name) for name in ("selected", "alt", "uploads") if name in options}
    parsed = parse_query(query, **names)
    return _tagged(search(samples, parsed, brain_key, k, **options), parsed, tag, replace)


def tag_search(
    samples: foc.SampleCollection, request: SearchRequest, tag: str, replace: bool = False
) -> Tagging:
    """Tags the answer to a request; see :func:`tag_neighbors`."""
    check_tag(tag)
    return _tagged(run_search(samples, request), request.query, tag, replace)


def _tagged(neighbors: Neighbors, query: Query, tag: str, replace: bool) -> Tagging:
    wanted = [term.query for term in query.terms if not term.negative]
    own = [one for query in wanted if isinstance(query, SamplesQuery) for one in query.ids]
    ids = list(dict.fromkeys((*own, *neighbors.ids)))
    dataset = neighbors.samples._root_dataset
    tagged = apply_tag(dataset, ids, tag, neighbors.patches_field, replace)
    return Tagging(tag, tagged, neighbors)
