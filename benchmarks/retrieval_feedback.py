"""Relevance feedback: rounds of marking the first 10 results as liked or disliked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from retrieval_world import MIN_RELEVANT, Book, K, constant, mean, ranked, table

from fiftyone_faiss.brain.retrieval import ranking
from fiftyone_faiss.demo.phrases import article
from fiftyone_faiss.demo.world import COLOR_NAMES, KINDS, SCENE_NAMES

ROUNDS = 3
USERS_PER_GROUP = 24
WEIGHTS = (0.35, 0.7, 1.0, 1.4, 2.0)
# Texts that the model was not trained on.
CATEGORIES = {
    "a pet": ("dog", "cat"),
    "a vehicle": ("car", "bus", "bicycle", "boat", "airplane"),
    "an animal": ("dog", "cat", "bird", "horse", "fish"),
    "a toy": ("ball", "kite"),
    "something that flies": ("bird", "airplane", "kite"),
}


@dataclass(frozen=True)
class User:
    """A simulated user whose text query describes only a part of the intended images.

    Attributes:
        group: the part that the text leaves out
        text: the text query
        intended: ``(n,)`` bool, which images the user wants
        matching: ``(n,)`` bool, which images the text describes
    """

    group: str
    text: str
    intended: np.ndarray
    matching: np.ndarray


# Maps a text and the positions of liked and disliked images to positions, most similar first.
Method = Callable[[Book, str, list[int], list[int]], np.ndarray]
# The measurements of a user, before the first round and after each round.
Rounds = list[dict[str, Any]]


def feedback(book: Book, seed: int) -> list[dict[str, Any]]:
    """Compares methods that use feedback over several rounds."""
    users = _users(book, np.random.default_rng([seed, 4]))
    default = f"search(), weight {ranking.FEEDBACK:g}"
    methods: dict[str, Method] = {
        "mean of the liked images": _mean_of_liked,
        "Rocchio, weights 1, 0.75 and 0.15": _rocchio,
        default: _search,
    }
    measured = {
        name: [_simulate(book, user, method) for user in users] for name, method in methods.items()
    }
    return [
        table(
            f"Precision@10 of the shown results, {len(users)} users",
            "method",
            {name: _by_round(rounds, "shown") for name, rounds in measured.items()},
            default,
            f"round {ROUNDS}",
            note="In each round, the user marks the first 10 results. Liked images are shown "
            "again, which raises these numbers; the next table leaves marked images out.",
        ),
        table(
            "Precision of 10 unmarked results",
            "method",
            {name: _by_round(rounds, "new") for name, rounds in measured.items()},
            default,
            f"round {ROUNDS}",
            note="The residual collection method (Salton and Buckley, 1990): marked images are "
            "removed from the ranking. With fewer than 10 relevant images left, the number of "
            "relevant results is divided by the number left.",
        ),
        _by_group(users, measured[default]),
        _weights(book, users),
    ]


def _by_group(users: list[User], measured: list[Rounds]) -> dict[str, Any]:
    rows = {}
    for group in dict.fromkeys(user.group for user in users):
        some = [rounds for rounds, user in zip(measured, users, strict=True) if user.group == group]
        for label, key in (
            ("shown", "shown"),
            ("unmarked", "new"),
            ("unmarked, matching the text", "typed"),
        ):
            rows[f"{group}, {label}"] = _by_round(some, key)
    return table(
        "search() by group of users",
        "left out of the text",
        rows,
        note="A lower share of results that match the text shows that the query drifts from it.",
    )


def _weights(book: Book, users: list[User]) -> dict[str, Any]:
    rows = {}
    for weight in WEIGHTS:
        with constant(ranking, "FEEDBACK", weight):
            measured = [_simulate(book, user, _search) for user in users]
        rows[f"{weight:g}"] = _last_round(measured, users)
    return table(
        f"Weight of the feedback, after {ROUNDS} rounds",
        "`ranking.FEEDBACK`",
        rows,
        f"{ranking.FEEDBACK:g}",
        "unmarked",
        note="With a large weight, the query drifts from its text.",
    )


def _users(book: Book, rng: np.random.Generator) -> list[User]:
    groups: dict[str, list[User]] = {"scene": [], "color": [], "second object": []}
    for kind in KINDS:
        matching = book.has(kind)
        for scene in SCENE_NAMES:
            intended = matching & book.scene(scene)
            groups["scene"].append(User("scene", article(kind), intended, matching))
        for color in COLOR_NAMES:
            intended = book.has(kind, color)
            groups["color"].append(User("color", article(kind), intended, matching))
    for kind, other in product(KINDS, KINDS):
        if kind != other:
            matching = book.has(kind)
            user = User("second object", article(kind), matching & book.has(other), matching)
            groups["second object"].append(user)
    users = []
    for group in groups.values():
        able = [user for user in group if user.intended.sum() >= MIN_RELEVANT]
        chosen = rng.choice(len(able), min(USERS_PER_GROUP, len(able)), replace=False)
        users += [able[i] for i in sorted(chosen)]
    for text, kinds in CATEGORIES.items():
        intended = np.any([book.has(kind) for kind in kinds], axis=0)
        users.append(User("category", text, intended, intended))
    return users


def _simulate(book: Book, user: User, method: Method) -> Rounds:
    liked: list[int] = []
    disliked: list[int] = []
    rounds: Rounds = []
    for _ in range(ROUNDS + 1):
        order = method(book, user.text, liked, disliked)
        shown = order[:K]
        marked = np.array(liked + disliked, np.int64)
        unmarked = order[~np.isin(order, marked)][:K]
        left = int(user.intended.sum()) - len(liked)
        rounds.append(
            {
                "shown": float(user.intended[shown].mean()),
                "new": user.intended[unmarked].sum() / min(K, left) if left else None,
                "typed": float(user.matching[unmarked].mean()),
                "shown typed": float(user.matching[shown].mean()),
            }
        )
        for position in shown[~np.isin(shown, marked)].tolist():
            (liked if user.intended[position] else disliked).append(position)
    return rounds


def _by_round(measured: list[Rounds], key: str) -> dict[str, float | None]:
    return {f"round {i}": mean([rounds[i][key] for rounds in measured]) for i in range(ROUNDS + 1)}


def _last_round(measured: list[Rounds], users: list[User]) -> dict[str, float | None]:
    last = [rounds[-1] for rounds in measured]
    # The text of a category describes all intended images.
    narrower = [row for row, user in zip(last, users, strict=True) if user.group != "category"]
    return {
        "shown": mean([row["shown"] for row in last]),
        "unmarked": mean([row["new"] for row in last]),
        "shown, matching the text": mean([row["shown typed"] for row in narrower]),
        "unmarked, matching the text": mean([row["typed"] for row in narrower]),
    }


# -- methods -------------------------------------------------------------------------------------


def _search(book: Book, text: str, liked: list[int], disliked: list[int]) -> np.ndarray:
    liked_ids, disliked_ids = ([book.ids[i] for i in marked] for marked in (liked, disliked))
    return book.rank(text, K * (ROUNDS + 1), liked=liked_ids, disliked=disliked_ids)


def _mean_of_liked(book: Book, text: str, liked: list[int], disliked: list[int]) -> np.ndarray:
    """Ranks by the mean vector of the liked images, or by the text before the first like."""
    vector = book.vectors[liked].mean(axis=0) if liked else book.embed_texts(text)[0]
    return ranked(book.vectors @ vector)


def _rocchio(book: Book, text: str, liked: list[int], disliked: list[int]) -> np.ndarray:
    """Ranks by Rocchio's method with its usual weights, without normalization.

    See Manning, Raghavan and Schütze, "Introduction to Information Retrieval", 2008, 9.1.1.
    """
    vector = book.embed_texts(text)[0]
    for weight, marked in ((0.75, liked), (-0.15, disliked)):
        if marked:
            vector = vector + weight * book.vectors[marked].mean(axis=0)
    return ranked(book.vectors @ vector)
