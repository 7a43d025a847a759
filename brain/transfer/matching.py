"""Matches the rows of a file with the samples, or the labels, of a dataset."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.core.arrays import Rows
from fiftyone_faiss.brain.core.ids import PackedIds, find_rows, pack_ids, unpack_ids
from fiftyone_faiss.brain.core.progress import Steps
from fiftyone_faiss.brain.data.embeddings_fields import labels_and_owners
from fiftyone_faiss.brain.data.file_hashes import hash_files_steps
from fiftyone_faiss.brain.data.lookup import all_slices
from fiftyone_faiss.brain.data.patch_labels import labels_of
from fiftyone_faiss.brain.data.private import holds_frames, owner_id_field, root_dataset
from fiftyone_faiss.brain.data.view_ids import packed_ids
from fiftyone_faiss.brain.transfer.moved_paths import moved_paths
from fiftyone_faiss.brain.transfer.row_keys import (
    BOUNDING_BOX,
    CONTENT_HASH,
    FILEPATH,
    LABEL_ID,
    SAMPLE_ID,
    RowKeys,
    box_text,
)

IMPORT_MATCHES = ("id", FILEPATH, CONTENT_HASH)
"""By what rows are matched: ids, paths of media files, or hashes of their bytes."""


@dataclass(frozen=True)
class Matches:
    """Which sample, or label, each row belongs to.

    Attributes:
        by: by what they were matched, one of ``IMPORT_MATCHES``
        rows: ``(m,)`` the rows of the file that were matched, ascending
        sample_ids: ``(m,)`` their samples, or frames
        label_ids: ``(m,)`` their labels, None for samples
        missing: ``(n - m,)`` the rows whose sample or label is not in the dataset
        without_vector: the number of samples, or labels, that no row belongs to
        notes: how paths were matched, in sentences
    """

    by: str
    rows: Rows
    sample_ids: PackedIds
    label_ids: PackedIds | None
    missing: Rows
    without_vector: int
    notes: tuple[str, ...] = ()


def match_steps(
    samples: foc.SampleCollection,
    keys: RowKeys,
    patches_field: str | None,
    match: str,
    path: Path,
) -> Steps[Matches]:
    """Matches rows; hashes the media files of the samples if it must.

    Args:
        samples: the samples, or frames
        keys: the keys of the rows
        patches_field: the field of the labels that the rows belong to, None for samples
        match: one of ``IMPORT_MATCHES``
        path: the file, for messages

    Raises:
        ValueError: if the file has no keys of this kind, or its ids are missing or repeated
    """
    name = match if match != "id" else SAMPLE_ID if patches_field is None else LABEL_ID
    if name not in keys.columns:
        raise ValueError(_without_column(name, keys, path))
    if match == "id":
        return _match_ids(samples, keys, patches_field, path)
    if holds_frames(samples):
        raise ValueError("Only ids tell frames of videos apart; pass match='id'.")
    if patches_field is not None and BOUNDING_BOX not in keys.columns:
        raise ValueError(
            f"{path} has no column '{BOUNDING_BOX}', which tells the labels of a file apart; add "
            "it, or pass match='id'."
        )
    return (yield from _match_files(samples, keys, patches_field, match, path))


def _match_files(
    samples: foc.SampleCollection,
    keys: RowKeys,
    patches_field: str | None,
    match: str,
    path: Path,
) -> Steps[Matches]:
    """Matches rows by the media files, and labels in a file by their boxes."""
    collection = all_slices(samples)
    ids, paths = collection.values([owner_id_field(collection), "filepath"])
    # A view of patches shows a sample several times.
    path_of = dict(zip(ids, paths, strict=True))
    wanted = keys.columns[match]
    notes: tuple[str, ...] = ()
    offered: Sequence[str | None] = list(path_of.values())
    if match == FILEPATH:
        wanted, notes = moved_paths(wanted, list(path_of.values()), path)
    else:
        hashes = yield from hash_files_steps(list(path_of.values()), all_sizes=True)
        offered = hashes.hashes
        if hashes.unreadable:
            notes = (f"{len(hashes.unreadable):,} files of the dataset are unreadable.",)
    if patches_field is None:
        return _matches(match, _pair(wanted, offered), pack_ids(path_of), None, notes)
    file_of = dict(zip(path_of, offered, strict=True))
    owners, labels, own_boxes = _boxed_labels(collection, ids, patches_field)
    places = _pair(
        _joined(wanted, keys.columns[BOUNDING_BOX]),
        _joined([file_of[owner] for owner in owners], own_boxes),
    )
    return _matches(match, places, pack_ids(owners), pack_ids(labels), notes)


def _boxed_labels(
    samples: foc.SampleCollection, sample_ids: Sequence[str], patches_field: str
) -> tuple[list[str], list[str], list[str | None]]:
    """Returns the ids of the samples of all labels in a field, those of the labels, and boxes."""
    of_samples = zip(sample_ids, labels_of(samples, patches_field), strict=True)
    # A view may hold a label twice.
    rows = {
        label.id: (sample_id, box_text(label.box))
        for sample_id, labels in of_samples
        for label in labels
    }
    return [row[0] for row in rows.values()], list(rows), [row[1] for row in rows.values()]


def _joined(
    files: Sequence[str | None], boxes: Sequence[str | None]
) -> list[tuple[str, str] | None]:
    pairs = zip(files, boxes, strict=True)
    return [None if file is None or box is None else (file, box) for file, box in pairs]


def _without_column(name: str, keys: RowKeys, path: Path) -> str:
    if not keys.columns:
        return (
            f"{path} has no ids; add a column '{SAMPLE_ID}' with the ids of the samples, or "
            f"'{FILEPATH}' with the paths of their files."
        )
    listed = " or ".join(
        f"match='{match}'"
        for match in IMPORT_MATCHES
        if match in keys.columns or (match == "id" and {SAMPLE_ID, LABEL_ID} & {*keys.columns})
    )
    if name == CONTENT_HASH:
        return (
            f"{path} has no content hashes; export it with content_hashes=True, or pass {listed}."
        )
    return f"{path} has no column '{name}'; add it, or pass {listed}."


def _match_ids(
    samples: foc.SampleCollection, keys: RowKeys, patches_field: str | None, path: Path
) -> Matches:
    name = SAMPLE_ID if patches_field is None else LABEL_ID
    wanted = _packed(keys.columns[name], name, path)
    collection = all_slices(samples)
    if patches_field is None:
        offered = np.unique(packed_ids(collection, None))
        places = find_rows(wanted, offered, np.arange(len(offered)))
        return _matches("id", places, offered, None)
    owners, labels, _ = labels_and_owners(collection, patches_field)
    offered, first = np.unique(pack_ids(labels), return_index=True)
    places = find_rows(wanted, offered, np.arange(len(offered)))
    return _matches("id", places, pack_ids(owners)[first], offered)


def _packed(ids: Sequence[str | None], name: str, path: Path) -> PackedIds:
    """Packs ids after checking that each row has its own."""
    missing = next((row for row, id in enumerate(ids) if id is None), None)
    if missing is not None:
        raise ValueError(f"Row {missing} of {path} has no {name}; add it, or remove the row.")
    packed = pack_ids(ids)
    values, counts = np.unique(packed, return_counts=True)
    if len(values) < len(packed):
        (repeated,) = unpack_ids(values[counts > 1][:1])
        raise ValueError(
            f"{path} has {counts.max()} rows with the {name} '{repeated}'; each row needs an id of "
            "its own, so remove the others."
        )
    return packed


def _matches(
    by: str,
    places: Rows,
    sample_ids: PackedIds,
    label_ids: PackedIds | None,
    notes: tuple[str, ...] = (),
) -> Matches:
    """Collects matches.

    Args:
        by: by what they were matched
        places: ``(n,)`` the place in the ids of each row, -1 for none
        sample_ids: the ids of all samples, or those of the samples of all labels
        label_ids: the ids of all labels, None for samples
        notes: see :class:`Matches`
    """
    rows = np.flatnonzero(places >= 0)
    return Matches(
        by,
        rows,
        sample_ids[places[rows]],
        None if label_ids is None else label_ids[places[rows]],
        np.flatnonzero(places < 0),
        len(sample_ids) - len(rows),
        notes,
    )


def _pair(wanted: Sequence[Hashable], offered: Sequence[Hashable]) -> Rows:
    """``(n,)`` int64 places of equal values, -1 for none; repeated values are paired in order."""
    places: dict[Hashable, deque[int]] = defaultdict(deque)
    for place, value in enumerate(offered):
        if value is not None:
            places[value].append(place)
    paired = (places[value].popleft() if places.get(value) else -1 for value in wanted)
    return np.fromiter(paired, np.int64, len(wanted))


def describe_missing(
    matches: Matches, keys: RowKeys, samples: foc.SampleCollection, path: Path
) -> str:
    """Returns the sentence for rows whose sample is not in the dataset."""
    name = root_dataset(samples).name
    column = next(c for c in (matches.by, LABEL_ID, SAMPLE_ID) if c in keys.columns)
    example = keys.columns[column][int(matches.missing[0])]
    what = f"{len(matches.missing):,} of the {len(keys):,} rows of {path}"
    if len(matches.rows):
        action = "pass allow_missing=True to import the others"
    elif matches.by == "id":
        action = f"pass match='{FILEPATH}' or match='{CONTENT_HASH}' if its ids are others"
    else:
        action = "choose the dataset that was exported"
    return (
        f"{what} belong to nothing in '{name}', such as {example!r}, so nothing was imported; "
        f"{action}."
    )
