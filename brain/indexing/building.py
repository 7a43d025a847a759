"""Builds indexes, and resumes builds that were stopped."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass, field

import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.ann.factory import check_fits
from fiftyone_faiss.brain.backend.loading import (
    UnfinishedIndexError,
    faiss_keys,
    load_faiss_index,
)
from fiftyone_faiss.brain.core.ids import pack_ids
from fiftyone_faiss.brain.core.progress import Progress, Steps
from fiftyone_faiss.brain.data.connection import explain_outage_in_steps
from fiftyone_faiss.brain.data.embeddings_fields import Embeddings
from fiftyone_faiss.brain.data.media import (
    WHOLE,
    Media,
    Regions,
    check_not_grouped,
    collect_media,
)
from fiftyone_faiss.brain.data.private import frames_options, holds_frames, root_dataset
from fiftyone_faiss.brain.data.progress_bar import ProgressOption, run_steps
from fiftyone_faiss.brain.indexing.embedding import LOCAL, Engine, Execution, Failures
from fiftyone_faiss.brain.indexing.given_embeddings import GivenEmbeddings, given_embeddings
from fiftyone_faiss.brain.indexing.precisions import index_precision, load_steps
from fiftyone_faiss.brain.indexing.writing import embed_into, maintain_steps
from fiftyone_faiss.brain.models.loading import (
    ModelLike,
    get_embedder,
    remember_object,
    stored_name,
)
from fiftyone_faiss.brain.similarity import FaissSimilarityConfig, FaissSimilarityIndex
from fiftyone_faiss.embedders import Embedder
from fiftyone_faiss.embedders.openvino_precision import INT8, continued_precision

# The settings of an existing index that a build which resumes it must have in common.
SETTINGS = (
    "metric", "model", "patches_field", "roi_field", "alpha", "force_square", "index_type", "dtype",
)  # fmt: skip


@dataclass(frozen=True)
class IndexReport:
    """The result of building or updating an index.

    Attributes:
        brain_key: the index
        size: the number of vectors it holds
        added: the number of new vectors
        failures: the reasons of the failures, by id
        seconds: the duration
    """

    brain_key: str
    size: int
    added: int
    failures: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def __str__(self) -> str:
        failed = f"; {len(self.failures):,} failed" if self.failures else ""
        return f"Index '{self.brain_key}' holds {self.size:,} vectors, {self.added:,} new{failed}."


def build_index(
    samples: foc.SampleCollection,
    brain_key: str,
    model: ModelLike | None = None,
    embeddings: GivenEmbeddings | None = None,
    patches_field: str | None = None,
    roi_field: str | None = None,
    alpha: float = 0.0,
    force_square: bool = False,
    metric: str = "cosine",
    index_type: str = "auto",
    dtype: str = "float32",
    root_dir: str | None = None,
    batch_size: int | None = None,
    num_workers: int | None = None,
    engine: Engine = "local",
    precision: str = "auto",
    progress: ProgressOption = None,
) -> IndexReport:
    """Builds a FAISS similarity index, or resumes a build that was stopped.

    The index is an ordinary Brain run that FiftyOne's own similarity features can use.

    Args:
        samples: a dataset or view of images, or of frames
        brain_key: the brain key; an existing index with the same settings gets the missing vectors
        model (None): an embedder or its name; see :func:`fiftyone_faiss.get_embedder`. With
            ``embeddings``, the model that computed them, so that the index can be searched by text
            and by images
        embeddings (None): existing vectors, of samples of any media type: the name of a field of
            embeddings; an ``(n, dim)`` array in the order of the samples (or labels); or a dict
            from ids to vectors, or from ids of samples to ``(m, dim)`` vectors of their labels
        patches_field (None): a field of Detections or Polylines, to index each label's patch
        roi_field (None): a field of Detections or Polylines, to index the mean of their patches
        alpha (0.0): the padding of the boxes, as a fraction of their size
        force_square (False): whether to expand the boxes to squares
        metric ("cosine"): ``"cosine"``, ``"euclidean"`` or ``"dotproduct"``
        index_type ("auto"): see
            :class:`fiftyone_faiss.brain.similarity.FaissSimilarityConfig`; ``"auto"`` chooses by
            size
        dtype ("float32"): how vectors are stored; ``"float16"`` takes half the space
        root_dir (None): the folder in which to create the index's folder
        batch_size (None): images per batch, by default what suits the model and the machine
        num_workers (None): decoding threads, by default one per processor
        engine ("local"): ``"ray"`` embeds on a Ray cluster
        precision ("auto"): the precision of the network; see :func:`fiftyone_faiss.get_embedder`
        progress (None): whether to show a progress bar, or a callback, as in FiftyOne

    Returns:
        an :class:`IndexReport`

    Raises:
        ValueError: if an argument is invalid, or the key belongs to another run
    """
    steps = build_index_steps(
        samples, brain_key, model, embeddings,
        Regions(patches_field, roi_field, alpha, force_square), metric, index_type, dtype, root_dir,
        Execution(batch_size, num_workers, engine, precision),
    )  # fmt: skip
    return run_steps(steps, progress)


@explain_outage_in_steps()
def build_index_steps(
    samples: foc.SampleCollection,
    brain_key: str,
    model: ModelLike | None = None,
    embeddings: GivenEmbeddings | None = None,
    regions: Regions = WHOLE,
    metric: str = "cosine",
    index_type: str = "auto",
    dtype: str = "float32",
    root_dir: str | None = None,
    execution: Execution = LOCAL,
) -> Steps[IndexReport]:
    """Runs :func:`build_index` step by step."""
    started = time.perf_counter()
    # All arguments are checked before anything is written.
    _check(brain_key, model, embeddings)
    given, media = _contents(samples, embeddings, regions)
    precision = index_precision(samples, brain_key, model, embeddings, regions, execution.precision)
    is_int8 = precision == INT8
    embedder = None if model is None else get_embedder(model, "float32" if is_int8 else precision)
    dim = given.vectors.shape[1] if given is not None else embedder.dim if embedder else 0
    config = _config(samples, model, embedder, regions, metric, index_type, dtype, root_dir)
    check_fits(index_type, dim, metric)
    if is_int8 and model is not None and media is not None:
        embedder = yield from load_steps(model, precision, media.sources)
    index, is_new = _open_index(samples, brain_key, config)
    index.snapshot.check_dim(dim)
    if embedder is not None and config.model is not None:
        remember_object(embedder)
    before = index.snapshot.size
    failures: Failures = {}
    if given is not None:
        _add_given(index, given, None if precision == "auto" else embedder)
        count = len(given.vectors)
        yield Progress(count, count, 0, time.perf_counter() - started)
    elif model is not None and media is not None and embedder is not None:
        failures = yield from _embed_missing(index, model, embedder, media, execution)
        if len(failures) == len(media):
            _give_up(samples, brain_key, is_new, failures, media)
    yield from maintain_steps(index)
    index.reload()
    size = index.snapshot.size
    return IndexReport(brain_key, size, size - before, failures, time.perf_counter() - started)


def _check(
    brain_key: str | None, model: ModelLike | None, embeddings: GivenEmbeddings | None
) -> None:
    if not isinstance(brain_key, str) or not brain_key:
        raise ValueError("Give a brain_key, the name to keep the index under, such as 'clip'.")
    if model is None and embeddings is None:
        raise ValueError("Give a model to embed with, or embeddings to index.")


def _contents(
    samples: foc.SampleCollection, embeddings: GivenEmbeddings | None, regions: Regions
) -> tuple[Embeddings | None, Media | None]:
    """Returns the given vectors, or else the media to embed."""
    if embeddings is None:
        return None, collect_media(samples, regions)
    check_not_grouped(samples)
    return given_embeddings(samples, embeddings, regions.patches_field), None


def _add_given(index: FaissSimilarityIndex, given: Embeddings, embedder: Embedder | None) -> None:
    """Adds given vectors, and records the precision of their embedder if it is given."""
    index.add_to_index(*given, overwrite=False)
    if embedder is not None and index.config.model is not None:
        index.store.commit(metadata={"precision": embedder.precision})


def _embed_missing(
    index: FaissSimilarityIndex,
    model: ModelLike,
    embedder: Embedder,
    media: Media,
    execution: Execution,
) -> Steps[Failures]:
    """Embeds the media that the index does not hold."""
    continued_precision(embedder.precision, index.snapshot.precision(), f"index '{index.key}'")
    _check_weights(index, embedder)
    missing = np.flatnonzero(index.snapshot.rows_of(pack_ids(media.ids)) < 0)
    todo = media.keep(missing.tolist())
    return (yield from embed_into(index, embedder, todo, execution, model))


def _config(
    samples: foc.SampleCollection,
    model: ModelLike | None,
    embedder: Embedder | None,
    regions: Regions,
    metric: str,
    index_type: str,
    dtype: str,
    root_dir: str | None,
) -> FaissSimilarityConfig:
    name = None
    if model is not None and embedder is not None:
        # A class makes a new object each time.
        name = stored_name(embedder if isinstance(model, type) else model)
    return FaissSimilarityConfig(
        metric=metric,
        index_type=index_type,
        dtype=dtype,
        frames=frames_options(samples) if holds_frames(samples) else None,
        root_dir=root_dir,
        model=name,
        **asdict(regions),
        supports_prompts=name is not None and bool(embedder and embedder.supports_text),
    )


def _open_index(
    samples: foc.SampleCollection, brain_key: str, config: FaissSimilarityConfig
) -> tuple[FaissSimilarityIndex, bool]:
    """Returns the index with this key, created if there is none, and whether it is new."""
    dataset = root_dataset(samples)
    if brain_key not in faiss_keys(dataset):
        method = config.build()
        method.register_run(dataset, brain_key, overwrite=False)
        return method.initialize(dataset, brain_key), True
    try:
        index = load_faiss_index(dataset, brain_key)
    except UnfinishedIndexError:
        # The build was stopped, or lost its database, before it saved its first results.
        index = dataset.get_brain_info(brain_key).config.build().initialize(dataset, brain_key)
    for name in SETTINGS:
        have, want = getattr(index.config, name), getattr(config, name)
        if have != want:
            raise ValueError(
                f"The index '{brain_key}' exists with {name}={have!r}, not {want!r}; choose "
                "another brain_key, or delete that index first."
            )
    return index, False


def _check_weights(index: FaissSimilarityIndex, embedder: Embedder) -> None:
    """Raises a ``ValueError`` if vectors of the index were made with other weights."""
    stale = len(index.snapshot.rows_not_of_model(embedder.fingerprint))
    if not stale:
        return
    key = index.key
    again = f"embed them again with update_index(dataset, '{key}')"
    raise ValueError(
        f"{stale:,} vectors of the index '{key}' were made with other weights than those of "
        f"'{embedder.name}' now; "
        f"{'delete that index' if index.config.model is None else again}, or choose another "
        "brain_key."
    )


def _give_up(
    samples: foc.SampleCollection, brain_key: str, is_new: bool, failures: Failures, media: Media
) -> None:
    if is_new:
        root_dataset(samples).delete_brain_run(brain_key)
    first_id, reason = next(iter(failures.items()))
    is_there = os.path.exists(media.of([first_id]).sources[0].path)
    raise ValueError(
        f"None of the {len(failures):,} images could be read; the first, {first_id}: {reason}. "
        f"Check {'the files and the boxes' if is_there else 'the file paths'} of the dataset."
    )
