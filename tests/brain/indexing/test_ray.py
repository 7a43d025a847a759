"""Embeddings of a dataset on a Ray cluster."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from support.colors import MeanColor, color_vector

import fiftyone_faiss
from fiftyone_faiss.demo import MODEL_DIR
from fiftyone_faiss.embedders import Embedder, ImageSource, embed_sources, ray_engine, registry

pytestmark = pytest.mark.backends

TESTS = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module", autouse=True)
def environment() -> Iterator[None]:
    """Starts Ray on this machine, with workers that can import the support of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_ADDRESS", "local")
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("PYTHONPATH", str(TESTS), prepend=os.pathsep)
        patch.delenv("OMP_NUM_THREADS", raising=False)
        yield


def test_ray_is_stopped_if_it_was_started_for_the_embeddings(
    dataset: fo.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray

    # Known by this name here, but not on the workers.
    monkeypatch.setattr(registry, "_registered", {})
    fiftyone_faiss.register_embedder("own", MeanColor)
    report = fiftyone_faiss.compute_embeddings(dataset, "own", "emb", engine="ray")
    assert not ray.is_initialized()
    assert (report.embedded, report.failures, report.skipped) == (12, {}, 0)
    expected = [color_vector(20 * i, 255 - 20 * i, 40) for i in range(12)]
    np.testing.assert_allclose(np.stack(dataset.values("emb")), expected, atol=1e-6)


def test_workers_embed_in_the_precision_of_the_embedder(
    dataset: fo.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = []

    def here(load: Callable[[], Embedder], sources: list[ImageSource], *_: Any) -> Any:
        loads.append(pickle.loads(pickle.dumps(load)))
        return embed_sources(load(), sources)

    monkeypatch.setattr(ray_engine, "embed_sources_on_ray", here)
    network = fiftyone_faiss.get_embedder(str(MODEL_DIR), precision="bfloat16")
    fiftyone_faiss.compute_embeddings(dataset, network, "emb", engine="ray")
    fiftyone_faiss.compute_embeddings(dataset, "colorhist", "colors", engine="ray")
    assert loads[0]() is network
    assert loads[1]() is fiftyone_faiss.get_embedder("colorhist")
