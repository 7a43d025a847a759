"""Calibrates networks to run in int8, and accepts them only if they retrieve the same images.

The first images of a dataset calibrate the network. On its first thousand images, the neighbors of
the vectors in int8 are compared with those in float32.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.core.files import atomic_write
from fiftyone_faiss.brain.core.progress import Progress, Steps
from fiftyone_faiss.brain.models.loading import get_embedder, loadable_name
from fiftyone_faiss.brain.models.quantized import (
    check_network,
    new_quantized_folder,
    quantized_folder,
)
from fiftyone_faiss.brain.models.reference_prompts import REFERENCE_PROMPTS
from fiftyone_faiss.embedders import Embedder, EmbedderError, ImageSource, embed_sources
from fiftyone_faiss.embedders.agreement import Agreement, measure_agreement
from fiftyone_faiss.embedders.images import DECODE_ERRORS
from fiftyone_faiss.embedders.openvino_precision import BFLOAT16, INT8, int8_precision

if TYPE_CHECKING:
    from fiftyone_faiss.embedders.torch_net import TorchEmbedder

logger = logging.getLogger(__name__)

CALIBRATION_IMAGES = 300
CHECKED_IMAGES = 1000
# Among fewer images, the ten nearest say little.
MIN_CHECKED = 100
MIN_RECALL = 0.98
# How often NNCF goes through the images, for the bar only: ranges, outliers and biases.
_PASSES = 3
_INTERVAL_S = 0.5


def calibrate_steps(base: Embedder, sources: Sequence[ImageSource]) -> Steps[Embedder]:
    """Returns an embedder with its network in int8, calibrated with the first images.

    A network that was calibrated with the same images before is loaded.

    Args:
        base: the embedder, loaded by name in float32
        sources: the images to embed

    Returns:
        the embedder in int8, whose ``precision`` names the calibration

    Raises:
        MissingDependencyError: if OpenVINO or NNCF is not installed
        EmbedderError: if the embedder has no network that OpenVINO runs, if there are fewer than
            100 readable images, or if the retrieval in int8 differs from that in float32
    """
    check_network(base, INT8)
    if loadable_name(base) is None:
        raise EmbedderError(
            f"'{base.name}' was given as an object, and precision='{INT8}' needs a model by name."
        )
    from fiftyone_faiss.embedders.openvino_int8 import calibration_digest

    images = _prepared(base, sources)
    digest = calibration_digest(_network(base), images)
    if not quantized_folder(base.name, digest).is_dir():
        yield from _calibrate_steps(_network(base), sources[:CHECKED_IMAGES], images, digest)
    return get_embedder(base.name, int8_precision(digest))


def _network(base: Embedder) -> TorchEmbedder:
    from fiftyone_faiss.embedders.torch_net import TorchEmbedder

    assert isinstance(base, TorchEmbedder)
    return base


def _calibrate_steps(
    base: TorchEmbedder, sources: Sequence[ImageSource], images: list[Any], digest: str
) -> Steps[None]:
    """Makes the files of a network in int8, if it passes the comparison with float32."""
    from fiftyone_faiss.embedders.openvino_int8 import (
        RECORD_FILE,
        Calibration,
        checksums_of,
        quantized_embedder,
    )

    places, exact = yield from _vectors_steps(base, sources, "embedded in float32")
    if len(places) < MIN_CHECKED:
        raise EmbedderError(
            f"precision='{INT8}' needs at least {MIN_CHECKED} readable images to compare it with "
            f"float32, got {len(places)}; use precision='{BFLOAT16}'."
        )
    with new_quantized_folder(base.name, digest) as folder:
        yield from _quantize_steps(base, images, folder)
        # What is measured is the network of the files, as later processes read it.
        other = quantized_embedder(base, folder, digest)
        other_places, vectors = yield from _vectors_steps(other, sources, "embedded in int8")
        agreement = measure_agreement(
            exact[np.isin(places, other_places)],
            vectors[np.isin(other_places, places)],
            base.embed_texts(REFERENCE_PROMPTS) if base.supports_text else None,
        )
        _check(base, agreement)
        record = Calibration(digest, base.fingerprint, len(images), agreement, checksums_of(folder))
        with atomic_write(folder / RECORD_FILE) as file:
            file.write(record.to_json().encode())
    logger.info("'%s' runs in int8: %s", base.name, agreement)


def _check(base: Embedder, agreement: Agreement) -> None:
    if agreement.recall < MIN_RECALL:
        raise EmbedderError(
            f"In int8, '{base.name}' finds other images than in float32: {agreement}. A recall of "
            f"at least {MIN_RECALL} is required; use precision='{BFLOAT16}'."
        )


def _prepared(base: Embedder, sources: Sequence[ImageSource]) -> list[Any]:
    """The first readable images, as the network takes them."""
    prepared: list[Any] = []
    for source in sources[:CHECKED_IMAGES]:
        if len(prepared) == CALIBRATION_IMAGES:
            break
        try:
            prepared.append(source.apply(base.preprocess, base.image_size))
        except DECODE_ERRORS:
            # The build reports it.
            continue
    return prepared


def _vectors_steps(
    embedder: Embedder, sources: Sequence[ImageSource], what: str
) -> Steps[tuple[npt.NDArray[np.int64], Matrix]]:
    """Embeds images: the positions of those that can be embedded, and their vectors."""
    started, failed = time.perf_counter(), 0
    places, vectors = [np.empty(0, np.int64)], [np.empty((0, embedder.dim), np.float32)]
    for batch in embed_sources(embedder, sources):
        places.append(batch.positions)
        vectors.append(batch.vectors)
        failed += len(batch.failures)
        done = sum(map(len, places)) + failed
        yield Progress(done, len(sources), failed, time.perf_counter() - started, what)
    return np.concatenate(places), np.concatenate(vectors)


class _StoppedError(Exception):
    """Ends a calibration whose consumer went away."""


class _Counter:
    """Counts the images that a calibration used, and stops it."""

    def __init__(self) -> None:
        self.count = 0
        self.is_stopped = False

    def take(self) -> None:
        if self.is_stopped:
            raise _StoppedError
        self.count += 1


def _quantize_steps(base: TorchEmbedder, images: list[Any], folder: Path) -> Steps[None]:
    """Quantizes the network in a thread, so that the steps between can be canceled."""
    from fiftyone_faiss.embedders.openvino_int8 import quantize

    started, total = time.perf_counter(), _PASSES * len(images)
    counter = _Counter()
    with ThreadPoolExecutor(1, thread_name_prefix="calibrate") as pool:
        running = pool.submit(quantize, base, images, folder, counter.take)
        try:
            while not running.done():
                wait([running], _INTERVAL_S)
                done = min(counter.count, total)
                yield Progress(done, total, 0, time.perf_counter() - started, "calibrated")
        finally:
            counter.is_stopped = True
        running.result()
