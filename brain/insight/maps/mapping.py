"""Makes maps of indexes, and places new samples on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.ann.neighbor_graph import DEFAULT_NEIGHBORS
from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.backend.compared_graph import ComparedGraph, graph_steps
from fiftyone_faiss.brain.backend.loading import load_faiss_index
from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.core.progress import Steps
from fiftyone_faiss.brain.data.connection import AGAIN, explain_outage_in_steps
from fiftyone_faiss.brain.data.progress_bar import ProgressOption, run_steps
from fiftyone_faiss.brain.data.visualization_runs import check_replaceable
from fiftyone_faiss.brain.insight.maps.index_map import IndexMap, load_map
from fiftyone_faiss.brain.insight.maps.map_quality import quality_steps
from fiftyone_faiss.brain.insight.maps.placing import place_by_neighbors
from fiftyone_faiss.brain.insight.maps.projections import (
    Projection,
    named_axes,
    principal_components,
)
from fiftyone_faiss.brain.insight.maps.request import MapRequest
from fiftyone_faiss.brain.insight.maps.tsne_layout import tsne_steps
from fiftyone_faiss.brain.insight.maps.umap_layout import umap_steps

MIN_POINTS = 5
# Above this share of placed points, a note advises to make the map again.
MANY_PLACED = 0.25


def visualize_index(
    samples: foc.SampleCollection,
    brain_key: str | None = None,
    method: str = "umap",
    num_dims: int = 2,
    vis_key: str | None = None,
    *,
    axes: Sequence[str | Sequence[str]] = (),
    num_neighbors: int = DEFAULT_NEIGHBORS,
    min_dist: float = 0.1,
    seed: int | None = None,
    overwrite: bool = False,
    progress: ProgressOption = None,
) -> IndexMap:
    """Makes a map of an index, measures its quality, and saves it as a visualization run.

    FiftyOne's Embeddings panel shows the run. UMAP and t-SNE start from the neighbor graph of the
    index, which is kept, so that no neighbors are searched again.

    Args:
        samples: a dataset or a view; only its members are mapped
        brain_key (None): the FAISS index; not needed when there is only one
        method ("umap"): ``"umap"``, ``"tsne"``, ``"pca"``, or ``"axes"`` for ``axes``
        num_dims (2): 2 or 3
        vis_key (None): the brain key of the map; by default ``"<brain_key>_<method>"``, and
            ``"<brain_key>_<method>_3d"`` for three dimensions
        axes (()): for ``"axes"``, one for each dimension: a query line, such as ``"night - day"``,
            or the ids of two samples, from the first to the second
        num_neighbors (15): for ``"umap"`` and ``"tsne"``, how many neighbors attract a point, 2 to
            100
        min_dist (0.1): for ``"umap"``, how near points may lie, 0 to 1
        seed (None): a seed. Without one, UMAP uses all cores for more than 20,000 points, and the
            map is another one each time
        overwrite (False): whether to replace the map that has this ``vis_key``
        progress (None): whether to show a progress bar, or a callback

    Returns:
        an :class:`IndexMap`

    Raises:
        ValueError: if a value is not valid, the key is taken, the index has the metric
            ``"dotproduct"``, or it holds fewer than five of the samples
        MissingDependencyError: if Numba or openTSNE is needed and not installed
    """
    request = MapRequest(
        brain_key, method, num_dims, vis_key, axes, num_neighbors, min_dist, seed, overwrite
    )
    return run_steps(map_steps(samples, request), progress)


@explain_outage_in_steps(AGAIN)
def map_steps(samples: foc.SampleCollection, request: MapRequest) -> Steps[IndexMap]:
    """Does the work of :func:`visualize_index` in steps that can be tracked and canceled."""
    compared = Compared.of(samples, request.brain_key)
    count = len(compared.vectors)
    if count < MIN_POINTS:
        raise ValueError(f"A map needs {MIN_POINTS} or more points, got {count}.")
    vis_key = request.key_for(compared.brain_key)
    _check_free(samples, vis_key, request.overwrite)
    projection = _projection(compared, request)
    graph = yield from _graph_steps(compared, request.num_neighbors)
    points = projection.points(compared.vectors, np.arange(count))
    is_linear = request.method in ("pca", "axes")
    if not is_linear:
        points = yield from _layout_steps(graph, points, request)
    quality = yield from quality_steps(compared.vectors, graph, points)
    made = IndexMap(
        samples,
        vis_key,
        compared.brain_key,
        request.method,
        compared.patches_field,
        points,
        compared.ids_at(np.arange(count)),
        compared.sample_ids_at(np.arange(count)),
        np.zeros(count, bool),
        quality,
        axes=tuple(map(str, request.axes)) or None,
        projection=projection if is_linear else None,
        notes=projection.notes if is_linear else (),
        model=load_faiss_index(samples, compared.brain_key).model,
        options=_options(compared, request),
    )
    made.save()
    return made


def _projection(compared: Compared, request: MapRequest) -> Projection:
    """The axes of the map, or the first positions of its points."""
    if request.method == "axes":
        index = load_faiss_index(compared.samples, compared.brain_key)
        return named_axes(index, compared.vectors, [str(axis) for axis in request.axes])
    return principal_components(compared.vectors, request.num_dims)


def _graph_steps(compared: Compared, k: int) -> Steps[ComparedGraph]:
    """The graph of the layout, which also measures the quality: at least of 15 neighbors."""
    return graph_steps(compared, min(max(k, DEFAULT_NEIGHBORS), len(compared.vectors) - 1))


def _layout_steps(graph: ComparedGraph, first: Matrix, request: MapRequest) -> Steps[Matrix]:
    """Moves points from their first positions to where their neighbors attract them."""
    k = request.num_neighbors
    graph = replace(graph, neighbors=graph.neighbors[:, :k], distances=graph.distances[:, :k])
    if request.method == "tsne":
        return tsne_steps(graph, first, request.seed)
    return umap_steps(graph, first, request.min_dist, request.seed)


def _options(compared: Compared, request: MapRequest) -> dict[str, Any]:
    """The options of FiftyOne's configuration of the method."""
    if request.method in ("pca", "axes"):
        return {}
    options: dict[str, Any] = {"metric": compared.vectors.metric, "seed": request.seed}
    if request.method == "umap":
        options |= {"num_neighbors": request.num_neighbors, "min_dist": request.min_dist}
    return options


def update_map(
    samples: foc.SampleCollection, vis_key: str, *, progress: ProgressOption = None
) -> IndexMap:
    """Places samples that are new in the index on a map, and removes those that it lost.

    The other points stay where they are. On maps by principal components or named axes, new samples
    are placed exactly; on others by their neighbors. ``placed`` tells them apart.

    Args:
        samples: the dataset, or a view of it
        vis_key: the brain key of the map
        progress (None): whether to show a progress bar, or a callback

    Returns:
        the :class:`IndexMap`, saved; unchanged if there was nothing to do

    Raises:
        ValueError: if there is no such map, its index was deleted or has another model, or none of
            its points is left
    """
    return run_steps(update_map_steps(samples, vis_key), progress)


@explain_outage_in_steps(AGAIN)
def update_map_steps(samples: foc.SampleCollection, vis_key: str) -> Steps[IndexMap]:
    """Does the work of :func:`update_map` in steps that can be tracked and canceled."""
    old = load_map(samples, vis_key)
    compared = Compared.of(old.samples, old.brain_key)
    _check_model(old, compared)
    everything = np.arange(len(compared.vectors))
    ids = compared.ids_at(everything)
    place_of = {id: i for i, id in enumerate(old.ids)}
    places = np.array([place_of.get(id, -1) for id in ids], np.int64)
    is_known = places >= 0
    if is_known.all() and len(ids) == len(old):
        return old
    if not is_known.any():
        raise ValueError(f"No point of the map '{vis_key}' is left; make the map again.")
    graph = yield from _graph_steps(compared, old.options.get("num_neighbors", DEFAULT_NEIGHBORS))
    points = old.points[places]
    if old.projection is not None:
        new = np.flatnonzero(~is_known)
        points[new] = old.projection.points(compared.vectors, new)
    else:
        points = place_by_neighbors(compared.vectors, graph, points, is_known)
    placed = np.where(is_known, old.placed[places], True)
    quality = yield from quality_steps(compared.vectors, graph, points)
    updated = replace(
        old,
        points=points,
        ids=ids,
        sample_ids=compared.sample_ids_at(everything),
        placed=placed,
        quality=quality,
        notes=_with_advice(old.notes, float(placed.mean())),
    )
    updated.save()
    return updated


def _check_free(samples: foc.SampleCollection, vis_key: str, overwrite: bool) -> None:
    """Raises a ``ValueError`` if a run must not be replaced by a map."""
    check_replaceable(samples, vis_key)
    if samples.has_brain_run(vis_key) and not overwrite:
        raise ValueError(
            f"There is a map '{vis_key}' already; choose another vis_key, or overwrite=True."
        )


def _check_model(old: IndexMap, compared: Compared) -> None:
    """Raises a ``ValueError`` if a map shows vectors of another model than those of its index."""
    model = load_faiss_index(compared.samples, compared.brain_key).model
    is_same_dim = old.projection is None or (
        old.projection.directions.shape[1] == compared.vectors.snapshot.dim
    )
    if model != old.model or not is_same_dim:
        raise ValueError(
            f"The map '{old.vis_key}' shows vectors of another model than the index "
            f"'{old.brain_key}' has now; make the map again, with overwrite=True."
        )


def _with_advice(notes: tuple[str, ...], share: float) -> tuple[str, ...]:
    start = "Many points were placed later"
    kept = tuple(note for note in notes if not note.startswith(start))
    if share <= MANY_PLACED:
        return kept
    return (*kept, f"{start} ({100 * share:.0f} %); make the map again for a better one.")
