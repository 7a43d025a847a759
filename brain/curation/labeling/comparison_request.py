"""The request of a comparison of models, normalized and checked in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from fiftyone_faiss.brain.ann.neighbor_graph import MAX_NEIGHBORS
from fiftyone_faiss.brain.core.params import MAX_NAME, read_list, read_text, read_whole

DEFAULT_NEIGHBORS = 10
DEFAULT_QUERIES = 5000
MAX_INDEXES = 20


@dataclass(frozen=True)
class ComparisonRequest:
    """Which indexes to compare on which labels.

    Attributes:
        brain_keys: the indexes, at least two
        label_field: a field of ``Classification``, the field of the patches of the indexes, or a
            field or attribute of texts
        k (10): the number of neighbors of kNN accuracy and precision
        max_queries (5000): the largest number of samples that are queries; more are drawn by chance
        seed (51): of the random draws

    Raises:
        ValueError: if a value is not valid; the message says what to do
    """

    brain_keys: Sequence[str]
    label_field: str
    k: int = DEFAULT_NEIGHBORS
    max_queries: int = DEFAULT_QUERIES
    seed: int = 51

    def __post_init__(self) -> None:
        given = [self.brain_keys] if isinstance(self.brain_keys, str) else self.brain_keys
        keys = [read_text("brain_keys", key, MAX_NAME) for key in read_list("brain_keys", given)]
        k, seed = read_whole("k", self.k), read_whole("seed", self.seed)
        queries = read_whole("max_queries", self.max_queries)
        normalized = {
            "brain_keys": tuple(dict.fromkeys(key for key in keys if key)),
            "label_field": read_text("label_field", self.label_field, MAX_NAME).strip(),
            "k": DEFAULT_NEIGHBORS if k is None else k,
            "max_queries": DEFAULT_QUERIES if queries is None else queries,
            "seed": abs(51 if seed is None else seed),
        }
        for name, value in normalized.items():
            object.__setattr__(self, name, value)
        if not 2 <= len(self.brain_keys) <= MAX_INDEXES:
            raise ValueError(
                f"brain_keys names {len(self.brain_keys)} indexes; give 2 to {MAX_INDEXES} "
                "different ones."
            )
        if not self.label_field:
            raise ValueError("label_field is empty; give the field with the labels.")
        if not 1 <= self.k <= MAX_NEIGHBORS:
            raise ValueError(f"k is {self.k}; give 1 to {MAX_NEIGHBORS} neighbors, such as 10.")
        if self.max_queries < 2:
            raise ValueError(f"max_queries is {self.max_queries}; give 2 or more, such as 5000.")

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> ComparisonRequest:
        """Makes a request of values that a form or a page sent; unknown names are ignored."""
        names = {field.name for field in fields(cls)}
        known = {name: value for name, value in params.items() if name in names}
        return cls(**{"brain_keys": (), "label_field": "", **known})
