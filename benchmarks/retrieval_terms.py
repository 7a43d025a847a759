"""Text queries, queries of several terms, and negative terms."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import combinations, permutations, product
from typing import Any

import numpy as np
from retrieval_world import (
    MIN_RELEVANT,
    Book,
    constant,
    draw_query_image,
    labeled_queries,
    mean,
    ndcg,
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

# Values by row and column of a table.
Scores = dict[str, dict[str, list[float]]]
# Maps a wanted kind, a negative kind, the number of images to rank and k to positions.
Method = Callable[[Book, str, str, int, int], np.ndarray]

IMAGES_PER_QUERY = 1
SHORTFALLS = (0.0, 1.0, 2.0, 3.0, 4.0)
PENALTIES, PENALTIES_FROM = (1.0, 2.0, 4.0), (0.0, 0.5, 1.0, 1.5)
# The number of pairs of kinds with which the constants are compared.
PAIRS_PER_CONSTANT = 40
# Among so few images, few are relevant, and a method that drops relevant images ranks lower.
SMALL_SIZE = 400


def plain(book: Book, seed: int) -> list[dict[str, Any]]:
    """Measures text queries of one term."""
    scores: Scores = {}
    for query, relevant in labeled_queries(book, per_family=None):
        order = book.rank(query.text, int(relevant.sum()))
        values = {
            "precision@10": precision(relevant, order),
            "nDCG@10": ndcg(relevant, order),
            "R-precision": r_precision(relevant, order),
        }
        _add(scores, query.family, **values)
    counts = {family: len(next(iter(columns.values()))) for family, columns in scores.items()}
    means = _means(scores).items()
    rows = {family: {"queries": counts[family], **columns} for family, columns in means}
    note = "Text queries of one term are ranked by cosine similarity."
    return [table("Text queries", "family", rows, note=note)]


def _add(scores: Scores, row: str, **values: float) -> None:
    for name, value in values.items():
        scores.setdefault(row, {}).setdefault(name, []).append(value)


def _means(scores: Scores) -> dict[str, dict[str, float | None]]:
    return {
        row: {name: mean(values) for name, values in columns.items()}
        for row, columns in scores.items()
    }


# -- several terms -------------------------------------------------------------------------------


def composition(book: Book, seed: int) -> list[dict[str, Any]]:
    """Compares methods that combine an image with a text, and a text with a text."""
    images, texts = list(_image_queries(book, seed)), list(_text_queries(book))
    default = f"search(), shortfall weight {ranking.SHORTFALL:g}"
    return [
        table(
            f"An image and a text, {len(images)} queries",
            "method",
            _means(_compare_image_methods(book, images, default)),
            default,
            "precision@10",
            note="The image shows an object in another scene; relevant images show an object of "
            "that kind in the scene of the text. Scores are standardized, because text embeddings "
            "are farther from image embeddings than images are from each other. The shortfall "
            "lowers the rank of results that match only some of the terms.",
        ),
        table(
            f"Two texts, R-precision, {len(texts)} queries",
            "method",
            _means(_compare_text_methods(book, texts, default)),
            default,
            "mean",
            note="One sentence is a single query, for a model that was trained on sentences.",
        ),
        _shortfalls(book, images, texts),
    ]


def _shortfalls(book: Book, images: list[Any], texts: list[Any]) -> dict[str, Any]:
    scores: Scores = {}
    for shortfall in SHORTFALLS:
        row = f"{shortfall:g}"
        with constant(ranking, "SHORTFALL", shortfall):
            for image, text, relevant in images:
                score = precision(relevant, _search_image(book, image, text))
                _add(scores, row, **{"image + text": score})
            for family, first, second, _, relevant in texts:
                order = book.rank(f'"{first}" + "{second}"', int(relevant.sum()))
                _add(scores, row, **{family: r_precision(relevant, order)})
    rows = _means(scores)
    for columns in rows.values():
        columns["mean"] = mean(list(columns.values()))
    return table(
        "Weight of the shortfall",
        "`ranking.SHORTFALL`",
        rows,
        f"{ranking.SHORTFALL:g}",
        "mean",
        note="Precision@10 of an image and a text, R-precision of two texts.",
    )


def _image_queries(book: Book, seed: int) -> Iterable[tuple[Any, str, np.ndarray]]:
    rng = np.random.default_rng([seed, 2])
    for kind, scene in product(KINDS, SCENE_NAMES):
        relevant = book.has(kind) & book.scene(scene)
        if relevant.sum() < MIN_RELEVANT:
            continue
        for _ in range(IMAGES_PER_QUERY):
            yield draw_query_image(rng, kind, not_in=scene), SCENES[scene], relevant


def _text_queries(book: Book) -> Iterable[tuple[str, str, str, str, np.ndarray]]:
    for kind, scene in product(KINDS, SCENE_NAMES):
        relevant = book.has(kind) & book.scene(scene)
        if relevant.sum() >= MIN_RELEVANT:
            text, where = article(kind), SCENES[scene]
            yield "kind + scene", text, where, f"{text} {where}", relevant
    for first, second in combinations(KINDS, 2):
        relevant = book.has(first) & book.has(second)
        if relevant.sum() >= MIN_RELEVANT:
            texts = article(first), article(second)
            yield "kind + kind", *texts, " and ".join(texts), relevant


def _search_image(book: Book, image: Any, text: str) -> np.ndarray:
    return book.rank(f'@upload + "{text}"', uploads={"upload": image})


def _standardize(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / values.std()


def _combinations(book: Book, first: np.ndarray, second: np.ndarray) -> dict[str, np.ndarray]:
    """Returns the scores of the images by the method that combines two query vectors."""
    cosines = book.vectors @ first, book.vectors @ second
    standardized = _standardize(cosines[0]), _standardize(cosines[1])
    return {
        "sum": cosines[0] + cosines[1],
        "standardized sum": standardized[0] + standardized[1],
        "standardized minimum": np.minimum(*standardized),
    }


def _compare_image_methods(book: Book, images: list[Any], default: str) -> Scores:
    scores: Scores = {}
    image_mean = book.vectors.mean(axis=0)
    text_mean = book.embed_texts(*REFERENCE_PROMPTS).mean(axis=0)
    for image, text, relevant in images:
        image_vector, text_vector = book.embed_image(image), book.embed_texts(text)[0]
        centered = unit(image_vector - image_mean) + unit(text_vector - text_mean)
        methods = {
            "image only": book.vectors @ image_vector,
            "text only": book.vectors @ text_vector,
            **_combinations(book, image_vector, text_vector),
            "sum of centered vectors": book.vectors @ centered,
        }
        orders = {name: ranked(similarities) for name, similarities in methods.items()}
        for name, order in {**orders, default: _search_image(book, image, text)}.items():
            values = {"precision@10": precision(relevant, order), "nDCG@10": ndcg(relevant, order)}
            _add(scores, name, **values)
    return scores


def _compare_text_methods(book: Book, texts: list[Any], default: str) -> Scores:
    scores: Scores = {}
    for family, first, second, sentence, relevant in texts:
        vectors = book.embed_texts(first, second)
        k = int(relevant.sum())
        methods = {
            "first only": book.vectors @ vectors[0],
            "second only": book.vectors @ vectors[1],
            **_combinations(book, *vectors),
        }
        orders = {name: ranked(similarities) for name, similarities in methods.items()}
        orders[default] = book.rank(f'"{first}" + "{second}"', k)
        orders["one sentence"] = book.rank(sentence, k)
        for name, order in orders.items():
            _add(scores, name, **{family: r_precision(relevant, order)})
    for columns in scores.values():
        columns["mean"] = [float(np.mean(values)) for values in columns.values()]
    return scores


# -- negative terms ------------------------------------------------------------------------------


def negatives(book: Book, seed: int) -> list[dict[str, Any]]:
    """Compares methods that avoid a kind, on all ordered pairs of kinds."""
    pairs = list(permutations(KINDS, 2))
    default = f"search(), {ranking.PENALTY:g} from {ranking.PENALTY_FROM:g}"
    methods: dict[str, Method] = {
        "negative term ignored": partial(_subtract, weight=0.0),
        "vector subtracted, weight 0.5": partial(_subtract, weight=0.5),
        "vector subtracted, weight 1": partial(_subtract, weight=1.0),
        default: _search,
    }
    few = np.random.default_rng([seed, 3]).choice(len(pairs), PAIRS_PER_CONSTANT, replace=False)
    return [
        table(
            f"One kind without another, {len(pairs)} queries",
            "method",
            _means(_compare_negatives(book, pairs, methods)),
            default,
            _SMALL,
            note=f"The last column ranks {SMALL_SIZE} images, of which few are relevant. The "
            "penalty applies only to images that match the negative term: images that are "
            "especially unlike it are not better results.",
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
            columns = _means(_compare_negatives(book, pairs, {"search": _search}))["search"]
        total = mean([columns[_BOTH], columns[_SMALL]])
        rows[f"{penalty:g} from {start:g}"] = {**columns, "mean": total}
    return table(
        f"Penalty, {len(pairs)} of these queries",
        "`PENALTY` from `PENALTY_FROM`",
        rows,
        f"{ranking.PENALTY:g} from {ranking.PENALTY_FROM:g}",
        "mean",
        note="The mean is that of the two columns before it.",
    )


_WITHOUT, _HAS = "precision@10, without the negative kind", "precision@10, with the wanted kind"
_BOTH, _SMALL = "precision@10, both", "400 images, R-precision"


def _compare_negatives(
    book: Book, pairs: list[tuple[str, str]], methods: dict[str, Method]
) -> Scores:
    scores: Scores = {}
    size = len(book.ids)
    small = np.arange(size) < SMALL_SIZE
    for wanted_kind, negative_kind in pairs:
        wanted, negative = book.has(wanted_kind), book.has(negative_kind)
        relevant = wanted & ~negative
        for name, method in methods.items():
            order = method(book, wanted_kind, negative_kind, size, 10)
            values = {
                _WITHOUT: precision(~negative, order),
                _HAS: precision(wanted, order),
                _BOTH: precision(relevant, order),
            }
            if (relevant & small).any():
                k = int((relevant & small).sum())
                order = method(book, wanted_kind, negative_kind, min(SMALL_SIZE, size), k)
                values[_SMALL] = r_precision(relevant & small, order)
            _add(scores, name, **values)
    return scores


def _subtract(
    book: Book, wanted_kind: str, negative_kind: str, n: int, k: int, *, weight: float
) -> np.ndarray:
    """Ranks the first ``n`` images by a difference of vectors."""
    wanted, negative = book.embed_texts(article(wanted_kind), article(negative_kind))
    return ranked(book.vectors[:n] @ (wanted - weight * negative))


def _search(book: Book, wanted_kind: str, negative_kind: str, n: int, k: int) -> np.ndarray:
    view = None if n == len(book.ids) else book.dataset.limit(n)
    return book.rank(f'"{article(wanted_kind)}" - "{article(negative_kind)}"', k, view=view)
