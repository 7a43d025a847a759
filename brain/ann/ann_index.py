"""ANN indexes: FAISS structures over the vectors of a store that propose candidates.

An ANN index is derived from the store: it can be deleted and rebuilt at any time. Position ``i`` of
an index is row ``i`` of the store, deleted rows included, so ids are not stored twice. The searcher
drops deleted rows from the candidates and computes their distances exactly from the store.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from fiftyone_faiss.brain.ann.exact_search import scaled_queries
from fiftyone_faiss.brain.ann.factory import HNSW_LINKS, index_parts
from fiftyone_faiss.brain.core.arrays import Matrix, Places, Rows, SurrogateScores

# A search for fewer neighbors uses the parameters that were tuned for this many.
MIN_K = 10
MAX_EF_SEARCH = 4_096
# Parameters of calls that an index keeps.
MAX_PARAMETERS = 64
# Threads share the lists of one query if these hold more values, which takes one thread about 4 ms.
# On a busy machine, waiting for another thread takes as long.
SHARED_VALUES = 32_000_000


@dataclass(frozen=True)
class SearchParameters:
    """The FAISS search parameters for up to ``k`` neighbors.

    Attributes:
        k: the largest number of neighbors they were tuned for
        nprobe: ``nprobe`` of an IVF index, the smallest ``efSearch`` of an HNSW index, 0 for other
            types
        k_factor: candidates per neighbor
    """

    k: int
    nprobe: int
    k_factor: int

    @classmethod
    def from_json(cls, values: dict[str, int]) -> SearchParameters:
        """Reads the stored form."""
        return cls(values["depth"], values["probes"], values["overfetch"])

    def to_json(self) -> dict[str, int]:
        """The stored form; its keys are a data format."""
        return {"depth": self.k, "probes": self.nprobe, "overfetch": self.k_factor}


@dataclass(frozen=True)
class Tier:
    """The search parameters for queries whose neighbors are far.

    The neighbors of a query that resembles some rows are in few lists of an IVF index. Those of a
    query that resembles no row, such as a text, are scattered, so that it needs a larger
    ``nprobe``.

    Attributes:
        limit: the tier holds queries whose ``MIN_K``-th candidate is farther than this, on FAISS's
            scale: a squared L2 distance, or an inner product with a query of unit length
        parameters: the search parameters, by ascending ``k``
    """

    limit: float
    parameters: tuple[SearchParameters, ...]

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Tier:
        """Reads the stored form."""
        return cls(values["limit"], tuple(map(SearchParameters.from_json, values["efforts"])))

    def to_json(self) -> dict[str, Any]:
        """The stored form; its keys are a data format."""
        efforts = [parameters.to_json() for parameters in self.parameters]
        return {"limit": self.limit, "efforts": efforts}


class AnnIndex:
    """An ANN index that several threads can search at once.

    Args:
        index: the FAISS index, which is only read
        metric: one of ``METRICS``
        parameters: the search parameters, by ascending ``k``
        tiers (()): the search parameters for farther queries, nearest first
    """

    def __init__(
        self,
        index: faiss.Index,
        metric: str,
        parameters: tuple[SearchParameters, ...],
        tiers: tuple[Tier, ...] = (),
    ) -> None:
        self.index = index
        self.metric = metric
        self.parameters = parameters
        self.tiers = tiers
        self.rows: int = index.ntotal
        self.max_nprobe = max_nprobe(index)
        self._ivf = [part for part in index_parts(index) if isinstance(part, faiss.IndexIVF)]
        # Far scores are low for an inner product, and high for a distance.
        self._sign = -1.0 if index.metric_type == faiss.METRIC_INNER_PRODUCT else 1.0
        self._limits = self._sign * np.array([tier.limit for tier in tiers])
        # Made once, because creating FAISS's objects takes a tenth of the time of a query.
        self._parameters_of = functools.lru_cache(MAX_PARAMETERS)(
            functools.partial(_faiss_parameters, index)
        )

    @classmethod
    def read(
        cls,
        path: Path,
        metric: str,
        parameters: tuple[SearchParameters, ...],
        tiers: tuple[Tier, ...] = (),
    ) -> AnnIndex:
        """Maps an index file whose checksum was verified by the caller."""
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        return cls(index, metric, parameters, tiers)

    def parameters_for(self, k: int, tier: int = 0) -> SearchParameters:
        """Returns the search parameters for ``k`` neighbors; tier 0 is that of near queries."""
        tuned = self.tiers[tier - 1].parameters if tier else self.parameters
        for parameters in tuned:
            if k <= parameters.k:
                return parameters
        last = tuned[-1]
        nprobe = min(self.max_nprobe, -(-last.nprobe * k // last.k))
        return SearchParameters(k, nprobe, last.k_factor)

    def rows_visited(self, k: int) -> float:
        """Estimates the number of rows that a search for ``k`` neighbors visits."""
        if not self.max_nprobe:
            return self.rows
        nprobe = self.parameters_for(k).nprobe
        if _is_graph(self.index):
            return nprobe * HNSW_LINKS
        return self.rows * nprobe / self.max_nprobe

    def propose(self, queries: Matrix, k: int) -> Rows:
        """Returns ``(Q, n)`` candidates for the ``k`` nearest rows of ``(Q, dim)`` queries.

        They are in no order; -1 fills up queries with fewer candidates.
        """
        queries = scaled_queries(queries, self.metric)[0]
        rows, scores = self._search_tier(queries, k, 0)
        tiers = self.tiers_of(scores)
        if not tiers.any():
            return rows
        proposals = [(tiers == 0, rows[tiers == 0])]
        for tier in np.unique(tiers[tiers > 0]).tolist():
            members = tiers == tier
            proposals.append((members, self._search_tier(queries[members], k, tier)[0]))
        width = max(rows.shape[1] for _, rows in proposals)
        proposed = np.full((len(queries), width), -1, np.int64)
        for members, rows in proposals:
            proposed[members, : rows.shape[1]] = rows
        return proposed

    def tiers_of(self, scores: SurrogateScores) -> Places:
        """Returns the ``(Q,)`` tiers of queries by their ``(Q, n)`` scores, best first."""
        last = self._sign * scores[:, min(MIN_K, scores.shape[1]) - 1]
        return np.asarray(np.count_nonzero(last[:, None] > self._limits, axis=1))

    def _search_tier(self, queries: Matrix, k: int, tier: int) -> tuple[Rows, SurrogateScores]:
        parameters = self.parameters_for(k, tier)
        count = min(max(k, MIN_K) * parameters.k_factor, self.rows)
        return self.search(queries, count, parameters.nprobe)

    def search(self, queries: Matrix, count: int, nprobe: int) -> tuple[Rows, SurrogateScores]:
        """Searches the FAISS index.

        Args:
            queries: ``(Q, dim)`` queries, of unit length unless the metric is euclidean
            count: the number of rows per query
            nprobe: ``nprobe`` of an IVF index, the smallest ``efSearch`` of an HNSW index

        Returns:
            ``(Q, count)`` rows, -1 where there are none, and their scores in FAISS's metric
        """
        parameters = self._parameters_of(nprobe, count)
        for part in self._ivf:
            # Threads share either the queries or the lists of one query. The results are the same,
            # so a change by another thread does no harm.
            values = part.ntotal / part.nlist * nprobe * part.d
            is_alone = len(queries) < faiss.omp_get_max_threads() and values > SHARED_VALUES
            part.parallel_mode = int(is_alone)
        scores, rows = self.index.search(queries, count, params=parameters)
        return rows, scores


def max_nprobe(index: faiss.Index) -> int:
    """Returns the largest useful ``nprobe`` or ``efSearch``, 0 for types that have neither."""
    for part in index_parts(index):
        if isinstance(part, faiss.IndexIVF):
            return int(part.nlist)
        if isinstance(part, faiss.IndexHNSW):
            return MAX_EF_SEARCH
    return 0


def effective_nprobe(index: faiss.Index, nprobe: int, count: int) -> int:
    """Returns the ``nprobe`` or ``efSearch`` that a search for ``count`` candidates uses.

    ``efSearch`` is at least the number of candidates.
    """
    return max(nprobe, count) if _is_graph(index) else nprobe


def _is_graph(index: faiss.Index) -> bool:
    return any(isinstance(part, faiss.IndexHNSW) for part in index_parts(index))


def _faiss_parameters(index: faiss.Index, nprobe: int, count: int) -> faiss.SearchParameters | None:
    """Creates the parameters of a call, because threads share an index and must not change it.

    A search only reads them, so that calls can share them. FAISS keeps only pointers to the inner
    parameters; its Python objects keep them alive.
    """
    index = faiss.downcast_index(index)
    if isinstance(index, faiss.IndexPreTransform):
        inner = _faiss_parameters(index.index, nprobe, count)
        return faiss.SearchParametersPreTransform(index_params=inner) if inner else None
    if isinstance(index, faiss.IndexRefine):
        inner = _faiss_parameters(index.base_index, nprobe, count)
        return faiss.IndexRefineSearchParameters(k_factor=1.0, base_index_params=inner)
    if isinstance(index, faiss.IndexIVF):
        return faiss.SearchParametersIVF(nprobe=max(1, nprobe))
    if isinstance(index, faiss.IndexHNSW):
        return faiss.SearchParametersHNSW(efSearch=max(1, nprobe, count))
    return None
