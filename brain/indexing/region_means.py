"""The means of the vectors of the regions of each sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.embedders import EmbeddedBatch, Failure


def region_means(
    batches: Iterator[EmbeddedBatch], parts: Sequence[int] | None
) -> Iterator[EmbeddedBatch]:
    """Averages the vectors of the regions of each sample.

    A region that covers no pixel of its image does not count. A sample fails if all of its regions
    cover no pixel, or if another region fails: the mean of the others would be different.

    Args:
        batches: the vectors of the regions, those of one sample after another
        parts: the number of regions of each sample, None for one vector each

    Yields:
        an :class:`EmbeddedBatch` of samples for each batch of regions
    """
    if parts is None:
        yield from batches
        return
    owners = np.repeat(np.arange(len(parts)), parts)
    vectors: dict[int, list[Matrix]] = {}
    empty: dict[int, list[str]] = {}
    failed: set[int] = set()
    for batch in batches:
        failures, complete, means = [], [], []
        for failure in batch.failures:
            owner = int(owners[failure.position])
            if failure.is_empty_box:
                empty.setdefault(owner, []).append(failure.reason)
            elif owner not in failed:
                failures.append(Failure(owner, failure.reason))
                failed.add(owner)
        for position, vector in zip(batch.positions, batch.vectors, strict=True):
            vectors.setdefault(int(owners[position]), []).append(vector)
        for owner in sorted({*vectors, *empty}):
            own, reasons = vectors.get(owner, []), empty.get(owner, [])
            if owner not in failed and len(own) + len(reasons) < parts[owner]:
                continue
            if owner not in failed and own:
                complete.append(owner)
                means.append(np.mean(own, axis=0, dtype=np.float32))
            elif owner not in failed:
                failures.append(Failure(owner, reasons[0]))
            vectors.pop(owner, None)
            empty.pop(owner, None)
        dim = batch.vectors.shape[1]
        mean_vectors = np.stack(means) if means else np.empty((0, dim), np.float32)
        yield EmbeddedBatch(np.array(complete, np.int64), mean_vectors, tuple(failures))
