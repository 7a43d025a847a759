"""The Brain runs of a copy: the one that is read, and the one that is made or resumed."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
from fiftyone.brain.similarity import Similarity, SimilarityConfig, SimilarityIndex

from fiftyone_faiss.brain.backend.adapter import load_results
from fiftyone_faiss.brain.backend.loading import load_faiss_index, resolve_key, searchable_runs
from fiftyone_faiss.brain.backend.runs import COPYING_FROM, UNIT_QUERIES, run_id
from fiftyone_faiss.brain.core.optional import MissingDependencyError, require
from fiftyone_faiss.brain.data.private import root_dataset, run_document
from fiftyone_faiss.brain.similarity import FaissSimilarityConfig
from fiftyone_faiss.brain.transfer.copy_request import (
    KEPT,
    CopyRequest,
    backend_defaults,
    config_class,
)

CARRIED = (*KEPT, "model", "model_kwargs", "supports_prompts")
# What a FAISS index knows of its images, and no other backend stores.
OF_FAISS = ("alpha", "force_square")
# The modules, packages and extras of backends that this package can install.
_PACKAGES = {
    "lancedb": ("lancedb", "lancedb", "lancedb"),
    "milvus": ("pymilvus", "pymilvus", "milvus"),
    "pgvector": ("psycopg2", "psycopg2-binary", "pgvector"),
    "qdrant": ("qdrant_client", "'qdrant-client<1.16'", "qdrant"),
}
# FiftyOne lists the first page of tables.
LANCE_TABLES = 10
_VIRTUAL = ("cls", "type", "method")


def load_source(samples: foc.SampleCollection, brain_key: str | None) -> SimilarityIndex:
    """Loads the index to copy, restricted to no view.

    Raises:
        ValueError: if there is no such index, or it cannot be copied
    """
    key = resolve_key(samples, brain_key)
    (run,) = (run for run in searchable_runs(samples) if run.brain_key == key)
    if run.problem is not None:
        raise ValueError(run.problem)
    dataset = root_dataset(samples)
    _check_packages(run.backend)
    results = (
        load_faiss_index(dataset, key) if run.backend == "faiss" else load_results(dataset, key)
    )
    if results.samples._is_frames or getattr(results.config, "frames", None) is not None:
        raise ValueError(
            f"The index '{key}' holds frames of videos, which cannot be copied; copy an index of "
            "samples or labels."
        )
    return results


def _check_packages(backend: str) -> ModuleType | None:
    """Imports the client of a backend, if this package can install it.

    Raises:
        MissingDependencyError: if it is missing, or its version does not suit FiftyOne
    """
    if backend not in _PACKAGES:
        return None
    module = require(*_PACKAGES[backend], f"The backend '{backend}'")
    # FiftyOne calls a method that later clients lack.
    if backend == "qdrant" and not hasattr(module.QdrantClient, "search"):
        raise MissingDependencyError(
            "FiftyOne's backend 'qdrant' needs an older client: "
            'pip install "fiftyone-faiss[qdrant]"'
        )
    return module


def target_config(source: SimilarityIndex, request: CopyRequest) -> SimilarityConfig:
    """The configuration of a copy; it names the run that it is copied from.

    Raises:
        ValueError: if the backend has no such metric, or a setting is not valid
    """
    old, cls = source.config, config_class(request.backend)
    carried: dict[str, Any] = {name: getattr(old, name) for name in CARRIED}
    if type(old) is cls:
        stored = old.serialize()
        # Two indexes cannot share a table.
        carried |= {
            name: value
            for name, value in stored.items()
            if name not in (*_VIRTUAL, "embeddings_field") and not name.endswith("_name")
        }
    marked: dict[str, Any] = {COPYING_FROM: run_id(source.samples, source.key)}
    has_unit_queries = old.method == "faiss" or getattr(old, UNIT_QUERIES, False)
    if request.backend != "faiss" and has_unit_queries:
        marked[UNIT_QUERIES] = True
    given = {**backend_defaults(request.backend), **carried, **request.settings, **marked}
    try:
        return cls(**given)
    except ValueError as error:
        reason = str(error).rstrip(".").replace(". ", "; ")
        raise ValueError(
            f"The index '{source.key}' cannot be copied to the backend '{request.backend}': "
            f"{reason}."
        ) from error


def create_run(dataset: fo.Dataset, config: SimilarityConfig, new_key: str) -> SimilarityIndex:
    """Registers the run of a copy, and creates its empty index.

    Raises:
        MissingDependencyError: if a package of the backend is not installed
        ValueError: if the backend cannot be reached
    """
    method = _ready_method(config)
    if config.method == "lancedb":
        _check_room(config)
    method.register_run(dataset, new_key, overwrite=False)
    try:
        return _initialize(method, dataset, new_key)
    except BaseException:
        # A run without an index would block its key.
        if dataset.has_brain_run(new_key):
            dataset.delete_brain_run(new_key)
        raise


def resume_run(dataset: fo.Dataset, config: SimilarityConfig, new_key: str) -> SimilarityIndex:
    """Opens the index of a copy that was stopped.

    Raises:
        ValueError: if the key belongs to another run, or the copy has other settings
    """
    document = run_document(dataset, new_key)
    stored = dict(document.config)
    if stored.get(COPYING_FROM) != getattr(config, COPYING_FROM):
        raise ValueError(
            f"There is a run '{new_key}' already; choose another new_key, or delete it."
        )
    for name, value in stored.items():
        if name in ("cls", "type"):
            continue
        own = getattr(config, name, None)
        if own is None:
            # The name of a table that the backend chose.
            setattr(config, name, value)
        elif own != value:
            raise ValueError(
                f"The unfinished copy '{new_key}' has {name}={value!r}, not {own!r}; use the same "
                "settings to finish it, or delete it."
            )
    if config.method == "faiss" and document.results:
        return dataset.load_brain_results(new_key, cache=False)
    return _initialize(_ready_method(config), dataset, new_key)


def _ready_method(config: SimilarityConfig) -> Similarity:
    _check_packages(config.method)
    method = config.build()
    method.ensure_requirements()
    return method


def _check_room(config: SimilarityConfig) -> None:
    """Checks that FiftyOne will find a new table; it could also take the name of one it misses."""
    lancedb = require(*_PACKAGES["lancedb"], "The backend 'lancedb'")
    tables = lancedb.connect(config.uri).table_names(limit=2 * LANCE_TABLES)
    if len(tables) >= LANCE_TABLES:
        raise ValueError(
            f"FiftyOne finds only the first {LANCE_TABLES} tables of a LanceDB folder, and "
            f"{config.uri} holds as many; give another uri."
        )


def _initialize(method: Similarity, dataset: fo.Dataset, new_key: str) -> SimilarityIndex:
    """Connects to a backend. The classes of the others explain what fails."""
    client = _check_packages(method.config.method)
    errors = (client.OperationalError,) if client and method.config.method == "pgvector" else ()
    try:
        return method.initialize(dataset, new_key)
    except errors as error:
        raise ValueError(
            f"PostgreSQL cannot be reached ({str(error).strip().splitlines()[0]}); check "
            "connection_string, and that the server is running."
        ) from error


def save_run(dataset: fo.Dataset, results: SimilarityIndex, new_key: str) -> None:
    """Saves the results of a copy, before a search changes them as sklearn's does."""
    if results.config.method != "faiss":
        # Those of a FAISS index were saved when it was made.
        results.config.build().save_run_results(dataset, new_key, results)


def complete_run(dataset: fo.Dataset, results: SimilarityIndex, new_key: str) -> None:
    """Saves the configuration of a verified copy, without the mark of an unfinished one."""
    delattr(results.config, COPYING_FROM)
    results.config.build().update_run_config(dataset, new_key, results.config)


def lost_settings(source: SimilarityIndex, target: SimilarityIndex) -> str | None:
    """A sentence about how boxes were widened, if the copy does not store it."""
    if not isinstance(source.config, FaissSimilarityConfig) or target.config.method == "faiss":
        return None
    lost = {name: getattr(source.config, name) for name in OF_FAISS}
    if not any(lost.values()):
        return None
    listed = ", ".join(f"{name}={value!r}" for name, value in lost.items() if value)
    return (
        f"'{target.key}' does not store {listed}, by which the boxes were widened; give it again "
        "when you copy back."
    )


def missing_connection(config: SimilarityConfig, settings: Mapping[str, Any]) -> str | None:
    """A sentence about settings of a connection, which FiftyOne does not store with a run."""
    known = backend_defaults(config.method)
    names = [
        name
        for name, value in settings.items()
        if hasattr(config, f"_{name}") and known.get(name) != value
    ]
    if not names:
        return None
    prefix = f"FIFTYONE_BRAIN_SIMILARITY_{config.method.upper()}_"
    variables = ", ".join(f"{prefix}{name.upper()}" for name in names)
    return (
        f"FiftyOne does not store {', '.join(names)} with an index; set {variables} before you "
        "start Python or the App, so that the copy is found."
    )
