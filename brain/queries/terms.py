"""What can be searched for: words, an image, samples, a vector, and several of them at once.

Each query knows how to describe itself, which vector it is in an index's space, and what the
person should know about that.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import fiftyone as fo
import numpy as np
from PIL import Image

from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.core.ids import pack_ids
from fiftyone_faiss.brain.core.vectors import check_vectors
from fiftyone_faiss.brain.data.media import AROUND, find_media
from fiftyone_faiss.brain.models.loading import get_index_embedder
from fiftyone_faiss.brain.models.prompts import Templates, embed_prompts
from fiftyone_faiss.brain.queries.query_line import MAX_LINE
from fiftyone_faiss.brain.similarity import FaissSimilarityIndex
from fiftyone_faiss.embedders import Embedder
from fiftyone_faiss.embedders.images import DECODE_ERRORS

MAX_EMBEDDED = 100
"""Samples and labels that an index does not hold, of which a search may be made."""


class Query(ABC):
    """Something to search for."""

    @property
    @abstractmethod
    def terms(self) -> tuple[QueryTerm, ...]:
        """The parts that are to be found or avoided."""

    @abstractmethod
    def describe(self) -> str:
        """A few words for a status line."""

    def notes(self, index: FaissSimilarityIndex) -> tuple[str, ...]:
        """Sentences about how well the index's model can read this query."""
        return ()


class Operand(Query):
    """A query that is one vector."""

    is_text = False
    """Whether its vector is made of words; such are farther from images than images are."""

    @property
    def terms(self) -> tuple[QueryTerm, ...]:
        return (QueryTerm(self),)

    @abstractmethod
    def vector(self, index: FaissSimilarityIndex, templates: Templates = "off") -> Matrix:
        """The ``(dim,)`` float32 vector of this query in an index's space."""


@dataclass(frozen=True)
class QueryTerm:
    """A part of a query.

    Attributes:
        query: what it is
        weight: how much it counts, above 0
        negative: whether it is to be avoided
    """

    query: Operand
    weight: float = 1.0
    negative: bool = False

    def describe(self) -> str:
        """A few words."""
        weight = "" if self.weight == 1 else f"{self.weight:g} x "
        return f"{weight}{self.query.describe()}"


@dataclass(frozen=True)
class TextQuery(Operand):
    """Words."""

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

    def vector(self, index: FaissSimilarityIndex, templates: Templates = "off") -> Matrix:
        if not index.supports_prompts:
            raise ValueError(
                f"The index '{index.key}' cannot be searched by words: its vectors come from "
                f"{index.config.model or 'a field, not from a named model'}; search it with an "
                "image or with selected samples, or build an index with a CLIP model."
            )
        return embed_prompts(embedder_of(index), [self.text.strip()], templates)[0]

    def notes(self, index: FaissSimilarityIndex) -> tuple[str, ...]:
        warning = embedder_of(index).text_warning(self.text)
        return (warning,) if warning else ()


@dataclass(frozen=True)
class ImageQuery(Operand):
    """An image that need not be in the dataset."""

    image: Image.Image
    name: str = "an image"

    def describe(self) -> str:
        return self.name

    def vector(self, index: FaissSimilarityIndex, templates: Templates = "off") -> Matrix:
        return embedder_of(index).embed_image(self.image.convert("RGB"))


@dataclass(frozen=True)
class SamplesQuery(Operand):
    """Samples, or labels, of a dataset; several are averaged.

    Those that the index does not hold, such as a label for an index of samples, are embedded, 100
    at most.

    Attributes:
        ids: ids of samples or of labels
        datasets: the datasets they may be of, by default the index's
    """

    ids: tuple[str, ...]
    datasets: tuple[fo.Dataset, ...] = ()

    def __post_init__(self) -> None:
        if not self.ids:
            raise ValueError("No samples are selected; select one or more and search again.")

    def describe(self) -> str:
        return "1 sample" if len(self.ids) == 1 else f"{len(self.ids)} samples"

    def vector(self, index: FaissSimilarityIndex, templates: Templates = "off") -> Matrix:
        held = index.snapshot.rows_of(pack_ids(self.ids)) >= 0
        known = [one for one, here in zip(self.ids, held, strict=True) if here]
        others = [one for one, here in zip(self.ids, held, strict=True) if not here]
        vectors = [index.vectors_of(known)] if known else []
        if len(others) > MAX_EMBEDDED and index.config.model is not None:
            raise ValueError(
                f"{len(others):,} of the ids are not in the index '{index.key}', and at most "
                f"{MAX_EMBEDDED} can be embedded for a search; choose fewer, or update the index."
            )
        # Not as a batch, which may be in half precision.
        vectors += [self._embedded(index, one)[None] for one in others]
        mean: Matrix = np.concatenate(vectors).mean(axis=0)
        return mean

    def _embedded(self, index: FaissSimilarityIndex, one: str) -> Matrix:
        datasets = self.datasets or (index.samples._root_dataset,)
        of_labels = index.config.patches_field is not None
        # Labels were cut out as the index says; else, they are looked for in whole images.
        how = index.config.regions if of_labels else AROUND
        found = (find_media(dataset, one, how) for dataset in datasets)
        source = next((one for one in found if one is not None), None)
        if source is None or index.config.model is None:
            # It says what is not in the index.
            return index.vectors_of([one])[0]
        try:
            return embedder_of(index).embed_image(source.open())
        except DECODE_ERRORS as error:
            raise ValueError(
                f"'{one}' cannot be searched with: its file could not be read ({error})."
            ) from error


@dataclass(frozen=True, eq=False)
class VectorQuery(Operand):
    """A vector of the index's space."""

    values: Matrix

    def __post_init__(self) -> None:
        check_vectors(self.values[None])

    def describe(self) -> str:
        return "a vector"

    def vector(self, index: FaissSimilarityIndex, templates: Templates = "off") -> Matrix:
        return check_vectors(self.values[None])[0]


@dataclass(frozen=True)
class CombinedQuery(Query):
    """Several terms, each with a weight, to be found or to be avoided."""

    parts: tuple[QueryTerm, ...]

    @property
    def terms(self) -> tuple[QueryTerm, ...]:
        return self.parts

    def describe(self) -> str:
        first, *others = self.parts
        start = f"- {first.describe()}" if first.negative else first.describe()
        signed = (f" {'-' if one.negative else '+'} {one.describe()}" for one in others)
        return start + "".join(signed)

    def notes(self, index: FaissSimilarityIndex) -> tuple[str, ...]:
        said = [note for one in self.parts for note in one.query.notes(index)]
        return tuple(dict.fromkeys(said))


def embedder_of(index: FaissSimilarityIndex) -> Embedder:
    """The embedder of an index's vectors.

    Raises:
        ValueError: if the index does not name a model
    """
    model = index.config.model
    if model is None:
        raise ValueError(
            f"The index '{index.key}' does not name the model of its vectors, so it can only be "
            "searched with samples of the dataset or with a vector."
        )
    return get_index_embedder(index.key, model)
