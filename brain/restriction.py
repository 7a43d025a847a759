"""The view that a similarity index is restricted to: state of the caller, not of the index.

FiftyOne caches a results object on its dataset and its server's threads share it. FiftyOne's base
class keeps the view in attributes; here each of them leads to a value of the calling thread or
asynchronous context.
"""

from __future__ import annotations

import weakref
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

import fiftyone.core.collections as foc
import numpy as np
from fiftyone.brain.similarity import SimilarityIndex


@dataclass(frozen=True)
class _State:
    last_view: Any = None
    last_views: tuple[Any, ...] = ()
    curr_view: Any = None
    curr_view_allow_missing: bool | None = True
    curr_view_warn_missing: bool | None = False
    curr_sample_ids: np.ndarray | None = None
    curr_label_ids: np.ndarray | None = None
    curr_keep_inds: np.ndarray | None = None
    curr_missing_size: int | None = None
    # What the ids above were made of.
    token: Any = None


# By the identity of an index, and a reference to it: identities are used again.
_STATES: ContextVar[dict[int, tuple[weakref.ref[Any], _State]]] = ContextVar("restrictions")


def _of_context(name: str) -> Any:
    def get(self: PerContextIndex) -> Any:
        return getattr(self._state, name)

    def put(self: PerContextIndex, value: Any) -> None:
        self._change(**{name: value})

    return property(get, put)


class PerContextIndex(SimilarityIndex):
    """A similarity index whose ``use_view`` concerns the calling thread or context alone."""

    _last_view = _of_context("last_view")
    _last_views = _of_context("last_views")
    _curr_view = _of_context("curr_view")
    _curr_view_allow_missing = _of_context("curr_view_allow_missing")
    _curr_view_warn_missing = _of_context("curr_view_warn_missing")
    _curr_sample_ids = _of_context("curr_sample_ids")
    _curr_label_ids = _of_context("curr_label_ids")
    _curr_keep_inds = _of_context("curr_keep_inds")
    _curr_missing_size = _of_context("curr_missing_size")

    @property
    def _state(self) -> _State:
        reference, state = _STATES.get({}).get(id(self), (None, None))
        if reference is None or reference() is not self or state is None:
            return _State(curr_view=self._samples)
        return state

    def _change(self, **values: Any) -> None:
        # A new dictionary each time: contexts copied from this one keep what they have.
        states = {key: one for key, one in _STATES.get({}).items() if one[0]() is not None}
        states[id(self)] = (weakref.ref(self), replace(self._state, **values))
        _STATES.set(states)

    def use_view(
        self,
        samples: foc.SampleCollection,
        allow_missing: bool = True,
        warn_missing: bool = False,
    ) -> PerContextIndex:
        # In one step, for FiftyOne's ten would copy ten states.
        self._change(
            last_view=self._curr_view,
            curr_view=samples,
            curr_view_allow_missing=allow_missing,
            curr_view_warn_missing=warn_missing,
            curr_sample_ids=None,
            curr_label_ids=None,
            curr_keep_inds=None,
            curr_missing_size=None,
            token=None,
        )
        return self

    def __enter__(self) -> PerContextIndex:
        self._change(last_views=(*self._last_views, self._last_view))
        return self

    def __exit__(self, *args: Any) -> None:
        *others, last_view = self._last_views or (self._samples,)
        self._change(last_views=tuple(others))
        self.use_view(last_view)
