"""Tells whether the vectors of an index have changed."""

from __future__ import annotations

import hashlib

import fiftyone.core.collections as foc

from fiftyone_faiss.brain.backend.loading import faiss_keys, load_faiss_index


def index_version(samples: foc.SampleCollection, brain_key: str) -> str | None:
    """Returns a text that changes whenever the vectors of a FAISS index, or the index itself, do.

    Args:
        samples: the dataset, or a view of it
        brain_key: the index

    Returns:
        the text; None if there is no such FAISS index: other backends do not tell
    """
    if brain_key not in faiss_keys(samples):
        return None
    index = load_faiss_index(samples, brain_key)
    state = f"{index.path}\n{index.snapshot.manifest.generation}"
    return hashlib.sha1(state.encode()).hexdigest()[:16]
