"""Search: a request in, neighbours out."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc

from fiftyone_faiss.brain.backend.loading import load_index
from fiftyone_faiss.brain.core.ids import unpack_ids
from fiftyone_faiss.brain.models.loading import get_embedder
from fiftyone_faiss.brain.models.prompts import Templates
from fiftyone_faiss.brain.queries.parsing import parse_query
from fiftyone_faiss.brain.retrieval.calibration import FEWEST_ROWS, reference_set_of
from fiftyone_faiss.brain.retrieval.candidates import find_results
from fiftyone_faiss.brain.retrieval.encoding import EncodedQuery
from fiftyone_faiss.brain.retrieval.neighbors import Neighbors
from fiftyone_faiss.brain.retrieval.request import DEFAULT_K, SearchRequest


def search(
    samples: foc.SampleCollection,
    query: Any,
    brain_key: str | None = None,
    k: int | None = DEFAULT_K,
    reverse: bool = False,
    *,
    skip: int = 0,
    thresh: float | None = None,
    templates: Templates = "off",
    diversity: float = 0.0,
    fold: bool | float = False,
    hubness: bool = False,
    liked: Sequence[str] = (),
    disliked: Sequence[str] = (),
    selected: Sequence[str] = (),
    alt: Sequence[str] = (),
    uploads: Mapping[str, Any] | None = None,
) -> Neighbors:
    """Finds the samples, or label patches, most similar to a query.

    Args:
        samples: a dataset, or a view to search in
        query: a query line, such as ``"a red car"`` or ``'2: forklift - "person"'``; the id of a
            sample or label, or a list of them; a ``pathlib.Path`` of an image; a PIL image; an RGB
            uint8 array; or a vector, as an array or a list
        brain_key (None): the index to search; may be left out when there is only one
        k (25): how many neighbours; all there are, if there are fewer. None for all within
            ``thresh``, 50,000 at most, with ``diversity`` 1,000
        reverse (False): whether to find the least similar instead
        skip (0): how many of the best to pass over, for a next page
        thresh (None): the largest distance of a result
        templates ("off"): ``"one"`` puts words into the embedder's first sentence, such as
            "a photo of {}"; ``"ensemble"`` takes the mean over all of its sentences
        diversity (0.0): 0 to 1, how much unlike one another results should be
        fold (False): whether near-copies count as one result, or from which cosine distance on
        hubness (False): whether to take off how near results are to everything
        liked (()): ids, of samples or labels in the index, that results should be more like
        disliked (()): ids that they should be less like
        selected (()): the ids that ``@selected`` in the line stands for
        alt (()): ids that ``@selected`` brings in to be avoided, as alt-clicked samples in the App
        uploads (None): an image, or the path of one, for each ``@upload`` in the line

    Returns:
        a :class:`Neighbors`

    Raises:
        ValueError: if the query, the index or an option is bad, saying what to do
    """
    options = {
        "brain_key": brain_key,
        "k": k,
        "reverse": reverse,
        "skip": skip,
        "thresh": thresh,
        "templates": templates,
        "diversity": diversity,
        "fold": fold,
        "hubness": hubness,
        "liked": liked,
        "disliked": disliked,
    }
    parsed = parse_query(query, selected, alt, uploads)
    return run_search(samples, SearchRequest.with_options(parsed, options))


def search_several(
    targets: Sequence[foc.SampleCollection | tuple[foc.SampleCollection, str]],
    query: Any,
    **options: Any,
) -> list[Neighbors]:
    """Searches several datasets, or several indexes of one, with the same query.

    Samples or labels that the query names may be of any of the datasets: an index that does not
    hold them embeds their files with its own model. Distances of different models cannot be
    compared; percentiles and bands can.

    Args:
        targets: datasets or views, each alone if it has one index, or with the key of the index
        query: see :func:`search`
        **options: see :func:`search`

    Returns:
        a :class:`Neighbors` for each

    Raises:
        ValueError: if there is no target, or as in :func:`search`
    """
    if not targets:
        raise ValueError("There is nothing to search in; give one dataset or more.")
    pairs = [one if isinstance(one, tuple) else (one, None) for one in targets]
    datasets = list({id(one._root_dataset): one._root_dataset for one, _ in pairs}.values())
    names = {name: options.pop(name) for name in ("selected", "alt", "uploads") if name in options}
    parsed = parse_query(query, **names, datasets=datasets)
    return [search(samples, parsed, key, **options) for samples, key in pairs]


def run_search(samples: foc.SampleCollection, request: SearchRequest) -> Neighbors:
    """Answers a search request; see :func:`search`."""
    index = load_index(samples, request.brain_key)
    if not index.total_index_size:
        raise ValueError(f"The index '{index.key}' is empty; build it first.")
    started = time.perf_counter()
    query = request.query
    encoded = EncodedQuery.of(index, query, request.templates, request.liked, request.disliked)
    embedded = time.perf_counter()
    found = find_results(index, encoded, request, samples)
    searched = time.perf_counter()
    snapshot = found.snapshot
    notes = query.notes(index)
    if request.hubness and not encoded.says_what_is_usual:
        notes += (f"hubness needs {FEWEST_ROWS} vectors, so nothing was taken off.",)
    if request.skip == 0 and request.thresh is None and not found.copies:
        notes += _shortfall(request.k, len(found.rows), samples)
    return Neighbors(
        samples=samples,
        brain_key=index.key,
        metric=index.config.metric,
        patches_field=index.config.patches_field,
        ids=unpack_ids(snapshot.ids[found.rows]),
        sample_ids=unpack_ids(snapshot.sample_ids[found.rows]),
        distances=found.distances,
        scores=found.scores,
        copies={
            unpack_ids(snapshot.ids[[row]])[0]: unpack_ids(snapshot.ids[under])
            for row, under in found.copies.items()
        },
        has_more=found.has_more,
        query=query.describe(),
        explanation=encoded.explain(query, len(request.liked), len(request.disliked)),
        notes=notes,
        timings={"embed": embedded - started, "search": searched - embedded},
        cut_score=found.cut_score,
        _encoded=encoded,
        _found=found,
    )


def _shortfall(k: int | None, found: int, samples: foc.SampleCollection) -> tuple[str, ...]:
    if k is None or found >= k:
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
    reference_set = reference_set_of(index)
    if model is not None and index.supports_prompts and len(reference_set):
        reference_set.phrases(get_embedder(model), "off")
    # Touching the index in the order of its ids also brings the ids into memory.
    index.snapshot.rows_of(index.snapshot.ids[:1])
    return {"model": model, "seconds": time.perf_counter() - started}
