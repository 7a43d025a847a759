"""Compares all pairs of a few samples, frames or labels."""

from __future__ import annotations

from collections.abc import Sequence

import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.backend.loading import load_index
from fiftyone_faiss.brain.backend.searchable import IndexReader, SearchableIndex
from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.core.params import quoted, read_ids
from fiftyone_faiss.brain.data.lookup import are_frames, existing_ids, is_of_frames
from fiftyone_faiss.brain.data.private import FRAMES_PREFIX, root_dataset
from fiftyone_faiss.brain.data.tile_fields import tile_values
from fiftyone_faiss.brain.data.view_ids import view_ids, whole_groups
from fiftyone_faiss.brain.insight.matrix.distance_matrix import DistanceMatrix
from fiftyone_faiss.brain.insight.matrix.pairs import angles_of, leaf_order, pair_distances
from fiftyone_faiss.brain.insight.matrix.random_pairs import RandomPairs, random_pairs_of
from fiftyone_faiss.brain.retrieval.reference_set import MIN_REFERENCE_ROWS
from fiftyone_faiss.brain.retrieval.reranking import COLLAPSE_DISTANCE, collapse

MAX_IDS = 500
"""The largest number of ids that are compared."""


def distance_matrix(
    samples: foc.SampleCollection,
    ids: Sequence[str] | None = None,
    brain_key: str | None = None,
    label_field: str | None = None,
    thresh: float = COLLAPSE_DISTANCE,
) -> DistanceMatrix:
    """Compares all pairs of a few samples, frames or labels.

    Args:
        samples: a dataset or a view
        ids (None): up to ``MAX_IDS`` ids of samples or frames, or of labels for an index of
            patches; all of ``samples`` by default. An id that is given twice counts once
        brain_key (None): the index, of any backend; not needed when there is only one
        label_field (None): a field of labels, texts or tags, to order and to mark by
        thresh (0.01): the largest cosine distance of near-duplicates

    Returns:
        a :class:`DistanceMatrix`

    Raises:
        ValueError: if there is no such index, there are too many ids, or the index holds fewer than
            two of them; or there is no such field
    """
    if not 0 <= thresh <= 2:
        raise ValueError(f"thresh must be 0 to 2, a cosine distance, got {quoted(thresh)}.")
    index = load_index(samples, brain_key)
    reader = index.reader()
    wanted = _wanted_ids(samples, ids, index, reader)
    kept = _held_ids(samples, index, reader, wanted)
    rows = reader.rows_of(kept)
    vectors = reader.vectors_at(rows)
    distances = pair_distances(vectors, index.metric)
    is_cosine = index.metric == "cosine"
    angles = angles_of(distances if is_cosine else pair_distances(vectors, "cosine"))
    random_pairs = random_pairs_of(reader, index.metric)
    missing = sorted(set(wanted) - set(kept), key=wanted.index)
    return DistanceMatrix(
        samples=samples,
        brain_key=index.key,
        metric=index.metric,
        patches_field=index.patches_field,
        ids=kept,
        sample_ids=reader.sample_ids_at(rows),
        distances=distances.astype(np.float32),
        angles=angles.astype(np.float32),
        order=leaf_order(distances),
        percentiles=None
        if random_pairs is None
        else random_pairs.percentiles(distances).astype(np.float32),
        random_pairs=random_pairs,
        label_field=label_field,
        labels=_labels_of(samples, index, kept, label_field),
        duplicates=_duplicates(vectors, kept, thresh),
        thresh=thresh,
        missing=missing,
        notes=_notes(index, missing, random_pairs),
    )


def _wanted_ids(
    samples: foc.SampleCollection,
    ids: Sequence[str] | None,
    index: SearchableIndex,
    reader: IndexReader,
) -> list[str]:
    """The ids to compare, each once."""
    if ids is not None:
        wanted = list(dict.fromkeys(read_ids("ids", ids)))
    else:
        of_frames = _holds_frames(samples, index, reader)
        wanted = view_ids(whole_groups(samples, of_frames), index.patches_field, of_frames)
    if len(wanted) > MAX_IDS:
        raise ValueError(
            f"{len(wanted):,} are too many to compare all pairs; choose up to {MAX_IDS}, such as "
            f"those of view.take({MAX_IDS})."
        )
    return wanted


def _holds_frames(
    samples: foc.SampleCollection, index: SearchableIndex, reader: IndexReader
) -> bool:
    """Whether an index holds frames, or labels of frames."""
    dataset = root_dataset(samples)
    if index.patches_field is not None:
        return is_of_frames(dataset, index.patches_field)
    return are_frames(dataset, reader.ids_at(reader.sample_rows(1)))


def _held_ids(
    samples: foc.SampleCollection, index: SearchableIndex, reader: IndexReader, wanted: list[str]
) -> list[str]:
    """Those of some ids that the index and the dataset hold."""
    existing = existing_ids(root_dataset(samples), wanted, index.patches_field)
    rows = reader.rows_of(wanted).tolist()
    kept = [id for id, row in zip(wanted, rows, strict=True) if row >= 0 and id in existing]
    if len(kept) < 2:
        kind = "samples" if index.patches_field is None else f"labels of '{index.patches_field}'"
        raise ValueError(
            f"The index '{index.key}' holds {len(kept)} of these {len(wanted)} ids, and two are "
            f"needed; give ids of {kind} in this index, or run update_index."
        )
    return kept


def _labels_of(
    samples: foc.SampleCollection, index: SearchableIndex, ids: list[str], label_field: str | None
) -> list[str | None]:
    """The label of each id; several values are one text."""
    if label_field is None:
        return [None] * len(ids)
    name = label_field.removeprefix(FRAMES_PREFIX)
    _, values = tile_values(root_dataset(samples), ids, index.patches_field, [name])
    return [", ".join(values.get(id, {}).get(name, ())) or None for id in ids]


def _duplicates(vectors: Matrix, ids: list[str], thresh: float) -> list[list[str]]:
    """The groups of near-duplicates, each under the first of them."""
    groups = collapse(vectors, len(vectors), thresh)
    return [[ids[place] for place in group] for group in groups if len(group) > 1]


def _notes(
    index: SearchableIndex, missing: list[str], random_pairs: RandomPairs | None
) -> list[str]:
    notes = []
    if missing:
        notes.append(f"{len(missing)} were left out, because the index does not hold them.")
    if random_pairs is None:
        notes.append(
            f"The index '{index.key}' holds fewer than {MIN_REFERENCE_ROWS} vectors, too few to "
            "say how unusual a distance is."
        )
    else:
        notes.append(
            f"Percentiles are among {len(random_pairs):,} random pairs of the index, to within "
            f"{random_pairs.margin:.1f} points."
            if random_pairs.margin
            else f"Percentiles are among all {len(random_pairs):,} pairs of the index."
        )
    return notes
