"""The request of a comparison of compressed vectors, normalized and checked in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from fiftyone_faiss.brain.core.params import MAX_NAME, read_text, read_whole

DEFAULT_VECTORS, DEFAULT_QUERIES, DEFAULT_NEIGHBORS, DEFAULT_CANDIDATES = 20_000, 500, 10, 100
MIN_VECTORS, MAX_VECTORS = 1_000, 200_000


@dataclass(frozen=True)
class CompressionRequest:
    """Which index to compress, and how to measure it.

    Attributes:
        brain_key (None): the index; None for the only one
        max_vectors (20000): the largest number of vectors that are searched; of more, some are
            drawn by chance
        max_queries (500): the largest number of queries, which are vectors that are not searched
        k (10): the number of neighbors
        candidates (100): the number of nearest compressed vectors whose exact distances are
            computed for the recall with re-scoring
        seed (51): of all random choices

    Raises:
        ValueError: if a value is not valid; the message says what to do
    """

    brain_key: str | None = None
    max_vectors: int = DEFAULT_VECTORS
    max_queries: int = DEFAULT_QUERIES
    k: int = DEFAULT_NEIGHBORS
    candidates: int = DEFAULT_CANDIDATES
    seed: int = 51

    def __post_init__(self) -> None:
        defaults = {field.name: field.default for field in fields(self)}
        key = read_text("brain_key", self.brain_key, MAX_NAME) or None
        object.__setattr__(self, "brain_key", key)
        for name in ("max_vectors", "max_queries", "k", "candidates", "seed"):
            value = read_whole(name, getattr(self, name))
            object.__setattr__(self, name, defaults[name] if value is None else value)
        object.__setattr__(self, "seed", abs(self.seed))
        if not MIN_VECTORS <= self.max_vectors <= MAX_VECTORS:
            raise ValueError(
                f"max_vectors is {self.max_vectors:,}; give {MIN_VECTORS:,} to {MAX_VECTORS:,}."
            )
        if not 10 <= self.max_queries <= 10_000:
            raise ValueError(f"max_queries is {self.max_queries:,}; give 10 to 10,000.")
        if not 1 <= self.k <= self.candidates <= 1_000:
            raise ValueError(
                f"k is {self.k} and candidates is {self.candidates}; give 1 or more neighbors, and "
                "at least as many candidates, up to 1,000."
            )

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> CompressionRequest:
        """Makes a request of values that a form or a page sent; unknown names are ignored."""
        names = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in params.items() if name in names})
