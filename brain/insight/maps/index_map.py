"""A map of an index, and how a dataset keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
import numpy as np
from fiftyone.brain.visualization import VisualizationConfig

from fiftyone_faiss.brain.backend.runs import run_id
from fiftyone_faiss.brain.core.arrays import Mask, Matrix
from fiftyone_faiss.brain.core.params import quoted
from fiftyone_faiss.brain.data.database import check_exists
from fiftyone_faiss.brain.data.private import root_dataset
from fiftyone_faiss.brain.data.result_views import view_of
from fiftyone_faiss.brain.data.visualization_runs import (
    ATTRIBUTE,
    VisualizationRun,
    config_of,
    descriptions,
    load_run,
    save_run,
)
from fiftyone_faiss.brain.insight.maps.map_quality import MapQuality
from fiftyone_faiss.brain.insight.maps.projections import Projection

# The stored names of numbers and arrays; a data format.
_PROJECTION = ("directions", "offsets", "shares")
_QUALITY = ("trustworthiness", "error", "sampled", "k", "recall")


@dataclass(frozen=True)
class MapInfo:
    """A map, as its configuration describes it.

    Attributes:
        vis_key: its brain key
        brain_key: the index that it shows
        method: ``"umap"``, ``"tsne"``, ``"pca"`` or ``"axes"``
        num_dims: 2 or 3
        count: how many points it has
        patches_field: the field of the labels that it shows, None for samples and frames
        axes: the query lines of its axes, None without
    """

    vis_key: str
    brain_key: str
    method: str
    num_dims: int
    count: int
    patches_field: str | None
    axes: tuple[str, ...] | None


@dataclass(frozen=True, eq=False)
class IndexMap:
    """The vectors of an index as points in two or three dimensions.

    Attributes:
        samples: the collection that was mapped
        vis_key: the brain key of the map
        brain_key: the index
        method: ``"umap"``, ``"tsne"``, ``"pca"`` or ``"axes"``
        patches_field: the field of the labels that it shows, None for samples and frames
        points: ``(n, num_dims)`` float32
        ids: the ids of the samples, frames or labels
        sample_ids: the ids of their samples, or frames
        placed: ``(n,)`` whether a point was placed after the map was made
        quality: how well the neighbors in the map agree with the true ones
        axes: the query lines of the axes, None without
        projection: places a vector on the map; None for ``"umap"`` and ``"tsne"``
        notes: what else to know, in sentences
        model: the model of the vectors, None if it is unknown
        options: the options of UMAP or t-SNE that made it
    """

    samples: foc.SampleCollection
    vis_key: str
    brain_key: str
    method: str
    patches_field: str | None
    points: Matrix
    ids: Sequence[str]
    sample_ids: Sequence[str]
    placed: Mask
    quality: MapQuality
    axes: tuple[str, ...] | None = None
    projection: Projection | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()
    model: str | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.points)

    @property
    def num_dims(self) -> int:
        """2 or 3."""
        return int(self.points.shape[1])

    @property
    def shares(self) -> tuple[float, ...] | None:
        """The share of the variance along each axis, 0 to 1; None without a projection."""
        return None if self.projection is None else tuple(self.projection.shares.tolist())

    def view(self, ids: Sequence[str] | None = None) -> fo.DatasetView:
        """A view of some samples, frames or labels of the map, by default of those whose neighbors
        it keeps worst, worst first."""
        if ids is None:
            ids = [self.ids[i] for i in np.argsort(self.quality.kept, kind="stable")]
        return view_of(self.samples, list(ids), self.patches_field)

    def delete(self) -> None:
        """Deletes the map; the index stays."""
        root_dataset(self.samples).delete_brain_run(self.vis_key)

    def save(self) -> None:
        """Saves the map as a visualization run; one with its key is replaced."""
        description = {
            "method": self.method,
            "axes": None if self.axes is None else list(self.axes),
            "count": len(self),
            "index_run": run_id(self.samples, self.brain_key),
        }
        config = config_of(
            self.method,
            description,
            similarity_index=self.brain_key,
            model=self.model,
            patches_field=self.patches_field,
            num_dims=self.num_dims,
            **self.options,
        )
        arrays = {"kept": self.quality.kept, "placed": self.placed}
        if self.projection is not None:
            arrays |= {name: getattr(self.projection, name) for name in _PROJECTION}
        values: dict[str, Any] = {name: getattr(self.quality, name) for name in _QUALITY}
        values["notes"] = list(self.notes)
        labels = None if self.patches_field is None else list(self.ids)
        run = VisualizationRun(self.points, list(self.sample_ids), labels, arrays, values)
        save_run(self.samples, self.vis_key, config, run)

    def __str__(self) -> str:
        placed = int(self.placed.sum())
        added = f", {placed:,} of them placed later" if placed else ""
        return (
            f"The map '{self.vis_key}' ({self.method}, {self.num_dims}-D) has {len(self):,} "
            f"points{added}: {self.quality}."
        )


def list_maps(samples: foc.SampleCollection) -> list[MapInfo]:
    """Lists the maps of a dataset's indexes, in the order of their keys. Reads no points.

    Args:
        samples: the dataset, or a view of it
    """
    check_exists(samples)
    return [_info(samples, key, config) for key, config in sorted(descriptions(samples).items())]


def load_map(samples: foc.SampleCollection, vis_key: str) -> IndexMap:
    """Loads a map.

    Args:
        samples: the dataset, or a view of it
        vis_key: the brain key of the map

    Raises:
        ValueError: if there is no map with this key
    """
    check_exists(samples)
    config = descriptions(samples).get(vis_key)
    if config is None:
        keys = ", ".join(f"'{key}'" for key in sorted(descriptions(samples))) or "none yet"
        raise ValueError(
            f"There is no map {quoted(vis_key)}; there are: {keys}. visualize_index makes one."
        )
    info, run = _info(samples, vis_key, config), load_run(samples, vis_key)
    values, arrays = run.values, run.arrays
    projection = None
    if "directions" in arrays:
        projection = Projection(arrays["directions"], arrays["offsets"], arrays["shares"])
    quality = MapQuality(kept=arrays["kept"], **{name: values[name] for name in _QUALITY})
    return IndexMap(
        root_dataset(samples).load_brain_view(vis_key),
        vis_key,
        info.brain_key,
        info.method,
        info.patches_field,
        run.points,
        run.ids,
        run.sample_ids,
        arrays["placed"],
        quality,
        axes=info.axes,
        projection=projection,
        notes=tuple(values["notes"]),
        model=config.model,
        options=_options(config),
    )


def _options(config: VisualizationConfig) -> dict[str, Any]:
    """The options of UMAP and t-SNE in a configuration."""
    names = {"umap": ("num_neighbors", "min_dist", "metric", "seed"), "tsne": ("metric", "seed")}
    return {name: getattr(config, name) for name in names.get(config.method, ())}


def _info(samples: foc.SampleCollection, key: str, config: VisualizationConfig) -> MapInfo:
    described = getattr(config, ATTRIBUTE)
    axes = described["axes"]
    return MapInfo(
        key,
        _index_key(samples, config.similarity_index, described["index_run"]),
        described["method"],
        config.num_dims,
        described["count"],
        config.patches_field,
        None if axes is None else tuple(axes),
    )


def _index_key(samples: foc.SampleCollection, brain_key: str, index_run: str) -> str:
    """The key of the index of a map, also after the index was renamed.

    The indexes of a cloned dataset are other runs, with the same keys.
    """
    keys = samples.list_brain_runs(type="similarity", method="faiss")
    return next((key for key in keys if run_id(samples, key) == index_run), brain_key)
