"""The thresholds that decide when an ANN index is built, rebuilt and used."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AnnPolicy:
    """When to build, rebuild and use an ANN index.

    Attributes:
        flat_values (10,000,000): up to this number of values (rows times dimensions), the type
            ``"auto"`` searches exactly. At 20,000 x 512, an exact search takes 3 ms and an IVF
            index 1 ms; see ``benchmarks/results/crossover.md``
        memory_fraction (0.5): ``"auto"`` uses 8-bit codes while they take at most this fraction of
            the free memory, 2-bit codes otherwise
        min_rows (256): stores with fewer rows have no ANN index
        tail_fraction (0.25): the index is rebuilt when the rows missing from it exceed this
            fraction of the rows it holds
        tail_rows (10,000): the index is not rebuilt while at most this many rows are missing
        deleted_fraction (0.25): the store is compacted when more than this fraction of its rows
            are deleted
        deleted_rows (1,000): the store is not compacted while at most this many rows are deleted
        max_visited_fraction (1/4): for many queries, the ANN index is used if a query visits at
            most this fraction of the rows; only for indexes whose speed was not measured
        gather_rows (2,048): vectors of up to this many allowed rows are copied together and
            searched exactly
        gather_fraction (1/12): the same, as a fraction of all rows, for exact searches
        gather_cost (20): copying one row takes as long as an ANN index takes to visit this many
        max_candidate_fraction (1/16): above this fraction of all rows, proposing candidates takes
            longer than an exact search
        candidate_growth (4): the factor for the number of candidates when too few were allowed
        min_candidates (64): the least number of candidates after the first growth
    """

    flat_values: int = 10_000_000
    memory_fraction: float = 0.5
    min_rows: int = 256
    tail_fraction: float = 0.25
    tail_rows: int = 10_000
    deleted_fraction: float = 0.25
    deleted_rows: int = 1_000
    max_visited_fraction: float = 1 / 4
    gather_rows: int = 2_048
    gather_fraction: float = 1 / 12
    gather_cost: int = 20
    max_candidate_fraction: float = 1 / 16
    candidate_growth: int = 4
    min_candidates: int = 64

    def is_large(self, total_rows: int, count: int) -> bool:
        """Whether proposing this many candidates takes longer than an exact search."""
        return count > self.max_candidate_fraction * total_rows

    def is_gathered(self, total_rows: int, count: int) -> bool:
        """Whether copying this many rows is faster than searching all and masking the others."""
        return count <= max(self.gather_rows, self.gather_fraction * total_rows)

    def candidates_for(self, k: int, allowed: int, total_rows: int) -> int:
        """Returns the number of candidates expected to contain ``k`` allowed rows, and a margin."""
        return int(1.5 * k * total_rows / max(1, allowed)) + 16


DEFAULT_POLICY = AnnPolicy()
