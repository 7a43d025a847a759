"""Search options: prompt templates, hubness correction, diversity, near-duplicates."""

from __future__ import annotations

from typing import Any

import numpy as np
from retrieval_world import (
    Book,
    constant,
    labeled_queries,
    mean,
    ndcg,
    precision,
    r_precision,
    subset,
    table,
)

from fiftyone_faiss.brain import Neighbors
from fiftyone_faiss.brain.models.prompts import TEMPLATES
from fiftyone_faiss.brain.retrieval import encoding
from fiftyone_faiss.brain.retrieval.reranking import COLLAPSE_DISTANCE
from fiftyone_faiss.demo.world import NEAR_DUPLICATE_KINDS

HUBNESS_WEIGHTS = (0.25, 0.5, 1.0)
DIVERSITIES = (0.0, 0.25, 0.5, 0.75)
COLLAPSE_DISTANCES = (0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.07, 0.1)
# A subset of the images with near-duplicates, and every third text query.
ORIGINALS, QUERY_STEP = 80, 3
K_COLLAPSED = 25


def templates(book: Book, seed: int) -> list[dict[str, Any]]:
    """Compares the prompt templates."""
    rows = {kind: _by_family(book, templates=kind) for kind in TEMPLATES}
    note = "Templates improve models that were trained on sentences. Each costs one embedding."
    return [table("Prompt templates", "`templates`", rows, "off", "R-precision", note)]


def hubness(book: Book, seed: int) -> list[dict[str, Any]]:
    """Compares the weights of the hubness correction."""
    rows = {"off": _by_family(book)}
    for weight in HUBNESS_WEIGHTS:
        with constant(encoding, "HUBNESS", weight):
            rows[f"on, weight {weight:g}"] = _by_family(book, hubness=True)
    note = f"`hubness=True` uses the weight {encoding.HUBNESS:g}."
    return [table("Hubness correction", "`hubness`", rows, "off", "R-precision", note)]


def _by_family(book: Book, **options: Any) -> dict[str, Any]:
    by_family: dict[str, list[float]] = {}
    scores: dict[str, list[float]] = {"precision@10": [], "nDCG@10": [], "R-precision": []}
    for query, relevant in labeled_queries(book):
        ranking = book.rank(query.text, int(relevant.sum()), **options)
        scores["precision@10"].append(precision(relevant, ranking))
        scores["nDCG@10"].append(ndcg(relevant, ranking))
        scores["R-precision"].append(r_precision(relevant, ranking))
        column = f"{query.family}, R-precision"
        by_family.setdefault(column, []).append(scores["R-precision"][-1])
    return {name: mean(values) for name, values in [*scores.items(), *by_family.items()]}


def diversity(book: Book, seed: int) -> list[dict[str, Any]]:
    """Compares the diversity of the first 10 results with their precision."""
    rows = {}
    for value in DIVERSITIES:
        precisions, cosines, scenes = [], [], []
        for query, relevant in labeled_queries(book):
            ranking = book.rank(query.text, diversity=value)
            precisions.append(precision(relevant, ranking))
            cosines.append(_mean_cosine(book.vectors[ranking]))
            if "{scene}" not in query.family:
                scenes.append(float(len({book.pictures[i].scene for i in ranking})))
        rows[f"{value:g}"] = {
            "precision@10": mean(precisions),
            "mean cosine between the 10 results": mean(cosines),
            "scenes in the 10 results": mean(scenes),
        }
    note = "Scenes are counted for queries that do not name a scene. Diversity is off by default."
    return [table("Diversity (MMR)", "`diversity`", rows, "0", "precision@10", note)]


def _mean_cosine(vectors: np.ndarray) -> float:
    """Returns the mean cosine of two different rows."""
    cosines = vectors @ vectors.T
    n = len(cosines)
    return float((cosines.sum() - np.trace(cosines)) / (n * (n - 1)))


# -- near-duplicates -----------------------------------------------------------------------------


def near_duplicates(book: Book, seed: int) -> list[dict[str, Any]]:
    """Measures which results are collapsed, against planted near-duplicates."""
    originals = np.array(
        [picture.near_duplicate_of or picture.filename for picture in book.pictures]
    )
    rows = {
        f"{distance:g}": _measure_collapsing(book, originals, distance)
        for distance in COLLAPSE_DISTANCES
    }
    note = (
        "Image queries: each image with near-duplicates is a query. The table shows the share of "
        "its near-duplicates that are collapsed into it, and the number of other images that are. "
        f"Text queries, {K_COLLAPSED} results: the mean number of images per search that are "
        "collapsed into their original, and into another image. F1 is that of the image queries."
    )
    default = f"{COLLAPSE_DISTANCE:g}"
    return [table("Collapsed near-duplicates", "`collapse`", rows, default, "F1", note)]


def _measure_collapsing(book: Book, originals: np.ndarray, distance: float) -> dict[str, Any]:
    by_kind: dict[str, list[float]] = {kind: [] for kind in NEAR_DUPLICATE_KINDS}
    wrong = 0
    for position, duplicates in subset(list(_duplicates_by_original(book).items()), ORIGINALS):
        neighbors = book.search(book.vectors[position], K_COLLAPSED, collapse=distance)
        collapsed = book.positions(neighbors.near_duplicates.get(book.ids[position], []))
        wrong += int((originals[collapsed] != originals[position]).sum())
        for copy in duplicates:
            kind = book.pictures[copy].near_duplicate_kind or ""
            by_kind[kind].append(float(copy in collapsed))
    correct_counts, wrong_counts = [], []
    for query, _ in labeled_queries(book)[::QUERY_STEP]:
        neighbors = book.search(query.text, K_COLLAPSED, collapse=distance)
        correct = _collapsed_correctly(book, originals, neighbors)
        wrong_counts.append(float(correct.size - correct.sum()))
        correct_counts.append(float(correct.sum()))
    detected = [value for values in by_kind.values() for value in values]
    true = sum(detected)
    exactness = true / (true + wrong) if true + wrong else 0.0
    recall = true / len(detected) if detected else 0.0
    total = exactness + recall
    return {
        **{kind: mean(values) for kind, values in by_kind.items()},
        "all": mean(detected),
        "other images": wrong,
        "F1": round(2 * exactness * recall / total, 4) if total else 0.0,
        "text: correct per search": mean(correct_counts),
        "text: wrong per search": mean(wrong_counts),
    }


def _duplicates_by_original(book: Book) -> dict[int, list[int]]:
    """Returns the positions of near-duplicates by the position of their original."""
    position = {picture.filename: i for i, picture in enumerate(book.pictures)}
    duplicates: dict[int, list[int]] = {}
    for i, picture in enumerate(book.pictures):
        if picture.near_duplicate_of is not None:
            duplicates.setdefault(position[picture.near_duplicate_of], []).append(i)
    return duplicates


def _collapsed_correctly(book: Book, originals: np.ndarray, neighbors: Neighbors) -> np.ndarray:
    """Returns a bool per collapsed image: whether it is a near-duplicate of its result."""
    pairs = [
        (book.position[sample_id], book.position[copy])
        for sample_id in neighbors.ids
        for copy in neighbors.near_duplicates.get(sample_id, ())
    ]
    return np.array([originals[result] == originals[copy] for result, copy in pairs], bool)
