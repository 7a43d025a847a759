"""Building indexes, and completing those that were stopped."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field

import fiftyone.core.collections as foc
import numpy as np
from fiftyone.brain.internal.core import utils as fbu

from fiftyone_faiss.brain.ann.factory import check_fits
from fiftyone_faiss.brain.backend.loading import index_keys, load_index
from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.core.ids import pack_ids
from fiftyone_faiss.brain.core.progress import Progress, Steps
from fiftyone_faiss.brain.core.vectors import check_vectors
from fiftyone_faiss.brain.data.media import (
    WHOLE,
    Media,
    Regions,
    check_images,
    collect_media,
    media_fingerprints,
)
from fiftyone_faiss.brain.data.progress_bar import ProgressOption, run_steps
from fiftyone_faiss.brain.data.view_filter import collection_ids
from fiftyone_faiss.brain.indexing.embedding import LOCAL, Engine, Execution, Failures, embed
from fiftyone_faiss.brain.models.loading import ModelLike, get_embedder, stored_name
from fiftyone_faiss.brain.similarity import FaissSimilarityConfig, FaissSimilarityIndex
from fiftyone_faiss.brain.store.batch import Batch
from fiftyone_faiss.brain.store.store import Metadata
from fiftyone_faiss.embedders import Embedder

# What an index that goes on must have in common with what is asked for.
SETTINGS = (
    "metric", "model", "patches_field", "roi_field", "alpha", "force_square", "index_type", "dtype",
)  # fmt: skip


@dataclass(frozen=True)
class IndexReport:
    """What came of building an index.

    Attributes:
        brain_key: its key
        size: the vectors it holds now
        added: how many of them are new
        failures: why others are missing, by their id
        seconds: how long it took
    """

    brain_key: str
    size: int
    added: int
    failures: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def __str__(self) -> str:
        failed = f"; {len(self.failures):,} could not be read" if self.failures else ""
        return f"Index '{self.brain_key}' holds {self.size:,} vectors, {self.added:,} new{failed}."


def build_index(
    samples: foc.SampleCollection,
    brain_key: str,
    model: ModelLike | None = None,
    embeddings: str | np.ndarray | Mapping[str, np.ndarray] | None = None,
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
    progress: ProgressOption = None,
) -> IndexReport:
    """Builds a FAISS similarity index, or completes one that was stopped.

    It is an ordinary Brain run: FiftyOne's own similarity features use it too.

    Args:
        samples: a dataset or view of images, or of frames
        brain_key: the key to store it under; if there is an index of the same settings already,
            what is missing is added to it
        model (None): an embedder or its name; see
            :func:`fiftyone_faiss.get_embedder`. With ``embeddings``, it names the model that
            computed them, so that the index can be searched by text and by images
        embeddings (None): vectors to use instead of computing them: the name of a field that
            holds them, an ``(n, dim)`` array in the order of the samples (or labels), or a dict
            from ids to vectors
        patches_field (None): a field of Detections or Polylines, to index each label's patch
        roi_field (None): a field of Detections or Polylines, to index the mean of their patches
        alpha (0.0): by how much to widen the boxes of these, as a part of their size
        force_square (False): whether to grow the boxes to squares
        metric ("cosine"): ``"cosine"``, ``"euclidean"`` or ``"dotproduct"``
        index_type ("auto"): see
            :class:`fiftyone_faiss.brain.similarity.FaissSimilarityConfig`; ``"auto"`` chooses by
            size
        dtype ("float32"): how vectors are kept, or ``"float16"``, which takes half the space
        root_dir (None): the folder that holds the index's folder
        batch_size (None): images a batch, by default what suits the model and the machine
        num_workers (None): decoding threads, by default one a processor
        engine ("local"): ``"ray"`` embeds on a Ray cluster
        progress (None): whether to show a progress bar, or a callback, as in FiftyOne

    Returns:
        an :class:`IndexReport`

    Raises:
        ValueError: if a value is bad, or the key belongs to something else, saying what to do
    """
    steps = build_index_steps(
        samples, brain_key, model, embeddings,
        Regions(patches_field, roi_field, alpha, force_square), metric, index_type, dtype, root_dir,
        Execution(batch_size, num_workers, engine),
    )  # fmt: skip
    return run_steps(steps, progress)


def build_index_steps(
    samples: foc.SampleCollection,
    brain_key: str,
    model: ModelLike | None = None,
    embeddings: str | np.ndarray | Mapping[str, np.ndarray] | None = None,
    regions: Regions = WHOLE,
    metric: str = "cosine",
    index_type: str = "auto",
    dtype: str = "float32",
    root_dir: str | None = None,
    execution: Execution = LOCAL,
) -> Steps[IndexReport]:
    """:func:`build_index`, step by step."""
    started = time.perf_counter()
    check_images(samples)
    if model is None and embeddings is None:
        raise ValueError("Give a model to embed with, or embeddings to index.")
    given = None if embeddings is None else _given(samples, embeddings, regions.patches_field)
    # Everything that can be wrong is found out before anything is written.
    media = collect_media(samples, regions) if given is None else None
    embedder = None if model is None else get_embedder(model)
    dim = given[0].shape[1] if given is not None else embedder.dim if embedder is not None else 0
    name = None if model is None else stored_name(model)
    config = FaissSimilarityConfig(
        metric=metric,
        index_type=index_type,
        dtype=dtype,
        frames=(samples._frames_stage.config or {}) if samples._is_frames else None,
        root_dir=root_dir,
        model=name,
        **asdict(regions),
        supports_prompts=name is not None and bool(embedder and embedder.supports_text),
    )
    check_fits(index_type, dim, metric)
    index, is_new = _open_index(samples, brain_key, config)
    index.snapshot.check_dim(dim)
    before = index.snapshot.size
    failures: dict[str, str] = {}
    if given is not None:
        index.add_to_index(*given, overwrite=False)
        yield Progress(len(given[0]), len(given[0]), 0, time.perf_counter() - started)
    elif media is not None and embedder is not None:
        _check_weights(index, embedder)
        missing = np.flatnonzero(index.snapshot.rows_of(pack_ids(media.ids)) < 0)
        todo = media.keep(missing.tolist())
        failures = yield from embed_into(index, embedder, todo, execution, model)
        if len(failures) == len(media):
            _give_up(samples, brain_key, is_new, failures)
    yield from maintained(index)
    index.reload()
    size = index.snapshot.size
    return IndexReport(brain_key, size, size - before, failures, time.perf_counter() - started)


def maintained(index: FaissSimilarityIndex, force: bool = False) -> Iterator[Progress]:
    """Brings the FAISS index up to date, step by step."""
    started = time.perf_counter()
    for done, total in index.vectors.maintenance.maintain_steps(force=force):
        yield Progress(done, total, 0, time.perf_counter() - started, "indexed")


def embed_into(
    index: FaissSimilarityIndex,
    embedder: Embedder,
    media: Media,
    execution: Execution = LOCAL,
    model: ModelLike | None = None,
) -> Steps[Failures]:
    """Embeds media and commits them as they come; returns why some failed, by their id."""
    if not media:
        return {}
    index.store.check_space(len(media), embedder.dim)

    def save(part: Media, vectors: Matrix, failures: Failures) -> None:
        if len(part):
            labels = None if part.label_ids is None else pack_ids(part.label_ids)
            ids, prints = pack_ids(part.sample_ids), media_fingerprints(part)
            index.add_batch(Batch(vectors, ids, labels, prints, embedder.fingerprint))

        def metadata(known: Metadata) -> Metadata:
            # What failed before and was tried again has failed anew, or no longer.
            now = failures_after(known, {*part.ids, *failures}, failures)
            return {"fingerprint": embedder.fingerprint, "failures": now}

        known = index.snapshot.manifest.metadata
        if any(known.get(name) != value for name, value in metadata(known).items()):
            index.store.commit(metadata=metadata)

    return (yield from embed(embedder, media, save, execution, model))


def failures_after(known: Metadata, settled: Collection[str], new: Failures) -> Failures:
    """Why media could not be embedded, by their id, once that of some is settled, or new."""
    old: Failures = known.get("failures", {})
    return {**{one: old[one] for one in old if one not in settled}, **new}


def _open_index(
    samples: foc.SampleCollection, brain_key: str, config: FaissSimilarityConfig
) -> tuple[FaissSimilarityIndex, bool]:
    """The index of this key, made when there is none, and whether it is new."""
    dataset = samples._root_dataset
    if brain_key not in index_keys(dataset):
        method = config.build()
        method.register_run(dataset, brain_key, overwrite=False)
        return method.initialize(dataset, brain_key), True
    index = load_index(dataset, brain_key)
    for name in SETTINGS:
        have, want = getattr(index.config, name), getattr(config, name)
        if have != want:
            raise ValueError(
                f"There is an index '{brain_key}' with {name}={have!r}, not {want!r}; choose "
                "another brain_key, or delete that index first."
            )
    return index, False


def _check_weights(index: FaissSimilarityIndex, embedder: Embedder) -> None:
    """Raises a ``ValueError`` if vectors of the index are of other weights than an embedder's."""
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


def _given(
    samples: foc.SampleCollection,
    embeddings: str | np.ndarray | Mapping[str, np.ndarray],
    patches_field: str | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Vectors that the caller has, with the ids they belong to."""
    if isinstance(embeddings, str):
        name, exists = fbu.parse_data_field(samples, embeddings, patches_field=patches_field)
        if not exists:
            raise ValueError(
                f"There is no field '{embeddings}' with embeddings; compute it first with "
                f"compute_embeddings(dataset, model, embeddings_field='{embeddings}')."
            )
        found = fbu.get_embeddings(samples, embeddings_field=name, patches_field=patches_field)
    else:
        count = len(collection_ids(samples, patches_field))
        if not isinstance(embeddings, Mapping) and len(embeddings) != count:
            what = "samples" if patches_field is None else "labels"
            raise ValueError(
                f"{len(embeddings):,} embeddings came for {count:,} {what}; give one for each."
            )
        found = fbu.parse_data(samples, patches_field=patches_field, data=embeddings)
    if not len(found[0]):
        raise ValueError("There are no embeddings to index; compute some first.")
    return (check_vectors(found[0]), *found[1:])


def _give_up(
    samples: foc.SampleCollection, brain_key: str, is_new: bool, failures: dict[str, str]
) -> None:
    if is_new:
        samples._root_dataset.delete_brain_run(brain_key)
    first_id, reason = next(iter(failures.items()))
    raise ValueError(
        f"None of the {len(failures):,} images could be read; the first, {first_id}: {reason}. "
        "Check that the files are where the dataset says."
    )
