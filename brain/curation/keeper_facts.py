"""Reads what the rules compare that choose which sample of a group of duplicates to keep."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import cv2
import fiftyone.core.collections as foc
import fiftyone.core.storage as fos
import numpy as np
from PIL import Image

from fiftyone_faiss.brain.curation.keepers import RULES, SPLIT_RANKS, KeeperFacts
from fiftyone_faiss.brain.data.lookup import by_ids, labels_by_ids
from fiftyone_faiss.brain.data.media import Regions, list_media
from fiftyone_faiss.brain.data.private import label_field_path, label_schema, owner_id_field
from fiftyone_faiss.embedders import ImageSource
from fiftyone_faiss.embedders.images import DECODE_ERRORS, IMAGE_FORMATS

# Sharpness depends on the size, so it is measured at this one.
SHARPNESS_SIDE = 256
# The rules that need the file, and those of them that need its pixels.
_OF_FILE = ("pixels", "bytes_per_pixel", "sharpness", "age")


@dataclass(frozen=True)
class _Row:
    """What the database says about a sample or a frame."""

    split: str | None
    labels: int | None
    created: float | None


def facts_of(
    samples: foc.SampleCollection,
    ids: Sequence[str],
    rules: Sequence[str] = RULES,
    split_field: str | None = None,
    patches_field: str | None = None,
    num_workers: int | None = None,
) -> dict[str, KeeperFacts]:
    """Reads the facts that some rules compare.

    The database is asked once, and the files are opened in threads, only if a rule needs them.

    Args:
        samples: the samples, or a dataset or view that holds them
        ids: ids of samples or of frames; of labels if ``patches_field`` is given
        rules: some of ``RULES``
        split_field (None): the field with the name of the split, or ``"tags"``
        patches_field (None): the field of the labels
        num_workers (None): the number of threads, by default one per processor

    Returns:
        the facts by id; ids that do not exist are left out
    """
    if patches_field is None:
        selected = by_ids(samples, ids)
    else:
        selected = labels_by_ids(samples, ids, patches_field)
    media = list_media(selected, Regions(patches_field=patches_field))
    # A label has no labels of its own.
    rows = _rows(selected, rules if patches_field is None else (), split_field)
    facts = {
        media_id: KeeperFacts(media_id, row.split, row.labels, created=row.created)
        for media_id, row in zip(media.ids, map(rows.__getitem__, media.sample_ids), strict=True)
    }
    if any(rule in _OF_FILE for rule in rules):
        with ThreadPoolExecutor(num_workers or os.cpu_count()) as threads:
            complete = threads.map(partial(_with_file, rules), media.sources, facts.values())
            facts = dict(zip(facts, complete, strict=True))
    return {media_id: facts[media_id] for media_id in dict.fromkeys(ids) if media_id in facts}


def sharpness_of(image: Image.Image) -> float:
    """Returns the variance of the Laplacian of the brightness, at a common size.

    See Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", 2000.
    """
    gray = np.asarray(image.convert("L"))
    factor = SHARPNESS_SIDE / max(gray.shape)
    size = (max(1, round(gray.shape[1] * factor)), max(1, round(gray.shape[0] * factor)))
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return float(cv2.Laplacian(cv2.resize(gray, size, interpolation=how), cv2.CV_64F).var())


def _rows(
    selected: foc.SampleCollection, rules: Sequence[str], split_field: str | None
) -> dict[str, _Row]:
    """Reads the rows of samples or frames by id, in one call."""
    paths: list[str] = []
    if "labels" in rules:
        paths = [label_field_path(selected, field, "id") for field in label_schema(selected, False)]
    own = [split_field] if split_field is not None else []
    id_field = owner_id_field(selected)
    ids, created, *columns = selected.values([id_field, "created_at", *own, *paths])
    splits = columns.pop(0) if own else [None] * len(ids)
    return {
        sample_id: _Row(
            _split_of(splits[i]),
            sum(_count(column[i]) for column in columns) if paths else None,
            None if created[i] is None else created[i].timestamp(),
        )
        for i, sample_id in enumerate(ids)
    }


def _count(value: Any) -> int:
    """Returns how many labels there are, by their ids."""
    return len(value) if isinstance(value, list) else int(value is not None)


def _split_of(value: Any) -> str | None:
    """Returns a split; of several tags, the one that is kept first."""
    if isinstance(value, list):
        named = [tag for tag in value if tag.lower() in SPLIT_RANKS]
        return max(named, key=lambda tag: SPLIT_RANKS[tag.lower()], default=None)
    return None if value is None else str(getattr(value, "label", value))


def _with_file(rules: Sequence[str], source: ImageSource, facts: KeeperFacts) -> KeeperFacts:
    """Adds what the file says; what cannot be read stays unknown."""
    if fos.is_local(source.path):
        facts = _attempt(partial(_with_status, source), facts)
    if "pixels" in rules or "bytes_per_pixel" in rules:
        facts = _attempt(partial(_with_size, source), facts)
    if "sharpness" in rules:
        facts = _attempt(partial(_with_sharpness, source), facts)
    return facts


def _attempt(read: Callable[[KeeperFacts], KeeperFacts], facts: KeeperFacts) -> KeeperFacts:
    try:
        return read(facts)
    except DECODE_ERRORS:
        return facts


def _with_status(source: ImageSource, facts: KeeperFacts) -> KeeperFacts:
    status = os.stat(source.path)
    # A file that was copied into place later than its sample was added is as old as the sample.
    known = [status.st_mtime] + ([] if facts.created is None else [facts.created])
    return replace(facts, file_bytes=status.st_size, created=min(known))


def _with_size(source: ImageSource, facts: KeeperFacts) -> KeeperFacts:
    if source.frame is not None:
        # The bytes of a video are not those of its frames.
        width, height = source.apply(lambda image: image.size)
        return replace(facts, width=width, height=height, file_bytes=None)
    with source.opener(source.path) as file, Image.open(file, formats=IMAGE_FORMATS) as image:
        width, height = image.size
    facts = replace(facts, width=width, height=height, file_pixels=width * height)
    if source.box is not None:
        width, height = source.apply(lambda image: image.size)
    return replace(facts, width=width, height=height)


def _with_sharpness(source: ImageSource, facts: KeeperFacts) -> KeeperFacts:
    return replace(facts, sharpness=source.apply(sharpness_of, SHARPNESS_SIDE))
