"""The last results for each dataset, and the actions on them that can be undone.

They are kept in memory: a result refers to samples by the ids of one moment, and finding it again
is safer than storing it.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import fiftyone as fo
from cachetools import LRUCache

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.progress import Steps
from fiftyone_faiss.panels.curate_messages import FindParams, RunKind

Result = TypeVar("Result", brain.Duplicates, brain.Leaks)
# Datasets whose results are kept, and actions of each that can be undone.
MAX_RUNS, MAX_ACTIONS = 40, 20


@dataclass
class Run:
    """A result and what was asked.

    Attributes:
        params: what was asked
        result: what was found
        id: its id
    """

    params: FindParams
    result: brain.Duplicates | brain.Leaks
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])

    @cached_property
    def number_of(self) -> dict[str, int]:
        """The number of the group of each member, which stays when other groups are removed."""
        groups = self.result.groups if isinstance(self.result, brain.Duplicates) else []
        return {id: number for number, group in enumerate(groups) for id in group}


@dataclass
class Action:
    """An action that can be undone.

    Attributes:
        kind: the kind of the result
        text: what was done
        undo: undoes it, and says what was undone
        id: its id
    """

    kind: RunKind
    text: str
    undo: Callable[[], str]
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])


_Key = tuple[str, str]
_RUNS: LRUCache[tuple[_Key, RunKind], Run] = LRUCache(maxsize=MAX_RUNS)
_ACTIONS: LRUCache[_Key, list[Action]] = LRUCache(maxsize=MAX_RUNS)
_LOCK = threading.Lock()


def _key(dataset: fo.Dataset) -> _Key:
    # A deleted dataset may have had the same name.
    return dataset.name, str(dataset.created_at)


def kept_steps(
    dataset: fo.Dataset, kind: RunKind, params: FindParams, steps: Steps[Result]
) -> Steps[Result]:
    """Runs the steps of a search, and keeps its result as the last one of the dataset."""
    key = _key(dataset)
    result = yield from steps
    with _LOCK:
        _RUNS[key, kind] = Run(params, result)
    return result


def last_run(dataset: fo.Dataset, kind: RunKind) -> Run | None:
    """The last result."""
    with _LOCK:
        return _RUNS.get((_key(dataset), kind))


def duplicates_of(dataset: fo.Dataset, id: str) -> tuple[Run, brain.Duplicates]:
    """The duplicates of a run.

    Raises:
        ValueError: if it is not the last one any more
    """
    run = _run(dataset, "duplicates", id)
    assert isinstance(run.result, brain.Duplicates)
    return run, run.result


def leaks_of(dataset: fo.Dataset, id: str) -> tuple[Run, brain.Leaks]:
    """The leaks of a run; see :func:`duplicates_of`."""
    run = _run(dataset, "leaks", id)
    assert isinstance(run.result, brain.Leaks)
    return run, run.result


def _run(dataset: fo.Dataset, kind: RunKind, id: str) -> Run:
    run = last_run(dataset, kind)
    if run is None:
        raise ValueError("The server does not have this result any more; click Find again.")
    if run.id != id:
        raise ValueError("Someone has run this search again; reload the page to see its result.")
    return run


def add_action(dataset: fo.Dataset, action: Action) -> None:
    """Keeps an action that can be undone."""
    with _LOCK:
        actions = [*_ACTIONS.get(_key(dataset), []), action]
        _ACTIONS[_key(dataset)] = actions[-MAX_ACTIONS:]


def list_actions(dataset: fo.Dataset) -> list[Action]:
    """The actions that can be undone, oldest first."""
    with _LOCK:
        return list(_ACTIONS.get(_key(dataset), []))


def take_action(dataset: fo.Dataset, id: str) -> Action:
    """Takes an action out of the list, so that it is undone once.

    Raises:
        ValueError: if it is not in the list any more
    """
    with _LOCK:
        actions = _ACTIONS.get(_key(dataset), [])
        action = next((action for action in actions if action.id == id), None)
        if action is None:
            raise ValueError("This action was undone already, or the server was restarted.")
        _ACTIONS[_key(dataset)] = [other for other in actions if other.id != id]
    return action
