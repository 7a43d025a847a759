"""Which ids a collection holds, and which stored ones still exist in the database."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
import fiftyone.core.odm as foo
import fiftyone.core.stages as fos
import numpy as np
from bson import ObjectId, json_util
from fiftyone.brain.internal.core import utils as fbu

from fiftyone_faiss.brain.ann.row_filter import RowFilter
from fiftyone_faiss.brain.core.arrays import Mask, Rows
from fiftyone_faiss.brain.core.ids import PackedIds, pack_ids, unpack_ids
from fiftyone_faiss.brain.data.database import check_exists
from fiftyone_faiss.brain.data.lookup import LOOKUP, is_of_frames, label_path
from fiftyone_faiss.brain.store.snapshot import Snapshot

# Views whose rows are remembered, by an index.
REMEMBERED = 8
# A view that is asked again is listed, which takes some 6 us a row, if it has no more rows than
# these: then no query has to ask the database what is in it.
LISTED_ROWS = 200_000
# Stages that keep or drop each sample by itself, so that a few samples can be tested alone.
FILTERS = (
    fos.Exclude, fos.ExcludeBy, fos.ExcludeFields, fos.ExcludeLabels, fos.Exists, fos.FilterField,
    fos.FilterLabels, fos.Match, fos.MatchLabels, fos.MatchTags, fos.Select, fos.SelectBy,
    fos.SelectFields, fos.SelectLabels, fos.ToPatches,
)  # fmt: skip


def collection_ids(samples: foc.SampleCollection, patches_field: str | None) -> list[str]:
    """The ids of a collection's samples, or of its labels in a patches field, in its order."""
    if patches_field is None:
        ids: list[str] = samples.values("sample_id" if samples._is_patches else "id")
        return list(dict.fromkeys(ids))
    _, labels = fbu.get_ids(samples, patches_field=patches_field)
    # A view may hold a label twice.
    return list(dict.fromkeys(labels.tolist()))


@dataclass(frozen=True)
class _Listed:
    """The rows of a view, None until they are listed; how many of its ids have no row."""

    token: Any
    rows: Rows | None = None
    missing: int = 0
    # The part of the rows tested so far that are in the view; None before the first query.
    share: float | None = None


class ViewFilter:
    """Tells which rows of an index are in a collection.

    Args:
        samples: the collection that was indexed, or its dataset
        patches_field: the labels' field, or None for samples
        is_of_frames: whether frames of videos were indexed, or their labels
    """

    def __init__(
        self, samples: foc.SampleCollection, patches_field: str | None, is_of_frames: bool
    ) -> None:
        self._root: fo.Dataset = samples._root_dataset
        self.is_of_frames = is_of_frames
        self._field = patches_field
        self._remembered: dict[str, _Listed] = {}

    def row_filter(self, samples: foc.SampleCollection | None, snapshot: Snapshot) -> RowFilter:
        """The rows that are in a collection, or with None in the dataset, at this moment."""
        if samples is None:
            return RowFilter(lambda rows: self.existing_rows(snapshot, rows), lambda: None)
        listed = self._listed(samples, snapshot)
        is_filter = all(isinstance(one, FILTERS) for one in samples._all_stages)
        is_filter &= not self.is_of_frames
        is_large = listed.share is None or listed.share * snapshot.size > LISTED_ROWS
        if listed.rows is None and is_filter and is_large:
            return self._tested_row_filter(samples, snapshot, listed)
        rows = self._list(samples, snapshot, listed).rows
        # The token, read a moment ago, says that nothing was deleted since they were listed.
        return RowFilter(lambda some: np.ones(len(some), bool), lambda: rows, listed=True)

    def _tested_row_filter(
        self, samples: foc.SampleCollection, snapshot: Snapshot, known: _Listed
    ) -> RowFilter:
        """A row_filter that asks the database about few rows, until it is asked for all of them."""

        def contains(some: Rows) -> Mask:
            nonlocal known
            if known.rows is not None:
                # Listed a moment ago; only of the list is asked from then on.
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
        """Asks the database which rows' samples, or labels, still exist.

        Args:
            snapshot: the store's rows
            rows: ``(n,)`` int64

        Returns:
            ``(n,)`` bool
        """
        found: set[Any] = set()
        for start in range(0, len(rows), LOOKUP):
            some = rows[start : start + LOOKUP]
            found |= self._existing(
                _object_ids(snapshot.sample_ids[some]), _object_ids(snapshot.ids[some])
            )
        if not found:
            # Nothing is left of a deleted dataset either; asked only now, to ask once a query.
            check_exists(self._root)
        return np.isin(snapshot.ids[rows], pack_ids(found))

    def rows(self, samples: foc.SampleCollection, snapshot: Snapshot) -> tuple[Rows, int]:
        """The rows of a view, in its order, and how many of its ids have none."""
        listed = self._list(samples, snapshot, self._listed(samples, snapshot))
        assert listed.rows is not None
        return listed.rows, listed.missing

    def token(self, samples: foc.SampleCollection, snapshot: Snapshot) -> Any:
        """A value that changes when the data of a collection do, or the store."""
        names = {self._root._sample_collection_name, samples._dataset._sample_collection_name}
        names |= {self._root._frame_collection_name, samples._dataset._frame_collection_name}
        # The server counts the writes to each collection. The times of changes alone would not do:
        # they are of the clients' clocks, of which one may be minutes behind another.
        written = [
            {"$collStats": {"latencyStats": {}}},
            {"$project": {"ns": 1, "host": 1, "writes": "$latencyStats.writes.ops"}},
        ]
        # A server that was started anew counts from 0, and may come to the same number.
        newest = [
            {"$sort": {"last_modified_at": -1}},
            {"$limit": 1},
            {"$project": {"last_modified_at": 1}},
        ]
        # All in one question, for it is asked with every query.
        pipeline: list[dict[str, Any]] = [
            {"$match": {"_id": self._root._doc.id}},
            {"$project": {"last_deletion_at": 1, "last_modified_at": 1}},
        ]
        for name in sorted(names - {None}):
            pipeline.append({"$unionWith": {"coll": name, "pipeline": written}})
            pipeline.append({"$unionWith": {"coll": name, "pipeline": newest}})
        documents = list(foo.get_db_conn().datasets.aggregate(pipeline))
        return (documents, snapshot.manifest.generation)

    def _listed(self, samples: foc.SampleCollection, snapshot: Snapshot) -> _Listed:
        """What is remembered of a view, if its data are still the same."""
        token = self.token(samples, snapshot)
        known = self._remembered.get(_fingerprint(samples))
        return known if known is not None and known.token == token else _Listed(token)

    def _list(self, samples: foc.SampleCollection, snapshot: Snapshot, listed: _Listed) -> _Listed:
        """Lists a view's rows, unless that is done, and remembers them."""
        if listed.rows is not None:
            return listed
        rows = snapshot.rows_of(pack_ids(self._ids_in(samples)))
        found = rows[rows >= 0]
        return self._remember(samples, _Listed(listed.token, found, len(rows) - len(found)))

    def _ids_in(self, samples: foc.SampleCollection) -> list[str]:
        """The ids of a view that the index may hold: of videos, those of their frames."""
        if not self.is_of_frames or samples._is_frames:
            return collection_ids(samples, self._field)
        path = f"{samples._FRAMES_PREFIX}id"
        if self._field is not None:
            field = f"{samples._FRAMES_PREFIX}{self._field}"
            path = samples._get_label_field_path(field, "id")[1]
        ids: list[str] = samples.values(path, unwind=True)
        return ids

    def _remember(self, samples: foc.SampleCollection, listed: _Listed) -> _Listed:
        key = _fingerprint(samples)
        # Replaced as a whole, for other threads read it.
        others = [one for one in self._remembered.items() if one[0] != key][1 - REMEMBERED :]
        self._remembered = {**dict(others), key: listed}
        return listed

    def _inside(self, samples: foc.SampleCollection, snapshot: Snapshot, rows: Rows) -> Mask:
        """Asks the database which of a few rows are in a view."""
        check_exists(self._root)
        sample_ids = unpack_ids(snapshot.sample_ids[rows])
        if not samples._is_patches:
            some = samples.select(list(dict.fromkeys(sample_ids)))
        elif self._field is None:
            some = samples.select_by("sample_id", sample_ids)
        else:
            some = samples.select(unpack_ids(snapshot.ids[rows]))
        inside = pack_ids(collection_ids(some, self._field))
        return np.isin(snapshot.ids[rows], inside)

    def _existing(self, sample_ids: list[ObjectId], ids: list[ObjectId]) -> set[ObjectId]:
        """Asks the database which ids exist: these samples', or those of labels in them."""
        samples, frames = self._root._sample_collection, self._root._frame_collection
        query = {"_id": {"$in": sample_ids}}
        if self._field is None:
            # Frames count as existing whatever the index was registered with.
            both = [samples] if frames is None else [samples, frames]
            return {found["_id"] for one in both for found in one.find(query, {"_id": 1})}
        of_frames = self.is_of_frames or is_of_frames(self._root, self._field)
        collection = frames if of_frames else samples
        path = label_path(self._root, self._field, of_frames)
        wanted, found = set(ids), set()
        # Sample by sample, for the ids of all their labels may be more than MongoDB's 16 MB.
        pipeline = [{"$match": query}, {"$project": {"ids": f"${path}"}}]
        for document in collection.aggregate(pipeline):
            own = document.get("ids")
            found |= wanted.intersection(own if isinstance(own, list) else [own])
        return found


def _object_ids(ids: PackedIds) -> list[ObjectId]:
    return [ObjectId(one) for one in unpack_ids(ids)]


def _fingerprint(samples: foc.SampleCollection) -> str:
    stages = [stage._serialize(include_uuid=False) for stage in samples._all_stages]
    text: str = json.dumps(stages, default=json_util.default, sort_keys=True)
    return text
