"""The vectors of an index in PostgreSQL with pgvector."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from fiftyone.brain.similarity import SimilarityIndex

from fiftyone_faiss.brain.core.optional import require
from fiftyone_faiss.brain.core.progress import Progress
from fiftyone_faiss.brain.data.embeddings_fields import Embeddings
from fiftyone_faiss.brain.transfer.index_vectors import IndexVectors, rows_at

PACKAGE = ("psycopg2-binary", "pgvector", "The backend 'pgvector'")
# pgvector's own limit of ef_search, and what a copy begins with.
MAX_EF_SEARCH, FIRST_EF_SEARCH = 1_000, 200


class PgVectors(IndexVectors):
    """A table whose rows are written by COPY, and indexed after the last one.

    FiftyOne makes the table and its index, but would add each row to the index by itself. An HNSW
    index of pgvector returns at most ``hnsw_ef_search`` neighbors, 40 by default.
    """

    batch_rows = 5_000

    def __init__(self, results: SimilarityIndex) -> None:
        super().__init__(results)
        self._any_row: Embeddings | None = None

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        """A cursor of a connection of its own, whose changes are committed at the end."""
        # An open transaction would keep the table locked.
        self.results.close_connections()
        config = self.results.config
        files = {
            "sslcert": config.ssl_cert,
            "sslkey": config.ssl_key,
            "sslrootcert": config.ssl_root_cert,
        }
        given = {name: path for name, path in files.items() if path}
        client = require("psycopg2", *PACKAGE)
        with (
            closing(client.connect(config.connection_string, **given)) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            yield cursor

    @property
    def _has_table(self) -> bool:
        with self._cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM information_schema.tables WHERE table_name = %s",
                (self.results.config.table_name,),
            )
            return cursor.fetchone() is not None

    @property
    def size(self) -> int:
        if not self._has_table:
            return 0
        try:
            return super().size
        finally:
            self.results.close_connections()

    def read(self, ids: Sequence[str]) -> Embeddings:
        try:
            rows = super().read(ids)
        finally:
            self.results.close_connections()
        if len(rows.ids):
            self._any_row = rows_at(rows, slice(1))
        return rows

    def add(self, rows: Embeddings) -> None:
        self._any_row = rows_at(rows, slice(1))
        sql = require("psycopg2.sql", *PACKAGE)
        config = self.results.config
        if not self._has_table:
            super().add(self._any_row)
            with self._cursor() as cursor:
                cursor.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(config.index_name)))
            rows = rows_at(rows, slice(1, None))
        # The shortest decimals of a number are read as the same float32.
        lines = "".join(
            f"{id}\t{sample_id}\t{json.dumps(vector)}\n"
            for id, sample_id, vector in zip(
                rows.ids.tolist(), rows.sample_ids.tolist(), rows.vectors.tolist(), strict=True
            )
        )
        copy = sql.SQL("COPY {} (id, sample_id, embedding_vector) FROM STDIN")
        with self._cursor() as cursor:
            cursor.copy_expert(copy.format(sql.Identifier(config.table_name)), io.StringIO(lines))

    def finish(self) -> Iterator[Progress]:
        # FiftyOne makes a missing index when a row is added, also one that is there.
        assert self._any_row is not None
        super().add(self._any_row)
        return iter(())

    def widen(self) -> bool:
        config = self.results.config
        if config.index_type == "ivfflat":
            return False
        if (config.hnsw_ef_search or 0) >= MAX_EF_SEARCH:
            return False
        config.hnsw_ef_search = min(
            2 * (config.hnsw_ef_search or FIRST_EF_SEARCH // 2), MAX_EF_SEARCH
        )
        return True

    @property
    def settings(self) -> dict[str, Any]:
        config = self.results.config
        if config.index_type == "ivfflat":
            return {"ivfflat_probes": config.ivfflat_probes}
        return {"hnsw_ef_search": config.hnsw_ef_search}
