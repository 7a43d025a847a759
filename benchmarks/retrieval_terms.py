"""Plain text, several terms, and terms to avoid."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import combinations, permutations, product
from typing import Any

import numpy as np
from retrieval_world import (
    LEAST_RIGHT,
    Book,
    asked,
    constant,
    mean,
    ndcg,
    one_thing,
    precision,
    r_precision,
    ranked,
    table,
)

from fiftyone_faiss.brain.models.reference_prompts import REFERENCE_PROMPTS
from fiftyone_faiss.brain.retrieval import ranking
from fiftyone_faiss.demo.phrases import article
from fiftyone_faiss.demo.scenes import SCENES
from fiftyone_faiss.demo.world import KINDS, SCENE_NAMES
from fiftyone_faiss.embedders import unit

Scores = dict[str, dict[str, list[float]]]
# From a book, a kind, one to avoid, among how many pictures, and how many to find, to places.
Way = Callable[[Book, str, str, int, int], np.ndarray]

PICTURES_EACH = 1
SHORTFALLS = (0.0, 1.0, 2.0, 3.0, 4.0)
PENALTIES, PENALTIES_FROM = (1.0, 2.0, 4.0), (0.0, 0.5, 1.0, 1.5)
# For the constants, so many pairs are enough.
SWEPT = 40
# In so few pictures, few are right, and it matters what is lost with what is avoided.
HARD = 400


def plain(book: Book, seed: int) -> list[dict[str, Any]]:
    """Words alone."""
    found: Scores = {}
    for query, right in asked(book, each=None):
        places = book.find(query.text, int(right.sum()))
        scores = {
            "precision@10": precision(right, places),
            "nDCG@10": ndcg(right, places),
            "R-precision": r_precision(right, places),
        }
        _add(found, query.family, **scores)
    queries = {family: len(next(iter(one.values()))) for family, one in found.items()}
    rows = {family: {"queries": queries[family], **one} for family, one in _means(found).items()}
    why = "By default: words alone are ranked by their cosine, with nothing added to it."
    return [table("Words alone", "family", rows, why=why)]


def _add(found: Scores, row: str, **values: float) -> None:
    for name, value in values.items():
        found.setdefault(row, {}).setdefault(name, []).append(value)


def _means(found: Scores) -> dict[str, dict[str, float | None]]:
    return {
        row: {name: mean(values) for name, values in columns.items()}
        for row, columns in found.items()
    }


# -- several terms -------------------------------------------------------------------------------


def composition(book: Book, seed: int) -> list[dict[str, Any]]:
    """An image with words, and words with words, against other ways to combine them."""
    images, texts = list(_image_queries(book, seed)), list(_text_queries(book))
    names = (f"ours, shortfall {ranking.SHORTFALL:g}", "precision@10")
    return [
        table(
            f"An image and words, {len(images)} queries",
            "how they are combined",
            _means(_image_ways(book, images, names[0])),
            *names,
            why="The image shows one thing in another scene; right is that kind in the words' "
            "scene. Standardised, because images are nearer to images than words are; less the "
            "shortfall, because what one term lacks another cannot make up for.",
        ),
        table(
            f"Words and words, R-precision, {len(texts)} queries",
            "how they are combined",
            _means(_text_ways(book, texts, names[0])),
            names[0],
            "mean",
            why="One sentence is another query, for a model that was trained on such sentences.",
        ),
        _shortfalls(book, images, texts),
    ]


def _shortfalls(book: Book, images: list[Any], texts: list[Any]) -> dict[str, Any]:
    found: Scores = {}
    for shortfall in SHORTFALLS:
        row = f"{shortfall:g}"
        with constant(ranking, "SHORTFALL", shortfall):
            for image, words, right in images:
                score = precision(right, _find_image(book, image, words))
                _add(found, row, **{"image + words": score})
            for family, first, second, _, right in texts:
                order = book.find(f'"{first}" + "{second}"', int(right.sum()))
                _add(found, row, **{family: r_precision(right, order)})
    rows = _means(found)
    for one in rows.values():
        one["mean"] = mean(list(one.values()))
    return table(
        "The weight of the shortfall",
        "`ranking.SHORTFALL`",
        rows,
        f"{ranking.SHORTFALL:g}",
        "mean",
        why="Precision@10 of an image and words, R-precision of words and words.",
    )


def _image_queries(book: Book, seed: int) -> Iterable[tuple[Any, str, np.ndarray]]:
    rng = np.random.default_rng([seed, 2])
    for kind, scene in product(KINDS, SCENE_NAMES):
        right = book.has(kind) & book.scene(scene)
        if right.sum() < LEAST_RIGHT:
            continue
        for _ in range(PICTURES_EACH):
            yield one_thing(rng, kind, not_in=scene), SCENES[scene], right


def _text_queries(book: Book) -> Iterable[tuple[str, str, str, str, np.ndarray]]:
    for kind, scene in product(KINDS, SCENE_NAMES):
        right = book.has(kind) & book.scene(scene)
        if right.sum() >= LEAST_RIGHT:
            words, where = article(kind), SCENES[scene]
            yield "kind + scene", words, where, f"{words} {where}", right
    for one, other in combinations(KINDS, 2):
        right = book.has(one) & book.has(other)
        if right.sum() >= LEAST_RIGHT:
            words = article(one), article(other)
            yield "kind + kind", *words, " and ".join(words), right


def _find_image(book: Book, image: Any, words: str) -> np.ndarray:
    return book.find(f'@upload + "{words}"', uploads={"upload": image})


def _standard(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / values.std()


def _ways(book: Book, first: np.ndarray, second: np.ndarray) -> dict[str, np.ndarray]:
    """The pictures' scores by way of combining two vectors."""
    one, other = book.vectors @ first, book.vectors @ second
    return {
        "plain sum": one + other,
        "standardised sum": _standard(one) + _standard(other),
        "smaller standardised": np.minimum(_standard(one), _standard(other)),
    }


def _image_ways(book: Book, images: list[Any], ours: str) -> Scores:
    found: Scores = {}
    usual_image, usual_words = (
        book.vectors.mean(axis=0),
        book.words(*REFERENCE_PROMPTS).mean(axis=0),
    )
    for image, words, right in images:
        seen, said = book.image(image), book.words(words)[0]
        centred = unit(seen - usual_image) + unit(said - usual_words)
        ways = {
            "image alone": book.vectors @ seen,
            "words alone": book.vectors @ said,
            **_ways(book, seen, said),
            "means of images and of words subtracted": book.vectors @ centred,
        }
        orders = {name: ranked(scores) for name, scores in ways.items()}
        for name, order in {**orders, ours: _find_image(book, image, words)}.items():
            _add(
                found,
                name,
                **{"precision@10": precision(right, order), "nDCG@10": ndcg(right, order)},
            )
    return found


def _text_ways(book: Book, texts: list[Any], ours: str) -> Scores:
    found: Scores = {}
    for family, first, second, sentence, right in texts:
        vectors = book.words(first, second)
        many = int(right.sum())
        ways = {"first alone": book.vectors @ vectors[0], "second alone": book.vectors @ vectors[1]}
        ways |= _ways(book, *vectors)
        orders = {name: ranked(scores) for name, scores in ways.items()}
        orders[ours] = book.find(f'"{first}" + "{second}"', many)
        orders["one sentence"] = book.find(sentence, many)
        for name, order in orders.items():
            _add(found, name, **{family: r_precision(right, order)})
    for one in found.values():
        one["mean"] = [float(np.mean(values)) for values in one.values()]
    return found


# -- what to avoid -------------------------------------------------------------------------------


def negatives(book: Book, seed: int) -> list[dict[str, Any]]:
    """One kind without another, for all ordered pairs of kinds."""
    pairs = list(permutations(KINDS, 2))
    ours = f"ours, {ranking.PENALTY:g} from {ranking.PENALTY_FROM:g}"
    ways: dict[str, Way] = {
        "what to avoid left out": partial(_blind, share=0.0),
        "vector subtracted, 0.5": partial(_blind, share=0.5),
        "vector subtracted, 1": partial(_blind, share=1.0),
        ours: _ours,
    }
    few = np.random.default_rng([seed, 3]).choice(len(pairs), SWEPT, replace=False)
    return [
        table(
            f"One kind without another, {len(pairs)} queries",
            "how it is avoided",
            _means(_avoided(book, pairs, ways)),
            ours,
            _HARD,
            why=f"The last column ranks {HARD} pictures, where few are right. A penalty only where "
            "it is there, for the opposite of a ball is not what anyone wants to see.",
        ),
        _penalties(book, [pairs[i] for i in few]),
    ]


def _penalties(book: Book, pairs: list[tuple[str, str]]) -> dict[str, Any]:
    rows: dict[str, dict[str, Any]] = {}
    for penalty, start in product(PENALTIES, PENALTIES_FROM):
        with (
            constant(ranking, "PENALTY", penalty),
            constant(ranking, "PENALTY_FROM", start),
        ):
            found = _means(_avoided(book, pairs, {"ours": _ours}))["ours"]
        rows[f"{penalty:g} from {start:g}"] = {**found, "mean": mean([found[_BOTH], found[_HARD]])}
    return table(
        f"The penalty, {len(pairs)} of these queries",
        "`PENALTY` from `PENALTY_FROM`",
        rows,
        f"{ranking.PENALTY:g} from {ranking.PENALTY_FROM:g}",
        "mean",
        why="The mean is that of the two columns before it.",
    )


_WITHOUT, _HAS = "without what is avoided", "precision@10 of what is wanted"
_BOTH, _HARD = "precision@10 of both", "400 pictures, R-precision"


def _avoided(book: Book, pairs: list[tuple[str, str]], ways: dict[str, Way]) -> Scores:
    found: Scores = {}
    count = len(book.ids)
    few = np.arange(count) < HARD
    for one, other in pairs:
        wanted, avoided = book.has(one), book.has(other)
        right = wanted & ~avoided
        for name, way in ways.items():
            order = way(book, one, other, count, 10)
            values = {
                _WITHOUT: precision(~avoided, order),
                _HAS: precision(wanted, order),
                _BOTH: precision(right, order),
            }
            if (right & few).any():
                order = way(book, one, other, min(HARD, count), int((right & few).sum()))
                values[_HARD] = r_precision(right & few, order)
            _add(found, name, **values)
    return found


def _blind(book: Book, one: str, other: str, n: int, k: int, *, share: float) -> np.ndarray:
    """Ranks the first ``n`` pictures by a difference of vectors."""
    wanted, avoided = book.words(article(one), article(other))
    return ranked(book.vectors[:n] @ (wanted - share * avoided))


def _ours(book: Book, one: str, other: str, n: int, k: int) -> np.ndarray:
    within = None if n == len(book.ids) else book.dataset.limit(n)
    return book.find(f'"{article(one)}" - "{article(other)}"', k, within=within)
