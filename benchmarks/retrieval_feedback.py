"""Feedback: what marking the first ten results as right or wrong does to the next ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from retrieval_world import LEAST_RIGHT, Book, K, constant, mean, ranked, table

from fiftyone_faiss.brain.retrieval import ranking
from fiftyone_faiss.demo.phrases import article
from fiftyone_faiss.demo.world import COLOR_NAMES, KINDS, SCENE_NAMES

ROUNDS = 3
PEOPLE_EACH = 24
SHARES = (0.35, 0.7, 1.0, 1.4, 2.0)
# Words that the model was never taught.
CATEGORIES = {
    "a pet": ("dog", "cat"),
    "a vehicle": ("car", "bus", "bicycle", "boat", "airplane"),
    "an animal": ("dog", "cat", "bird", "horse", "fish"),
    "a toy": ("ball", "kite"),
    "something that flies": ("bird", "airplane", "kite"),
}


@dataclass(frozen=True)
class Person:
    """Someone who means more than they type.

    Attributes:
        group: what they mean beyond the words
        text: what they type
        right: which pictures they mean
        typed: which pictures the words are true of
    """

    group: str
    text: str
    right: np.ndarray
    typed: np.ndarray


# From words and the places that were marked right and wrong to places, best first.
Rank = Callable[[Book, str, list[int], list[int]], np.ndarray]
# What a person sees before the first round and after each.
Seen = list[dict[str, Any]]


def feedback(book: Book, seed: int) -> list[dict[str, Any]]:
    """Rounds of marking, against other ways to use the marks."""
    people = _people(book, np.random.default_rng([seed, 4]))
    ours = f"ours, {ranking.FEEDBACK:g}"
    ways: dict[str, Rank] = {
        "only what was liked": _liked,
        "Rocchio, 1, 0.75 and 0.15": _rocchio,
        ours: _ours,
    }
    found = {name: [_rounds(book, one, way) for one in people] for name, way in ways.items()}
    return [
        table(
            f"Precision@10 of what is shown after so many rounds, {len(people)} people",
            "how marks are used",
            {name: _by_round(one, "shown") for name, one in found.items()},
            ours,
            f"round {ROUNDS}",
            why="Each round the person marks the first ten. What was liked is shown again, so "
            "part of this is memory; the next table leaves it out.",
        ),
        table(
            "Of ten that were not marked yet",
            "how marks are used",
            {name: _by_round(one, "new") for name, one in found.items()},
            ours,
            f"round {ROUNDS}",
            why="The residual collection (Salton and Buckley, 1990): the share that is right of "
            "the best ten among the unmarked, or of as many right ones as are still there.",
        ),
        _by_what_is_meant(people, found[ours]),
        _weights(book, people),
    ]


def _by_what_is_meant(people: list[Person], found: list[Seen]) -> dict[str, Any]:
    rows = {}
    for group in dict.fromkeys(one.group for one in people):
        some = [one for one, person in zip(found, people, strict=True) if person.group == group]
        for what, key in (
            ("shown", "shown"),
            ("unmarked", "new"),
            ("unmarked, the words true", "typed"),
        ):
            rows[f"{group}, {what}"] = _by_round(some, key)
    why = "Where the words are true of fewer after marking, the query drifts from them."
    return table("Ours by what is meant", "meant", rows, why=why)


def _weights(book: Book, people: list[Person]) -> dict[str, Any]:
    rows = {}
    for share in SHARES:
        with constant(ranking, "FEEDBACK", share):
            rows[f"{share:g}"] = _last([_rounds(book, one, _ours) for one in people], people)
    return table(
        f"The weight of feedback, after {ROUNDS} rounds",
        "`ranking.FEEDBACK`",
        rows,
        f"{ranking.FEEDBACK:g}",
        "unmarked",
        why="With too large a weight the query drifts from its words, and finds less.",
    )


def _people(book: Book, rng: np.random.Generator) -> list[Person]:
    groups: dict[str, list[Person]] = {"in a scene": [], "of a colour": [], "with another": []}
    for kind in KINDS:
        typed = book.has(kind)
        for scene in SCENE_NAMES:
            groups["in a scene"].append(
                Person("in a scene", article(kind), typed & book.scene(scene), typed)
            )
        for color in COLOR_NAMES:
            groups["of a colour"].append(
                Person("of a colour", article(kind), book.has(kind, color), typed)
            )
    for kind, other in product(KINDS, KINDS):
        if kind != other:
            typed = book.has(kind)
            right = typed & book.has(other)
            groups["with another"].append(Person("with another", article(kind), right, typed))
    people = []
    for group in groups.values():
        able = [one for one in group if one.right.sum() >= LEAST_RIGHT]
        chosen = rng.choice(len(able), min(PEOPLE_EACH, len(able)), replace=False)
        people += [able[i] for i in sorted(chosen)]
    for text, kinds in CATEGORIES.items():
        right = np.any([book.has(kind) for kind in kinds], axis=0)
        people.append(Person("a category", text, right, right))
    return people


def _rounds(book: Book, person: Person, rank: Rank) -> Seen:
    liked: list[int] = []
    disliked: list[int] = []
    seen: Seen = []
    for _ in range(ROUNDS + 1):
        order = rank(book, person.text, liked, disliked)
        shown = order[:K]
        marked = np.array(liked + disliked, np.int64)
        fresh = order[~np.isin(order, marked)][:K]
        left = int(person.right.sum()) - len(liked)
        seen.append(
            {
                "shown": float(person.right[shown].mean()),
                "new": person.right[fresh].sum() / min(K, left) if left else None,
                "typed": float(person.typed[fresh].mean()),
                "shown typed": float(person.typed[shown].mean()),
            }
        )
        for place in shown[~np.isin(shown, marked)].tolist():
            (liked if person.right[place] else disliked).append(place)
    return seen


def _by_round(found: list[Seen], key: str) -> dict[str, float | None]:
    return {f"round {i}": mean([one[i][key] for one in found]) for i in range(ROUNDS + 1)}


def _last(found: list[Seen], people: list[Person]) -> dict[str, float | None]:
    last = [one[-1] for one in found]
    narrower = [
        one for one, person in zip(last, people, strict=True) if person.group != "a category"
    ]
    return {
        "shown": mean([one["shown"] for one in last]),
        "unmarked": mean([one["new"] for one in last]),
        "shown, the words true": mean([one["shown typed"] for one in narrower]),
        "unmarked, the words true": mean([one["typed"] for one in narrower]),
    }


# -- ways to use marks ---------------------------------------------------------------------------


def _ours(book: Book, text: str, liked: list[int], disliked: list[int]) -> np.ndarray:
    near, far = ([book.ids[i] for i in places] for places in (liked, disliked))
    return book.find(text, K * (ROUNDS + 1), liked=near, disliked=far)


def _liked(book: Book, text: str, liked: list[int], disliked: list[int]) -> np.ndarray:
    """By the mean of what was liked, once something was."""
    vector = book.vectors[liked].mean(axis=0) if liked else book.words(text)[0]
    return ranked(book.vectors @ vector)


def _rocchio(book: Book, text: str, liked: list[int], disliked: list[int]) -> np.ndarray:
    """The usual weights (Manning, Raghavan and Schütze, "Introduction to Information Retrieval",
    2008, 9.1.1) on vectors as they are."""
    vector = book.words(text)[0]
    for share, places in ((0.75, liked), (-0.15, disliked)):
        if places:
            vector = vector + share * book.vectors[places].mean(axis=0)
    return ranked(book.vectors @ vector)
