"""The ids of a collection, and the stored ids that exist in the database."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, replace
from typing import Any

import fiftyone.core.collections as foc
import numpy as np
from bson import ObjectId, json_util
from cachetools import LRUCache

from fiftyone_faiss.brain.ann.row_filter import RowFilter
from fiftyone_faiss.brain.core.arrays import Mask, Rows
from fiftyone_faiss.brain.core.ids import ID_BYTES, PackedIds, pack_ids, unpack_ids
from fiftyone_faiss.brain.data.database import check_exists, data_token
from fiftyone_faiss.brain.data.lookup import LOOKUP, is_of_frames, label_path
from fiftyone_faiss.brain.data.private import (
    frame_documents,
    root_dataset,
    sample_documents,
    serialize_view,
)
from fiftyone_faiss.brain.data.view_ids import can_test, ids_inside, view_ids
from fiftyone_faiss.brain.store.snapshot import Snapshot

# The number of views whose rows an index remembers.
REMEMBERED = 8
# A view that is searched again is listed if it has at most this many rows (about 6 us per row);
# later queries then need not ask the database which rows are in it.
LISTED_ROWS = 200_000


@dataclass(frozen=True)
class _ListedView:
    """The rows of a view.

    Attributes:
        token: a value that changes with the data; see :meth:`ViewFilter.token`
        rows: ``(n,)`` int64, None until they are listed
        missing: the number of ids in the view that have no row
        share: the fraction of the tested rows that are in the view; None before the first query
    """

    token: Any
    rows: Rows | None = None
    missing: int = 0
    share: float | None = None


class ViewFilter:
    """Determines which rows of an index are in a collection.

    Args:
        samples: the collection that was indexed, or its dataset
        patches_field: the labels' field, or None for samples
        is_of_frames: whether frames of videos were indexed, or their labels
    """

    def __init__(
        self, samples: foc.SampleCollection, patches_field: str | None, is_of_frames: bool
    ) -> None:
        self._root = root_dataset(samples)
        self.is_of_frames = is_of_frames
        self._field = patches_field
        # Threads of the App's server share an index.
        self._lock = threading.Lock()
        self._remembered: LRUCache[str, _ListedView] = LRUCache(REMEMBERED)

    def row_filter(self, samples: foc.SampleCollection | None, snapshot: Snapshot) -> RowFilter:
        """Returns the filter of the rows that are in a view now; None means the dataset."""
        if samples is None:
            return RowFilter(lambda rows: self.existing_rows(snapshot, rows), lambda: None)
        listed = self._listed(samples, snapshot)
        is_filter = can_test(samples, self.is_of_frames)
        is_large = listed.share is None or listed.share * snapshot.size > LISTED_ROWS
        if listed.rows is None and is_filter and is_large:
            return self._tested_row_filter(samples, snapshot, listed)
        rows = self._list(samples, snapshot, listed).rows
        # The current token proves that nothing was deleted since the rows were listed.
        return RowFilter(lambda some: np.ones(len(some), bool), lambda: rows, listed=True)

    def _tested_row_filter(
        self, samples: foc.SampleCollection, snapshot: Snapshot, known: _ListedView
    ) -> RowFilter:
        """Returns a filter that tests few rows in the database until all rows are needed."""

        def contains(some: Rows) -> Mask:
            nonlocal known
            if known.rows is not None:
                # All rows were listed, so only rows of that list are tested from now on.
                return np.ones(len(some), bool)
            inside = self._inside(samples, snapshot, some)
            if len(some):
                share = np.count_nonzero(inside) / len(some)
                known = self._remember(samples, replace(known, share=share))
            return inside

        def rows() -> Rows | None:
            nonlocal known
            known = self._list(samples, snapshot, known)
            return known.rows

        return RowFilter(contains, rows)

    def existing_rows(self, snapshot: Snapshot, rows: Rows) -> Mask:
        """Determines which rows' samples, or labels, exist in the database.

        Args:
            snapshot: the store's rows
            rows: ``(n,)`` int64

        Returns:
            ``(n,)`` bool
        """
        existing: set[ObjectId] = set()
        ids = _object_ids(snapshot.ids[rows])
        sample_ids = ids if self._field is None else _object_ids(snapshot.sample_ids[rows])
        for start in range(0, len(rows), LOOKUP):
            some = slice(start, start + LOOKUP)
            existing |= self._existing(sample_ids[some], ids[some])
        if not existing:
            # The dataset may have been deleted; checked here so that it costs no query otherwise.
            check_exists(self._root)
        return np.fromiter((id in existing for id in ids), bool, len(ids))

    def rows(self, samples: foc.SampleCollection, snapshot: Snapshot) -> tuple[Rows, int]:
        """Returns the rows of a view, in its order, and the number of its ids without a row."""
        listed = self._list(samples, snapshot, self._listed(samples, snapshot))
        assert listed.rows is not None
        return listed.rows, listed.missing

    def state_of(self, samples: foc.SampleCollection, snapshot: Snapshot) -> str:
        """Returns a value that changes with the view, with its data, or with the store."""
        return f"{_fingerprint(samples)} {self.token(samples, snapshot)}"

    def token(self, samples: foc.SampleCollection, snapshot: Snapshot) -> Any:
        """Returns a value that changes when the data of a collection, or the store, changes."""
        return (data_token(samples), snapshot.manifest.generation)

    def _listed(self, samples: foc.SampleCollection, snapshot: Snapshot) -> _ListedView:
        """Returns what is remembered of a view, if its data did not change."""
        token = self.token(samples, snapshot)
        with self._lock:
            known = self._remembered.get(_fingerprint(samples))
        return known if known is not None and known.token == token else _ListedView(token)

    def _list(
        self, samples: foc.SampleCollection, snapshot: Snapshot, listed: _ListedView
    ) -> _ListedView:
        """Lists a view's rows, unless they are listed, and remembers them."""
        if listed.rows is not None:
            return listed
        rows = snapshot.rows_of(pack_ids(view_ids(samples, self._field, self.is_of_frames)))
        known = rows[rows >= 0]
        return self._remember(samples, _ListedView(listed.token, known, len(rows) - len(known)))

    def _remember(self, samples: foc.SampleCollection, listed: _ListedView) -> _ListedView:
        with self._lock:
            self._remembered[_fingerprint(samples)] = listed
        return listed

    def _inside(self, samples: foc.SampleCollection, snapshot: Snapshot, rows: Rows) -> Mask:
        """Determines which of a few rows are in a view, by a query to the database."""
        check_exists(self._root)
        sample_ids = unpack_ids(snapshot.sample_ids[rows])
        ids = unpack_ids(snapshot.ids[rows])
        inside = pack_ids(ids_inside(samples, self._field, sample_ids, ids))
        return np.isin(snapshot.ids[rows], inside)

    def _existing(self, sample_ids: list[ObjectId], ids: list[ObjectId]) -> set[ObjectId]:
        """Returns the ids that exist: of samples or frames, or of labels in them."""
        samples, frames = sample_documents(self._root), frame_documents(self._root)
        query = {"_id": {"$in": sample_ids}}
        if self._field is None:
            # Frames count as existing, whatever the index was registered with.
            collections = [samples] if frames is None else [samples, frames]
            return {
                document["_id"]
                for collection in collections
                for document in collection.find(query, {"_id": 1})
            }
        of_frames = self.is_of_frames or is_of_frames(self._root, self._field)
        collection = frames if of_frames and frames is not None else samples
        path = label_path(self._root, self._field, of_frames)
        wanted, existing = set(ids), set()
        # Sample by sample, because the ids of all labels may exceed MongoDB's limit of 16 MB.
        pipeline: list[dict[str, Any]] = [{"$match": query}, {"$project": {"ids": f"${path}"}}]
        for document in collection.aggregate(pipeline):
            own = document.get("ids")
            existing |= wanted.intersection(own if isinstance(own, list) else [own])
        return existing


def _object_ids(ids: PackedIds) -> list[ObjectId]:
    data = np.ascontiguousarray(ids).tobytes()
    return [ObjectId(data[at : at + ID_BYTES]) for at in range(0, len(data), ID_BYTES)]


def _fingerprint(view: foc.SampleCollection) -> str:
    text: str = json.dumps(serialize_view(view), default=json_util.default, sort_keys=True)
    return text
