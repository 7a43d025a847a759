"""The vectors of a collection that are compared with each other."""

from __future__ import annotations

from dataclasses import dataclass

import fiftyone as fo
import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.ann.graph_files import GraphMaintenance
from fiftyone_faiss.brain.ann.neighbor_graph import check_graph_metric
from fiftyone_faiss.brain.ann.row_filter import allowed_rows
from fiftyone_faiss.brain.ann.scaled_vectors import Positions, ScaledVectors
from fiftyone_faiss.brain.backend.loading import load_faiss_index
from fiftyone_faiss.brain.core.ids import unpack_ids
from fiftyone_faiss.brain.data.media import Regions
from fiftyone_faiss.brain.data.view_ids import whole_groups


@dataclass(frozen=True)
class Compared:
    """The vectors of the samples, frames or labels of a collection.

    Attributes:
        samples: the collection
        brain_key: the index
        patches_field: the field of the labels that the index holds, None if it holds samples
        regions: which parts of the images it holds
        vectors: the vectors
        graphs: keeps the neighbor graph of the index
    """

    samples: foc.SampleCollection
    brain_key: str
    patches_field: str | None
    regions: Regions
    vectors: ScaledVectors
    graphs: GraphMaintenance

    @classmethod
    def of(cls, samples: foc.SampleCollection, brain_key: str | None) -> Compared:
        """Opens the vectors of a collection.

        Raises:
            ValueError: if there is no such FAISS index, its metric has no symmetric distances, or
                it holds fewer than two vectors of the collection
        """
        index = load_faiss_index(samples, brain_key)
        check_graph_metric(index.metric)
        snapshot = index.snapshot
        view_filter = index.view_filter
        is_dataset = isinstance(samples, fo.Dataset)
        view = None if is_dataset else whole_groups(samples, view_filter.is_of_frames)
        rows = np.sort(allowed_rows(snapshot, view_filter.row_filter(view, snapshot)))
        rows = rows[view_filter.existing_rows(snapshot, rows)]
        if len(rows) < 2:
            raise ValueError(
                f"The index '{index.key}' holds {len(rows)} of these samples, and two are needed "
                "for a comparison; choose another view, or run update_index."
            )
        vectors = ScaledVectors(snapshot, index.metric, rows)
        return cls(samples, index.key, index.patches_field, index.regions, vectors, index.graphs)

    def ids_at(self, positions: Positions) -> list[str]:
        """The ids of positions: of labels, or else of samples or frames."""
        return unpack_ids(self.vectors.snapshot.ids[self.vectors.rows[positions]])

    def sample_ids_at(self, positions: Positions) -> list[str]:
        """The ids of the samples of positions."""
        return unpack_ids(self.vectors.snapshot.sample_ids[self.vectors.rows[positions]])
