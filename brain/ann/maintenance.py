"""Keeping a store's ANN index: building it when it pays, making it anew in time, opening it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path

import faiss

from fiftyone_faiss.brain.ann import factory as factories
from fiftyone_faiss.brain.ann.ann_index import AnnIndex
from fiftyone_faiss.brain.ann.tuning import TARGET_RECALL, Tuning, tune
from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.store.manifest import AnnIndexInfo
from fiftyone_faiss.brain.store.snapshot import Snapshot
from fiftyone_faiss.brain.store.store import Store

logger = logging.getLogger(__name__)

# An ANN index is made anew when this part of the rows is not in it, and so many at least.
TAIL, TAIL_ROWS = 0.25, 10_000
# Rows are numbered anew when this part of them is deleted, and so many at least.
DEAD, DEAD_ROWS = 0.25, 1_000


class IndexMaintenance:
    """Keeps the ANN index of a store.

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
        self._opened: tuple[str, AnnIndex | None] | None = None
        self._opening = threading.Lock()

    def tuning(self, snapshot: Snapshot) -> Tuning | None:
        """What was measured when the ANN index was built; None for exact search."""
        info = snapshot.manifest.ann_index
        return None if info is None else Tuning.from_json(info.metadata)

    def is_stale(self, snapshot: Snapshot) -> bool:
        """Whether the ANN index should be made, or made anew, or no longer be."""
        info = snapshot.manifest.ann_index
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
        """Does what has become due: numbers rows anew, builds and tunes the ANN index.

        Args:
            target_recall (0.99): the recall to tune it to, of the 10 nearest
            force (False): whether to build it anew anyway

        Yields:
            how many rows the ANN index holds so far, and how many it will

        Raises:
            ValueError: if FAISS cannot build what was forced; else that is a warning, for without
                an ANN index searches are slower, but exact
        """
        snapshot = self.store.snapshot()
        if len(snapshot.deleted) > max(DEAD_ROWS, DEAD * snapshot.total_rows):
            self.store.compact()
            snapshot = self.store.snapshot()
        while force or self.is_stale(snapshot):
            factory = self._factory(snapshot)
            if factory is None:
                self.store.remove_ann_index()
                return
            texts = self._texts_for(snapshot)
            try:
                steps = factories.build_steps(snapshot, factory, self.metric)
                index = yield from _of_all(steps, snapshot.total_rows)
                tuning = tune(index, snapshot, self.metric, target_recall, texts)
            except factories.FAISS_ERRORS as error:
                problem = f"FAISS could not build '{factory}' ({factories.reason(error)})"
                if force:
                    raise ValueError(f"{problem}; build an index of another type.") from error
                logger.warning(
                    "%s; vectors that no FAISS index holds are searched exactly until update_index "
                    "builds it.",
                    problem,
                )
                return
            metadata = {"factory": factory, **tuning.to_json()}
            if self.store.save_ann_index(snapshot, metadata, partial(_write, index)):
                return
            # Another process numbered the rows anew meanwhile.
            snapshot = self.store.snapshot()

    def of(self, snapshot: Snapshot) -> AnnIndex | None:
        """The ANN index of a generation, opened once; None if it has none that is sound."""
        info = snapshot.manifest.ann_index
        if info is None:
            return None
        with self._opening:
            if self._opened is None or self._opened[0] != info.file.name:
                self._opened = (info.file.name, self._open(info))
            return self._opened[1]

    def _open(self, info: AnnIndexInfo) -> AnnIndex | None:
        path = self.store.path / info.file.name
        # FAISS's parser sees no file that is not exactly what was written.
        if not self.store.is_sound(info.file):
            current = self.store.snapshot().manifest.ann_index
            # That of an older generation may have been replaced; nothing is wrong then.
            if current is not None and current.file == info.file:
                logger.warning(
                    "%s is missing or damaged, so searches go through all vectors, which is exact "
                    "but slower; run update_index to make it anew.",
                    path,
                )
            return None
        return AnnIndex.read(path, self.metric, Tuning.from_json(info.metadata).parameters)

    def _factory(self, snapshot: Snapshot) -> str | None:
        """The FAISS factory string that the store should have an index of now, None for none."""
        if not snapshot.size:
            return None
        factory = factories.factory_string(self.index_type, snapshot.size, snapshot.dim)
        if factory is None:
            return None
        needed = factories.rows_needed(factory, snapshot.dim, self.metric)
        return factory if snapshot.size >= needed else None

    def _texts_for(self, snapshot: Snapshot) -> Matrix | None:
        """Vectors of texts to tune with, if they are of the space of the vectors."""
        texts = self._texts()
        return texts if texts is not None and texts.shape[1] == snapshot.dim else None


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
