"""FiftyOne's search for duplicates among the samples, frames or labels of the current view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from fiftyone.brain.similarity import DuplicatesMixin

from fiftyone_faiss.brain.ann.row_filter import RowFilter
from fiftyone_faiss.brain.backend.sorting import SortingIndex
from fiftyone_faiss.brain.core.ids import id_array, pack_ids


class DuplicatesIndex(SortingIndex, DuplicatesMixin):
    """A stored index that finds duplicates."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        SortingIndex.__init__(self, *args, **kwargs)
        DuplicatesMixin.__init__(self)

    def find_duplicates(self, thresh: float | None = None, fraction: float | None = None) -> None:
        """See :meth:`fiftyone.brain.similarity.DuplicatesMixin.find_duplicates`.

        FiftyOne's own method looks for the nearest that is kept in a view of the dataset, which
        shows neither frames nor other slices of groups.
        """
        ids = self._current_ids()
        if fraction is None:
            unique_ids = self._remove_duplicates_thresh(thresh, ids)
        else:
            count = round(min(max(0, 1.0 - fraction), 1) * len(ids))
            unique_ids, thresh = self._remove_duplicates_count(count, ids, init_thresh=thresh)
        kept = set(unique_ids)
        duplicate_ids = [id for id in ids if id not in kept]
        self._thresh = thresh
        self._unique_ids = unique_ids
        self._duplicate_ids = duplicate_ids
        self._neighbors_map = self._nearest_of(duplicate_ids, list(unique_ids))

    def _nearest_of(
        self, ids: Sequence[str], among: Sequence[str]
    ) -> dict[str, list[tuple[str, float]]]:
        """Returns which of some ids are nearest to each of others, with their distances."""
        if not ids or not among:
            return {}
        snapshot = self.snapshot
        rows = snapshot.rows_of(pack_ids(among))
        is_among = np.zeros(snapshot.total_rows, bool)
        is_among[rows] = True
        row_filter = RowFilter(lambda some: is_among[some], lambda: np.sort(rows), listed=True)
        hits = self.vectors.search(snapshot, self.vectors_of(ids), 1, row_filter)
        nearest: dict[str, list[tuple[str, float]]] = {}
        for id, hit in zip(ids, hits, strict=True):
            (owner,) = id_array(snapshot.ids[hit.rows])
            nearest.setdefault(owner, []).append((id, float(hit.distances[0])))
        return {id: sorted(pairs, key=lambda pair: pair[1]) for id, pairs in nearest.items()}

    def _current_ids(self) -> np.ndarray:
        """The ids of the current view that the index holds: of labels, or else of samples."""
        labels: np.ndarray | None = self.current_label_ids
        return self.current_sample_ids if labels is None else labels
