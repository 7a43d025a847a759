"""The health of indexes, remembered: comparing an index of a million samples takes seconds."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

import fiftyone as fo
from cachetools import LRUCache

from fiftyone_faiss.brain.backend.loading import load_faiss_index
from fiftyone_faiss.brain.indexing.health import IndexHealth, index_health

# The number of comparisons that a process remembers.
REMEMBERED = 64


@dataclass(frozen=True)
class KnownHealth:
    """The health of an index at some time.

    Attributes:
        health: the health
        age_s: the time since it was compared, in seconds
    """

    health: IndexHealth
    age_s: float


@dataclass(frozen=True)
class _Comparison:
    state: Any
    health: IndexHealth
    time: float


_comparisons: LRUCache[tuple[str, bool], _Comparison] = LRUCache(REMEMBERED)
_lock = threading.Lock()


def known_health(
    dataset: fo.Dataset, brain_key: str, check_media: bool = False, refresh: bool = False
) -> KnownHealth:
    """Returns the health of an index; compares it only if the samples or the index changed.

    Files may change without the dataset, so the result has its age.

    Args:
        dataset: the dataset
        brain_key: the index
        check_media (False): whether to check all files for changes of their size or time
        refresh (False): whether to compare in any case

    Raises:
        ValueError: as in :func:`index_health`
    """
    index = load_faiss_index(dataset, brain_key)
    state = (brain_key, index.view_filter.token(dataset, index.snapshot))
    # A comparison with the files tells what one without them does.
    keys = [(str(index.path), True), (str(index.path), False)][: 1 if check_media else 2]
    if not refresh:
        with _lock:
            known = [_comparisons[key] for key in keys if key in _comparisons]
        for comparison in known:
            if comparison.state == state:
                return KnownHealth(comparison.health, time.monotonic() - comparison.time)
    health = index_health(dataset, brain_key, check_media)
    with _lock:
        _comparisons[str(index.path), check_media] = _Comparison(state, health, time.monotonic())
    return KnownHealth(health, 0.0)
