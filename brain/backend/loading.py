"""Finds and loads the indexes of a dataset."""

from __future__ import annotations

import fiftyone.core.collections as foc

from fiftyone_faiss.brain.data.database import check_exists
from fiftyone_faiss.brain.similarity import FaissSimilarityIndex


class UnfinishedIndexError(ValueError):
    """A Brain run that has no results, because its making goes on or was stopped."""


def index_keys(samples: foc.SampleCollection) -> list[str]:
    """The brain keys of a dataset's FAISS indexes, in alphabetical order."""
    check_exists(samples)
    keys: list[str] = samples.list_brain_runs(type="similarity", method="faiss")
    return keys


def resolve_key(samples: foc.SampleCollection, brain_key: str | None) -> str:
    """The key of the index that is meant.

    Args:
        samples: the dataset, or a view of it
        brain_key: a key, or None for the only one

    Raises:
        ValueError: if there is no such index, or several and none was named
    """
    keys = index_keys(samples)
    name = samples._root_dataset.name
    if not keys:
        raise ValueError(
            f"'{name}' has no FAISS index yet; build one: build_index(dataset, 'clip', model=...)."
        )
    listed = ", ".join(f"'{key}'" for key in keys)
    if brain_key is None:
        if len(keys) > 1:
            raise ValueError(f"'{name}' has several indexes; give brain_key, one of {listed}.")
        return keys[0]
    if brain_key not in keys:
        raise ValueError(f"'{name}' has no FAISS index '{brain_key}'; it has {listed}.")
    return brain_key


def load_index(samples: foc.SampleCollection, brain_key: str | None) -> FaissSimilarityIndex:
    """Loads an index; its files are first touched when it is used.

    Raises:
        UnfinishedIndexError: if its making was stopped before there was anything to load
        ValueError: if there is no such index, or several and none was named
    """
    key = resolve_key(samples, brain_key)
    index: FaissSimilarityIndex | None = samples.load_brain_results(key)
    if index is not None and index.is_replaced:
        # FiftyOne's cache goes by the key, and reloading a dataset does not empty it.
        samples._root_dataset.clear_cache()
        index = samples.load_brain_results(key)
    if index is None:
        raise UnfinishedIndexError(
            f"The index '{key}' is being made, or was never finished; "
            "if nothing is at work on it, delete it and build it again."
        )
    return index
