"""Makes queries of what a caller gave: a line, ids, a file, an image, a vector, a form."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from numbers import Real
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
from bson import ObjectId
from PIL import Image, ImageOps

from fiftyone_faiss.brain.queries.query_line import ParsedTerm, parse_line
from fiftyone_faiss.brain.queries.remote_images import fetch_image
from fiftyone_faiss.brain.queries.served_images import read_served_image
from fiftyone_faiss.brain.queries.terms import (
    CombinedQuery,
    ImageQuery,
    Operand,
    Query,
    QueryTerm,
    SamplesQuery,
    TextQuery,
    VectorQuery,
)
from fiftyone_faiss.embedders import decode_base64_image, read_image

# Models look at some hundred pixels a side.
MAX_SIDE = 2_048
# Each may take as long as remote.py allows.
MAX_URLS = 4
KEPT_IMAGES, KEPT_SECONDS = 32, 600.0
_kept: dict[str, tuple[float, Image.Image]] = {}
_keeping = threading.Lock()


@dataclass(frozen=True)
class References:
    """What the names in a query line stand for.

    Attributes:
        selected: the ids of ``@selected``, of samples or labels
        alt: the ids that are selected to be avoided: a negative term beside ``@selected``
        uploads: what opens the images of ``@upload``, ``@upload2`` and so on, with their names
        datasets: the datasets that ids may be of, by default that of the index
        open_path: opens the image at a path
    """

    selected: tuple[str, ...] = ()
    alt: tuple[str, ...] = ()
    uploads: Mapping[str, Callable[[], tuple[str, Image.Image]]] = field(default_factory=dict)
    datasets: tuple[fo.Dataset, ...] = ()
    open_path: Callable[[str], Image.Image] = read_image


NOTHING = References()


def query_of_line(line: str, references: References = NOTHING) -> Query:
    """Makes a query of a line; see :mod:`fiftyone_faiss.brain.queries.terms.query_line`.

    Raises:
        ValueError: if the line cannot be read, or names what is not there, saying what to do
    """
    read = parse_line(line)
    if sum(term.kind == "url" for term in read) > MAX_URLS:
        raise ValueError(f"The query has more than {MAX_URLS} addresses; leave some out.")
    terms = [one for term in read for one in _terms_of(term, references)]
    first = terms[0]
    if len(terms) == 1 and not first.negative:
        # Alone, a weight changes nothing.
        return first.query
    return CombinedQuery(tuple(terms))


def _terms_of(term: ParsedTerm, references: References) -> list[QueryTerm]:
    make = partial(QueryTerm, weight=term.weight)
    if term.kind != "selected":
        return [make(_operand(term, references), negative=term.negative)]
    groups = ((references.selected, term.negative), (references.alt, not term.negative))
    found = [
        make(SamplesQuery(ids, references.datasets), negative=negative)
        for ids, negative in groups
        if ids
    ]
    if not found:
        raise ValueError(
            "Nothing is selected, but the query has @selected; select samples in the grid, or "
            "pass selected=[...] from Python."
        )
    return found


def _operand(term: ParsedTerm, references: References) -> Operand:
    if term.kind == "text":
        return TextQuery(term.text)
    if term.kind == "id":
        return SamplesQuery((term.text,), references.datasets)
    if term.kind == "url":
        return ImageQuery(_fetched(term.text), term.text)
    if term.kind == "path":
        return ImageQuery(_modest(references.open_path(term.text)), Path(term.text).name)
    if term.text not in references.uploads:
        raise ValueError(f"There is no @{term.text}; drop an image on the search bar first.")
    name, image = references.uploads[term.text]()
    return ImageQuery(_modest(image), name)


def _modest(image: Image.Image) -> Image.Image:
    """The image with no more pixels than any model looks at: a line may have many of them."""
    if max(image.size) > MAX_SIDE:
        # Another image: this one may be the caller's.
        return ImageOps.contain(image, (MAX_SIDE, MAX_SIDE))
    return image


def _fetched(url: str) -> Image.Image:
    """The image at an address, fetched once in some minutes: further pages need it again."""
    now = time.monotonic()
    with _keeping:
        for old in [one for one, (since, _) in _kept.items() if now - since > KEPT_SECONDS]:
            del _kept[old]
        if url in _kept:
            return _kept[url][1]
    image = _modest(fetch_image(url))
    with _keeping:
        while len(_kept) >= KEPT_IMAGES:
            del _kept[next(iter(_kept))]
        _kept[url] = now, image
    return image


def parse_query(
    value: Any,
    selected: Sequence[str] = (),
    alt: Sequence[str] = (),
    uploads: Mapping[str, Any] | None = None,
    datasets: Sequence[fo.Dataset] = (),
) -> Query:
    """Makes a query of what a caller gave.

    Args:
        value: a :class:`Query`; a query line; the id of a sample or label, or a list of them; a
            ``pathlib.Path`` of an image; a PIL image; an RGB ``(height, width, 3)`` uint8 array; or
            a vector, as an array or a list
        selected (()): the ids that ``@selected`` in the line stands for
        alt (()): ids that ``@selected`` brings in to be avoided
        uploads (None): an image, or the path of one, for each ``@upload`` in the line
        datasets (()): the datasets that ids may be of, by default that of the index

    Raises:
        ValueError: if it is none of these, or empty
    """
    if isinstance(value, Query):
        return value
    if isinstance(value, Path):
        return ImageQuery(read_image(value), value.name)
    if isinstance(value, Image.Image):
        return ImageQuery(value)
    if isinstance(value, np.ndarray):
        return _array_query(value)
    if isinstance(value, str):
        images = {name: partial(_image, name, one) for name, one in (uploads or {}).items()}
        return query_of_line(
            value, References(as_ids(selected), as_ids(alt), images, tuple(datasets))
        )
    if isinstance(value, ObjectId):
        return SamplesQuery(as_ids(value), tuple(datasets))
    if isinstance(value, (list, tuple)):
        if all(isinstance(one, (str, ObjectId)) and ObjectId.is_valid(one) for one in value):
            return SamplesQuery(as_ids(value), tuple(datasets))
        if all(isinstance(one, Real) for one in value):
            return VectorQuery(np.array(value, np.float32))
    raise ValueError(
        f"A query of type {type(value).__name__} is not understood; give words, sample ids, a "
        "pathlib.Path, an image or a vector."
    )


def as_ids(value: Any) -> tuple[str, ...]:
    """Ids as strings: of one id or of several, each a string or an ``ObjectId``; none of None."""
    if value is None:
        return ()
    if isinstance(value, (str, ObjectId)):
        return (str(value),) if value else ()
    return tuple(str(one) for one in value)


def _image(name: str, value: Any) -> tuple[str, Image.Image]:
    """An image that a caller gave for a name, or the path of one, with what to call it."""
    if isinstance(value, (str, Path)):
        return Path(value).name, read_image(value)
    if isinstance(value, Image.Image):
        return f"@{name}", value
    raise ValueError(f"@{name} is of type {type(value).__name__}; give an image, or its path.")


def _array_query(array: np.ndarray) -> Operand:
    if array.ndim == 3 and array.dtype == np.uint8:
        return ImageQuery(Image.fromarray(array))
    if array.ndim == 1 and np.issubdtype(array.dtype, np.number):
        return VectorQuery(array)
    raise ValueError(
        f"An array of shape {array.shape} is no query; give a vector, or an RGB image of uint8."
    )


def query_from_params(params: Mapping[str, Any], dataset: fo.Dataset | None = None) -> Query:
    """Reads a query from a form, or from a message of the panel.

    Args:
        params: ``query_type`` (``"text"``, ``"image"`` or ``"samples"``) and its value: ``query``,
            a line, with ``selected``, ``alt`` and ``uploads`` for the names in it; ``image``, an
            upload (``{"content": <base64>, "name": ...}``); or ``sample_ids``
        dataset (None): the dataset that ids are of, by default that of the index

    Raises:
        ValueError: if the value is missing or bad, saying what to do
    """
    kind = params.get("query_type") or "text"
    datasets = () if dataset is None else (dataset,)
    if kind == "text":
        uploads = params.get("uploads") or {}
        references = References(
            selected=as_ids(params.get("selected")),
            alt=as_ids(params.get("alt")),
            # Decoded when a term of the line names them.
            uploads={name: partial(_upload, one) for name, one in uploads.items()},
            datasets=datasets,
            # Whoever reaches the App may type a path: they get what the App would show them.
            open_path=read_served_image,
        )
        return query_of_line(str(params.get("query") or ""), references)
    if kind == "samples":
        return SamplesQuery(as_ids(params.get("sample_ids")), datasets)
    if kind == "image":
        name, image = _upload(params.get("image") or {})
        return ImageQuery(image, name)
    raise ValueError(f"'{kind}' is no query_type; choose 'text', 'image' or 'samples'.")


def _upload(upload: Mapping[str, Any]) -> tuple[str, Image.Image]:
    name = str(upload.get("name") or "the upload")
    if not upload.get("content"):
        raise ValueError("No image was uploaded; choose a JPEG, PNG or WebP file.")
    return name, decode_base64_image(upload["content"], name)
