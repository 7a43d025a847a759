"""What a search asks of an index that is kept in a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.backend.searchable import model_of
from fiftyone_faiss.brain.backend.store_reader import StoreReader
from fiftyone_faiss.brain.backend.stored_index import StoredIndex
from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.core.ids import pack_ids
from fiftyone_faiss.brain.data.media import Regions
from fiftyone_faiss.brain.models import loading
from fiftyone_faiss.embedders import Embedder


class SearchableStoredIndex(StoredIndex):
    """A stored index as a :class:`fiftyone_faiss.brain.backend.searchable.SearchableIndex`."""

    def known_vectors(self, ids: Sequence[str]) -> Mapping[str, Matrix]:
        """The ``(dim,)`` float32 vectors of those ids that the index holds."""
        snapshot = self.snapshot
        rows = snapshot.rows_of(pack_ids(ids))
        vectors = snapshot.vectors_at(rows[rows >= 0])
        return dict(zip(np.asarray(ids)[rows >= 0].tolist(), vectors, strict=True))

    @property
    def backend_name(self) -> str:
        return "faiss"

    @property
    def metric(self) -> str:
        metric: str = self.config.metric
        return metric

    @property
    def model(self) -> str | None:
        model: str | None = self.config.model
        return model

    @property
    def supports_text(self) -> bool:
        return bool(self.supports_prompts)

    @property
    def patches_field(self) -> str | None:
        field: str | None = self.config.patches_field
        return field

    @property
    def regions(self) -> Regions:
        regions: Regions = self.config.regions
        return regions

    @property
    def supports_all_neighbors(self) -> bool:
        # Distances of this metric may be negative, which FiftyOne's methods do not expect.
        return self.metric != "dotproduct"

    def get_embedder(self) -> Embedder:
        """The embedder of the model that the index names."""
        # Queries are computed in the precision of the vectors.
        precision = self.snapshot.precision() or "auto"
        return loading.get_index_embedder(self.key, model_of(self), precision)

    def reader(self, view: foc.SampleCollection | None = None) -> StoreReader:
        """Opens the newest generation of the vectors."""
        return StoreReader(self.vectors, self.snapshot, self.view_filter, view)
