"""Parses a query line into a query: looks up its names and opens its images."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
from cachetools import TTLCache, cached
from PIL import Image

from fiftyone_faiss.brain.core.params import read_mapping, read_text
from fiftyone_faiss.brain.queries.query_line import ParsedTerm, parse_line
from fiftyone_faiss.brain.queries.remote_images import fetch_image
from fiftyone_faiss.brain.queries.terms import (
    CombinedQuery,
    ImageQuery,
    Operand,
    Query,
    QueryTerm,
    SamplesQuery,
    TextQuery,
    limited,
)
from fiftyone_faiss.embedders import decode_base64_image, image_of_array, read_image
from fiftyone_faiss.embedders.images import MAX_SHOWN

# Each may take as long as ``remote_images`` allows.
MAX_URLS = 4
# Further pages of the same search need the same images.
URL_CACHE_SIZE, URL_CACHE_SECONDS = 32, 600.0
URL_CACHE: TTLCache[str, Image.Image] = TTLCache(URL_CACHE_SIZE, URL_CACHE_SECONDS)


@dataclass(frozen=True)
class Upload:
    """An image file that was sent with a query.

    Attributes:
        content: the file, base64; empty if none was sent
        name: the file's name
    """

    content: str
    name: str

    @classmethod
    def from_params(cls, params: Any, what: str = "the upload") -> Upload:
        """Reads ``{"content": <base64>, "name": ...}``; None is an upload without a file.

        Raises:
            ValueError: if it has another type; the message calls it ``what``
        """
        values = read_mapping(what, params)
        content = read_text(f"The content of {what}", values.get("content"))
        return cls(content, read_text(f"The name of {what}", values.get("name")) or "the upload")

    def open(self) -> Image.Image:
        """Decodes the image.

        Raises:
            ValueError: if there is none, or it is not an image
        """
        if not self.content:
            raise ValueError("No image was uploaded; choose a JPEG, PNG or WebP file.")
        return decode_base64_image(self.content, self.name[:MAX_SHOWN])


@dataclass(frozen=True)
class References:
    """What the names in a query line stand for.

    Attributes:
        selected: the ids of ``@selected``, of samples or labels
        alt: the ids that ``@selected`` adds as negative terms
        uploads: the images of ``@upload``, ``@upload2`` and so on: an :class:`Upload`, a path, a
            PIL image or an array each. An image is decoded when a term names it
        datasets: the datasets that ids may be from; none for that of the index
        open_path: opens the image at a path
    """

    selected: tuple[str, ...] = ()
    alt: tuple[str, ...] = ()
    uploads: Mapping[str, Any] = field(default_factory=dict)
    datasets: tuple[fo.Dataset, ...] = ()
    open_path: Callable[[str], Image.Image] = read_image


NO_REFERENCES = References()


def parse_query(line: str, references: References = NO_REFERENCES) -> Query:
    """Parses a query line; :mod:`fiftyone_faiss.brain.queries.query_line` has its grammar.

    Raises:
        ValueError: if the line cannot be parsed, or names what is not there; the message says what
            to do
    """
    parsed = parse_line(line)
    if sum(term.kind == "url" for term in parsed) > MAX_URLS:
        raise ValueError(f"The query has more than {MAX_URLS} URLs; remove some.")
    terms = [query_term for term in parsed for query_term in _terms_of(term, references)]
    first = terms[0]
    if len(terms) == 1 and not first.negative:
        # The weight of a single term changes nothing.
        return first.query
    return CombinedQuery(tuple(terms))


def _terms_of(term: ParsedTerm, references: References) -> list[QueryTerm]:
    make = partial(QueryTerm, weight=term.weight)
    if term.kind != "selected":
        return [make(_operand(term, references), negative=term.negative)]
    groups = ((references.selected, term.negative), (references.alt, not term.negative))
    terms = [
        make(SamplesQuery(ids, references.datasets), negative=negative)
        for ids, negative in groups
        if ids
    ]
    if not terms:
        raise ValueError(
            "Nothing is selected, but the query has @selected; select samples in the grid, or "
            "pass selected=[...] from Python."
        )
    return terms


def _operand(term: ParsedTerm, references: References) -> Operand:
    if term.kind == "text":
        return TextQuery(term.text)
    if term.kind == "id":
        return SamplesQuery((term.text,), references.datasets)
    if term.kind == "url":
        return ImageQuery(_fetched(term.text), term.text)
    if term.kind == "path":
        return ImageQuery(references.open_path(term.text), Path(term.text).name)
    if term.text not in references.uploads:
        raise ValueError(
            f"There is no @{term.text[:MAX_SHOWN]}; drop an image on the search bar first."
        )
    name, image = _opened(term.text, references.uploads[term.text])
    return ImageQuery(image, name)


def _opened(reference: str, image: Any) -> tuple[str, Image.Image]:
    """The image of an ``@upload``, with its name."""
    if isinstance(image, Upload):
        return image.name, image.open()
    if isinstance(image, (str, Path)):
        return Path(image).name, read_image(image)
    if isinstance(image, Image.Image):
        return f"@{reference}", image
    if isinstance(image, np.ndarray):
        return f"@{reference}", image_of_array(image)
    raise ValueError(
        f"@{reference[:MAX_SHOWN]} is of type {type(image).__name__[:MAX_SHOWN]}; give an image, "
        "or its path."
    )


@cached(URL_CACHE, lock=threading.Lock())
def _fetched(url: str) -> Image.Image:
    """The image at a URL, of limited size."""
    return limited(fetch_image(url))
