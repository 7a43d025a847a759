"""Tags the results of a search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import fiftyone.core.collections as foc

from fiftyone_faiss.brain.data.private import root_dataset
from fiftyone_faiss.brain.queries.query_input import QueryInput
from fiftyone_faiss.brain.queries.terms import SamplesQuery
from fiftyone_faiss.brain.retrieval.neighbors import Neighbors
from fiftyone_faiss.brain.retrieval.request import DEFAULT_K, SearchRequest
from fiftyone_faiss.brain.retrieval.searching import run_search
from fiftyone_faiss.brain.retrieval.tags import DEFAULT_TAG, apply_tag, check_tag


@dataclass(frozen=True)
class Tagging:
    """The samples, or labels, that were tagged.

    Attributes:
        tag: the tag
        ids: the ids of the samples, or labels, that did not have the tag before
        neighbors: the results of the search
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
    """Tags the results of a search, and the samples that are positive terms of the query.

    For an index of patches, labels are tagged, not samples.

    Args:
        samples: a dataset, or a view to search in
        query: see :func:`fiftyone_faiss.search`
        tag ("neighbors"): the tag
        k (25): the number of neighbors
        brain_key (None): the index to search; not needed when there is only one
        replace (False): whether to undo the previous tagging with this tag first
        **options: see :func:`fiftyone_faiss.search`

    Returns:
        a :class:`Tagging`

    Raises:
        ValueError: as in :func:`fiftyone_faiss.search`, or if the tag is empty, or the results
            are frames, which have no tags
    """
    names = {name: options.pop(name) for name in ("selected", "alt", "uploads") if name in options}
    request = SearchRequest(QueryInput.of(query, **names), brain_key=brain_key, k=k, **options)
    return tag_search(samples, request, tag, replace)


def tag_search(
    samples: foc.SampleCollection, request: SearchRequest, tag: str, replace: bool = False
) -> Tagging:
    """Tags the results of a request; see :func:`tag_neighbors`."""
    check_tag(tag)
    neighbors = run_search(samples, request)
    queries = [term.query for term in request.query.terms if not term.negative]
    own = [id for query in queries if isinstance(query, SamplesQuery) for id in query.ids]
    ids = list(dict.fromkeys((*own, *neighbors.ids)))
    tagged = apply_tag(root_dataset(samples), ids, tag, neighbors.patches_field, replace)
    return Tagging(tag, tagged, neighbors)
