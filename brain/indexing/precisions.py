"""The precision to embed in: the requested one, or that of the vectors that exist already."""

from __future__ import annotations

from collections.abc import Sequence

import fiftyone.core.collections as foc

from fiftyone_faiss.brain.backend.loading import UnfinishedIndexError, faiss_keys, load_faiss_index
from fiftyone_faiss.brain.core.progress import Steps
from fiftyone_faiss.brain.data.media import Regions
from fiftyone_faiss.brain.data.private import root_dataset
from fiftyone_faiss.brain.indexing.calibrating import calibrate_steps
from fiftyone_faiss.brain.indexing.field_record import known_precision
from fiftyone_faiss.brain.indexing.given_embeddings import GivenEmbeddings
from fiftyone_faiss.brain.models.loading import ModelLike, absolute_name, get_embedder
from fiftyone_faiss.embedders import Embedder, ImageSource
from fiftyone_faiss.embedders.openvino_precision import INT8, continued_precision


def index_precision(
    samples: foc.SampleCollection,
    brain_key: str,
    model: ModelLike | None,
    embeddings: GivenEmbeddings | None,
    regions: Regions,
    requested: str,
) -> str:
    """Returns the precision in which a build embeds; a resumed build keeps its own.

    Args:
        samples: the samples
        brain_key: the index, which may exist already
        model: the model, None for given vectors without one
        embeddings: given vectors, whose precision a field of embeddings knows
        regions: the parts of the images
        requested: the precision that was asked for

    Raises:
        ValueError: if the index holds vectors of another precision, or given vectors were to be
            in int8, which needs images
    """
    if embeddings is None:
        return continued_precision(
            requested, _precision_of_index(samples, brain_key, model), f"index '{brain_key}'"
        )
    if requested == INT8:
        raise ValueError(
            f"precision='{INT8}' is calibrated with images; leave out embeddings to embed them, or "
            "precision to index the given vectors."
        )
    if requested == "auto" and isinstance(embeddings, str):
        return known_precision(samples, embeddings, regions.patches_field) or "auto"
    return requested


def field_precision(
    samples: foc.SampleCollection,
    embeddings_field: str,
    regions: Regions,
    model: ModelLike,
    requested: str,
    force: bool,
) -> str:
    """Returns the precision in which to embed into a field; a field keeps its own.

    Args:
        samples: the samples
        embeddings_field: the field, which may hold vectors already
        regions: the parts of the images
        model: the model
        requested: the precision that was asked for
        force: whether existing vectors are replaced

    Raises:
        ValueError: if the field keeps vectors of another precision
    """
    name = _name_of(model)
    known = name and known_precision(samples, embeddings_field, regions.patches_field, name)
    if force and requested != "auto":
        return requested
    return continued_precision(requested, known, f"field '{embeddings_field}'")


def load_steps(model: ModelLike, precision: str, sources: Sequence[ImageSource]) -> Steps[Embedder]:
    """Loads a model in a precision; a network that is to run in int8 is calibrated first.

    Args:
        model: the model
        precision: the precision
        sources: the images to embed, the first of which calibrate the network

    Returns:
        the embedder
    """
    if precision != INT8:
        return get_embedder(model, precision)
    return (yield from calibrate_steps(get_embedder(model, "float32"), sources))


def _precision_of_index(
    samples: foc.SampleCollection, brain_key: str, model: ModelLike | None
) -> str | None:
    """The precision of the vectors of an index of this model; None if there is no such index."""
    dataset = root_dataset(samples)
    if model is None or brain_key not in faiss_keys(dataset):
        return None
    try:
        index = load_faiss_index(dataset, brain_key)
    except UnfinishedIndexError:
        return None
    return index.snapshot.precision() if index.config.model == _name_of(model) else None


def _name_of(model: ModelLike) -> str | None:
    """The name under which indexes and fields store a model that was given by name."""
    return absolute_name(model) if isinstance(model, str) else None
