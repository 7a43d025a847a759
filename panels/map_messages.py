"""The messages about maps; see ``messages``.

Arrays are base64 texts of little-endian values, because a million numbers as JSON take seconds.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from fiftyone_faiss.brain.data.result_files import ResultFile
from fiftyone_faiss.panels.grid_messages import GridState
from fiftyone_faiss.panels.messages import SearchParams

MapMethod = Literal["umap", "tsne", "pca", "axes"]
ColorKind = Literal["field", "tag", "quality"]
ALIASES: dict[str, Any] = {"MapMethod": MapMethod, "ColorKind": ColorKind}
"""Types that the page knows by a name."""


class MapEntry(TypedDict):
    """A map; see ``MapInfo``."""

    vis_key: str
    brain_key: str
    method: str
    num_dims: int
    count: int


class MapsAnswer(TypedDict):
    """The maps of the dataset."""

    maps: list[MapEntry]


class MakeMapParams(TypedDict):
    """The map to make; see ``MapRequest``. ``axes`` has a query line for each dimension."""

    brain_key: str
    method: MapMethod
    num_dims: int
    vis_key: str
    axes: list[str]


class DrawMapParams(TypedDict):
    """The map to draw."""

    vis_key: str


class DrawnMap(MapEntry):
    """The points of a map.

    ``version`` changes with the points, and the other methods need it. ``points`` has float32
    coordinates, one point after the other. ``placed`` has a byte for each point, 1 if it was
    placed after the map was made; it is empty if none was. ``axes`` has the query lines of the
    axes, if they have any. ``neighbors_kept`` is the share of the nearest ``neighbors`` of a point
    that the map keeps, ``chance_kept`` what random points keep; ``notes`` says what else to know.
    """

    version: str
    patches_field: str | None
    points: str
    placed: str
    placed_count: int
    axes: list[str] | None
    notes: list[str]
    trustworthiness: float
    neighbors_kept: float
    neighbors: int
    chance_kept: float


class MapParams(TypedDict):
    """The map that the page shows."""

    vis_key: str
    version: str


class ColorChoice(TypedDict):
    """Something to color points by."""

    kind: ColorKind
    name: str


class ColorChoices(TypedDict):
    """What points can be colored by."""

    choices: list[ColorChoice]


class ColorParams(MapParams, ColorChoice):
    """What to color the points of a map by."""


class ScoreParams(MapParams):
    """The search whose scores color the points."""

    search: SearchParams


class PointColors(TypedDict):
    """The values of points: classes, or else numbers.

    ``codes`` has a byte for each point: the position in ``names``, 254 for other classes, 255 for
    none. ``numbers`` has a float32 value for each point, NaN for none; ``low`` and ``high`` are
    their range. ``others`` is how many classes are not named.
    """

    codes: str | None
    names: list[str]
    counts: list[int]
    others: int
    other_count: int
    missing: int
    numbers: str | None
    low: float
    high: float


class LocateParams(MapParams):
    """Ids of samples or labels; with ``distances`` they are hits, nearest first.

    ``pinned`` is the id of the sample that is the query, None if the query is not one sample.
    """

    ids: list[str]
    distances: list[float] | None
    pinned: str | None


class MapPlaces(TypedDict):
    """Where ids are on a map: positions of points, -1 for those that are not on it.

    ``marker`` has the coordinates of the query; ``is_sample`` is whether that is its own point, not
    the center of ``placed_by`` of the nearest hits. Of the ``nearest`` points around it,
    ``hits_nearest`` are among as many nearest hits; ``predicted`` is what the quality of the map
    predicts.
    """

    places: list[int]
    marker: list[float] | None
    is_sample: bool
    placed_by: int
    nearest: int
    hits_nearest: int
    predicted: float


class MapFilesParams(MapParams):
    """The positions of points."""

    places: list[int]


class MapFile(ResultFile):
    """The file of a point, and which share of its true neighbors is near it on the map."""

    place: int
    kept: float
    placed: bool


class MapFilesAnswer(TypedDict):
    """The files of points that still exist."""

    files: list[MapFile]


class ShowPlacesParams(MapParams, GridState):
    """The points to show in the grid: uint32 positions; None shows what the grid showed first."""

    places: str | None


class PlacesParams(MapParams):
    """The uint32 positions of points."""

    places: str


class IdsAnswer(TypedDict):
    """Ids of samples or labels."""

    ids: list[str]
