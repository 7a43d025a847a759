"""Search: a request in, neighbours out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.found import check_ordered
from fiftyone_faiss.brain.ids import unpack_ids
from fiftyone_faiss.brain.manage import load_index
from fiftyone_faiss.brain.models import get_embedder
from fiftyone_faiss.brain.queries import Query, parse_query, query_from_params

DEFAULT_K = 25


@dataclass(frozen=True)
class SearchRequest:
    """What to search for, where, and how much of it.

    Attributes:
        query: what to search for
        brain_key: the index to search, or None for the only one
        k: how many neighbours, at least 1
        reverse: whether to find the least similar instead
    """

    query: Query
    brain_key: str | None = None
    k: int = DEFAULT_K
    reverse: bool = False

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError(f"k is {self.k}; ask for at least 1 neighbour.")

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> SearchRequest:
        """Reads a form or a message of the panel.

        Raises:
            ValueError: if a value is missing or bad, saying what to do
        """
        return cls(
            query=query_from_params(params),
            brain_key=params.get("brain_key") or None,
            k=parse_k(params.get("k", DEFAULT_K)),
            reverse=bool(params.get("reverse", False)),
        )


def parse_k(value: Any) -> int:
    """Reads a number of neighbours, or raises a ``ValueError`` that says what to give."""
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"k is {value!r}; give a whole number, such as 25.") from error


@dataclass(frozen=True)
class Neighbors:
    """What a search found, nearest first.

    Attributes:
        samples: the collection that was searched
        brain_key: the index that was searched
        metric: its metric
        patches_field: the field of the labels found, None if samples were
        ids: ``n`` ids of samples, or of labels for an index of patches
        sample_ids: ``n`` ids of the samples
        distances: ``(n,)`` float64: cosine ``1 - cos``, 0 to 2; euclidean L2; dotproduct
            ``-<q, x>``; ascending
        query: the query in a few words
        notes: sentences for the person who asked
        timings: seconds spent to ``"embed"`` the query and to ``"search"``
    """

    samples: foc.SampleCollection
    brain_key: str
    metric: str
    patches_field: str | None
    ids: list[str]
    sample_ids: list[str]
    distances: npt.NDArray[np.float64]
    query: str
    notes: tuple[str, ...]
    timings: dict[str, float]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def scores(self) -> npt.NDArray[np.float64]:
        """``(n,)`` float64 for people, higher is closer: the cosine, -1 to 1; the inner product;
        or ``1 / (1 + distance)``, 0 to 1, for the euclidean metric."""
        if self.metric == "cosine":
            return 1.0 - self.distances
        return -self.distances if self.metric == "dotproduct" else 1.0 / (1.0 + self.distances)

    def view(self) -> fo.DatasetView:
        """The neighbours in order: samples, or patches for an index of patches.

        Raises:
            ValueError: if they are too many for a view
        """
        samples = self.samples
        check_ordered(len(self), samples)
        if self.patches_field is not None and not samples._is_patches:
            samples = samples.to_patches(self.patches_field)
        return samples.select(self.ids, ordered=True)

    def summary(self) -> dict[str, Any]:
        """The numbers of the search, as JSON values."""
        return {
            "query": self.query,
            "brain_key": self.brain_key,
            "count": len(self),
            "best_score": round(float(self.scores[0]), 4) if len(self) else None,
            "milliseconds": round(1000 * sum(self.timings.values()), 1),
            "notes": list(self.notes),
        }


def search(
    samples: foc.SampleCollection,
    query: Any,
    brain_key: str | None = None,
    k: int = DEFAULT_K,
    reverse: bool = False,
) -> Neighbors:
    """Finds the samples, or label patches, most similar to a query.

    Args:
        samples: a dataset, or a view to search in
        query: words; a sample id or a list of them; a ``pathlib.Path`` of an image; a PIL image;
            an RGB uint8 array; or a vector
        brain_key (None): the index to search; may be left out when there is only one
        k (25): how many neighbours; all there are, if there are fewer
        reverse (False): whether to find the least similar instead

    Returns:
        a :class:`Neighbors`

    Raises:
        ValueError: if the query, the index or ``k`` is bad, saying what to do
    """
    return answer(samples, SearchRequest(parse_query(query), brain_key, parse_k(k), reverse))


def answer(samples: foc.SampleCollection, request: SearchRequest) -> Neighbors:
    """Answers a search request; see :func:`search`."""
    index = load_index(samples, request.brain_key)
    if not index.total_index_size:
        raise ValueError(f"The index '{index.key}' is empty; build it first.")
    started = time.perf_counter()
    vector = request.query.vector(index)
    embedded = time.perf_counter()
    view = None if isinstance(samples, fo.Dataset) else samples
    found = index.nearest(vector[None], request.k, view, request.reverse)[0]
    searched = time.perf_counter()
    sample_ids = unpack_ids(found.sample_ids)
    return Neighbors(
        samples=samples,
        brain_key=index.key,
        metric=index.config.metric,
        patches_field=index.config.patches_field,
        ids=sample_ids if found.label_ids is None else unpack_ids(found.label_ids),
        sample_ids=sample_ids,
        distances=found.distances,
        query=request.query.describe(),
        notes=(*request.query.notes(index), *_shortfall(request.k, len(sample_ids), samples)),
        timings={"embed": embedded - started, "search": searched - embedded},
    )


def _shortfall(k: int, found: int, samples: foc.SampleCollection) -> tuple[str, ...]:
    if found >= k:
        return ()
    where = "dataset" if isinstance(samples, fo.Dataset) else "view"
    return (f"k is {k:,}, but the {where} has only {found:,} indexed; all are shown.",)


def warm(samples: foc.SampleCollection, brain_key: str | None = None) -> dict[str, Any]:
    """Does what the first query would wait for: loads the model and maps the vectors.

    Returns:
        the ``model``'s name, or None, and the ``seconds`` it took
    """
    started = time.perf_counter()
    index = load_index(samples, brain_key)
    model = index.config.model
    if model is not None and index.supports_prompts:
        get_embedder(model).embed_texts(["warm"])
    # Touching the index in the order of its ids also brings the ids into memory.
    index.snapshot.rows_of(index.snapshot.ids[:1])
    return {"model": model, "seconds": time.perf_counter() - started}
