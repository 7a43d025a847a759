"""The maps that pages show, and their arrays as texts."""

from __future__ import annotations

import base64
import binascii
import threading
import zlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import fiftyone as fo
import numpy as np
import numpy.typing as npt
from cachetools import LRUCache

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.ids import ID_DIGITS, find_rows, pack_ids
from fiftyone_faiss.brain.core.params import MAX_NAME, quoted, read_text
from fiftyone_faiss.brain.insight.maps.point_values import PointValues
from fiftyone_faiss.panels.map_messages import PointColors

Places = npt.NDArray[np.int64]
# Maps that stay in memory: one of a million points takes some 100 MB.
MAX_MAPS = 4


class ShownMap:
    """A map that pages show.

    Attributes:
        map: the map
        version: changes with its points
    """

    def __init__(self, index_map: brain.IndexMap) -> None:
        self.map = index_map
        digest = zlib.crc32(np.ascontiguousarray(index_map.points).tobytes())
        self.version = (
            f"{len(index_map.ids)}-{zlib.crc32(''.join(index_map.ids).encode(), digest):08x}"
        )

    @cached_property
    def _sorted_ids(self) -> tuple[npt.NDArray[np.bytes_], Places]:
        packed = pack_ids(self.map.ids)
        order = np.argsort(packed, kind="stable")
        return packed[order], order

    def places_of(self, ids: Sequence[str]) -> Places:
        """``(m,)`` positions of ids, -1 for those that are not on the map."""
        if not ids:
            return np.empty(0, np.int64)
        is_id = [len(id) == ID_DIGITS for id in ids]
        places = np.full(len(ids), -1, np.int64)
        places[is_id] = find_rows(
            pack_ids([id for id in ids if len(id) == ID_DIGITS]), *self._sorted_ids
        )
        return places

    def ids_at(self, places: Places) -> list[str]:
        """The ids of some positions."""
        return [self.map.ids[place] for place in places]


_MAPS: LRUCache[tuple[str, str, str], ShownMap] = LRUCache(maxsize=MAX_MAPS)
_LOCK = threading.Lock()


def draw(dataset: fo.Dataset, vis_key: str) -> ShownMap:
    """Reads a map as it is stored now.

    Raises:
        ValueError: if there is no such map
    """
    shown = ShownMap(brain.load_map(dataset, vis_key))
    with _LOCK:
        _MAPS[_key(dataset, vis_key)] = shown
    return shown


def shown_map(dataset: fo.Dataset, params: Mapping[str, Any]) -> ShownMap:
    """The map that a page shows.

    Raises:
        ValueError: if it has changed since
    """
    vis_key = read_text("vis_key", params.get("vis_key"), MAX_NAME)
    version = read_text("version", params.get("version"), MAX_NAME)
    with _LOCK:
        shown = _MAPS.get(_key(dataset, vis_key))
    if shown is None or shown.version != version:
        shown = draw(dataset, vis_key)
    if shown.version != version:
        raise ValueError(f"The map {quoted(vis_key)} has changed; open it again.")
    return shown


def _key(dataset: fo.Dataset, vis_key: str) -> tuple[str, str, str]:
    # A deleted dataset may have had the same name.
    return dataset.name, str(dataset.created_at), vis_key


def as_text(values: npt.NDArray[Any]) -> str:
    """The little-endian bytes of an array as base64."""
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def read_places(shown: ShownMap, value: Any) -> Places:
    """Reads positions of points from the base64 of uint32 values.

    Raises:
        ValueError: if they are not positions of the map
    """
    try:
        content = base64.b64decode(value, validate=True)
        places = np.frombuffer(content, "<u4").astype(np.int64)
    except (TypeError, ValueError, binascii.Error) as error:
        raise ValueError("places are no base64 text of positions; give uint32 values.") from error
    if len(places) and places.max() >= len(shown.map.ids):
        raise ValueError(
            f"There is no point {places.max():,}; the map has {len(shown.map.ids):,} points."
        )
    return places


def colors_of(values: PointValues) -> PointColors:
    """The values of points, as the page gets them."""
    if isinstance(values, brain.PointNumbers):
        low, high = values.range
        return {
            "codes": None,
            "names": [],
            "counts": [],
            "others": 0,
            "other_count": 0,
            "missing": values.missing,
            "numbers": as_text(values.numbers.astype("<f4")),
            "low": low,
            "high": high,
        }
    return {
        "codes": as_text(values.codes),
        "names": list(values.names),
        "counts": list(values.counts),
        "others": values.others,
        "other_count": values.other_count,
        "missing": values.missing,
        "numbers": None,
        "low": 0.0,
        "high": 0.0,
    }
