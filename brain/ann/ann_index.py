"""ANN indexes: FAISS structures over the vectors of a store that propose candidates.

An ANN index is derived from the store: it can be deleted and rebuilt at any time. Position ``i`` of
an index is row ``i`` of the store, deleted rows included, so ids are not stored twice. The searcher
drops deleted rows from the candidates and computes their distances exactly from the store.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import faiss

from fiftyone_faiss.brain.ann.factory import HNSW_LINKS, index_parts, prepared
from fiftyone_faiss.brain.core.arrays import Matrix, Rows, SurrogateScores

# A search for fewer neighbors uses the parameters that were tuned for this many.
MIN_K = 10
MAX_EF_SEARCH = 4_096


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


class AnnIndex:
    """An ANN index that several threads can search at once.

    Args:
        index: the FAISS index, which is only read
        metric: one of ``METRICS``
        parameters: the search parameters, by ascending ``k``
    """

    def __init__(
        self, index: faiss.Index, metric: str, parameters: tuple[SearchParameters, ...]
    ) -> None:
        self.index = index
        self.metric = metric
        self.parameters = parameters
        self.rows: int = index.ntotal
        self.max_nprobe = max_nprobe(index)
        for part in index_parts(index):
            if isinstance(part, faiss.IndexIVF):
                # Parallelize over the lists of one query, because most searches have one query.
                part.parallel_mode = 1

    @classmethod
    def read(cls, path: Path, metric: str, parameters: tuple[SearchParameters, ...]) -> AnnIndex:
        """Maps an index file whose checksum was verified by the caller."""
        return cls(faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC), metric, parameters)

    def parameters_for(self, k: int) -> SearchParameters:
        """Returns the search parameters for ``k`` neighbors."""
        for parameters in self.parameters:
            if k <= parameters.k:
                return parameters
        last = self.parameters[-1]
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

    def propose(self, query: Matrix, k: int) -> Rows:
        """Returns candidates for the ``k`` nearest rows of a ``(dim,)`` query, unordered."""
        parameters = self.parameters_for(k)
        count = min(max(k, MIN_K) * parameters.k_factor, self.rows)
        (rows,), _ = self.search(prepared(query[None], self.metric), count, parameters.nprobe)
        return rows[rows >= 0]

    def search(self, queries: Matrix, count: int, nprobe: int) -> tuple[Rows, SurrogateScores]:
        """Searches the FAISS index.

        Args:
            queries: ``(Q, dim)`` prepared queries
            count: the number of rows per query
            nprobe: ``nprobe`` of an IVF index, the smallest ``efSearch`` of an HNSW index

        Returns:
            ``(Q, count)`` rows, -1 where there are none, and their scores in FAISS's metric
        """
        parameters = _faiss_parameters(self.index, nprobe, count)
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
    """Creates the parameters of one call, because threads share an index and must not change it.

    FAISS keeps only pointers to the inner parameters; its Python objects keep them alive.
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
