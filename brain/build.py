"""Building indexes, and completing those that were stopped."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import fiftyone.core.collections as foc
import numpy as np
from fiftyone.brain.internal.core import utils as fbu

from fiftyone_faiss.brain.derived import check_fits
from fiftyone_faiss.brain.embedding import embed
from fiftyone_faiss.brain.ids import pack_ids
from fiftyone_faiss.brain.manage import index_keys, load_index
from fiftyone_faiss.brain.media import Media, check_images, collect_media, media_prints
from fiftyone_faiss.brain.membership import collection_ids
from fiftyone_faiss.brain.models import get_embedder
from fiftyone_faiss.brain.progress import Progress, ProgressOption, Steps, run_steps
from fiftyone_faiss.brain.segments import Matrix
from fiftyone_faiss.brain.similarity import FaissSimilarityConfig, FaissSimilarityIndex
from fiftyone_faiss.brain.store import Batch
from fiftyone_faiss.brain.vectors import checked_vectors
from fiftyone_faiss.embedders import Embedder


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
    model: str | Embedder | None = None,
    embeddings: str | np.ndarray | Mapping[str, np.ndarray] | None = None,
    patches_field: str | None = None,
    metric: str = "cosine",
    index_type: str = "auto",
    dtype: str = "float32",
    root_dir: str | None = None,
    batch_size: int | None = None,
    num_workers: int | None = None,
    progress: ProgressOption = None,
) -> IndexReport:
    """Builds a FAISS similarity index, or completes one that was stopped.

    It is an ordinary Brain run: FiftyOne's own similarity features use it too.

    Args:
        samples: a dataset or view of images
        brain_key: the key to store it under; if there is an index of the same settings already,
            what is missing is added to it
        model (None): an embedder or its name; see
            :func:`fiftyone_faiss.brain.models.get_embedder`. With ``embeddings`` it only says
            which model made them, so that the index can be searched by words and images
        embeddings (None): vectors to use instead of computing them: the name of a field that
            holds them, an ``(n, dim)`` array in the order of the samples (or labels), or a dict
            from ids to vectors
        patches_field (None): a field of Detections or Polylines, to index its patches
        metric ("cosine"): ``"cosine"``, ``"euclidean"`` or ``"dotproduct"``
        index_type ("auto"): see
            :class:`fiftyone_faiss.brain.similarity.FaissSimilarityConfig`; ``"auto"`` chooses by
            size
        dtype ("float32"): how vectors are kept, or ``"float16"``, which takes half the space
        root_dir (None): the folder that holds the index's folder
        batch_size (None): images a batch
        num_workers (None): decoding threads
        progress (None): whether to show a progress bar, or a callback, as in FiftyOne

    Returns:
        an :class:`IndexReport`

    Raises:
        ValueError: if a value is bad, or the key belongs to something else, saying what to do
    """
    steps = build_index_steps(
        samples, brain_key, model, embeddings, patches_field, metric, index_type, dtype, root_dir,
        batch_size, num_workers,
    )  # fmt: skip
    return run_steps(steps, progress)


def build_index_steps(
    samples: foc.SampleCollection,
    brain_key: str,
    model: str | Embedder | None = None,
    embeddings: str | np.ndarray | Mapping[str, np.ndarray] | None = None,
    patches_field: str | None = None,
    metric: str = "cosine",
    index_type: str = "auto",
    dtype: str = "float32",
    root_dir: str | None = None,
    batch_size: int | None = None,
    num_workers: int | None = None,
) -> Steps[IndexReport]:
    """:func:`build_index`, step by step."""
    started = time.perf_counter()
    check_images(samples)
    if model is None and embeddings is None:
        raise ValueError("Give a model to embed with, or embeddings to index.")
    given = None if embeddings is None else _given(samples, embeddings, patches_field)
    # Everything that can be wrong is found out before anything is written.
    media = collect_media(samples, patches_field) if given is None else None
    embedder = None if model is None else get_embedder(model)
    dim = given[0].shape[1] if given is not None else embedder.dim if embedder is not None else 0
    config = FaissSimilarityConfig(
        metric=metric,
        index_type=index_type,
        dtype=dtype,
        root_dir=root_dir,
        model=embedder.name if isinstance(model, str) and embedder else None,
        patches_field=patches_field,
        supports_prompts=isinstance(model, str) and bool(embedder and embedder.supports_text),
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
        missing = np.flatnonzero(index.snapshot.rows_of(pack_ids(media.ids)) < 0)
        todo = media.keep(missing.tolist())
        failures = yield from embed_into(index, embedder, todo, batch_size, num_workers)
        if len(failures) == len(media):
            _give_up(samples, brain_key, is_new, failures)
    yield from maintained(index)
    index.reload()
    size = index.snapshot.size
    return IndexReport(brain_key, size, size - before, failures, time.perf_counter() - started)


def maintained(index: FaissSimilarityIndex, force: bool = False) -> Iterator[Progress]:
    """Brings the FAISS index up to date, step by step."""
    started = time.perf_counter()
    for done, total in index.vectors.maintain_steps(force=force):
        yield Progress(done, total, 0, time.perf_counter() - started, "indexed")


def embed_into(
    index: FaissSimilarityIndex,
    embedder: Embedder,
    media: Media,
    batch_size: int | None = None,
    num_workers: int | None = None,
) -> Steps[dict[str, str]]:
    """Embeds media and commits them as they come; returns why some failed, by their id."""
    if not media:
        return {}
    index.store.check_space(len(media), embedder.dim)

    def save(part: Media, vectors: Matrix) -> None:
        labels = None if part.label_ids is None else pack_ids(part.label_ids)
        prints = media_prints(part)
        fingerprint = embedder.fingerprint
        index.add_batch(Batch(vectors, pack_ids(part.sample_ids), labels, prints, fingerprint))

    failures = yield from embed(embedder, media, save, batch_size, num_workers)
    # What failed before and was tried again has failed anew, or no longer.
    old = index.snapshot.manifest.facts.get("failures", {})
    others = {one: reason for one, reason in old.items() if one not in set(media.ids)}
    facts = {"fingerprint": embedder.fingerprint, "failures": {**others, **failures}}
    index.store.commit(facts=facts)
    return failures


def _open_index(
    samples: foc.SampleCollection, brain_key: str, config: FaissSimilarityConfig
) -> tuple[FaissSimilarityIndex, bool]:
    """The index of this key, made when there is none, and whether it is new."""
    dataset = samples._root_dataset
    if brain_key in index_keys(dataset):
        index = load_index(dataset, brain_key)
        for name in ("metric", "model", "patches_field", "index_type", "dtype"):
            have, want = getattr(index.config, name), getattr(config, name)
            if have != want:
                raise ValueError(
                    f"There is an index '{brain_key}' with {name}={have!r}, not {want!r}; choose "
                    "another brain_key, or delete that index first."
                )
        return index, False
    method = config.build()
    method.register_run(dataset, brain_key, overwrite=False)
    return method.initialize(dataset, brain_key), True


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
    return (checked_vectors(found[0]), *found[1:])


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
