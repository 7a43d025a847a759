"""A query as a person or a program gave it, and the query that it is parsed into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
from bson import ObjectId
from PIL import Image

from fiftyone_faiss.brain.core.params import quoted, read_ids, read_mapping, read_numbers, read_text
from fiftyone_faiss.brain.queries.parsing import NO_REFERENCES, References, Upload, parse_query
from fiftyone_faiss.brain.queries.served_images import read_served_image
from fiftyone_faiss.brain.queries.terms import (
    ImageQuery,
    Operand,
    Query,
    SamplesQuery,
    VectorQuery,
)
from fiftyone_faiss.embedders import image_of_array, read_image


@dataclass(frozen=True, eq=False)
class QueryInput:
    """A query as it was given.

    Attributes:
        value: a query line; the id of a sample or label, or a list of them; a ``pathlib.Path`` of
            an image; a PIL image; an image as an array, see :func:`image_of_array`; a vector, as an
            array or a list; an :class:`Upload`; or a :class:`Query`
        references: what the names in a query line stand for
    """

    value: Any
    references: References = NO_REFERENCES

    @classmethod
    def of(
        cls,
        value: Any,
        selected: Any = (),
        alt: Any = (),
        uploads: Mapping[str, Any] | None = None,
        datasets: Sequence[fo.Dataset] = (),
    ) -> QueryInput:
        """The arguments of :func:`fiftyone_faiss.search`.

        Args:
            value: see :class:`QueryInput`
            selected (()): the ids that ``@selected`` in the line stands for
            alt (()): the ids that ``@selected`` adds as negative terms
            uploads (None): an image, or the path of one, for each ``@upload`` in the line
            datasets (()): the datasets that ids may be from; none for that of the index
        """
        references = References(
            read_ids("selected", selected),
            read_ids("alt", alt),
            dict(read_mapping("uploads", uploads)),
            tuple(datasets),
        )
        return cls(value, references)

    @classmethod
    def from_params(cls, params: Mapping[str, Any], datasets: Sequence[fo.Dataset]) -> QueryInput:
        """The query of a form, of the panel or of a saved search.

        Args:
            params: see :meth:`SearchRequest.from_params`
            datasets: the datasets that ids may be from; none for that of the index

        Raises:
            ValueError: if a value has another type, or ``query_type`` is not known
        """
        kind = read_text("query_type", params.get("query_type")) or "text"
        if kind == "samples":
            ids = read_ids("sample_ids", params.get("sample_ids"))
            return cls(ids, References(datasets=tuple(datasets)))
        if kind == "image":
            return cls(Upload.from_params(params.get("image"), "image"))
        if kind != "text":
            raise ValueError(
                f"{quoted(kind)} is no query_type; choose 'text', 'image' or 'samples'."
            )
        uploads = read_mapping("uploads", params.get("uploads"))
        references = References(
            selected=read_ids("selected", params.get("selected")),
            alt=read_ids("alt", params.get("alt")),
            uploads={
                name: Upload.from_params(upload, f"uploads[{quoted(name)}]")
                for name, upload in uploads.items()
            },
            datasets=tuple(datasets),
            # Anyone who can open the App may type a path: it reads what the App would serve.
            open_path=read_served_image,
        )
        return cls(read_text("query", params.get("query")), references)

    @cached_property
    def query(self) -> Query:
        """The parsed query.

        Raises:
            ValueError: if the value is not a query, or empty; the message says what to do
        """
        value = self.value
        if isinstance(value, Query):
            return value
        if isinstance(value, str):
            return parse_query(value, self.references)
        if isinstance(value, Upload):
            return ImageQuery(value.open(), value.name)
        if isinstance(value, Path):
            return ImageQuery(read_image(value), value.name)
        if isinstance(value, Image.Image):
            return ImageQuery(value)
        if isinstance(value, np.ndarray):
            return _array_query(value)
        if isinstance(value, ObjectId):
            return SamplesQuery(read_ids("The query", value), self.references.datasets)
        if isinstance(value, (list, tuple)):
            if _are_ids(value):
                return SamplesQuery(read_ids("The query", value), self.references.datasets)
            if all(isinstance(number, Real) for number in value):
                return VectorQuery(np.array(read_numbers("The query", value)))
        raise ValueError(
            f"A query of type {type(value).__name__} is not supported; give a text, sample ids, a "
            "pathlib.Path, an image or a vector."
        )

    @property
    def is_image(self) -> bool:
        """Whether the query is, or refers to, an uploaded image."""
        return isinstance(self.value, Upload) or bool(self.references.uploads)

    def to_params(self) -> dict[str, Any]:
        """The parameters of the query, as JSON values, without defaults.

        Raises:
            ValueError: if it has an uploaded image, or is an image or a vector
        """
        value = self.value
        if self.is_image or not (isinstance(value, str) or _are_ids(value)):
            raise ValueError(
                "A search by an uploaded image or a vector cannot be saved, because that is in no "
                "dataset; search by text, or by samples, to save the search."
            )
        if not isinstance(value, str):
            return {"query_type": "samples", "sample_ids": list(read_ids("The query", value))}
        params = {
            "query": value,
            "selected": list(self.references.selected),
            "alt": list(self.references.alt),
        }
        return {name: value for name, value in params.items() if value}


def _are_ids(value: Any) -> bool:
    if isinstance(value, ObjectId):
        return True
    return isinstance(value, (list, tuple)) and all(
        isinstance(sample_id, (str, ObjectId)) and ObjectId.is_valid(sample_id)
        for sample_id in value
    )


def _array_query(array: np.ndarray) -> Operand:
    if array.ndim in (2, 3):
        return ImageQuery(image_of_array(array))
    if array.ndim == 1 and np.issubdtype(array.dtype, np.number):
        return VectorQuery(array)
    raise ValueError(
        f"An array of {array.ndim} dimensions and of type {array.dtype} is no query; give a "
        "vector, or an RGB image of uint8."
    )
