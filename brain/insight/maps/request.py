"""The request of a map, normalized and checked in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from fiftyone_faiss.brain.ann.neighbor_graph import DEFAULT_NEIGHBORS, MAX_NEIGHBORS
from fiftyone_faiss.brain.core.params import (
    MAX_NAME,
    quoted,
    read_flag,
    read_ids,
    read_list,
    read_number,
    read_text,
    read_whole,
)
from fiftyone_faiss.brain.queries.query_line import parse_line

MAP_METHODS = ("umap", "tsne", "pca", "axes")
"""The methods of maps."""
MIN_NEIGHBORS = 2


@dataclass(frozen=True)
class MapRequest:
    """How to make a map, and where to keep it.

    Attributes:
        brain_key (None): the index; None for the only one
        method ("umap"): one of ``MAP_METHODS``
        num_dims (2): 2 or 3
        vis_key (None): the brain key of the map; by default `X`
        axes (()): for ``"axes"``, a query line for each dimension, or two ids: the axis from the
            first to the second, which becomes the line ``@<second> - @<first>``
        num_neighbors (15): for ``"umap"`` and ``"tsne"``, how many neighbors attract a point
        min_dist (0.1): for ``"umap"``, how near points may lie, 0 to 1
        seed (None): a seed; maps of up to 20,000 points are repeatable without one
        overwrite (False): whether to replace the map that has this ``vis_key``

    Raises:
        ValueError: if a value is not valid; the message says what to do
    """

    brain_key: str | None = None
    method: str = "umap"
    num_dims: int = 2
    vis_key: str | None = None
    axes: Sequence[str | Sequence[str]] = ()
    num_neighbors: int = DEFAULT_NEIGHBORS
    min_dist: float = 0.1
    seed: int | None = None
    overwrite: bool = False

    def __post_init__(self) -> None:
        min_dist = read_number("min_dist", self.min_dist)
        normalized = {
            "brain_key": read_text("brain_key", self.brain_key, MAX_NAME) or None,
            "method": read_text("method", self.method, MAX_NAME) or "umap",
            "num_dims": read_whole("num_dims", self.num_dims) or 2,
            "vis_key": read_text("vis_key", self.vis_key, MAX_NAME).strip() or None,
            "axes": tuple(_axis_line(axis) for axis in read_list("axes", self.axes)),
            "num_neighbors": read_whole("num_neighbors", self.num_neighbors) or DEFAULT_NEIGHBORS,
            "min_dist": 0.1 if min_dist is None else min_dist,
            "seed": read_whole("seed", self.seed),
            "overwrite": read_flag("overwrite", self.overwrite),
        }
        for name, value in normalized.items():
            object.__setattr__(self, name, value)
        self._check()

    def _check(self) -> None:
        if self.method not in MAP_METHODS:
            raise ValueError(
                f"method is {quoted(self.method)}; choose one of {', '.join(MAP_METHODS)}."
            )
        if self.num_dims not in (2, 3):
            raise ValueError(f"num_dims is {self.num_dims}; give 2 or 3.")
        if self.method == "axes" and len(self.axes) != self.num_dims:
            raise ValueError(
                f"A map of {self.num_dims} dimensions needs {self.num_dims} axes, got "
                f"{len(self.axes)}; give each a query line, such as 'night - day'."
            )
        if self.method != "axes" and self.axes:
            raise ValueError("axes are for method='axes'; give that method, or no axes.")
        if not MIN_NEIGHBORS <= self.num_neighbors <= MAX_NEIGHBORS:
            raise ValueError(
                f"num_neighbors is {self.num_neighbors}; give {MIN_NEIGHBORS} to {MAX_NEIGHBORS}."
            )
        if not 0 <= self.min_dist <= 1:
            raise ValueError(f"min_dist is {self.min_dist:g}; give a number of 0 to 1.")
        if self.seed is not None and self.seed < 0:
            raise ValueError(f"seed is {self.seed}; give a number of 0 or more.")
        if self.vis_key is not None and not self.vis_key.isidentifier():
            raise ValueError(
                f"{quoted(self.vis_key)} is no brain key; give letters, digits and underscores, "
                "such as 'map'."
            )

    def key_for(self, brain_key: str) -> str:
        """The brain key of the map, given that of the index."""
        return self.vis_key or default_vis_key(brain_key, self.method, self.num_dims)

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> MapRequest:
        """Makes a request of values that a form or a page sent; unknown names are ignored."""
        names = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in params.items() if name in names})


def default_vis_key(brain_key: str, method: str, num_dims: int) -> str:
    """The brain key of a map that is given none, such as ``"clip_umap"``."""
    return f"{brain_key}_{method}" + ("_3d" if num_dims == 3 else "")


def _axis_line(axis: Any) -> str:
    """The query line of an axis, checked."""
    if isinstance(axis, str):
        parse_line(axis)
        return " ".join(axis.split())
    ids = read_ids("An axis", axis)
    if len(ids) != 2 or ids[0] == ids[1]:
        raise ValueError(
            f"An axis is {quoted(axis)}; give a query line, such as 'night - day', or two ids."
        )
    return f"@{ids[1]} - @{ids[0]}"
