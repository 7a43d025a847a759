"""Brain runs and the stores of their vectors."""

from __future__ import annotations

from pathlib import Path

import fiftyone.core.collections as foc

from fiftyone_faiss.brain.data.database import database_id
from fiftyone_faiss.brain.store.ownership import OwnedStore, Owner

COPYING_FROM = "copying_from"
"""The entry of a run's configuration that names the run which is being copied into it; a finished
copy has none."""

UNIT_QUERIES = "unit_queries"
"""The entry of a run's configuration that says that texts and images are compared as unit vectors,
as in the FAISS index that the run was copied from."""


def store_of_run(root: Path, run_id: str) -> OwnedStore:
    """The store of a run in FiftyOne's current database.

    Args:
        root: the folder of all indexes
        run_id: the id of the run
    """
    return OwnedStore(root / run_id, Owner(database_id(), run_id))


def run_id(samples: foc.SampleCollection, brain_key: str | None) -> str | None:
    """The id of a Brain run's document: a renamed run keeps it, a cloned run gets another."""
    if brain_key is None:
        return None
    return str(samples._root_dataset._doc.brain_methods[brain_key].id)
