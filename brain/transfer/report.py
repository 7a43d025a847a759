"""The result of a transfer: what was moved, what was not, and how that was checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Action: TypeAlias = Literal["copied", "exported", "imported"]


@dataclass(frozen=True)
class Verification:
    """How both sides of a transfer were compared.

    Attributes:
        compared: how many vectors were compared, number by number
        max_difference: the largest absolute difference of two numbers; 0 if they are equal
        queries: how many queries ran on both sides, 0 if a file is no index that can be searched
        k: how many neighbors each query asked for
        overlap: the mean share of the source's ``k`` nearest that the other side returned too,
            0 to 1; None without queries. Vectors at the distance of the last count as returned
        min_overlap: the smallest share of a query, None without queries
        recall: the mean share of the exact ``k`` nearest that the other side returned, 0 to 1
        source_recall: the share that the source returned
    """

    compared: int
    max_difference: float
    queries: int = 0
    k: int = 0
    overlap: float | None = None
    min_overlap: float | None = None
    recall: float | None = None
    source_recall: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return dict(vars(self))

    def __str__(self) -> str:
        parts = [f"{self.compared:,} vectors were read again and are equal"]
        if self.max_difference:
            parts = [
                f"{self.compared:,} vectors were read again and differ by at most "
                f"{self.max_difference:.1e}"
            ]
        if self.overlap is not None:
            parts.append(
                f"{self.queries:,} queries on both sides share {100 * self.overlap:.1f} % of their "
                f"{self.k} nearest"
            )
        return " and ".join(parts)


@dataclass(frozen=True)
class TransferReport:
    """The result of a copy, an export or an import.

    Attributes:
        action: what was done
        brain_key: the index that was copied or exported, or that was imported into
        count: the number of vectors on the other side
        dim: their dimension
        verification: how both sides were compared
        new_key: the index that a copy made, else None
        backend: the backend of the index that was written, None of an export
        path: the file or folder of an export or import, else None
        format: its format, else None
        skipped: the number of vectors that were left out, by the reason
        settings: what was set so that the other side finds as much, such as ``hnsw_ef_search``
        seconds: the duration
        notes: what else to know, such as results that are lost, in sentences
    """

    action: Action
    brain_key: str
    count: int
    dim: int
    verification: Verification
    new_key: str | None = None
    backend: str | None = None
    path: str | None = None
    format: str | None = None
    skipped: Mapping[str, int] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    notes: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {
            **vars(self),
            "verification": self.verification.to_dict(),
            "skipped": dict(self.skipped),
            "settings": dict(self.settings),
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        left_out = "".join(f"; {count:,} left out ({why})" for why, count in self.skipped.items())
        return (
            f"{self.action.capitalize()} {self.count:,} vectors of dimension {self.dim} "
            f"{self._route}: {self.verification}{left_out}."
        )

    @property
    def _route(self) -> str:
        """From where to where."""
        if self.action == "copied":
            return f"from '{self.brain_key}' to the {self.backend} index '{self.new_key}'"
        if self.action == "exported":
            return f"of '{self.brain_key}' to {self.path}"
        return f"from {self.path} into '{self.brain_key}'"
