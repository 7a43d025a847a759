"""What search asks of an index, whichever Brain backend holds its vectors."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import fiftyone.core.collections as foc

from fiftyone_faiss.brain.ann.combined_search import ProductScore
from fiftyone_faiss.brain.ann.exact_search import RowHits
from fiftyone_faiss.brain.core.arrays import Distances, Matrix, Rows
from fiftyone_faiss.brain.data.media import Regions
from fiftyone_faiss.embedders import Embedder


class IndexConfig(Protocol):
    """The configuration of a FAISS index, as its stored half reads it."""

    metric: str
    index_type: str
    dtype: str
    model: str | None
    model_kwargs: dict[str, Any] | None
    embeddings_field: str | None
    patches_field: str | None
    supports_prompts: bool | None
    frames: dict[str, Any] | None

    @property
    def root(self) -> Path:
        """The folder that holds the index's folder."""

    @property
    def regions(self) -> Regions:
        """Which parts of the images the index holds."""


class IndexReader(Protocol):
    """One state of an index, for the length of one search, restricted to a view.

    Rows are numbers that this reader gives to the vectors of the index; another reader of the same
    index may number them differently.

    Attributes:
        cache_key: equal for readers of one state of one index; changes with the vectors
        view_key: the same for one state of one index and of the view
        size: how many vectors the index holds, in the view or not
        max_k: how many neighbors one search can return at most, None for no limit
        notes: sentences about neighbors that the backend could not return
    """

    @property
    def cache_key(self) -> Hashable: ...

    @property
    def view_key(self) -> Hashable: ...

    @property
    def size(self) -> int: ...

    @property
    def max_k(self) -> int | None: ...

    @property
    def notes(self) -> tuple[str, ...]: ...

    def nearest(self, vector: Matrix, k: int, reverse: bool = False) -> RowHits:
        """Finds the nearest rows of the view that exist in the dataset, ties by row.

        Args:
            vector: ``(dim,)`` float32
            k: how many, at least 1
            reverse (False): whether to find the farthest instead, farthest first

        Returns:
            ``k`` rows with exact distances, or all of the view if it has fewer

        Raises:
            ValueError: if the backend cannot find the farthest
        """

    def top_rows(
        self, vectors: Matrix, score: ProductScore, k: int, reverse: bool = False
    ) -> Rows | None:
        """Ranks all rows of the view by a function of their products with several vectors.

        Args:
            vectors: ``(t, dim)`` float32
            score: scores the products, higher is better
            k: how many, at least 1
            reverse (False): whether to find the lowest scores instead

        Returns:
            ``k`` rows, best first, or all of the view if it has fewer; None if the backend cannot
            rank all rows
        """

    def range_search(self, vector: Matrix, thresh: float) -> RowHits:
        """Finds the rows of the view at most ``thresh`` away from a ``(dim,)`` vector."""

    def all_rows(self) -> Rows:
        """``(size,)`` int64, the rows of the whole index."""

    def sample_rows(self, count: int) -> Rows:
        """At most ``count`` random rows of the whole index, the same for one state of it."""

    def sample_view_rows(self, count: int) -> Rows:
        """At most ``count`` random rows of the view."""

    def nearest_others(self, rows: Rows) -> Distances | None:
        """``(n,)`` float64 distances of rows of the view to the nearest other row of it.

        None if the backend would take seconds for that.
        """

    def rows_of(self, ids: Sequence[str]) -> Rows:
        """``(len(ids),)`` int64 rows of samples, or labels, -1 for ids that it does not hold."""

    def vectors_at(self, rows: Rows) -> Matrix:
        """``(len(rows), dim)`` float32 vectors."""

    def ids_at(self, rows: Rows) -> list[str]:
        """The ids of samples, or of labels in an index of patches."""

    def sample_ids_at(self, rows: Rows) -> list[str]:
        """The ids of the samples."""


class SearchableIndex(Protocol):
    """A similarity index that can be searched by text, images, samples and vectors.

    Attributes:
        key: its brain key
        backend_name: its Brain backend, such as ``"faiss"`` or ``"lancedb"``
        samples: the collection that was indexed
        metric: one of ``METRICS``
        model: the name of the model of its vectors, None if it is unknown
        supports_text: whether the model embeds text
        patches_field: the field of the labels that it holds, None if it holds samples
        regions: which parts of the images it holds
        total_index_size: how many vectors it holds
        supports_all_neighbors: whether it can find the neighbors of all of its vectors
    """

    @property
    def key(self) -> str: ...

    @property
    def backend_name(self) -> str: ...

    @property
    def samples(self) -> foc.SampleCollection: ...

    @property
    def metric(self) -> str: ...

    @property
    def model(self) -> str | None: ...

    @property
    def supports_text(self) -> bool: ...

    @property
    def patches_field(self) -> str | None: ...

    @property
    def regions(self) -> Regions: ...

    @property
    def total_index_size(self) -> int: ...

    @property
    def supports_all_neighbors(self) -> bool: ...

    def get_embedder(self) -> Embedder:
        """The embedder of queries.

        Raises:
            ValueError: if the index does not name its model
        """

    def reader(self, view: foc.SampleCollection | None = None) -> IndexReader:
        """Opens the newest state of the index.

        Args:
            view (None): the view to search in, by default the dataset
        """

    def vectors_of(self, ids: Sequence[str]) -> Matrix:
        """``(len(ids), dim)`` float32 vectors of samples, or of labels in an index of patches.

        Raises:
            ValueError: if one of them is not in the index
        """

    def known_vectors(self, ids: Sequence[str]) -> Mapping[str, Matrix]:
        """The ``(dim,)`` float32 vectors of those ids that the index holds."""


def model_of(index: SearchableIndex) -> str:
    """The name of the model of an index.

    Raises:
        ValueError: if the index does not name its model
    """
    if index.model is None:
        raise ValueError(
            f"The index '{index.key}' does not name the model of its vectors, so it can only be "
            "searched with samples of the dataset or with a vector."
        )
    return index.model


def check_all_neighbors(index: SearchableIndex) -> None:
    """Raises a ``ValueError`` if an index cannot find the neighbors of all of its vectors."""
    if not index.supports_all_neighbors:
        raise ValueError(
            f"The backend '{index.backend_name}' of the index '{index.key}' cannot find the "
            "neighbors of all vectors; build a FAISS index of the same model for this."
        )
