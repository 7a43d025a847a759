"""Verdicts on pairs of a collection, by the pixels of their images."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.core.progress import Progress, Steps
from fiftyone_faiss.brain.curation.pixel_verdict import PixelJudge, Verdict
from fiftyone_faiss.brain.data.lookup import by_ids, labels_by_ids
from fiftyone_faiss.brain.data.media import Regions, list_media
from fiftyone_faiss.embedders import ImageSource
from fiftyone_faiss.embedders.images import DECODE_ERRORS

# Pairs that are judged between two reports of progress.
PAIRS_AT_ONCE = 64


def verdict_steps(
    compared: Compared, first: Positions, second: Positions
) -> Steps[tuple[dict[int, Verdict], dict[str, str]]]:
    """Judges pairs of positions.

    Yields:
        the progress

    Returns:
        the verdicts by the place of the pair, and why, for each id whose image cannot be read
    """
    positions = np.unique(np.concatenate([first, second]))
    ids = compared.ids_at(positions)
    sources = _sources(compared, ids)
    id_of = dict(zip(positions.tolist(), ids, strict=True))
    judge: PixelJudge[str] = PixelJudge(lambda id: _read(sources, id))
    verdicts: dict[int, Verdict] = {}
    unreadable: dict[str, str] = {}

    def attempt(place: int) -> Verdict | None:
        pair = id_of[int(first[place])], id_of[int(second[place])]
        try:
            return judge.judge(*pair)
        except DECODE_ERRORS as error:
            failed = next((id for id in pair if not _is_readable(sources, id)), pair[0])
            unreadable[failed] = str(error)
            return None

    started = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for start in range(0, len(first), PAIRS_AT_ONCE):
            places = range(start, min(start + PAIRS_AT_ONCE, len(first)))
            for place, verdict in zip(places, threads.map(attempt, places), strict=True):
                if verdict is not None:
                    verdicts[place] = verdict
            seconds = time.perf_counter() - started
            yield Progress(places.stop, len(first), len(unreadable), seconds, "verified")
    return verdicts, unreadable


def _sources(compared: Compared, ids: list[str]) -> dict[str, ImageSource]:
    """The images of samples, frames or labels, by their ids."""
    field = compared.patches_field
    samples = compared.samples
    selected = by_ids(samples, ids) if field is None else labels_by_ids(samples, ids, field)
    media = list_media(selected, Regions(patches_field=field))
    return dict(zip(media.ids, media.sources, strict=True))


def _read(sources: dict[str, ImageSource], id: str) -> Image.Image:
    if id not in sources:
        raise FileNotFoundError(f"the sample '{id}' does not exist any more")
    return sources[id].open()


def _is_readable(sources: dict[str, ImageSource], id: str) -> bool:
    try:
        _read(sources, id)
    except DECODE_ERRORS:
        return False
    return True
