"""What is said about results: bands, verdicts, and where to cut them off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, permutations, product
from typing import Any

import numpy as np
from retrieval_world import EACH, Book, asked, constant, mean, one_thing, some_of, table

from fiftyone_faiss.brain import Neighbors
from fiftyone_faiss.brain.retrieval import calibration, encoding, reranking
from fiftyone_faiss.demo.phrases import article
from fiftyone_faiss.demo.scenes import SCENES
from fiftyone_faiss.demo.world import KINDS, SCENE_NAMES

SHOWN, MANY = 25, 400
# A query with fewer right pictures has hardly something to find.
RELEVANT = 3
LEVELS = (2.0, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0)
SHARES = (0.02, 0.05, 0.1, 0.15, 0.3)
# Nothing of this is in the picture book, and none of it is one of the phrases that words are
# compared with.
ABSURD = (
    "a zebra", "quantum physics", "an elephant", "a pizza", "the Eiffel Tower", "a violin",
    "a nuclear reactor", "a bowl of ramen", "tax law", "a toothbrush", "a chess board",
    "a penguin", "a dinosaur skeleton", "an X-ray of a knee", "a coral reef", "a guitar solo",
    "a wind turbine", "a cathedral window", "a pair of scissors", "a keyboard and a mouse",
    "a volcano erupting", "stock market crash", "a cup of coffee", "a spider web", "handwriting",
    "a barcode", "a tank", "an operating theatre", "a strawberry cake", "the moon landing",
    "a robot arm", "a stack of books", "a lightning bolt", "a waterfall", "a telescope",
    "philosophy", "a snake", "an octopus", "a pineapple", "a power plant at night",
)  # fmt: skip
_IN_WORDS = ("a {object}", "a {color} {object}", "a {object} {scene}")


@dataclass(frozen=True)
class Asked:
    """A query.

    Attributes:
        family: its family
        query: what the search is given
        right: which pictures are right
        options: more that the search is given
    """

    family: str
    query: Any
    right: np.ndarray
    options: dict[str, Any] = field(default_factory=dict)


def _questions(book: Book, seed: int) -> list[Asked]:
    """Queries of every kind that have something to find."""
    rng = np.random.default_rng([seed, 9])
    words = [Asked(query.family, query.text, right) for query, right in asked(book, RELEVANT)]
    families: dict[str, list[Asked]] = {}
    for one in [*words, *_combined(book, rng)]:
        if one.right.sum() >= RELEVANT:
            families.setdefault(one.family, []).append(one)
    return [one for family in families.values() for one in some_of(family, EACH)]


def _combined(book: Book, rng: np.random.Generator) -> Iterator[Asked]:
    for kind, scene in product(KINDS, SCENE_NAMES):
        has = book.has(kind)
        image, words = one_thing(rng, kind, not_in=scene), SCENES[scene]
        right = has & book.scene(scene)
        yield Asked("an image", image, has)
        yield Asked("image + scene", f'@upload + "{words}"', right, {"uploads": {"upload": image}})
        yield Asked("kind + scene", f'"{article(kind)}" + "{words}"', right)
    for scene in SCENE_NAMES:
        yield Asked("a scene", SCENES[scene], book.scene(scene))
    for one, other in combinations(KINDS, 2):
        right = book.has(one) & book.has(other)
        yield Asked("kind + kind", f'"{article(one)}" + "{article(other)}"', right)
    for one, other in permutations(KINDS, 2):
        right = book.has(one) & ~book.has(other)
        yield Asked("kind - kind", f'"{article(one)}" - "{article(other)}"', right)


def bands(book: Book, seed: int) -> list[dict[str, Any]]:
    """How many results called strong, likely and weak are right."""
    counts: dict[str, dict[str, list[int]]] = {}
    for one in _questions(book, seed):
        found = book.search(one.query, MANY, **one.options)
        right = one.right[book.places(found.ids)]
        of_family = counts.setdefault(one.family, {name: [0, 0] for name in _BANDS})
        for band, is_right in zip(found.bands, right, strict=True):
            of_family[str(band)][0] += 1
            of_family[str(band)][1] += int(is_right)
    rows = {}
    for family, of_family in counts.items():
        total = sum(count for count, _ in of_family.values())
        rows[family] = {
            name: part
            for band, (count, good) in of_family.items()
            for name, part in (
                (f"{band}, of all", round(count / total, 4)),
                (f"{band}, right", round(good / count, 4) if count else None),
            )
        }
    why = (
        f"The first {MANY} results of queries with {RELEVANT} right pictures or more. By default "
        f"likely is from an evidence of {calibration.LIKELY:g} on, strong from "
        f"{calibration.STRONG:g}."
    )
    return [table("Bands", "family", rows, why=why), *_levels(book)]


_BANDS = ("strong", "likely", "weak")


def _levels(book: Book) -> list[dict[str, Any]]:
    """Words alone: what is right at and above each level of evidence, and how much is called so."""
    rows = {}
    for level in LEVELS:
        counts = {family: np.zeros(3, np.int64) for family in _IN_WORDS}
        with constant(encoding, "LIKELY", level):
            for query, right in asked(book, RELEVANT):
                found = book.search(query.text, MANY)
                said = np.array([band != "weak" for band in found.bands])
                hits = right[book.places(found.ids)]
                counts[query.family] += np.array([said.sum(), (said & hits).sum(), hits.sum()])
        rows[f"{level:g}"] = {
            name: value
            for family, (said, good, hits) in counts.items()
            for name, value in (
                (f"{family}: right", round(float(good / said), 4) if said else None),
                (f"{family}: of the right ones", round(float(good / hits), 4) if hits else None),
            )
        }
    why = "How many results from this evidence on are right, and how many of the right ones are."
    return [table("Levels of evidence, words alone", "evidence from", rows, why=why)]


# -- verdicts ------------------------------------------------------------------------------------


def verdicts(book: Book, seed: int) -> list[dict[str, Any]]:
    """Who is told that nothing relevant was found."""
    relevant = _questions(book, seed)
    rng = np.random.default_rng([seed, 10])
    half = [f'"{article(str(rng.choice(KINDS)))}" + "{text}"' for text in ABSURD]
    by_family: dict[str, list[float]] = {}
    for one in relevant:
        by_family.setdefault(one.family, []).append(
            _told(book.search(one.query, SHOWN, **one.options))
        )
    for name, texts in (("absurd", ABSURD), ("kind + absurd", half)):
        by_family[name] = [_told(book.search(text, SHOWN)) for text in texts]
    rows: dict[str, dict[str, Any]] = {
        family: {"queries": len(values), "told that nothing is relevant": mean(values)}
        for family, values in by_family.items()
    }
    missed = [text for text, told in zip(ABSURD, by_family["absurd"], strict=True) if not told]
    why = (
        f"Of the queries with {RELEVANT} right pictures or more none should be told so, of the "
        f"{len(ABSURD)} absurd ones all. Not told: {', '.join(missed) or 'none'}."
    )
    return [table("Verdicts", "family", rows, why=why), _verdict_levels(book)]


def _told(found: Neighbors) -> float:
    return float(found.verdict is not None)


def _verdict_levels(book: Book) -> dict[str, Any]:
    questions = asked(book, RELEVANT)
    rows = {}
    for level in LEVELS:
        with constant(encoding, "LEAST_EVIDENCE", level):
            wrong = mean([_told(book.search(query.text, SHOWN)) for query, _ in questions])
            right = mean([_told(book.search(text, SHOWN)) for text in ABSURD])
        balance = mean([right, 1.0 - (wrong or 0.0)])
        rows[f"{level:g}"] = {"relevant, told": wrong, "absurd, told": right, "balance": balance}
    why = "Words alone. The balance is the mean of the absurd that are told and the others."
    return table(
        "The level of the verdict",
        "`LEAST_EVIDENCE`",
        rows,
        f"{calibration.LEAST_EVIDENCE:g}",
        "balance",
        why,
    )


# -- the cut-off ---------------------------------------------------------------------------------


def cut_off(book: Book, seed: int) -> list[dict[str, Any]]:
    """What is above the automatic cut-off, against other places to cut."""
    some = _questions(book, seed)
    rows: dict[str, dict[str, list[float]]] = {}
    by_family: dict[str, dict[str, list[float]]] = {}
    for one in some:
        found = book.search(one.query, MANY, **one.options)
        right = one.right[book.places(found.ids)]
        total = int(one.right.sum())
        likely = np.array([band != "weak" for band in found.bands])
        cuts = {
            _AUTOMATIC: np.arange(len(right)) < found.cut,
            "the first 25": np.arange(len(right)) < SHOWN,
            "the band likely": likely,
            "both": likely & (np.arange(len(right)) < found.cut),
            "the largest drop": np.arange(len(right)) < _largest_drop(found.scores),
            "the knee": np.arange(len(right)) < _knee(found.scores),
            _BEST: np.arange(len(right)) < _best_cut(right, total),
        }
        for name, kept in cuts.items():
            scores = _cut_scores(right, kept, total)
            for column, value in scores.items():
                rows.setdefault(name, {}).setdefault(column, []).append(value)
            by_family.setdefault(one.family, {}).setdefault(name, []).append(scores["F1"])
    why = f"Of {MANY} results, against all that is right in the book; means over {len(some)} "
    why += "queries. The automatic cut-off: between the two groups that differ most (Otsu, "
    why += "1979). The panel draws a line there; nothing is hidden by it."
    return [
        table("The cut-off", "cut at", _means(rows), _AUTOMATIC, "F1", why, bound=_BEST),
        table("F1 by family", "family", _means(by_family), why="The same, F1 alone."),
        _shares(book, some),
    ]


_AUTOMATIC, _BEST = "the automatic cut-off", "the best place there is"


def _means(rows: dict[str, dict[str, list[float]]]) -> dict[str, dict[str, float | None]]:
    return {
        name: {column: mean(values) for column, values in one.items()} for name, one in rows.items()
    }


def _cut_scores(right: np.ndarray, kept: np.ndarray, total: int) -> dict[str, float]:
    """Precision, recall, and their harmonic mean F1, of those kept; 0 if none are."""
    good, count = int((right & kept).sum()), int(kept.sum())
    return {
        "kept": float(count),
        "precision": good / count if count else 0.0,
        "recall": good / total,
        "F1": 2 * good / (count + total),
    }


def _best_cut(right: np.ndarray, total: int) -> int:
    counts = np.arange(1, len(right) + 1)
    return int((2 * np.cumsum(right) / (counts + total)).argmax()) + 1


def _largest_drop(scores: np.ndarray) -> int:
    return int((scores[:-1] - scores[1:]).argmax()) + 1


def _knee(scores: np.ndarray) -> int:
    """Where the scores are farthest below the line from the first to the last (Satopää et al.,
    "Finding a kneedle in a haystack", 2011)."""
    n = len(scores)
    spread = scores[0] - scores[-1]
    fall = np.linspace(1.0, 0.0, n) - (scores - scores[-1]) / (spread or 1.0)
    return max(1, int(fall.argmax()))


def _shares(book: Book, some: list[Asked]) -> dict[str, Any]:
    """Other shares of the book among which the automatic cut-off is looked for."""
    rows = {}
    for share in SHARES:
        values: dict[str, list[float]] = {}
        with constant(reranking, "CUT_SHARE", share), constant(reranking, "CUT_MOST", 10**9):
            for one in some:
                found = book.search(one.query, MANY, **one.options)
                right = one.right[book.places(found.ids)]
                kept = np.arange(len(right)) < found.cut
                for name, value in _cut_scores(right, kept, int(one.right.sum())).items():
                    values.setdefault(name, []).append(value)
        rows[f"{share:g}"] = {name: mean(each) for name, each in values.items()}
    why = f"In an index of any size among {reranking.CUT_MOST} at most."
    return table("Among which share", "`CUT_SHARE`", rows, f"{reranking.CUT_SHARE:g}", "F1", why)
