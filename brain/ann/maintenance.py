"""Maintenance of a store's ANN index: building, rebuilding and opening it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path

import faiss

from fiftyone_faiss.brain.ann import factory as factories
from fiftyone_faiss.brain.ann.ann_index import AnnIndex
from fiftyone_faiss.brain.ann.candidate_index import CandidateIndex
from fiftyone_faiss.brain.ann.policy import DEFAULT_POLICY, AnnPolicy
from fiftyone_faiss.brain.ann.tree_index import TreeIndex
from fiftyone_faiss.brain.ann.tuning import TARGET_RECALL, Tuning, measure, tune
from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.store.entries import IndexFileInfo
from fiftyone_faiss.brain.store.json_fields import FieldError, Fields
from fiftyone_faiss.brain.store.manifest import shortened
from fiftyone_faiss.brain.store.snapshot import Snapshot
from fiftyone_faiss.brain.store.store import Store

logger = logging.getLogger(__name__)

# Larger search parameters would overflow FAISS's integers.
MAX_PARAMETER = 2**20

BuildSteps = Generator[tuple[int, int], None, tuple[faiss.Index | TreeIndex, Tuning]]


class IndexMaintenance:
    """Maintains the ANN index of a store.

    Args:
        store: the vectors
        metric: one of ``METRICS``
        index_type: one of ``INDEX_TYPES``, or a FAISS factory string
        texts: returns ``(t, dim)`` vectors of texts to tune with, or None if the index does not
            support text queries
        policy (DEFAULT_POLICY): when to build and rebuild
    """

    def __init__(
        self,
        store: Store,
        metric: str,
        index_type: str,
        texts: Callable[[], Matrix | None] = lambda: None,
        policy: AnnPolicy = DEFAULT_POLICY,
    ) -> None:
        self.store = store
        self.metric = metric
        self.index_type = index_type
        self.policy = policy
        self._texts = texts
        self._opened: tuple[str, CandidateIndex | None] | None = None
        self._warned: set[str] = set()
        self._opening = threading.Lock()

    def tuning(self, snapshot: Snapshot) -> Tuning | None:
        """Returns the tuning of the ANN index, None for exact search or if it is not readable."""
        info = snapshot.manifest.ann_index
        return None if info is None else _tuning_of(info)

    def problem_of(self, snapshot: Snapshot) -> str | None:
        """Opens the ANN index of a generation again, and reads its whole file.

        Returns:
            a clause that says why it cannot be used; None if it can, or if there is none
        """
        info = snapshot.manifest.ann_index
        problem = None if info is None else self._open(info, snapshot)
        return problem if isinstance(problem, str) else None

    def is_stale(self, snapshot: Snapshot) -> bool:
        """Whether the ANN index should be built, rebuilt or removed."""
        info = snapshot.manifest.ann_index
        factory = self._factory(snapshot)
        if factory is None:
            return info is not None
        if info is None:
            return True
        tail = snapshot.total_rows - info.rows
        return tail > max(self.policy.tail_rows, self.policy.tail_fraction * info.rows)

    def maintain(self, target_recall: float = TARGET_RECALL, force: bool = False) -> None:
        """Does the maintenance that is due; see :meth:`maintain_steps`."""
        for _ in self.maintain_steps(target_recall, force):
            pass

    def maintain_steps(
        self, target_recall: float = TARGET_RECALL, force: bool = False
    ) -> Iterator[tuple[int, int]]:
        """Compacts the store, and builds and tunes the ANN index, where due.

        If FAISS cannot build the index, a warning is logged: searches are then exact, but slower.

        Args:
            target_recall (0.99): the recall to reach for the 10 nearest rows
            force (False): whether to rebuild the index even if it is not stale

        Yields:
            the number of rows in the new ANN index so far, and in the end

        Raises:
            ValueError: if ``force`` is set and FAISS cannot build the index
        """
        snapshot = self._compacted()
        while force or self.is_stale(snapshot):
            factory = self._factory(snapshot)
            if factory is None:
                self.store.remove_index_file("ann_index")
                return
            texts = self._texts_for(snapshot)
            try:
                index, tuning = yield from self._build(snapshot, factory, target_recall, texts)
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
            if self.store.save_index_file("ann_index", snapshot, metadata, partial(_write, index)):
                return
            # Another process has renumbered the rows.
            snapshot = self.store.snapshot()

    def ann_index_of(self, snapshot: Snapshot) -> CandidateIndex | None:
        """Opens the ANN index of a generation, and keeps it open.

        Returns:
            the index, or None if the generation has none or its file cannot be used
        """
        info = snapshot.manifest.ann_index
        if info is None:
            return None
        with self._opening:
            if self._opened is None or self._opened[0] != info.file.name:
                opened = self._open(info, snapshot)
                if isinstance(opened, str):
                    self._warn(info, opened)
                self._opened = (info.file.name, None if isinstance(opened, str) else opened)
            return self._opened[1]

    def _compacted(self) -> Snapshot:
        """Compacts the store if many rows are deleted, and returns the newest generation."""
        snapshot = self.store.snapshot()
        limit = max(self.policy.deleted_rows, self.policy.deleted_fraction * snapshot.total_rows)
        if len(snapshot.deleted) > limit:
            self.store.compact()
            snapshot = self.store.snapshot()
        return snapshot

    def _build(
        self, snapshot: Snapshot, factory: str, target_recall: float, texts: Matrix | None
    ) -> BuildSteps:
        if factory == factories.TREE:
            yield 0, snapshot.total_rows
            tree = TreeIndex(snapshot, self.metric, snapshot.total_rows)
            yield snapshot.total_rows, snapshot.total_rows
            return tree, measure(tree, snapshot, self.metric, texts)
        index = yield from _with_total(
            factories.build_steps(snapshot, factory, self.metric), snapshot.total_rows
        )
        return index, tune(index, snapshot, self.metric, target_recall, texts)

    def _open(self, info: IndexFileInfo, snapshot: Snapshot) -> CandidateIndex | str:
        """Opens an ANN index; returns a clause that says why if it cannot be used."""
        path = self.store.path / info.file.name
        # FAISS's parser must only read files that are exactly as they were written.
        problem = self.store.problem_of(info.file)
        if problem is not None:
            return problem
        tuning = _tuning_of(info)
        if tuning is None:
            return f"{path} has no search parameters in the manifest"
        if info.metadata.get("factory") == factories.TREE:
            return self._open_tree(info, snapshot)
        try:
            index = AnnIndex.read(path, self.metric, tuning.parameters, tuning.tiers)
        except factories.FAISS_ERRORS as error:
            # A writer replaced the file after it was checked, or another FAISS wrote it.
            return f"{path} could not be opened by FAISS ({shortened(factories.reason(error))})"
        if (index.rows, index.index.d) != (info.rows, snapshot.dim):
            return f"{path} does not hold the rows that the manifest says"
        return index

    def _open_tree(self, info: IndexFileInfo, snapshot: Snapshot) -> CandidateIndex | str:
        if info.rows > snapshot.total_rows:
            return f"{self.store.path / info.file.name} is of more rows than there are"
        return TreeIndex(snapshot, self.metric, info.rows)

    def _warn(self, info: IndexFileInfo, problem: str) -> None:
        """Logs once why an ANN index cannot be used, unless a newer one has replaced it."""
        current = self.store.snapshot().manifest.ann_index
        is_current = current is not None and current.file == info.file
        if is_current and info.file.name not in self._warned:
            self._warned.add(info.file.name)
            logger.warning(
                "%s, so searches are exact but slower; run update_index to rebuild it.", problem
            )

    def _factory(self, snapshot: Snapshot) -> str | None:
        """Returns the FAISS factory string of the index that the store should have, or None."""
        if not snapshot.size:
            return None
        factory = factories.factory_string(
            self.index_type, snapshot.size, snapshot.dim, self.policy
        )
        if factory is None:
            return None
        needed = factories.rows_needed(factory, snapshot.dim, self.metric, self.policy)
        return factory if snapshot.size >= needed else None

    def _texts_for(self, snapshot: Snapshot) -> Matrix | None:
        """Returns vectors of texts to tune with, if they have the dimension of the vectors."""
        texts = self._texts()
        return texts if texts is not None and texts.shape[1] == snapshot.dim else None


def _tuning_of(info: IndexFileInfo) -> Tuning | None:
    """Returns the tuning of an ANN index, None if the manifest does not hold one."""
    try:
        fields = Fields(info.metadata)
        fields.optional("factory", fields.text)
        for name in ("recall", "latency_ms", "target_recall"):
            fields.number(name)
        fields.optional("exact_ms", fields.number)
        by_kind = fields.optional("recall_by_kind", fields.object)
        if by_kind is not None:
            for kind in by_kind.names:
                by_kind.number(kind)
        _check_parameters(fields)
        for tier in fields.optional("tiers", fields.objects) or []:
            tier.number("limit")
            _check_parameters(tier)
    except FieldError:
        return None
    return Tuning.from_json(info.metadata)


def _check_parameters(fields: Fields) -> None:
    """Raises a :class:`FieldError` if there are no search parameters, or wrong ones."""
    parameters = fields.objects("efforts")
    if not parameters:
        raise FieldError("efforts is empty")
    for values in parameters:
        values.integer("depth", 1, MAX_PARAMETER)
        values.integer("probes", 0, MAX_PARAMETER)
        values.integer("overfetch", 1, MAX_PARAMETER)


def _with_total(
    steps: Generator[int, None, faiss.Index], total: int
) -> Generator[tuple[int, int], None, faiss.Index]:
    while True:
        try:
            yield next(steps), total
        except StopIteration as end:
            return end.value


def _write(index: faiss.Index | TreeIndex, path: Path) -> None:
    if isinstance(index, TreeIndex):
        index.write(path)
        return
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:
        raise OSError(f"FAISS could not write {path}: {error}") from error
