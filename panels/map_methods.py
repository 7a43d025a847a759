"""The methods of the map panel that list, make and draw maps, and act on their points."""

from __future__ import annotations

from typing import Any, cast

import fiftyone.operators as foo
import numpy as np

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import (
    MAX_NAME,
    quoted,
    read_ids,
    read_list,
    read_mapping,
    read_numbers,
    read_text,
    read_whole,
)
from fiftyone_faiss.brain.data.result_views import MAX_ORDERED_IDS
from fiftyone_faiss.panels import grid_messages, map_messages, messages
from fiftyone_faiss.panels.base import panel_method
from fiftyone_faiss.panels.curate_messages import Started
from fiftyone_faiss.panels.grid import Grid, path_field, show, show_results
from fiftyone_faiss.panels.map_state import (
    ShownMap,
    as_text,
    colors_of,
    draw,
    read_places,
    shown_map,
)

# Files of one request: a page shows some dozens of pictures on a map.
MAX_FILES = 200
# The App keeps its selection in the address of each request.
MAX_SELECTED = 2_000
# Tags that points can be colored by.
MAX_TAGS = 50


class MapMethods:
    """A part of :class:`MapPanel`."""

    @panel_method
    def maps(self, ctx: foo.ExecutionContext, params: messages.NoParams) -> map_messages.MapsAnswer:
        """Lists the maps of the dataset."""
        return {"maps": [_entry(info) for info in brain.list_maps(ctx.dataset)]}

    @panel_method
    def make_map(self, ctx: foo.ExecutionContext, params: map_messages.MakeMapParams) -> Started:
        """Starts to make a map."""
        request = brain.MapRequest.from_params(params)
        steps = brain.map_steps(ctx.dataset, request)
        name = f"map of “{request.brain_key}”"
        return {"job": brain.start_job(steps, ctx.dataset.name, name, "map").id}

    @panel_method
    def update_map(self, ctx: foo.ExecutionContext, params: map_messages.DrawMapParams) -> Started:
        """Starts to place samples on a map that are new in its index."""
        vis_key = read_text("vis_key", params.get("vis_key"), MAX_NAME)
        steps = brain.update_map_steps(ctx.dataset, vis_key)
        return {"job": brain.start_job(steps, ctx.dataset.name, f"map “{vis_key}”", "map").id}

    @panel_method
    def delete_map(
        self, ctx: foo.ExecutionContext, params: map_messages.DrawMapParams
    ) -> map_messages.MapsAnswer:
        """Deletes a map; its index and the samples stay."""
        vis_key = read_text("vis_key", params.get("vis_key"), MAX_NAME)
        brain.load_map(ctx.dataset, vis_key).delete()
        return {"maps": [_entry(info) for info in brain.list_maps(ctx.dataset)]}

    @panel_method
    def draw_map(
        self, ctx: foo.ExecutionContext, params: map_messages.DrawMapParams
    ) -> map_messages.DrawnMap:
        """Returns the points of a map."""
        vis_key = read_text("vis_key", params.get("vis_key"), MAX_NAME)
        shown = draw(ctx.dataset, vis_key)
        own, quality = shown.map, shown.map.quality
        placed_count = int(np.count_nonzero(own.placed))
        return {
            "vis_key": vis_key,
            "version": shown.version,
            "brain_key": own.brain_key,
            "method": own.method,
            "num_dims": own.num_dims,
            "count": len(own.ids),
            "patches_field": own.patches_field,
            "points": as_text(own.points.astype("<f4")),
            "placed": as_text(own.placed.astype(np.uint8)) if placed_count else "",
            "placed_count": placed_count,
            "axes": None if own.axes is None else list(own.axes),
            "notes": list(own.notes),
            "trustworthiness": float(quality.trustworthiness),
            "neighbors_kept": float(quality.neighbors_kept),
            "neighbors": quality.k,
            "chance_kept": float(quality.chance),
        }

    @panel_method
    def color_choices(
        self, ctx: foo.ExecutionContext, params: map_messages.MapParams
    ) -> map_messages.ColorChoices:
        """Lists what the points of a map can be colored by."""
        own = shown_map(ctx.dataset, params).map
        fields = brain.value_fields(ctx.dataset, own.patches_field)
        tags = ctx.dataset.distinct("tags")[:MAX_TAGS] if own.patches_field is None else []
        choices: list[map_messages.ColorChoice] = [
            {"kind": "field", "name": name} for name in fields if name != "tags"
        ]
        choices += [{"kind": "tag", "name": tag} for tag in tags]
        return {"choices": [*choices, {"kind": "quality", "name": ""}]}

    @panel_method
    def point_colors(
        self, ctx: foo.ExecutionContext, params: map_messages.ColorParams
    ) -> map_messages.PointColors:
        """Returns the values that color the points of a map."""
        own = shown_map(ctx.dataset, params).map
        kind, name = (read_text(key, params.get(key), MAX_NAME) for key in ("kind", "name"))
        if kind == "quality":
            return colors_of(brain.PointNumbers.of(own.quality.kept))
        if kind == "tag":
            field = "tags" if own.patches_field is None else f"{own.patches_field}.tags"
            return colors_of(brain.point_values(ctx.dataset, own, field, tag=name))
        if kind != "field":
            raise ValueError(f"kind is {quoted(kind)}; choose field, tag or quality.")
        return colors_of(brain.point_values(ctx.dataset, own, name))

    @panel_method
    def point_scores(
        self, ctx: foo.ExecutionContext, params: map_messages.ScoreParams
    ) -> map_messages.PointColors:
        """Returns the score of each point of a map for a search."""
        shown = shown_map(ctx.dataset, params)
        asked = dict(read_mapping("search", params.get("search")))
        whole = {**asked, "scope": "dataset", "k": 1, "skip": 0, "thresh": None, "collapse": False}
        request = brain.SearchRequest.from_params({**whole, "diversity": 0, "filters": {}})
        neighbors = brain.run_search(ctx.dataset, request)
        scores = np.full(len(shown.map.ids), np.nan, np.float32)
        for ids, some in neighbors.all_scores():
            places = shown.places_of(ids)
            scores[places[places >= 0]] = np.asarray(some)[places >= 0]
        return colors_of(brain.PointNumbers.of(scores))

    @panel_method
    def locate(
        self, ctx: foo.ExecutionContext, params: map_messages.LocateParams
    ) -> map_messages.MapPlaces:
        """Finds samples or labels on a map; places a query by its hits."""
        shown = shown_map(ctx.dataset, params)
        places = shown.places_of(read_ids("ids", params.get("ids")))
        answer: map_messages.MapPlaces = {
            "places": places.tolist(),
            "marker": None,
            "is_sample": False,
            "placed_by": 0,
            "nearest": 0,
            "hits_nearest": 0,
            "predicted": 0.0,
        }
        if params.get("distances") is None:
            return answer
        distances = np.array(read_numbers("distances", params["distances"]))
        if len(distances) != len(places):
            raise ValueError(
                f"There are {len(distances)} distances for {len(places)} ids; give one each."
            )
        is_there = places >= 0
        pinned = shown.places_of([read_text("pinned", params.get("pinned"), MAX_NAME)])[0]
        query = brain.place_query(
            shown.map, places[is_there], distances[is_there], int(pinned) if pinned >= 0 else None
        )
        return {
            **answer,
            "marker": None if query.point is None else [float(value) for value in query.point],
            "is_sample": bool(pinned >= 0),
            "placed_by": query.placed_by,
            "nearest": query.nearest,
            "hits_nearest": query.hits_nearest,
            "predicted": query.predicted,
        }

    @panel_method
    def map_files(
        self, ctx: foo.ExecutionContext, params: map_messages.MapFilesParams
    ) -> map_messages.MapFilesAnswer:
        """Returns the files of some points."""
        shown = shown_map(ctx.dataset, params)
        places = [_place(shown, value) for value in read_list("places", params.get("places"))]
        if len(places) > MAX_FILES:
            raise ValueError(f"There are {len(places)} places; give {MAX_FILES} at most.")
        own, place_of = shown.map, {shown.map.ids[place]: place for place in places}
        files = brain.result_files(
            ctx.dataset, list(place_of), own.patches_field, path_field(ctx.dataset)
        )
        rows = [
            {
                **file,
                "place": place_of[file["id"]],
                "kept": float(own.quality.kept[place_of[file["id"]]]),
                "placed": bool(own.placed[place_of[file["id"]]]),
            }
            for file in files
        ]
        return cast(map_messages.MapFilesAnswer, {"files": rows})

    @panel_method
    def show_points(
        self, ctx: foo.ExecutionContext, params: map_messages.ShowPlacesParams
    ) -> grid_messages.GridAnswer:
        """Shows points in the grid, or again what the grid showed first."""
        grid = Grid.of(ctx, params)
        if params.get("places") is None:
            change = show(ctx, grid.view, grid.filters)
            return {**change, "base": [], "sidebar": {}, "shown": []}
        shown = shown_map(ctx.dataset, params)
        ids = shown.ids_at(read_places(shown, params["places"]))
        if not ids:
            raise ValueError("There is no point to show; draw the lasso around some points.")
        if len(ids) > MAX_ORDERED_IDS:
            raise ValueError(
                f"There are {len(ids):,} points; the grid can show {MAX_ORDERED_IDS:,} of them at "
                "most. Draw a smaller lasso."
            )
        return show_results(ctx, grid, ctx.dataset, ids, shown.map.patches_field)

    @panel_method
    def point_ids(
        self, ctx: foo.ExecutionContext, params: map_messages.PlacesParams
    ) -> map_messages.IdsAnswer:
        """Returns the ids of points, to select them in the grid."""
        shown = shown_map(ctx.dataset, params)
        places = read_places(shown, params.get("places"))
        if len(places) > MAX_SELECTED:
            raise ValueError(
                f"There are {len(places):,} points; select {MAX_SELECTED:,} at most, or show them "
                "in the grid."
            )
        return {"ids": shown.ids_at(places)}


def _entry(info: brain.MapInfo) -> map_messages.MapEntry:
    return {
        "vis_key": info.vis_key,
        "brain_key": info.brain_key,
        "method": info.method,
        "num_dims": info.num_dims,
        "count": info.count,
    }


def _place(shown: ShownMap, value: Any) -> int:
    place = read_whole("places", value)
    if place is None or not 0 <= place < len(shown.map.ids):
        raise ValueError(
            f"There is no point {quoted(value)}; the map has {len(shown.map.ids):,} points."
        )
    return place
