"""What the Brain backends do in ways of their own when vectors are copied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fiftyone.brain.similarity import SimilarityIndex

from fiftyone_faiss.brain.core.ids import pack_ids
from fiftyone_faiss.brain.core.optional import require
from fiftyone_faiss.brain.core.progress import Progress
from fiftyone_faiss.brain.data.embeddings_fields import Embeddings
from fiftyone_faiss.brain.indexing.writing import maintain_steps
from fiftyone_faiss.brain.similarity import FaissSimilarityIndex
from fiftyone_faiss.brain.store.batch import Batch
from fiftyone_faiss.brain.transfer.index_vectors import IndexVectors, MemoryVectors
from fiftyone_faiss.brain.transfer.pg_vectors import PgVectors


class FaissVectors(IndexVectors):
    """A FAISS index, whose ANN index is made after the last vectors."""

    batch_rows = 20_000
    results: FaissSimilarityIndex

    def add(self, rows: Embeddings) -> None:
        labels = None if rows.label_ids is None else pack_ids(rows.label_ids)
        self.results.add_batch(Batch(rows.vectors, pack_ids(rows.sample_ids), labels))

    def finish(self) -> Iterator[Progress]:
        return maintain_steps(self.results)


class LanceVectors(IndexVectors):
    """A LanceDB table, which FiftyOne reads and writes whole at each change."""

    batch_rows = 20_000

    def read(self, ids: Sequence[str]) -> Embeddings:
        table = self.results.table
        if table is None:
            return self._rows([], [], [])
        listed = ", ".join(f"'{id}'" for id in ids)
        records = table.search().where(f"id IN ({listed})").limit(self.size).to_arrow()
        vectors = records["vector"].combine_chunks().flatten().to_numpy()
        return self._rows(
            vectors.reshape(records.num_rows, -1) if records.num_rows else [],
            records["sample_id"].to_pylist(),
            records["id"].to_pylist(),
        )

    def add(self, rows: Embeddings) -> None:
        table = self.results.table
        if table is None:
            super().add(rows)
            return
        arrow = require("pyarrow", "pyarrow", "lancedb", "The backend 'lancedb'")
        numbers = arrow.array(rows.vectors.ravel(), type=arrow.float32())
        vectors = arrow.FixedSizeListArray.from_arrays(numbers, rows.vectors.shape[1])
        columns = [rows.ids.tolist(), rows.sample_ids.tolist(), vectors]
        table.add(arrow.Table.from_arrays(columns, names=["id", "sample_id", "vector"]))


class MilvusVectors(IndexVectors):
    """A Milvus collection, searched exactly.

    FiftyOne searches the HNSW index that it makes with a fixed ef of 10, and Milvus refuses
    queries for more neighbors than ef. Of other indexes Milvus ignores ef.
    """

    INSERTED_ROWS = 1_000

    @property
    def size(self) -> int:
        collection = self.results.collection
        if collection is None:
            return 0
        # The number of entities includes deleted ones.
        counted = collection.query(expr="", output_fields=["count(*)"])
        return int(counted[0]["count(*)"])

    def read(self, ids: Sequence[str]) -> Embeddings:
        return self._rows([], [], []) if self.results.collection is None else super().read(ids)

    def add(self, rows: Embeddings) -> None:
        self.results.add_to_index(
            rows.vectors,
            rows.sample_ids.tolist(),
            label_ids=None if rows.label_ids is None else rows.label_ids.tolist(),
            reload=False,
            batch_size=self.INSERTED_ROWS,
        )

    def finish(self) -> Iterator[Progress]:
        collection, made = self.results.collection, self.results.config.index_params
        collection.release()
        collection.drop_index()
        exact = {"index_type": "FLAT", "metric_type": made["metric_type"], "params": {}}
        collection.create_index("vector", index_params=exact)
        collection.load()
        return iter(())

    @property
    def settings(self) -> dict[str, Any]:
        return {"index_type": "FLAT"}


_CLASSES: dict[str, type[IndexVectors]] = {
    "faiss": FaissVectors,
    "lancedb": LanceVectors,
    "milvus": MilvusVectors,
    "pgvector": PgVectors,
    "sklearn": MemoryVectors,
}


def vectors_of(results: SimilarityIndex) -> IndexVectors:
    """The vectors of an index, by the class for its backend."""
    return _CLASSES.get(results.config.method, IndexVectors)(results)
