"""Score calibration: bands, verdicts and the score cutoff."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, permutations, product
from typing import Any

import numpy as np
from retrieval_world import (
    QUERIES_PER_FAMILY,
    Book,
    constant,
    draw_query_image,
    labeled_queries,
    mean,
    subset,
    table,
)

from fiftyone_faiss.brain import Neighbors
from fiftyone_faiss.brain.retrieval import calibration, reference_set, reranking
from fiftyone_faiss.demo.phrases import article
from fiftyone_faiss.demo.scenes import SCENES
from fiftyone_faiss.demo.world import KINDS, SCENE_NAMES

K, K_LARGE = 25, 400
# Queries with fewer relevant images are left out.
FEW_RELEVANT = 3
LEVELS = (2.0, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0)
SHARES = (0.02, 0.05, 0.1, 0.15, 0.3)
# No image of the dataset shows any of these, and none of them is a reference prompt.
IRRELEVANT_TEXTS = (
    "a zebra", "quantum physics", "an elephant", "a pizza", "the Eiffel Tower", "a violin",
    "a nuclear reactor", "a bowl of ramen", "tax law", "a toothbrush", "a chess board",
    "a penguin", "a dinosaur skeleton", "an X-ray of a knee", "a coral reef", "a guitar solo",
    "a wind turbine", "a cathedral window", "a pair of scissors", "a keyboard and a mouse",
    "a volcano erupting", "stock market crash", "a cup of coffee", "a spider web", "handwriting",
    "a barcode", "a tank", "an operating theatre", "a strawberry cake", "the moon landing",
    "a robot arm", "a stack of books", "a lightning bolt", "a waterfall", "a telescope",
    "philosophy", "a snake", "an octopus", "a pineapple", "a power plant at night",
)  # fmt: skip
_TEXT_FAMILIES = ("a {object}", "a {color} {object}", "a {object} {scene}")


@dataclass(frozen=True)
class LabeledQuery:
    """A query with its relevant images.

    Attributes:
        family: the family of the query
        query: the query of the search
        relevant: ``(n,)`` bool, which images are relevant
        options: further arguments of the search
    """

    family: str
    query: Any
    relevant: np.ndarray
    options: dict[str, Any] = field(default_factory=dict)


def _queries(book: Book, seed: int) -> list[LabeledQuery]:
    """Returns queries of all families, each with at least ``FEW_RELEVANT`` relevant images."""
    rng = np.random.default_rng([seed, 9])
    texts = [
        LabeledQuery(query.family, query.text, relevant)
        for query, relevant in labeled_queries(book, FEW_RELEVANT)
    ]
    families: dict[str, list[LabeledQuery]] = {}
    for query in [*texts, *_combined(book, rng)]:
        if query.relevant.sum() >= FEW_RELEVANT:
            families.setdefault(query.family, []).append(query)
    return [q for family in families.values() for q in subset(family, QUERIES_PER_FAMILY)]


def _combined(book: Book, rng: np.random.Generator) -> Iterator[LabeledQuery]:
    for kind, scene in product(KINDS, SCENE_NAMES):
        has = book.has(kind)
        image, text = draw_query_image(rng, kind, not_in=scene), SCENES[scene]
        relevant = has & book.scene(scene)
        uploads = {"uploads": {"upload": image}}
        yield LabeledQuery("an image", image, has)
        yield LabeledQuery("image + scene", f'@upload + "{text}"', relevant, uploads)
        yield LabeledQuery("kind + scene", f'"{article(kind)}" + "{text}"', relevant)
    for scene in SCENE_NAMES:
        yield LabeledQuery("a scene", SCENES[scene], book.scene(scene))
    for first, second in combinations(KINDS, 2):
        relevant = book.has(first) & book.has(second)
        yield LabeledQuery("kind + kind", f'"{article(first)}" + "{article(second)}"', relevant)
    for first, second in permutations(KINDS, 2):
        relevant = book.has(first) & ~book.has(second)
        yield LabeledQuery("kind - kind", f'"{article(first)}" - "{article(second)}"', relevant)


def bands(book: Book, seed: int) -> list[dict[str, Any]]:
    """Measures the precision of the bands strong, likely and weak."""
    counts: dict[str, dict[str, list[int]]] = {}
    for query in _queries(book, seed):
        neighbors = book.search(query.query, K_LARGE, **query.options)
        relevant = query.relevant[book.positions(neighbors.ids)]
        of_family = counts.setdefault(query.family, {name: [0, 0] for name in _BANDS})
        for band, is_relevant in zip(neighbors.bands, relevant, strict=True):
            of_family[str(band)][0] += 1
            of_family[str(band)][1] += int(is_relevant)
    rows = {}
    for family, of_family in counts.items():
        total = sum(count for count, _ in of_family.values())
        rows[family] = {
            name: value
            for band, (count, correct) in of_family.items()
            for name, value in (
                (f"{band}, share", round(count / total, 4)),
                (f"{band}, precision", round(correct / count, 4) if count else None),
            )
        }
    note = (
        f"The first {K_LARGE} results of queries with at least {FEW_RELEVANT} relevant images. "
        f"The band likely starts at an evidence of {reference_set.LIKELY:g}, strong at "
        f"{reference_set.STRONG:g}."
    )
    return [table("Bands", "family", rows, note=note), *_evidence_levels(book)]


_BANDS = ("strong", "likely", "weak")


def _evidence_levels(book: Book) -> list[dict[str, Any]]:
    """Measures text queries: precision and recall at several levels of evidence."""
    rows = {}
    for level in LEVELS:
        counts = {family: np.zeros(3, np.int64) for family in _TEXT_FAMILIES}
        with constant(calibration, "LIKELY", level):
            for query, relevant in labeled_queries(book, FEW_RELEVANT):
                neighbors = book.search(query.text, K_LARGE)
                above = np.array([band != "weak" for band in neighbors.bands])
                hits = relevant[book.positions(neighbors.ids)]
                counts[query.family] += np.array([above.sum(), (above & hits).sum(), hits.sum()])
        rows[f"{level:g}"] = {
            name: value
            for family, (above, correct, hits) in counts.items()
            for name, value in (
                (f"{family}: precision", round(float(correct / above), 4) if above else None),
                (f"{family}: recall", round(float(correct / hits), 4) if hits else None),
            )
        }
    note = f"Recall is relative to the relevant images among the first {K_LARGE} results."
    return [table("Levels of evidence, text queries", "minimum evidence", rows, note=note)]


# -- verdicts ------------------------------------------------------------------------------------


def verdicts(book: Book, seed: int) -> list[dict[str, Any]]:
    """Measures which queries get the verdict that nothing is relevant."""
    queries = _queries(book, seed)
    rng = np.random.default_rng([seed, 10])
    mixed = [f'"{article(str(rng.choice(KINDS)))}" + "{text}"' for text in IRRELEVANT_TEXTS]
    by_family: dict[str, list[float]] = {}
    for query in queries:
        neighbors = book.search(query.query, K, **query.options)
        by_family.setdefault(query.family, []).append(_has_verdict(neighbors))
    for name, texts in ((_IRRELEVANT, IRRELEVANT_TEXTS), (f"kind + {_IRRELEVANT}", mixed)):
        by_family[name] = [_has_verdict(book.search(text, K)) for text in texts]
    rows: dict[str, dict[str, Any]] = {
        family: {"queries": len(values), "share with verdict": mean(values)}
        for family, values in by_family.items()
    }
    judged = zip(IRRELEVANT_TEXTS, by_family[_IRRELEVANT], strict=True)
    missed = [text for text, has_verdict in judged if not has_verdict]
    note = (
        'The verdict says "Nothing relevant found". It is wrong for queries with at least '
        f"{FEW_RELEVANT} relevant images, and correct for the {len(IRRELEVANT_TEXTS)} irrelevant "
        f"texts. Irrelevant texts without a verdict: {', '.join(missed) or 'none'}."
    )
    return [table("Verdicts", "family", rows, note=note), _verdict_levels(book)]


_IRRELEVANT = "irrelevant text"


def _has_verdict(neighbors: Neighbors) -> float:
    return float(neighbors.verdict is not None)


def _verdict_levels(book: Book) -> dict[str, Any]:
    queries = labeled_queries(book, FEW_RELEVANT)
    rows = {}
    for level in LEVELS:
        with constant(calibration, "MIN_TEXT_EVIDENCE", level):
            wrong = mean([_has_verdict(book.search(query.text, K)) for query, _ in queries])
            correct = mean([_has_verdict(book.search(text, K)) for text in IRRELEVANT_TEXTS])
        rows[f"{level:g}"] = {
            "wrong verdicts": wrong,
            "correct verdicts": correct,
            "balanced accuracy": mean([correct, 1.0 - (wrong or 0.0)]),
        }
    note = "Text queries only. The first two columns are shares of the queries."
    default = f"{reference_set.MIN_TEXT_EVIDENCE:g}"
    return table(
        "Evidence of the verdict", "`MIN_TEXT_EVIDENCE`", rows, default, "balanced accuracy", note
    )


# -- score cutoff --------------------------------------------------------------------------------


def cutoff(book: Book, seed: int) -> list[dict[str, Any]]:
    """Compares the automatic score cutoff with other cutoffs."""
    queries = _queries(book, seed)
    rows: dict[str, dict[str, list[float]]] = {}
    by_family: dict[str, dict[str, list[float]]] = {}
    for query in queries:
        neighbors = book.search(query.query, K_LARGE, **query.options)
        relevant = query.relevant[book.positions(neighbors.ids)]
        total = int(query.relevant.sum())
        for name, kept in _cutoffs(neighbors, relevant, total).items():
            scores = _cutoff_scores(relevant, kept, total)
            for column, value in scores.items():
                rows.setdefault(name, {}).setdefault(column, []).append(value)
            by_family.setdefault(query.family, {}).setdefault(name, []).append(scores["F1"])
    note = (
        f"Means over {len(queries)} queries with {K_LARGE} results; recall is relative to all "
        "relevant images of the dataset. The automatic cutoff separates two groups of scores by "
        "Otsu's method (1979). The panel marks it and shows all results."
    )
    return [
        table("Score cutoff", "cutoff", _means(rows), _AUTOMATIC, "F1", note, bound=_BEST),
        table("F1 by family", "family", _means(by_family), note="Means over the same queries."),
        _shares(book, queries),
    ]


_AUTOMATIC, _BEST = "automatic cutoff", "best possible cutoff"


def _cutoffs(neighbors: Neighbors, relevant: np.ndarray, total: int) -> dict[str, np.ndarray]:
    """Returns ``(k,)`` bool by cutoff, which results it keeps."""
    ranks = np.arange(len(relevant))
    likely = np.array([band != "weak" for band in neighbors.bands])
    return {
        _AUTOMATIC: ranks < neighbors.cutoff,
        f"first {K}": ranks < K,
        "bands strong and likely": likely,
        "automatic cutoff and bands": likely & (ranks < neighbors.cutoff),
        "largest drop": ranks < _largest_drop(neighbors.scores),
        "knee": ranks < _knee(neighbors.scores),
        _BEST: ranks < _best_cutoff(relevant, total),
    }


def _means(rows: dict[str, dict[str, list[float]]]) -> dict[str, dict[str, float | None]]:
    return {
        row: {name: mean(values) for name, values in columns.items()}
        for row, columns in rows.items()
    }


def _cutoff_scores(relevant: np.ndarray, kept: np.ndarray, total: int) -> dict[str, float]:
    """Returns the precision, the recall and their harmonic mean F1 of the kept results."""
    correct, count = int((relevant & kept).sum()), int(kept.sum())
    return {
        "kept": float(count),
        "precision": correct / count if count else 0.0,
        "recall": correct / total,
        "F1": 2 * correct / (count + total),
    }


def _best_cutoff(relevant: np.ndarray, total: int) -> int:
    counts = np.arange(1, len(relevant) + 1)
    return int((2 * np.cumsum(relevant) / (counts + total)).argmax()) + 1


def _largest_drop(scores: np.ndarray) -> int:
    return int((scores[:-1] - scores[1:]).argmax()) + 1


def _knee(scores: np.ndarray) -> int:
    """Returns the rank at which the scores are farthest below the line from first to last.

    See Satopää et al., "Finding a kneedle in a haystack", 2011.
    """
    n = len(scores)
    spread = scores[0] - scores[-1]
    fall = np.linspace(1.0, 0.0, n) - (scores - scores[-1]) / (spread or 1.0)
    return max(1, int(fall.argmax()))


def _shares(book: Book, queries: list[LabeledQuery]) -> dict[str, Any]:
    """Compares the shares of the dataset in which the automatic cutoff is searched."""
    rows = {}
    for share in SHARES:
        values: dict[str, list[float]] = {}
        with (
            constant(reranking, "CUTOFF_SHARE", share),
            constant(reranking, "MAX_CUTOFF_SAMPLE", 10**9),
        ):
            for query in queries:
                neighbors = book.search(query.query, K_LARGE, **query.options)
                relevant = query.relevant[book.positions(neighbors.ids)]
                kept = np.arange(len(relevant)) < neighbors.cutoff
                scores = _cutoff_scores(relevant, kept, int(query.relevant.sum()))
                for name, value in scores.items():
                    values.setdefault(name, []).append(value)
        rows[f"{share:g}"] = {name: mean(column) for name, column in values.items()}
    most = reranking.MAX_CUTOFF_SAMPLE
    note = f"The cutoff is searched in this share of the index, in at most {most} results."
    default = f"{reranking.CUTOFF_SHARE:g}"
    return table("Share of the index", "`CUTOFF_SHARE`", rows, default, "F1", note)
