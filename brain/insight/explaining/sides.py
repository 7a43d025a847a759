"""The two sides of a match: the query and the result, as pictures and vectors."""

from __future__ import annotations

from dataclasses import dataclass, replace

import fiftyone as fo
import numpy as np
from PIL import Image

from fiftyone_faiss.brain.backend.searchable import SearchableIndex
from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.data.media import AROUND, find_media
from fiftyone_faiss.brain.data.private import root_dataset
from fiftyone_faiss.brain.insight.explaining.images import WHOLE, SeenImage
from fiftyone_faiss.brain.models.prompts import Templates
from fiftyone_faiss.brain.queries.terms import ImageQuery, Query, QueryTerm, SamplesQuery
from fiftyone_faiss.embedders import ImageSource, unit
from fiftyone_faiss.embedders.boxes import Box, box_corners
from fiftyone_faiss.embedders.images import DECODE_ERRORS
from fiftyone_faiss.embedders.loop import reason_of

# The most characters of the reason of a failure in a message.
_MAX_REASON = 120
THUMBNAIL_SIDE = 640
"""Enough pixels for a page."""

Corners = tuple[int, int, int, int]


@dataclass(frozen=True)
class OpenedImage:
    """A picture, or the region of a label in one.

    Attributes:
        image: the RGB image that is embedded
        thumbnail: the whole picture, its longer side at most ``THUMBNAIL_SIDE`` pixels
        size: the width and height of the whole picture, in pixels
        region: where the image is in the whole picture, relative to it
    """

    image: Image.Image
    thumbnail: Image.Image
    size: tuple[int, int]
    region: Box = WHOLE

    @classmethod
    def of(cls, whole: Image.Image, corners: Corners | None = None) -> OpenedImage:
        """A picture, or the part of it between some corners in pixels."""
        thumbnail, (width, height) = whole.copy(), whole.size
        thumbnail.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        if corners is None:
            return cls(whole, thumbnail, whole.size)
        x0, y0, x1, y1 = corners
        region = (x0 / width, y0 / height, (x1 - x0) / width, (y1 - y0) / height)
        return cls(whole.crop(corners), thumbnail, whole.size, region)

    def seen_by(self, index: SearchableIndex) -> SeenImage:
        """The picture as the model of an index sees it."""
        return SeenImage.of(index.get_embedder(), self.image, self.size, self.region)


def open_match(index: SearchableIndex, id: str) -> OpenedImage:
    """Opens the picture of a sample, frame or label of an index.

    Raises:
        ValueError: if there is none, if it cannot be read, or if its vector is a mean of regions
    """
    if index.regions.roi_field is not None:
        raise ValueError(
            f"The index '{index.key}' holds means of the regions in '{index.regions.roi_field}'; "
            "a match can be explained in an index of whole images or of patches."
        )
    return _opened(_source(index, id, root_dataset(index.samples)), id)


def open_query(index: SearchableIndex, query: Query) -> OpenedImage | None:
    """Opens the picture of a query; None if the query is not one picture."""
    term = _only_term(query)
    if term is None:
        return None
    operand = term.query
    if isinstance(operand, ImageQuery):
        return OpenedImage.of(operand.image)
    if not isinstance(operand, SamplesQuery) or len(operand.ids) != 1:
        return None
    (id,) = operand.ids
    datasets = operand.datasets or (root_dataset(index.samples),)
    sources = (_source(index, id, dataset) for dataset in datasets)
    return _opened(next((source for source in sources if source is not None), None), id)


def query_vector(index: SearchableIndex, query: Query, templates: Templates) -> Matrix:
    """The ``(dim,)`` float32 unit vector of the positive terms: the mean of theirs.

    Raises:
        ValueError: if there are none, or as :func:`fiftyone_faiss.search` does
    """
    wanted = _wanted(query)
    if not wanted:
        raise ValueError("The query has negative terms only; explain one with a positive term.")
    vectors = np.stack([term.query.vector(index, templates) for term in wanted])
    weights = np.array([term.weight for term in wanted], np.float32)
    return unit((weights @ unit(vectors))[None])[0]


def is_text(query: Query) -> bool:
    """Whether a positive term of a query is a text."""
    return any(term.query.is_text for term in _wanted(query))


def query_notes(query: Query) -> tuple[str, ...]:
    """Sentences about the terms of a query that an explanation leaves out."""
    wanted = _wanted(query)
    notes = []
    if len(wanted) > 1:
        notes.append("The terms are explained together, by the mean of their vectors.")
    if len(wanted) < len(query.terms):
        notes.append("The negative terms are not explained.")
    return tuple(notes)


def _wanted(query: Query) -> list[QueryTerm]:
    return [term for term in query.terms if not term.negative]


def _only_term(query: Query) -> QueryTerm | None:
    wanted = _wanted(query)
    return wanted[0] if len(wanted) == 1 else None


def _source(index: SearchableIndex, id: str, dataset: fo.Dataset) -> ImageSource | None:
    # For an index of whole images, a label is embedded with its surroundings.
    regions = index.regions if index.patches_field is not None else AROUND
    return find_media(dataset, id, regions)


def _opened(source: ImageSource | None, id: str) -> OpenedImage:
    if source is None:
        raise ValueError(f"There is no sample or label '{id}'; reload the page and search again.")
    try:
        whole = replace(source, box=None).open()
        if source.box is None:
            return OpenedImage.of(whole)
        corners = box_corners(source.box, *whole.size, source.alpha, source.force_square)
    except DECODE_ERRORS as error:
        raise ValueError(
            f"'{id}' cannot be explained: reading its file failed "
            f"({reason_of(error)[:_MAX_REASON]})."
        ) from error
    return OpenedImage.of(whole, corners)
