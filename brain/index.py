"""Nearest neighbours over a store's vectors: FAISS proposes, exact distances decide. No FiftyOne.

A search asks for candidates, scores them exactly, and tests the winners for being answers: for
existing, and for being in a view. When too few are, it asks for more. Candidates come from

- a scan of all vectors, when the store is small, the question needs all of them, or in doubt;
- a gathering of the rows of a view, when those are few;
- a derived index, over the rows there were when it was built, and a scan of those added since.

So every type of index gives the same distance for the same row; which rows it finds is a matter
of recall, which is measured when the index is built.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from fiftyone_faiss.brain import derived as derivation
from fiftyone_faiss.brain import scan
from fiftyone_faiss.brain.derived import Derived, Effort
from fiftyone_faiss.brain.manifest import DerivedInfo
from fiftyone_faiss.brain.scan import Distances, Hits, Mask, Scan
from fiftyone_faiss.brain.segments import Matrix, Rows
from fiftyone_faiss.brain.snapshot import Snapshot
from fiftyone_faiss.brain.store import Store
from fiftyone_faiss.brain.tuning import TARGET_RECALL, Tuning, tune

logger = logging.getLogger(__name__)

# From this many queries on, one pass of exact search serves them all.
MANY_QUERIES = 16
# Views of at most so many rows, or this part of them if there is no derived index, are gathered.
GATHER_ROWS, GATHER = 2_048, 1 / 12
# To gather a row takes as long as a derived index takes to look at so many.
GATHERED = 20
# Beyond this part of the rows, proposing candidates takes longer than a scan.
WIDEST = 1 / 16
# A derived index is made anew when this part of the rows is not in it, and so many at least.
TAIL, TAIL_ROWS = 0.25, 10_000
# Rows are numbered anew when this part of them is deleted, and so many at least.
DEAD, DEAD_ROWS = 0.25, 1_000
WIDEN = 4


@dataclass(frozen=True)
class Scope:
    """Which rows may be answers.

    Attributes:
        contains: tests ``(n,)`` rows, at the moment it is called
        rows: lists all that may be answers, or gives None if that is every live row
        listed: whether ``rows`` costs nothing any more
    """

    contains: Callable[[Rows], Mask]
    rows: Callable[[], Rows | None]
    listed: bool = False


def check_query(snapshot: Snapshot, queries: Matrix) -> None:
    """Raises a ``ValueError`` if queries have another dimension than the vectors."""
    if snapshot.total_rows and queries.shape[-1] != snapshot.dim:
        raise ValueError(
            f"The query has {queries.shape[-1]} dimensions but the index has {snapshot.dim}; "
            "embed it with the model of the index."
        )


class VectorIndex:
    """Searches a store, and keeps a derived index for it.

    Args:
        store: the vectors
        metric: one of ``METRICS``
        index_type: one of ``INDEX_TYPES``, or a FAISS factory string
        texts (None): gives ``(t, dim)`` vectors of texts to tune with, or None if it is not
            searched by words
    """

    def __init__(
        self,
        store: Store,
        metric: str,
        index_type: str,
        texts: Callable[[], Matrix | None] = lambda: None,
    ) -> None:
        self.store = store
        self.metric = metric
        self.index_type = index_type
        self._texts = texts
        self._opened: tuple[str, Derived | None] | None = None
        self._opening = threading.Lock()

    # -- searching -----------------------------------------------------------------------------

    def search(
        self,
        snapshot: Snapshot,
        queries: Matrix,
        k: int | None,
        scope: Scope,
        reverse: bool = False,
    ) -> list[Hits]:
        """Finds the nearest rows of each query, ties by row.

        Args:
            snapshot: the generation to search
            queries: ``(Q, dim)`` float32
            k: how many, or None for all
            scope: which rows may be answers
            reverse (False): whether to find the farthest instead, farthest first

        Returns:
            ``Q`` hits of ``k`` rows each, or of as many as there are in the scope

        Raises:
            ValueError: if the queries have another dimension than the vectors
        """
        check_query(snapshot, queries)
        if not snapshot.size or k == 0:
            return [Hits(np.empty(0, np.int64), np.empty(0))] * len(queries)
        if len(queries) < MANY_QUERIES:
            return [self._search_one(snapshot, q, k, scope, reverse) for q in queries]
        rows = answers(snapshot, scope)
        if k is None or reverse or k >= len(rows):
            return [
                scan.rank(rows, scan.distances(snapshot, q, self.metric, rows), k, reverse)
                for q in queries
            ]
        return scan.search_many(snapshot, queries, self.metric, k, mask_of(snapshot, rows))

    def _search_one(
        self, snapshot: Snapshot, query: Matrix, k: int | None, scope: Scope, reverse: bool
    ) -> Hits:
        if k is None:
            rows = answers(snapshot, scope)
            found = scan.distances(snapshot, query, self.metric, rows)
            return scan.rank(rows, found, None, reverse)
        if not scope.listed:
            hits = self._around(snapshot, query, k, scope, reverse)
            if hits is not None:
                return hits
        return self._inside(snapshot, query, k, scope, reverse)

    def _around(
        self, snapshot: Snapshot, query: Matrix, k: int, scope: Scope, reverse: bool
    ) -> Hits | None:
        """Searches all rows and tests the winners; None if a list of the scope serves better."""
        derived = None if reverse else self._derived(snapshot)
        propose = self._proposer(snapshot, derived, query, None, reverse)
        width = k
        while True:
            if derived is not None and width > WIDEST * snapshot.total_rows:
                derived = None
                propose = self._proposer(snapshot, None, query, None, reverse)
            hits = self._scored(snapshot, query, propose(width), reverse)
            complete = derived is None and width >= snapshot.size
            if not complete:
                hits = Hits(hits.rows[:width], hits.distances[:width])
            good = scope.contains(hits.rows)
            if complete or np.count_nonzero(good) >= k:
                return Hits(hits.rows[good][:k], hits.distances[good][:k])
            # One round more may do for a view of half of the rows, none will for one of few.
            if width > k and scope.rows() is not None:
                return None
            width = max(width * WIDEN, 64)

    def _inside(
        self, snapshot: Snapshot, query: Matrix, k: int, scope: Scope, reverse: bool
    ) -> Hits:
        """Searches the listed rows of a scope."""
        rows = answers(snapshot, scope)
        while True:
            hits = None if reverse else self._filtered(snapshot, query, k, rows)
            if hits is None:
                hits = self._scanned(snapshot, query, k, rows, reverse)
            good = scope.contains(hits.rows)
            if good.all():
                return hits
            # Gone since the list was made: look again without them.
            rows = np.setdiff1d(rows, hits.rows[~good], assume_unique=True)

    def _filtered(self, snapshot: Snapshot, query: Matrix, k: int, rows: Rows) -> Hits | None:
        """The nearest of some rows by way of the derived index; None if a scan serves better."""
        derived = self._derived(snapshot)
        if derived is None or len(rows) <= GATHER_ROWS:
            return None
        # Enough that as many as are wanted can be expected among them, and a margin.
        wanted = min(k, len(rows))
        width = int(1.5 * wanted * snapshot.total_rows / len(rows)) + 16
        if width > WIDEST * snapshot.total_rows or derived.visited(width) > GATHERED * len(rows):
            return None
        propose = self._proposer(snapshot, derived, query, None, False)
        found = self._scored(snapshot, query, propose(width), False)
        found = Hits(found.rows[:width], found.distances[:width])
        inside = mask_of(snapshot, rows)[found.rows]
        if np.count_nonzero(inside) < wanted:
            return None
        return Hits(found.rows[inside][:wanted], found.distances[inside][:wanted])

    def _scanned(
        self, snapshot: Snapshot, query: Matrix, k: int, rows: Rows, reverse: bool
    ) -> Hits:
        """The nearest, or farthest, of some rows, by going through them."""
        few = len(rows) <= max(GATHER_ROWS, GATHER * snapshot.total_rows)
        chosen, mask = (rows, None) if few else (None, mask_of(snapshot, rows))
        through = Scan(snapshot, query, self.metric, rows=chosen, mask=mask, reverse=reverse)
        found = self._scored(snapshot, query, through.best(min(k, len(rows))), reverse)
        return Hits(found.rows[:k], found.distances[:k])

    def _proposer(
        self,
        snapshot: Snapshot,
        derived: Derived | None,
        query: Matrix,
        mask: Mask | None,
        reverse: bool,
    ) -> Callable[[int], Rows]:
        if derived is None:
            return Scan(snapshot, query, self.metric, mask=mask, reverse=reverse).best
        tail: Scan | None = None
        if derived.rows < snapshot.total_rows:
            tail = Scan(snapshot, query, self.metric, start=derived.rows)

        def propose(width: int) -> Rows:
            asked = width
            while True:
                rows = derived.propose(query, asked)
                rows = rows[snapshot.live[rows]]
                if len(rows) >= min(width, derived.rows):
                    return rows if tail is None else np.concatenate([rows, tail.best(width)])
                # Deleted rows took the places of others, which rows of the tail must not fill.
                asked *= WIDEN
                if asked > WIDEST * snapshot.total_rows:
                    return Scan(snapshot, query, self.metric).best(width)

        return propose

    def _scored(self, snapshot: Snapshot, query: Matrix, rows: Rows, reverse: bool) -> Hits:
        found = scan.distances(snapshot, query, self.metric, rows)
        return scan.rank(rows, found, None, reverse)

    def combined(
        self,
        snapshot: Snapshot,
        queries: Matrix,
        k: int | None,
        scope: Scope,
        combine: Callable[..., Distances],
        reverse: bool = False,
    ) -> Hits:
        """Ranks all rows by a combination of their distances to several queries, exactly."""
        rows = answers(snapshot, scope)
        each = [scan.distances(snapshot, query, self.metric, rows) for query in queries]
        return scan.rank(rows, combine(np.stack(each), axis=0), k, reverse)

    def within(
        self, snapshot: Snapshot, queries: Matrix, thresh: float, scope: Scope
    ) -> list[Hits]:
        """Finds all rows at most ``thresh`` away from each query, nearest first, exactly."""
        mask = mask_of(snapshot, answers(snapshot, scope))
        return scan.within(snapshot, queries, self.metric, thresh, mask)

    # -- the derived index ---------------------------------------------------------------------

    def tuning(self, snapshot: Snapshot) -> Tuning | None:
        """What was measured when the derived index was built; None for exact search."""
        info = snapshot.manifest.derived
        return None if info is None else _tuning_of(info)

    def is_stale(self, snapshot: Snapshot) -> bool:
        """Whether the derived index should be made, or made anew, or no longer be."""
        info = snapshot.manifest.derived
        factory = self._factory(snapshot)
        if factory is None:
            return info is not None
        if info is None:
            return True
        tail = snapshot.total_rows - info.rows
        return tail > max(TAIL_ROWS, TAIL * info.rows)

    def maintain(self, target_recall: float = TARGET_RECALL, force: bool = False) -> None:
        """Does what has become due; see :meth:`maintain_steps`."""
        for _ in self.maintain_steps(target_recall, force):
            pass

    def maintain_steps(
        self, target_recall: float = TARGET_RECALL, force: bool = False
    ) -> Iterator[tuple[int, int]]:
        """Does what has become due: numbers rows anew, builds and tunes the derived index.

        Args:
            target_recall (0.99): the recall to tune it to, of the 10 nearest
            force (False): whether to build it anew anyway

        Yields:
            how many rows the derived index holds so far, and how many it will
        """
        snapshot = self.store.snapshot()
        if len(snapshot.deleted) > max(DEAD_ROWS, DEAD * snapshot.total_rows):
            self.store.compact()
            snapshot = self.store.snapshot()
        while force or self.is_stale(snapshot):
            factory = self._factory(snapshot)
            if factory is None:
                self.store.drop_derived()
                return
            steps = derivation.build_steps(snapshot, factory, self.metric)
            index = yield from _of_all(steps, snapshot.total_rows)
            texts = self._texts_for(snapshot)
            found = tune(index, snapshot, self.metric, target_recall, texts)
            facts = {"factory": factory, **asdict(found)}
            if self.store.put_derived(snapshot, facts, partial(_write, index)):
                return
            # Another process numbered the rows anew meanwhile.
            snapshot = self.store.snapshot()

    def retune(self, target_recall: float = TARGET_RECALL) -> None:
        """Tunes the derived index anew, if there is one, without building it anew."""
        snapshot = self.store.snapshot()
        derived = self._derived(snapshot)
        info = snapshot.manifest.derived
        if derived is not None and info is not None:
            texts = self._texts_for(snapshot)
            found = tune(derived.index, snapshot, self.metric, target_recall, texts)
            self.store.put_derived(snapshot, {**info.facts, **asdict(found)}, None)

    def _texts_for(self, snapshot: Snapshot) -> Matrix | None:
        """Vectors of texts to tune with, if they are of the space of the vectors."""
        texts = self._texts()
        return texts if texts is not None and texts.shape[1] == snapshot.dim else None

    def _factory(self, snapshot: Snapshot) -> str | None:
        """The FAISS factory string that the store should have an index of now, None for none."""
        if not snapshot.size:
            return None
        factory = derivation.factory_string(self.index_type, snapshot.size, snapshot.dim)
        if factory is None:
            return None
        needed = derivation.rows_needed(factory, snapshot.dim, self.metric)
        return factory if snapshot.size >= needed else None

    def _derived(self, snapshot: Snapshot) -> Derived | None:
        """The derived index of a generation, opened once; None if it has none that is sound."""
        info = snapshot.manifest.derived
        if info is None:
            return None
        with self._opening:
            key = f"{info.file.name} {info.facts['efforts']}"
            if self._opened is None or self._opened[0] != key:
                self._opened = (key, self._open(info))
            return self._opened[1]

    def _open(self, info: DerivedInfo) -> Derived | None:
        # FAISS's parser sees no file that is not exactly what was written.
        if not self.store.is_sound(info.file):
            current = self.store.snapshot().manifest.derived
            # That of an older generation may have been replaced; nothing is wrong then.
            if current is not None and current.file == info.file:
                logger.warning(
                    "%s is missing or damaged, so searches go through all vectors, which is exact "
                    "but slower; run update_index to make it anew.",
                    self.store.path / info.file.name,
                )
            return None
        path = self.store.path / info.file.name
        return Derived.read(path, self.metric, _tuning_of(info).efforts)


def answers(snapshot: Snapshot, scope: Scope) -> Rows:
    """The ``(n,)`` rows of a scope that exist at this moment, ascending."""
    rows = scope.rows()
    if rows is None:
        rows = snapshot.live_rows
        return rows[scope.contains(rows)]
    return rows


def mask_of(snapshot: Snapshot, rows: Rows) -> Mask:
    """``(total_rows,)`` bool, whether a row is one of these."""
    mask = np.zeros(snapshot.total_rows, bool)
    mask[rows] = True
    return mask


def _of_all(
    steps: Generator[int, None, faiss.Index], total: int
) -> Generator[tuple[int, int], None, faiss.Index]:
    while True:
        try:
            yield next(steps), total
        except StopIteration as end:
            return end.value


def _write(index: faiss.Index, path: Path) -> None:
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:
        raise OSError(f"FAISS could not write {path}: {error}") from error


def _tuning_of(info: DerivedInfo) -> Tuning:
    facts: dict[str, Any] = {key: info.facts[key] for key in Tuning.__dataclass_fields__}
    return Tuning(**{**facts, "efforts": tuple(Effort(**one) for one in facts["efforts"])})
