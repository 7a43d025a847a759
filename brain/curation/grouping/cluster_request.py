"""The request of clusters, normalized and checked in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from fiftyone_faiss.brain.core.params import MAX_NAME, quoted, read_list, read_text, read_whole
from fiftyone_faiss.brain.curation.grouping.vocabulary import VOCABULARIES

Method = Literal["kmeans", "density"]
METHODS: tuple[Method, ...] = ("kmeans", "density")
MAX_CLUSTERS, MAX_SEEDS, MAX_VOCABULARY = 10_000, 20, 50_000
DEFAULT_SEEDS = 5
OWN = "own"
"""The vocabulary of a form that has texts of its own."""


@dataclass(frozen=True)
class ClusterRequest:
    """How to find clusters, and how to name them.

    Attributes:
        brain_key (None): the index; None for the only one
        n_clusters (None): the number of clusters; None proposes one
        n_groups (None): the number of groups of clusters; None proposes one
        method ("kmeans"): ``"kmeans"`` puts everything into a cluster; ``"density"`` (HDBSCAN)
            leaves out what is in no dense region, and finds the number itself
        min_size (None): the smallest size of a cluster for ``"density"``
        seeds (5): the number of runs with different seeds that are compared, 1 to 20
        seed (51): the first seed
        vocabulary ("general"): texts to name clusters by, or ``"general"`` for 1,000 names of
            things and places, ``"wordnet"`` for 12,000 nouns, ``"none"`` for no names
        names_key (None): another index of the same samples, whose model embeds text, to name them

    Raises:
        ValueError: if a value is not valid; the message says what to do
    """

    brain_key: str | None = None
    n_clusters: int | None = None
    n_groups: int | None = None
    method: Method = "kmeans"
    min_size: int | None = None
    seeds: int = DEFAULT_SEEDS
    seed: int = 51
    vocabulary: str | Sequence[str] = "general"
    names_key: str | None = None

    def __post_init__(self) -> None:
        seeds = read_whole("seeds", self.seeds, MAX_SEEDS)
        seed = read_whole("seed", self.seed)
        normalized = {
            "brain_key": read_text("brain_key", self.brain_key, MAX_NAME) or None,
            "n_clusters": _number("n_clusters", self.n_clusters, 2),
            "n_groups": _number("n_groups", self.n_groups, 2),
            "method": read_text("method", self.method) or "kmeans",
            "min_size": _number("min_size", self.min_size, 2),
            "seeds": DEFAULT_SEEDS if seeds is None else seeds,
            "seed": 51 if seed is None else seed,
            "vocabulary": _vocabulary(self.vocabulary),
            "names_key": read_text("names_key", self.names_key, MAX_NAME) or None,
        }
        for name, value in normalized.items():
            object.__setattr__(self, name, value)
        if self.seeds < 1:
            raise ValueError(f"seeds is {self.seeds}; give 1 to {MAX_SEEDS}.")
        if self.seed < 0:
            raise ValueError(f"seed is {self.seed}; give a number from 0 on.")
        self._check_method()

    def _check_method(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"method is {quoted(self.method)}; choose 'kmeans' or 'density'.")
        if self.method == "density" and self.n_clusters is not None:
            raise ValueError(
                "The method 'density' finds the number of clusters itself; give min_size instead "
                "of n_clusters."
            )
        if self.method == "kmeans" and self.min_size is not None:
            raise ValueError("min_size belongs to the method 'density'; give n_clusters instead.")

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> ClusterRequest:
        """Makes a request of values that a form or a page sent; unknown names are ignored.

        The vocabulary ``"own"`` stands for the list ``texts``.
        """
        names = {field.name for field in fields(cls)}
        values = {name: value for name, value in params.items() if name in names}
        if values.get("vocabulary") == OWN:
            values["vocabulary"] = read_list("texts", params.get("texts"))
        return cls(**values)


def _number(name: str, value: Any, minimum: int) -> int | None:
    number = read_whole(name, None if value == "" else value, MAX_CLUSTERS)
    if number is not None and number < minimum:
        raise ValueError(f"{name} is {number}; give {minimum} or more, or nothing for a proposal.")
    return number


def _vocabulary(value: Any) -> str | tuple[str, ...]:
    if value is None or value == "":
        return "general"
    if isinstance(value, str):
        if value not in VOCABULARIES:
            raise ValueError(
                f"vocabulary is {quoted(value)}; give a list of texts, or choose one of "
                f"{', '.join(map(repr, VOCABULARIES))}."
            )
        return value
    texts = [
        read_text("vocabulary", text, MAX_NAME).strip() for text in read_list("vocabulary", value)
    ]
    unique = tuple(dict.fromkeys(text for text in texts if text))
    if not unique:
        raise ValueError(
            "vocabulary has no texts; give some, or 'none' for clusters without names."
        )
    if len(unique) > MAX_VOCABULARY:
        raise ValueError(f"vocabulary has {len(unique):,} texts; give {MAX_VOCABULARY:,} at most.")
    return unique
