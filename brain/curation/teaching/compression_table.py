"""The result of a comparison of compressed vectors: sizes, errors, recall and times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fiftyone_faiss.brain.curation.labeling.paired import Interval

HEAD = (
    "method",
    "bytes",
    "compression",
    "reconstruction error",
    "recall",
    "re-scored recall",
    "training",
    "query",
)


@dataclass(frozen=True)
class CompressionRow:
    """A method, and what was measured of it.

    Attributes:
        name: the method, such as ``"PQ"``
        setting: its FAISS factory string, or what it keeps
        bytes_per_vector: the size of a compressed vector
        compression: how many times smaller than float32 it is
        reconstruction_error: the squared error of vectors that it was not trained on, as a share of
            their variance: 0 is perfect, and 1 as good as their mean; None if compressed vectors
            cannot be decompressed
        recall: the share of the true neighbors among the nearest compressed vectors
        rescored_recall: the same, if the exact distances of the candidates are computed
        train_seconds: the time to train it and to compress all vectors, with one thread
        query_ms: the median time of a query among all of them, with one thread, without re-scoring
    """

    name: str
    setting: str
    bytes_per_vector: float
    compression: float
    reconstruction_error: float | None
    recall: Interval
    rescored_recall: Interval
    train_seconds: float
    query_ms: float

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        intervals = {
            name: dict(vars(getattr(self, name))) for name in ("recall", "rescored_recall")
        }
        return {**vars(self), **intervals}

    def cells(self) -> tuple[str, ...]:
        """The cells of its row in a table; see ``HEAD``."""
        error = self.reconstruction_error
        return (
            f"{self.name} ({self.setting})",
            f"{self.bytes_per_vector:,.0f}",
            f"{self.compression:.0f}x",
            "–" if error is None else f"{error:.4f}",
            str(self.recall),
            str(self.rescored_recall),
            f"{self.train_seconds:.2f} s",
            f"{self.query_ms:.2f} ms",
        )


@dataclass(frozen=True)
class CompressionTable:
    """A comparison of compressed vectors of an index.

    Attributes:
        brain_key: the index
        metric: its metric
        dim: the length of its vectors
        vectors: how many were compressed and searched
        queries: how many others were queries
        k: the number of neighbors
        candidates: the number of re-scored candidates
        chance: the recall of random vectors
        rows: the methods, the largest vectors first
        notes: what else to know, in sentences
    """

    brain_key: str
    metric: str
    dim: int
    vectors: int
    queries: int
    k: int
    candidates: int
    chance: float
    rows: Sequence[CompressionRow]
    notes: Sequence[str] = ()

    def row(self, name: str) -> CompressionRow:
        """The row of a method.

        Raises:
            ValueError: if there is none of this name
        """
        for row in self.rows:
            if row.name == name:
                return row
        names = [row.name for row in self.rows]
        raise ValueError(f"There is no method '{name}' in the table; choose one of {names}.")

    def smallest(self, recall: float) -> CompressionRow | None:
        """The smallest vectors whose re-scored recall is at least this, with 97.5 % certainty."""
        enough = [row for row in self.rows if row.rescored_recall.low >= recall]
        return min(enough, key=lambda row: row.bytes_per_vector, default=None)

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        rows = [row.to_dict() for row in self.rows]
        return {**vars(self), "rows": rows, "notes": list(self.notes)}

    def to_markdown(self) -> str:
        """The table in Markdown."""
        rules = [":--"] + ["--:"] * (len(HEAD) - 1)
        rows = [HEAD, rules, *(row.cells() for row in self.rows)]
        lines = [f"| {' | '.join(cells)} |" for cells in rows]
        return "\n".join([*lines, "", *(f"- {note}" for note in self.notes)]).rstrip()

    def __str__(self) -> str:
        best = self.smallest(0.95)
        sentence = "no method reaches a re-scored recall of 0.95"
        if best is not None:
            sentence = (
                f"the smallest with a re-scored recall of 0.95 is {best.name}, "
                f"{best.bytes_per_vector:,.0f} bytes"
            )
        return (
            f"{len(self.rows)} ways to keep {self.vectors:,} vectors of {self.dim} dimensions: "
            f"{sentence}."
        )
