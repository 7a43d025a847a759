"""Draws a distance matrix as PNG or SVG."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from fiftyone_faiss.brain.core.arrays import Matrix, Places

INCHES, DPI = 9.0, 200
# Labels beyond these share a gray; more colors cannot be told apart.
MAX_COLORS = 20
OTHER_COLOR = (0.6, 0.6, 0.6, 1.0)
DUPLICATES_COLOR = "#ff3b30"
# Characters of a label in the legend.
LEGEND_TEXT = 28
# SVG holds random ids and the date by default; equal matrices have equal files.
_REPRODUCIBLE: dict[Any, str] = {"svg.hashsalt": "matrix", "svg.fonttype": "none"}


@dataclass(frozen=True)
class Heatmap:
    """What to draw.

    Attributes:
        title: the title
        unit: what the values are
        values: ``(n, n)`` float32, in the order to draw
        labels: the label of each row, none without labels
        label_title: the name of the field of the labels
        groups: the places of each group of near-duplicates, ascending
    """

    title: str
    unit: str
    values: Matrix
    labels: Sequence[str | None]
    label_title: str
    groups: Sequence[Places]


def draw(heatmap: Heatmap, kind: str) -> bytes:
    """Draws a heatmap in a format, ``"png"`` or ``"svg"``."""
    figure = Figure(figsize=(INCHES, INCHES), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    off = heatmap.values[~np.eye(len(heatmap.values), dtype=bool)]
    image = axes.imshow(
        heatmap.values, cmap="viridis_r", vmin=float(off.min()), vmax=float(off.max()),
        interpolation="nearest",
    )  # fmt: skip
    axes.set(xticks=[], yticks=[])
    # A name may hold dollar signs, which are no formula.
    axes.set_title(heatmap.title, parse_math=False)
    figure.colorbar(image, ax=axes, shrink=0.6, label=heatmap.unit)
    handles = _draw_labels(axes, heatmap) if heatmap.labels else []
    for group in heatmap.groups:
        _outline_group(axes, group)
    if heatmap.groups:
        handles.append(Patch(fill=False, edgecolor=DUPLICATES_COLOR, label="near-duplicates"))
    if handles:
        legend = figure.legend(
            handles=handles, loc="outside lower center", ncols=4, title=heatmap.label_title or None
        )
        for text in (*legend.get_texts(), legend.get_title()):
            text.set_parse_math(False)
    stream = io.BytesIO()
    with matplotlib.rc_context(_REPRODUCIBLE):
        figure.savefig(stream, format=kind, metadata={"Date": None} if kind == "svg" else None)
    return stream.getvalue()


def _draw_labels(axes: Axes, heatmap: Heatmap) -> list[Patch]:
    """Draws strips with the colors of the labels, and borders around equal neighbors."""
    size = len(heatmap.labels)
    names = sorted({label for label in heatmap.labels if label is not None})
    palette: list[Any] = [*matplotlib.color_sequences["tab20"][: len(names)], OTHER_COLOR]
    other = len(palette) - 1
    number = {name: min(n, other) for n, name in enumerate(names)}
    colors = [other if label is None else number[label] for label in heatmap.labels]
    for position, shape in (((-0.03, 0, 0.02, 1), (size, 1)), ((0, 1.01, 1, 0.02), (1, size))):
        strip = axes.inset_axes(position)
        strip.imshow(
            np.reshape(colors, shape), cmap=ListedColormap(palette), vmin=0, vmax=other,
            aspect="auto", interpolation="nearest",
        )  # fmt: skip
        strip.set_axis_off()
    for start, end in runs(heatmap.labels):
        if end - start > 1 and heatmap.labels[start] is not None:
            _outline(axes, (start, end), (start, end), "white", 0.8)
    handles = [
        Patch(color=palette[n], label=_shortened(name)) for n, name in enumerate(names[:MAX_COLORS])
    ]
    if len(names) > MAX_COLORS or None in heatmap.labels:
        handles.append(Patch(color=OTHER_COLOR, label="other, or none"))
    return handles


def _outline_group(axes: Axes, group: Places) -> None:
    """Draws borders around the pairs of a group, which need not be neighbors."""
    breaks = np.flatnonzero(np.diff(group) > 1) + 1
    parts = [(int(part[0]), int(part[-1]) + 1) for part in np.split(group, breaks)]
    for rows in parts:
        for columns in parts:
            _outline(axes, rows, columns, DUPLICATES_COLOR, 1.2)


def _outline(
    axes: Axes, rows: tuple[int, int], columns: tuple[int, int], color: str, width: float
) -> None:
    corner = (columns[0] - 0.5, rows[0] - 0.5)
    sides = (columns[1] - columns[0], rows[1] - rows[0])
    axes.add_patch(Rectangle(corner, *sides, fill=False, edgecolor=color, linewidth=width))


def runs(labels: Sequence[str | None]) -> Iterator[tuple[int, int]]:
    """Yields where runs of equal labels start and end."""
    start = 0
    for place in range(1, len(labels) + 1):
        if place == len(labels) or labels[place] != labels[start]:
            yield start, place
            start = place


def _shortened(name: str) -> str:
    return name if len(name) <= LEGEND_TEXT else f"{name[: LEGEND_TEXT - 1]}…"
