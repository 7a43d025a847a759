"""Runs searches."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc

from fiftyone_faiss.brain.backend.loading import load_index
from fiftyone_faiss.brain.data.connection import explain_outage
from fiftyone_faiss.brain.data.private import root_dataset
from fiftyone_faiss.brain.data.sample_filters import matching
from fiftyone_faiss.brain.models.prompts import Templates
from fiftyone_faiss.brain.queries.query_input import QueryInput
from fiftyone_faiss.brain.retrieval.calibration import Calibration
from fiftyone_faiss.brain.retrieval.candidates import find_results
from fiftyone_faiss.brain.retrieval.contributions import Contributions
from fiftyone_faiss.brain.retrieval.encoding import EncodedQuery
from fiftyone_faiss.brain.retrieval.neighbors import Neighbors
from fiftyone_faiss.brain.retrieval.ranked_rows import RankedRows
from fiftyone_faiss.brain.retrieval.reference_set import MIN_REFERENCE_ROWS, reference_set_of
from fiftyone_faiss.brain.retrieval.request import DEFAULT_K, SearchRequest
from fiftyone_faiss.embedders import EmbedderError


@explain_outage()
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
    collapse: bool | float = False,
    hubness: bool = False,
    liked: Sequence[str] = (),
    disliked: Sequence[str] = (),
    exclude: Sequence[str] = (),
    selected: Sequence[str] = (),
    alt: Sequence[str] = (),
    uploads: Mapping[str, Any] | None = None,
    filters: Mapping[str, Sequence[str]] | None = None,
) -> Neighbors:
    """Finds the samples, or label patches, that are most similar to a query.

    Samples of the query are no results of it.

    Args:
        samples: a dataset, or a view to search in
        query: a query line, such as ``"a red car"`` or ``'2: forklift - "person"'``; the id of a
            sample or label, or a list of them; a ``pathlib.Path`` of an image; a PIL image; an RGB
            uint8 array; or a vector, as an array or a list
        brain_key (None): the index to search; not needed when there is only one
        k (25): the number of neighbors; fewer if there are fewer. None for all within ``thresh``,
            at most 50,000, or 1,000 with ``diversity``
        reverse (False): whether to return the least similar first
        skip (0): the number of results to skip, for a further page
        thresh (None): the largest distance of a result
        templates ("off"): ``"single"`` puts texts into the embedder's first prompt template, such
            as "a photo of {}"; ``"ensemble"`` uses the mean over all of its templates
        diversity (0.0): 0 to 1, how different from each other the results should be
        collapse (False): whether near-duplicates count as one result, or the largest cosine
            distance of near-duplicates
        hubness (False): whether to correct scores for hubness
        liked (()): ids, of samples or labels in the index, for relevance feedback: results should
            be more similar to them
        disliked (()): ids that results should be less similar to
        exclude (()): ids, of samples or labels in the index, that are left out of the results
        selected (()): the ids that ``@selected`` in the line stands for
        alt (()): the ids that ``@selected`` adds as negative terms, as alt-clicked samples in the
            App
        uploads (None): an image, or the path of one, for each ``@upload`` in the line
        filters (None): searches only samples with one of some values in each of some fields:
            ``"tags"``, a field of labels or one of texts, such as ``{"tags": ["train"]}``

    Returns:
        a :class:`Neighbors`

    Raises:
        ValueError: if the query, the index or an option is not valid; the message says what to do
    """
    query_input = QueryInput.of(query, selected, alt, uploads)
    return run_search(
        samples,
        SearchRequest(
            query_input,
            brain_key=brain_key,
            k=k,
            reverse=reverse,
            skip=skip,
            thresh=thresh,
            templates=templates,
            diversity=diversity,
            collapse=collapse,
            hubness=hubness,
            liked=liked,
            disliked=disliked,
            exclude=exclude,
            filters=filters,
        ),
    )


@explain_outage()
def search_several(
    targets: Sequence[foc.SampleCollection | tuple[foc.SampleCollection, str]],
    query: Any,
    **options: Any,
) -> list[Neighbors]:
    """Searches several datasets, or several indexes of one dataset, with the same query.

    Samples or labels in the query may be from any of the datasets: an index that does not hold
    them embeds their files with its own model. Distances, scores and estimates of different models
    cannot be compared; percentiles can.

    Args:
        targets: datasets or views, each alone if it has one index, or with the key of the index
        query: see :func:`search`
        **options: see :func:`search`

    Returns:
        a :class:`Neighbors` for each target

    Raises:
        ValueError: if there is no target, or as in :func:`search`
    """
    if not targets:
        raise ValueError("There are no targets; give one or more datasets.")
    pairs = [target if isinstance(target, tuple) else (target, None) for target in targets]
    datasets = {dataset.name: dataset for dataset in (root_dataset(pair[0]) for pair in pairs)}
    names = {name: options.pop(name) for name in ("selected", "alt", "uploads") if name in options}
    # One input, so that its query is parsed once.
    query_input = QueryInput.of(query, **names, datasets=list(datasets.values()))
    request = SearchRequest(query_input, **options)
    return [run_search(samples, replace(request, brain_key=key)) for samples, key in pairs]


@explain_outage()
def run_search(samples: foc.SampleCollection, request: SearchRequest) -> Neighbors:
    """Runs a search; see :func:`search`.

    Args:
        samples: the dataset, or the view, to search in
        request: the request

    Raises:
        ValueError: as in :func:`search`
    """
    query = request.query
    index = load_index(samples, request.brain_key)
    if not index.total_index_size:
        raise ValueError(f"The index '{index.key}' is empty; build it first.")
    searched = matching(samples, request.filters)
    reader = index.reader(None if isinstance(searched, fo.Dataset) else searched)
    started = time.perf_counter()
    encoded = EncodedQuery.of(
        index, reader, query, request.templates, request.liked, request.disliked
    )
    embedded = time.perf_counter()
    results = find_results(reader, encoded, request)
    own = encoded.own_rows(reader)
    timings = {"embed": embedded - started, "search": time.perf_counter() - embedded}
    return Neighbors(
        samples=samples,
        brain_key=index.key,
        metric=index.metric,
        patches_field=index.patches_field,
        ids=reader.ids_at(results.rows),
        sample_ids=reader.sample_ids_at(results.rows),
        distances=results.distances,
        scores=results.scores,
        near_duplicates=results.near_duplicate_ids(),
        near_duplicate_scores=results.near_duplicate_scores(),
        has_more=results.has_more,
        query=query.describe(),
        explanation=encoded.explain(query, len(request.liked), len(request.disliked)),
        notes=query.notes(index) + _notes(searched, request, encoded, results, len(own)),
        timings=timings,
        cutoff_score=results.cutoff_score,
        skip=request.skip,
        calibration=Calibration(encoded, results.ranked, results.rank, results.relevance),
        pinned=dict(zip(reader.ids_at(own), reader.sample_ids_at(own), strict=True)),
        all_scores=results.all_scores,
        contributions=Contributions(query, encoded.ranking, results.read_vectors),
    )


def _notes(
    samples: foc.SampleCollection,
    request: SearchRequest,
    encoded: EncodedQuery,
    results: RankedRows,
    own: int,
) -> tuple[str, ...]:
    """Sentences about what the results lack."""
    notes = results.reader.notes
    if request.hubness and not encoded.reference_set.can_calibrate:
        notes += (f"hubness needs {MIN_REFERENCE_ROWS} vectors, so scores were not corrected.",)
    if _lacks_prompts(request, encoded, results):
        notes += ("The model cannot embed the reference prompts, so results have no estimates.",)
    is_whole = request.skip == 0 and request.thresh is None and not results.near_duplicates
    if is_whole and not results.reader.notes:
        hidden = ["the query"] if own else []
        hidden += ["what is excluded"] if request.exclude else []
        notes += _shortfall(request.k, len(results.rows), samples, hidden)
    return notes


def _lacks_prompts(request: SearchRequest, encoded: EncodedQuery, results: RankedRows) -> bool:
    can_calibrate = bool(encoded.terms) and encoded.reference_set.can_calibrate
    return can_calibrate and not request.reverse and results.relevance is None


def _shortfall(
    k: int | None, count: int, samples: foc.SampleCollection, hidden: list[str]
) -> tuple[str, ...]:
    if k is None or count >= k:
        return ()
    collection = "dataset" if isinstance(samples, fo.Dataset) else "view"
    besides = f" besides {' and '.join(hidden)}" if hidden else ""
    return (
        f"k is {k:,}, but the {collection} has only {count:,} indexed{besides}; all are shown.",
    )


@explain_outage()
def warm(samples: foc.SampleCollection, brain_key: str | None = None) -> dict[str, Any]:
    """Loads the model of an index and maps its vectors, so that the first query is fast.

    Returns:
        the name of the ``model`` if it is loaded now, else None, and the ``seconds`` that it took
    """
    started = time.perf_counter()
    index = load_index(samples, brain_key)
    reader = index.reader()
    reference_set = reference_set_of(reader, index.metric)
    is_loaded = index.model is not None and index.supports_text and len(reference_set) > 0
    if is_loaded:
        embedder = index.get_embedder()
        # Some models embed only certain texts, such as the names of colors.
        with contextlib.suppress(EmbedderError):
            reference_set.prompts(embedder, "off")
    # Looking up ids also brings them into memory.
    reader.rows_of(reader.ids_at(reader.sample_rows(1)))
    return {"model": index.model if is_loaded else None, "seconds": time.perf_counter() - started}
