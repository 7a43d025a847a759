"""What may be switched on: templates, hubness, variety, folding of near-copies."""

from __future__ import annotations

from typing import Any

import numpy as np
from retrieval_world import (
    Book,
    asked,
    constant,
    mean,
    ndcg,
    precision,
    r_precision,
    some_of,
    table,
)

from fiftyone_faiss.brain import Neighbors
from fiftyone_faiss.brain.models.prompts import TEMPLATES
from fiftyone_faiss.brain.retrieval import encoding
from fiftyone_faiss.brain.retrieval.reranking import COLLAPSE_DISTANCE
from fiftyone_faiss.demo.world import NEAR_DUPLICATE_KINDS

HUBNESSES = (0.25, 0.5, 1.0)
DIVERSITIES = (0.0, 0.25, 0.5, 0.75)
WITHIN = (0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.07, 0.1)
# So many pictures with near-copies, and each so many-th of the queries, are enough.
ORIGINALS, EVERY = 80, 3
SHOWN = 25


def templates(book: Book, seed: int) -> list[dict[str, Any]]:
    """Sentences that words are put into."""
    rows = {kind: _by_family(book, templates=kind) for kind in TEMPLATES}
    why = "Sentences help models that were trained on them, and cost an embedding each."
    return [table("Templates", "`templates`", rows, "off", "R-precision", why)]


def hubness(book: Book, seed: int) -> list[dict[str, Any]]:
    """Taking off how near results are to everything."""
    rows = {"off": _by_family(book)}
    for share in HUBNESSES:
        with constant(encoding, "HUBNESS", share):
            rows[f"on, `encoding.HUBNESS` {share:g}"] = _by_family(book, hubness=True)
    why = f"Where it is on, it is {encoding.HUBNESS:g}."
    return [table("Hubness", "`hubness`", rows, "off", "R-precision", why)]


def _by_family(book: Book, **options: Any) -> dict[str, Any]:
    each: dict[str, list[float]] = {}
    scores: dict[str, list[float]] = {"precision@10": [], "nDCG@10": [], "R-precision": []}
    for query, right in asked(book):
        found = book.find(query.text, int(right.sum()), **options)
        scores["precision@10"].append(precision(right, found))
        scores["nDCG@10"].append(ndcg(right, found))
        scores["R-precision"].append(r_precision(right, found))
        each.setdefault(f"{query.family}, R-precision", []).append(scores["R-precision"][-1])
    return {name: mean(values) for name, values in [*scores.items(), *each.items()]}


def diversity(book: Book, seed: int) -> list[dict[str, Any]]:
    """Variety among the first ten, and what it costs."""
    rows = {}
    for share in DIVERSITIES:
        precisions, cosines, scenes = [], [], []
        for query, right in asked(book):
            found = book.find(query.text, diversity=share)
            precisions.append(precision(right, found))
            cosines.append(_likeness(book.vectors[found]))
            if "{scene}" not in query.family:
                scenes.append(float(len({book.pictures[i].scene for i in found})))
        rows[f"{share:g}"] = {
            "precision@10": mean(precisions),
            "cosine of two of the ten": mean(cosines),
            "scenes in the ten": mean(scenes),
        }
    why = "Scenes are counted where the query names none. Variety is for whoever asks for it."
    return [table("Variety", "`diversity`", rows, "0", "precision@10", why)]


def _likeness(vectors: np.ndarray) -> float:
    """The mean cosine of two different rows."""
    cosines = vectors @ vectors.T
    n = len(cosines)
    return float((cosines.sum() - np.trace(cosines)) / (n * (n - 1)))


# -- near-copies ---------------------------------------------------------------------------------


def fold(book: Book, seed: int) -> list[dict[str, Any]]:
    """Planted near-copies: folded under the right one, and what else is folded."""
    family = np.array([one.near_duplicate_of or one.filename for one in book.pictures])
    rows = {f"{within:g}": _folded(book, family, within) for within in WITHIN}
    why = (
        "Asked with each picture that has near-copies: how many of those are folded under it, and "
        f"how many others are. Asked with words, {SHOWN} results: how many are folded under a "
        "picture that they are no copy of, in a search. F1 is of what is folded under the pictures."
    )
    return [table("Near-copies as one", "`fold`", rows, f"{COLLAPSE_DISTANCE:g}", "F1", why)]


def _folded(book: Book, family: np.ndarray, within: float) -> dict[str, Any]:
    kept: dict[str, list[float]] = {kind: [] for kind in NEAR_DUPLICATE_KINDS}
    wrong = 0
    for place, copies in some_of(list(_originals(book).items()), ORIGINALS):
        found = book.search(book.ids[place], SHOWN, fold=within)
        under = book.places(found.copies.get(book.ids[place], []))
        wrong += int((family[under] != family[place]).sum())
        for copy in copies:
            kept[book.pictures[copy].near_duplicate_kind or ""].append(float(copy in under))
    right_each, false_each = [], []
    for query, _ in asked(book)[::EVERY]:
        some = _folds(book, family, book.search(query.text, SHOWN, fold=within))
        false_each.append(float(some.size - some.sum()))
        right_each.append(float(some.sum()))
    caught = [one for values in kept.values() for one in values]
    good = sum(caught)
    exact = good / (good + wrong) if good + wrong else 0.0
    recall = good / len(caught) if caught else 0.0
    return {
        **{kind: mean(values) for kind, values in kept.items()},
        "all": mean(caught),
        "others": wrong,
        "F1": round(2 * exact * recall / (exact + recall), 4) if exact + recall else 0.0,
        "words: right folds a search": mean(right_each),
        "words: false folds a search": mean(false_each),
    }


def _originals(book: Book) -> dict[int, list[int]]:
    """The places of near-copies by the place of their original."""
    place = {one.filename: i for i, one in enumerate(book.pictures)}
    found: dict[int, list[int]] = {}
    for i, one in enumerate(book.pictures):
        if one.near_duplicate_of is not None:
            found.setdefault(place[one.near_duplicate_of], []).append(i)
    return found


def _folds(book: Book, family: np.ndarray, found: Neighbors) -> np.ndarray:
    """For each picture that is folded under a result, whether it is its near-copy."""
    pairs = [
        (book.place[one], book.place[copy])
        for one in found.ids
        for copy in found.copies.get(one, ())
    ]
    return np.array([family[one] == family[copy] for one, copy in pairs], bool)
