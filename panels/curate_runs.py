"""The last results for each dataset, and the actions on them that can be undone.

They are kept in memory: a result refers to samples by the ids of one moment, and finding it again
is safer than storing it.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar

import fiftyone as fo
from cachetools import LRUCache

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.progress import Steps
from fiftyone_faiss.panels.curate_messages import RunKind, Started

Result = TypeVar("Result")
# Datasets whose results are kept, and actions of each that can be undone.
MAX_RUNS, MAX_ACTIONS = 40, 20


@dataclass
class Run(Generic[Result]):
    """A result and what was asked.

    Attributes:
        params: what was asked
        result: what was found
        id: its id
    """

    params: Mapping[str, Any]
    result: Result
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
_RUNS: LRUCache[tuple[_Key, RunKind], Run[Any]] = LRUCache(maxsize=MAX_RUNS)
_ACTIONS: LRUCache[_Key, list[Action]] = LRUCache(maxsize=MAX_RUNS)
_LOCK = threading.Lock()
# A change reads the result, and may write to the database.
_CHANGE_LOCK = threading.Lock()


def _key(dataset: fo.Dataset) -> _Key:
    # A deleted dataset may have had the same name.
    return dataset.name, str(dataset.created_at)


def start(
    dataset: fo.Dataset, kind: RunKind, params: Mapping[str, Any], steps: Steps[Result]
) -> Started:
    """Starts a job of this kind, and keeps its result as the last one of the dataset.

    Raises:
        ValueError: if one of this kind runs already
    """
    kept = _kept_steps(_key(dataset), kind, params, steps)
    return {"job": brain.start_job(kept, dataset.name, kind, "curation").id}


def _kept_steps(
    key: _Key, kind: RunKind, params: Mapping[str, Any], steps: Steps[Result]
) -> Steps[Result]:
    result = yield from steps
    with _LOCK:
        _RUNS[key, kind] = Run(params, result)
    return result


def last_run(dataset: fo.Dataset, kind: RunKind, of: type[Result]) -> Run[Result] | None:
    """The last result of a kind, which is of the type ``of``."""
    with _LOCK:
        run = _RUNS.get((_key(dataset), kind))
    assert run is None or isinstance(run.result, of)
    return run


def run_of(dataset: fo.Dataset, kind: RunKind, of: type[Result], id: str) -> Run[Result]:
    """The last result of a kind, if it has the given id.

    Raises:
        ValueError: if it is not the last one any more
    """
    run = last_run(dataset, kind, of)
    if run is None:
        raise ValueError("The server does not have this result any more; click the button again.")
    if run.id != id:
        raise ValueError("Someone has run this again; reload the page to see its result.")
    return run


def change_result(run: Run[Result], change: Callable[[Result], Result]) -> Result:
    """Replaces the result of a run by what a function makes of it, and returns that."""
    with _CHANGE_LOCK:
        run.result = change(run.result)
        return run.result


def duplicates_of(dataset: fo.Dataset, id: str) -> tuple[Run[brain.Duplicates], brain.Duplicates]:
    """The duplicates of a run; see :func:`run_of`."""
    run = run_of(dataset, "duplicates", brain.Duplicates, id)
    return run, run.result


def leaks_of(dataset: fo.Dataset, id: str) -> tuple[Run[brain.Leaks], brain.Leaks]:
    """The leaks of a run; see :func:`run_of`."""
    run = run_of(dataset, "leaks", brain.Leaks, id)
    return run, run.result


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
