"""Finds and loads the similarity indexes of a dataset."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import fiftyone.core.collections as foc
from fiftyone.brain.similarity import SimilarityConfig

from fiftyone_faiss.brain.backend.adapter import adapt
from fiftyone_faiss.brain.backend.missing_fields import labels_problem
from fiftyone_faiss.brain.backend.runs import COPYING_FROM
from fiftyone_faiss.brain.backend.searchable import SearchableIndex
from fiftyone_faiss.brain.core.metrics import METRICS
from fiftyone_faiss.brain.data.database import check_exists
from fiftyone_faiss.brain.similarity import FaissSimilarityConfig, FaissSimilarityIndex


class UnfinishedIndexError(ValueError):
    """A Brain run without results, because its build is running or was stopped."""


def faiss_keys(samples: foc.SampleCollection) -> list[str]:
    """The brain keys of a dataset's FAISS indexes, in alphabetical order."""
    check_exists(samples)
    keys: list[str] = samples.list_brain_runs(type="similarity", method="faiss")
    return keys


def resolve_faiss_key(samples: foc.SampleCollection, brain_key: str | None) -> str:
    """The key of a FAISS index.

    Args:
        samples: the dataset, or a view of it
        brain_key: a key, or None for the only FAISS index

    Raises:
        ValueError: if there is no FAISS index with this key, or several and ``brain_key`` is None
    """
    keys = faiss_keys(samples)
    name = samples._root_dataset.name
    if brain_key in keys:
        return brain_key
    backends = {run.brain_key: run.backend for run in searchable_runs(samples)}
    if brain_key is not None and brain_key in backends:
        raise ValueError(
            f"'{brain_key}' is an index of the backend '{backends[brain_key]}', which can only be "
            "searched here; choose a FAISS index, or build one with build_index."
        )
    if not keys:
        raise ValueError(
            f"'{name}' has no FAISS index yet; build one: build_index(dataset, 'clip', model=...)."
        )
    listed = ", ".join(f"'{key}'" for key in keys)
    if brain_key is not None:
        raise ValueError(f"'{name}' has no FAISS index '{brain_key}'; it has {listed}.")
    if len(keys) > 1:
        raise ValueError(f"'{name}' has several indexes; give brain_key, one of {listed}.")
    return keys[0]


def load_faiss_index(samples: foc.SampleCollection, brain_key: str | None) -> FaissSimilarityIndex:
    """Loads a FAISS index; its files are first read when it is used.

    Raises:
        UnfinishedIndexError: if its build was stopped before there was anything to load
        ValueError: if there is no FAISS index with this key, or several and ``brain_key`` is None
    """
    key = resolve_faiss_key(samples, brain_key)
    index: FaissSimilarityIndex | None = samples.load_brain_results(key)
    if index is not None and index.is_replaced:
        # FiftyOne caches results by key, and reloading a dataset does not empty that cache.
        samples._root_dataset.clear_cache()
        index = samples.load_brain_results(key)
    if index is None:
        raise _unfinished(key)
    return index


def index_keys(samples: foc.SampleCollection) -> list[str]:
    """The brain keys of a dataset's similarity indexes of any backend, in alphabetical order."""
    check_exists(samples)
    keys: list[str] = samples.list_brain_runs(type="similarity")
    return sorted(keys)


def resolve_key(samples: foc.SampleCollection, brain_key: str | None) -> str:
    """The key of an index to search.

    Args:
        samples: the dataset, or a view of it
        brain_key: a key; or None for the only FAISS index, or the only index if none is of FAISS

    Raises:
        ValueError: if there is no index with this key, or several and ``brain_key`` is None
    """
    keys, name = index_keys(samples), samples._root_dataset.name
    if not keys:
        return resolve_faiss_key(samples, brain_key)
    listed = ", ".join(f"'{key}'" for key in keys)
    if brain_key is not None:
        if brain_key not in keys:
            raise ValueError(f"'{name}' has no similarity index '{brain_key}'; it has {listed}.")
        return brain_key
    candidates = faiss_keys(samples) or keys
    if len(candidates) > 1:
        raise ValueError(f"'{name}' has several indexes; give brain_key, one of {listed}.")
    return candidates[0]


def load_index(samples: foc.SampleCollection, brain_key: str | None) -> SearchableIndex:
    """Loads an index of any backend to search it.

    Args:
        samples: the dataset, or a view of it
        brain_key: see :func:`resolve_key`

    Raises:
        UnfinishedIndexError: if its build was stopped before there was anything to load
        ValueError: if there is no index with this key, or several and ``brain_key`` is None; or
            if the index cannot be searched
    """
    key = resolve_key(samples, brain_key)
    config = samples.get_brain_info(key).config
    problem = _problem_of(samples, key, config)
    if problem is not None:
        raise ValueError(problem)
    if isinstance(config, FaissSimilarityConfig):
        return load_faiss_index(samples, key)
    index = adapt(samples, key)
    if index is None:
        raise _unfinished(key)
    return index


@dataclass(frozen=True)
class SearchableRun:
    """A similarity run, as its configuration describes it.

    Attributes:
        brain_key: its key
        backend: its Brain backend, such as ``"faiss"`` or ``"sklearn"``
        model: the name of its model, None if it is unknown
        supports_text: whether it can be searched by text
        metric: its metric
        patches_field: the field of its labels, None if it holds samples
        problem: a sentence if it cannot be searched, else None
    """

    brain_key: str
    backend: str
    model: str | None
    supports_text: bool
    metric: str | None
    patches_field: str | None
    problem: str | None

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return asdict(self)


def searchable_runs(samples: foc.SampleCollection) -> list[SearchableRun]:
    """The similarity runs of a dataset, of any backend. Reads no vectors, so it is fast.

    Args:
        samples: the dataset, or a view of it

    Returns:
        a :class:`SearchableRun` for each, in the order of their keys
    """
    return [_describe(samples, key) for key in index_keys(samples)]


def _describe(samples: foc.SampleCollection, key: str) -> SearchableRun:
    config = samples.get_brain_info(key).config
    problem = _problem_of(samples, key, config)
    if problem is None and not samples._root_dataset._doc.brain_methods[key].results:
        problem = str(_unfinished(key))
    return SearchableRun(
        brain_key=key,
        backend=config.method,
        model=config.model,
        supports_text=bool(config.supports_prompts),
        metric=_metric_of(config),
        patches_field=config.patches_field,
        problem=problem,
    )


def _metric_of(config: SimilarityConfig) -> str | None:
    metric: str | None = getattr(config, "metric", None)
    return metric


def _problem_of(samples: foc.SampleCollection, key: str, config: SimilarityConfig) -> str | None:
    if getattr(config, COPYING_FROM, None) is not None:
        return f"The index '{key}' is an unfinished copy; run copy_index again to finish it."
    metric = _metric_of(config)
    if metric in METRICS:
        # Without the labels, it is unknown which of them exist; regions are not needed.
        return labels_problem(samples, key, config) if config.patches_field is not None else None
    return (
        f"The {config.method} index '{key}' has the metric {metric}, which cannot be searched "
        f"here; build one with a metric of {', '.join(METRICS)}."
    )


def _unfinished(key: str) -> UnfinishedIndexError:
    return UnfinishedIndexError(
        f"The index '{key}' is being made, or was never finished; if nothing is at work on it, "
        "delete it and build it again."
    )
