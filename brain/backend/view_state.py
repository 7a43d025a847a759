"""The view that a similarity index is restricted to: state of the caller, not of the index.

FiftyOne caches a results object on its dataset, and the threads of its server share the object.
FiftyOne's base class keeps the view in attributes; here these are properties, whose values belong
to the calling thread or asynchronous context.
"""

from __future__ import annotations

import logging
import weakref
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.core.media as fomm
import numpy as np
from fiftyone.brain.similarity import SimilarityIndex

from fiftyone_faiss.brain.ann.row_filter import allowed_rows
from fiftyone_faiss.brain.core.arrays import Rows
from fiftyone_faiss.brain.core.ids import id_array
from fiftyone_faiss.brain.data.private import patches_fields
from fiftyone_faiss.brain.data.view_filter import ViewFilter
from fiftyone_faiss.brain.data.view_ids import whole_groups
from fiftyone_faiss.brain.store.snapshot import Snapshot

logger = logging.getLogger(__name__)


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
    # The state of the view and the store when the ids above were listed.
    token: Any = None
    shows_active_slice: bool = False


# By the id() of an index, with a reference to the index, because Python reuses an id().
_STATES: ContextVar[dict[int, tuple[weakref.ref[Any], _State]]] = ContextVar("restrictions")


def _of_context(name: str) -> Any:
    def get(self: PerContextIndex) -> Any:
        return getattr(self._state, name)

    def put(self: PerContextIndex, value: Any) -> None:
        self._change(**{name: value})

    return property(get, put)


class PerContextIndex(SimilarityIndex):
    """A similarity index whose ``use_view`` only affects the calling thread or context."""

    view_filter: ViewFilter

    @property
    @abstractmethod
    def snapshot(self) -> Snapshot:
        """The newest generation of the stored vectors."""

    _last_view = _of_context("last_view")
    _last_views = _of_context("last_views")
    _curr_view = _of_context("curr_view")
    _curr_view_allow_missing = _of_context("curr_view_allow_missing")
    _curr_view_warn_missing = _of_context("curr_view_warn_missing")
    _curr_sample_ids = _of_context("curr_sample_ids")
    _curr_label_ids = _of_context("curr_label_ids")
    _curr_keep_inds = _of_context("curr_keep_inds")
    _curr_missing_size = _of_context("curr_missing_size")
    _shows_active_slice = _of_context("shows_active_slice")

    @property
    def _state(self) -> _State:
        reference, state = _STATES.get({}).get(id(self), (None, None))
        if reference is None or reference() is not self or state is None:
            return _State(curr_view=self._samples)
        return state

    def _change(self, **values: Any) -> None:
        # A new dictionary each time, because copies of this context share the current one.
        states = {key: pair for key, pair in _STATES.get({}).items() if pair[0]() is not None}
        states[id(self)] = (weakref.ref(self), replace(self._state, **values))
        _STATES.set(states)

    def use_view(
        self,
        samples: foc.SampleCollection,
        allow_missing: bool = True,
        warn_missing: bool = False,
    ) -> PerContextIndex:
        # In one step; FiftyOne's version sets ten attributes, which would copy ten states.
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

    def active_view(self) -> foc.SampleCollection | None:
        """The view that queries are restricted to; None for the whole index.

        Raises:
            ValueError: if ids of the view are not in the index and ``use_view`` refused them
        """
        if self._shows_active_slice:
            return self._curr_view.view()
        if not self.has_view:
            return None
        if not self._curr_view_allow_missing or self._curr_view_warn_missing:
            self._apply_view_if_necessary()
        return self._view_of_slices()

    def active_rows(self, snapshot: Snapshot) -> Rows:
        """The rows of the current view, in its order; without a view, all rows that exist."""
        view = self._view_of_slices() if self.has_view else None
        return allowed_rows(snapshot, self.view_filter.row_filter(view, snapshot))

    @property
    def has_view(self) -> bool:
        # FiftyOne takes the patches of any field for the whole index.
        held = patches_fields(self._curr_view)
        is_of_other = bool(held) and self.config.patches_field not in held
        return is_of_other or bool(super().has_view)

    @property
    def holds_groups(self) -> bool:
        """Whether the current view holds groups, of which it shows the active slice."""
        return bool(self._curr_view.media_type == fomm.GROUP)

    @contextmanager
    def active_slice(self) -> Iterator[None]:
        """Restricts queries to the samples that a view of groups shows."""
        before = self._shows_active_slice
        self._change(shows_active_slice=True)
        try:
            yield
        finally:
            self._change(shows_active_slice=before)

    def _view_of_slices(self) -> foc.SampleCollection:
        """The current view; of groups whose active slice is not indexed, all samples."""
        view = self._curr_view
        if self.holds_groups and not len(self.view_filter.rows(view, self.snapshot)[0]):
            return whole_groups(view, self.view_filter.is_of_frames)
        return view

    def _apply_view_if_necessary(self) -> None:
        snapshot = self.snapshot
        token = self.view_filter.token(self._curr_view, snapshot)
        if self._curr_sample_ids is None or self._state.token != token:
            self._apply_view_of(snapshot)
            self._change(token=token)

    def _apply_view_of(self, snapshot: Snapshot) -> None:
        rows, missing, places = self.active_rows(snapshot), None, None
        if self.has_view:
            missing = self.view_filter.rows(self._view_of_slices(), snapshot)[1]
            if missing and not self._curr_view_allow_missing:
                raise ValueError(
                    f"{missing:,} of the view are not present in the index '{self.key}'; add them "
                    "with update_index, or pass allow_missing=True."
                )
            if missing and self._curr_view_warn_missing:
                logger.warning(
                    "%d of the view are not present in the index '%s'.", missing, self.key
                )
        if self.has_view or len(rows) < snapshot.size:
            places = np.searchsorted(snapshot.live_rows, rows)
        labels = snapshot.label_ids
        self._change(
            curr_sample_ids=id_array(snapshot.sample_ids[rows]),
            curr_label_ids=None if labels is None else id_array(labels[rows]),
            curr_keep_inds=places,
            curr_missing_size=missing or None,
        )
