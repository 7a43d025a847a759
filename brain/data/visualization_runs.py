"""Visualization runs in FiftyOne's database.

A run has FiftyOne's own classes, so that FiftyOne's Embeddings panel lists it and everyone can load
it, also without this package. FiftyOne serializes every public attribute of a configuration and of
results, and ignores those of results that it does not know when it loads them: what else is known
about a map is kept in there. So a clone of a dataset has it, too, and nothing is left of a deleted
run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.core.utils as fou
import numpy as np
from bson import json_util
from fiftyone.brain.visualization import (
    ManualVisualizationConfig,
    PCAVisualizationConfig,
    TSNEVisualizationConfig,
    UMAPVisualizationConfig,
    VisualizationConfig,
    VisualizationResults,
)

from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.data.private import root_dataset, run_document

# The name of the additional attribute of configurations and results; a data format.
ATTRIBUTE = "faiss_map"
_CONFIGS: dict[str, type[VisualizationConfig]] = {
    "umap": UMAPVisualizationConfig,
    "tsne": TSNEVisualizationConfig,
    "pca": PCAVisualizationConfig,
}


@dataclass(frozen=True)
class VisualizationRun:
    """A visualization run with what this package adds to it.

    Attributes:
        points: ``(n, num_dims)`` float32
        sample_ids: the ids of the samples, or frames
        label_ids: the ids of the labels, None for samples and frames
        arrays: additional arrays by name
        values: additional JSON values
    """

    points: Matrix
    sample_ids: list[str]
    label_ids: list[str] | None
    arrays: dict[str, np.ndarray]
    values: dict[str, Any]

    @property
    def ids(self) -> list[str]:
        """The ids of the labels, or else of the samples or frames."""
        return self.sample_ids if self.label_ids is None else self.label_ids


def config_of(method: str, description: dict[str, Any], **options: Any) -> VisualizationConfig:
    """Makes the configuration of a run.

    Args:
        method: ``"umap"``, ``"tsne"`` or ``"pca"``; others are FiftyOne's ``"manual"``
        description: additional JSON values, which are read without loading the points
        **options: see :class:`fiftyone.brain.visualization.VisualizationConfig`
    """
    config = _CONFIGS.get(method, ManualVisualizationConfig)(**options)
    setattr(config, ATTRIBUTE, description)
    return config


def save_run(
    samples: foc.SampleCollection, key: str, config: VisualizationConfig, run: VisualizationRun
) -> None:
    """Saves a run; one with this key, which this package made, is replaced.

    If this fails, the old run stays. If the process dies meanwhile, the old run is there under its
    key with ``_old`` appended.

    Raises:
        ValueError: if another run has this key
    """
    labels = None if run.label_ids is None else np.array(run.label_ids)
    results = VisualizationResults(
        samples, config, key, run.points, np.array(run.sample_ids), labels
    )
    packed = {name: _pack(array) for name, array in run.arrays.items()}
    setattr(results, ATTRIBUTE, {**run.values, "arrays": packed})
    method = config.build()
    check_replaceable(samples, key)
    # FiftyOne replaces no run by one of another method.
    old_key = _set_aside(samples, key)
    try:
        method.register_run(samples, key)
        method.save_run_results(samples, key, results)
    except BaseException:
        # A run without results would be shown as one that is being made.
        if samples.has_brain_run(key):
            method.delete_run(samples, key)
        if old_key:
            samples.rename_brain_run(old_key, key)
        raise
    if old_key:
        samples.delete_brain_run(old_key)


def _set_aside(samples: foc.SampleCollection, key: str) -> str | None:
    """Renames a run; returns its new key, or None if there is no such run."""
    if not samples.has_brain_run(key):
        return None
    old_key = f"{key}_old"
    while samples.has_brain_run(old_key):
        old_key += "_old"
    samples.rename_brain_run(key, old_key)
    return old_key


def check_replaceable(samples: foc.SampleCollection, key: str) -> None:
    """Raises a ``ValueError`` if a run has this key that this package did not make."""
    if samples.has_brain_run(key) and not hasattr(samples.get_brain_info(key).config, ATTRIBUTE):
        raise ValueError(f"'{key}' is a Brain run, and no map; choose another vis_key.")


def descriptions(samples: foc.SampleCollection) -> dict[str, VisualizationConfig]:
    """The configurations of the finished runs that this package made, by key."""
    configs = {}
    for key in samples.list_brain_runs(type="visualization"):
        config = samples.get_brain_info(key).config
        if hasattr(config, ATTRIBUTE) and run_document(samples, key).results:
            configs[key] = config
    return configs


def load_run(samples: foc.SampleCollection, key: str) -> VisualizationRun:
    """Loads a finished run that this package made."""
    file = run_document(root_dataset(samples), key).results
    file.seek(0)
    stored = json_util.loads(file.read().decode())
    values = stored.get(ATTRIBUTE) or {}
    labels = stored["label_ids"]
    return VisualizationRun(
        _unpack(stored["points"]).astype(np.float32),
        _unpack(stored["sample_ids"]).tolist(),
        None if labels is None else _unpack(labels).tolist(),
        {name: _unpack(array) for name, array in values.pop("arrays", {}).items()},
        values,
    )


def _pack(array: np.ndarray) -> str:
    packed: str = fou.serialize_numpy_array(array, ascii=True)
    return packed


def _unpack(packed: str) -> np.ndarray:
    return fou.deserialize_numpy_array(packed, ascii=True)
