"""The kinds of queries: a text, an image, samples, a vector, and a combination of these.

Each query can describe itself, gives its vector in the space of an index, and has notes for the
person who searches.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import fiftyone as fo
import numpy as np
from PIL import Image

from fiftyone_faiss.brain.backend.searchable import SearchableIndex
from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.core.vectors import check_vectors
from fiftyone_faiss.brain.data.media import AROUND, find_media
from fiftyone_faiss.brain.data.private import root_dataset
from fiftyone_faiss.brain.models.prompts import Templates, embed_prompts
from fiftyone_faiss.brain.queries.query_line import MAX_LINE
from fiftyone_faiss.embedders import are_finite, not_finite_reason, resized, to_query_image
from fiftyone_faiss.embedders.images import DECODE_ERRORS
from fiftyone_faiss.embedders.loop import reason_of
from fiftyone_faiss.embedders.pixels import QUERY_SIDE

# The shorter side of a long image keeps at least this many pixels.
MIN_SIDE = 512
# The most characters of the reason of a failure in a message.
MAX_REASON = 120
MAX_EMBEDDED = 100
"""The largest number of samples and labels of a query that an index does not hold."""


class Query(ABC):
    """A query: what to search for."""

    @property
    @abstractmethod
    def terms(self) -> tuple[QueryTerm, ...]:
        """The positive and the negative terms."""

    @abstractmethod
    def describe(self) -> str:
        """The query in a few words, for a status line."""

    def notes(self, index: SearchableIndex) -> tuple[str, ...]:
        """Sentences about how well the model of an index can embed this query."""
        return ()


class Operand(Query):
    """A query that is one vector."""

    is_text = False
    """Whether it is a text: text embeddings are farther from image embeddings than images are from
    each other."""

    @property
    def terms(self) -> tuple[QueryTerm, ...]:
        return (QueryTerm(self),)

    @abstractmethod
    def vector(self, index: SearchableIndex, templates: Templates = "off") -> Matrix:
        """The ``(dim,)`` float32 vector of this query in an index's space."""


@dataclass(frozen=True)
class QueryTerm:
    """A term of a query.

    Attributes:
        query: what to search for
        weight: its weight, above 0
        negative: whether results should be unlike it
    """

    query: Operand
    weight: float = 1.0
    negative: bool = False

    def describe(self) -> str:
        """The term in a few words, without its sign."""
        weight = "" if self.weight == 1 else f"{self.weight:g} x "
        return f"{weight}{self.query.describe()}"


@dataclass(frozen=True)
class TextQuery(Operand):
    """A text."""

    text: str

    is_text = True

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError("The query is empty; type what to look for, such as 'a red car'.")
        if len(self.text) > MAX_LINE:
            raise ValueError(
                f"The query has {len(self.text):,} characters; shorten it to {MAX_LINE:,} or fewer."
            )

    def describe(self) -> str:
        return f'"{self.text}"'

    def vector(self, index: SearchableIndex, templates: Templates = "off") -> Matrix:
        if not index.supports_text:
            raise ValueError(
                f"The index '{index.key}' cannot be searched by text: its vectors come from "
                f"{index.model or 'a field, not from a named model'}; search it with an "
                "image or with selected samples, or build an index with a CLIP model."
            )
        embedder = index.get_embedder()
        vectors = embed_prompts(embedder, [self.text.strip()], templates)
        if not are_finite(vectors).all():
            raise ValueError(f"The text cannot be embedded: {not_finite_reason(embedder)}.")
        return vectors[0]

    def notes(self, index: SearchableIndex) -> tuple[str, ...]:
        warning = index.get_embedder().text_warning(self.text)
        return (warning,) if warning else ()


@dataclass(frozen=True)
class ImageQuery(Operand):
    """An image that need not be in the dataset.

    Every image of a query gets here, from a file, an upload, a URL or a caller, and becomes the
    same upright RGB image of limited size.
    """

    image: Image.Image
    name: str = "an image"

    def __post_init__(self) -> None:
        object.__setattr__(self, "image", limited(to_query_image(self.image, self.name)))

    def describe(self) -> str:
        return self.name

    def vector(self, index: SearchableIndex, templates: Templates = "off") -> Matrix:
        return index.get_embedder().embed_image(self.image)


def limited(image: Image.Image) -> Image.Image:
    """Shrinks an image to about ``QUERY_SIDE`` pixels a side: a query may have many images.

    Of a long image, the shorter side keeps more pixels, for models that crop its center.
    """
    width, height = image.size
    factor = max(QUERY_SIDE / max(width, height), min(1.0, MIN_SIDE / min(width, height)))
    factor = min(1.0, factor, QUERY_SIDE / math.sqrt(width * height))
    if factor == 1:
        return image
    size = (max(1, round(factor * width)), max(1, round(factor * height)))
    # A new image, because this one may be the caller's.
    return resized(image, size, Image.Resampling.BICUBIC)


@dataclass(frozen=True)
class SamplesQuery(Operand):
    """Samples, or labels, of a dataset; the mean of their vectors.

    Samples and labels that the index does not hold, such as a label for an index of samples, are
    embedded, at most 100.

    Attributes:
        ids: ids of samples or of labels
        datasets: the datasets they may be from; none for that of the index
    """

    ids: tuple[str, ...]
    datasets: tuple[fo.Dataset, ...] = ()

    def __post_init__(self) -> None:
        if not self.ids:
            raise ValueError("No samples are selected; select one or more and search again.")

    def describe(self) -> str:
        return "1 sample" if len(self.ids) == 1 else f"{len(self.ids)} samples"

    def vector(self, index: SearchableIndex, templates: Templates = "off") -> Matrix:
        known = index.known_vectors(self.ids)
        vectors = [known[id] for id in self.ids if id in known]
        others = [id for id in self.ids if id not in known]
        if len(others) > MAX_EMBEDDED and index.model is not None:
            raise ValueError(
                f"{len(others):,} of the ids are not in the index '{index.key}', and at most "
                f"{MAX_EMBEDDED} can be embedded for a search; choose fewer, or update the index."
            )
        vectors += [self._embedded(index, id) for id in others]
        mean: Matrix = np.stack(vectors).mean(axis=0)
        return mean

    def _embedded(self, index: SearchableIndex, id: str) -> Matrix:
        datasets = self.datasets or (root_dataset(index.samples),)
        of_labels = index.patches_field is not None
        # For an index of whole images, a label is embedded with its surroundings.
        regions = index.regions if of_labels else AROUND
        sources = (find_media(dataset, id, regions) for dataset in datasets)
        source = next((source for source in sources if source is not None), None)
        if source is None or index.model is None:
            # Raises the error for an id that is not in the index.
            return index.vectors_of([id])[0]
        try:
            return index.get_embedder().embed_image(source.open())
        except DECODE_ERRORS as error:
            raise ValueError(
                f"'{id}' cannot be used as a query: reading its file failed "
                f"({reason_of(error)[:MAX_REASON]})."
            ) from error


@dataclass(frozen=True, eq=False)
class VectorQuery(Operand):
    """A vector in the space of the index."""

    values: Matrix

    def __post_init__(self) -> None:
        check_vectors(self.values[None])

    def describe(self) -> str:
        return "a vector"

    def vector(self, index: SearchableIndex, templates: Templates = "off") -> Matrix:
        return check_vectors(self.values[None])[0]


@dataclass(frozen=True)
class CombinedQuery(Query):
    """Several terms, each with a sign and a weight."""

    parts: tuple[QueryTerm, ...]

    @property
    def terms(self) -> tuple[QueryTerm, ...]:
        return self.parts

    def describe(self) -> str:
        first, *others = self.parts
        start = f"- {first.describe()}" if first.negative else first.describe()
        signed = (f" {'-' if term.negative else '+'} {term.describe()}" for term in others)
        return start + "".join(signed)

    def notes(self, index: SearchableIndex) -> tuple[str, ...]:
        notes = [note for term in self.parts for note in term.query.notes(index)]
        return tuple(dict.fromkeys(notes))
