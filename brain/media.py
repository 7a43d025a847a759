"""What there is to embed in a collection: its images, or the patches of a label field."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import fiftyone as fo
import fiftyone.core.collections as foc
import fiftyone.core.labels as fol
import fiftyone.core.media as fomm

from fiftyone_faiss.brain.membership import check_exists
from fiftyone_faiss.brain.segments import MediaPrints, unknown_media
from fiftyone_faiss.embedders import ImageSource

PATCH_TYPES = (fol.Detection, fol.Detections, fol.Polyline, fol.Polylines)


@dataclass(frozen=True)
class Media:
    """Things to embed, each with its ids.

    Attributes:
        sources: ``n`` images or boxes in images
        sample_ids: ``n`` ids of the samples they are of
        label_ids: ``n`` ids of the labels they are of, or None for whole images
    """

    sources: Sequence[ImageSource]
    sample_ids: Sequence[str]
    label_ids: Sequence[str] | None = None

    def __len__(self) -> int:
        return len(self.sources)

    @property
    def ids(self) -> Sequence[str]:
        """The ids that identify them."""
        return self.sample_ids if self.label_ids is None else self.label_ids

    def keep(self, positions: Sequence[int]) -> Media:
        """Those at these positions."""
        return Media(
            [self.sources[i] for i in positions],
            [self.sample_ids[i] for i in positions],
            None if self.label_ids is None else [self.label_ids[i] for i in positions],
        )


def collect_media(samples: foc.SampleCollection, patches_field: str | None = None) -> Media:
    """Lists what there is to embed.

    Args:
        samples: a dataset or view of images
        patches_field (None): a field of Detections or Polylines, to embed its patches

    Raises:
        ValueError: if there is nothing, or nothing that can be embedded, saying what to do
    """
    check_images(samples)
    media = list_media(samples, patches_field)
    if not media:
        what = "samples" if patches_field is None else f"labels in '{patches_field}'"
        raise ValueError(f"'{samples._root_dataset.name}' has no {what} to embed; add some first.")
    return media


def list_media(samples: foc.SampleCollection, patches_field: str | None) -> Media:
    """Lists what there is to embed, if anything; see :func:`collect_media`."""
    return _images(samples) if patches_field is None else _patches(samples, patches_field)


def media_prints(media: Media) -> MediaPrints:
    """``(n,)`` sizes and times of change of the files of some media, -1 where there is none."""
    prints = unknown_media(len(media))
    for i, source in enumerate(media.sources):
        try:
            status = os.stat(source.path)
        except OSError:
            continue
        prints[i] = (status.st_size, status.st_mtime_ns)
    return prints


def check_images(samples: foc.SampleCollection) -> None:
    """Raises a ``ValueError`` if a collection is gone, or of media that cannot be embedded."""
    check_exists(samples)
    if not len(samples):
        raise ValueError(
            f"'{samples._root_dataset.name}' has no samples to embed; add images first."
        )
    media_type = samples.media_type
    if media_type == fomm.VIDEO:
        raise ValueError(
            f"'{samples._root_dataset.name}' holds videos; index their frames: pass "
            "dataset.to_frames(sample_frames=True)."
        )
    if media_type == fomm.GROUP:
        raise ValueError(
            f"'{samples._root_dataset.name}' is grouped; choose a slice of images: pass "
            "dataset.select_group_slices('<slice>')."
        )
    if media_type != fomm.IMAGE:
        raise ValueError(
            f"'{samples._root_dataset.name}' holds media of type '{media_type}'; only images "
            "can be embedded."
        )


def _images(samples: foc.SampleCollection) -> Media:
    id_field = "sample_id" if samples._is_patches else "id"
    ids, paths = samples.values([id_field, "filepath"])
    return Media([ImageSource(path) for path in paths], ids)


def _patches(samples: foc.SampleCollection, field: str) -> Media:
    label_type = _patch_type(samples, field)
    _, id_path = samples._get_label_field_path(field, "id")
    _, box_path = samples._get_label_field_path(field, "bounding_box")
    is_polyline = issubclass(label_type, (fol.Polyline, fol.Polylines))
    if is_polyline:
        _, box_path = samples._get_label_field_path(field, "points")
    id_field = "sample_id" if samples._is_patches else "id"
    rows = zip(*samples.values([id_field, "filepath", id_path, box_path]), strict=True)
    is_list = issubclass(label_type, fol._LABEL_LIST_FIELDS)
    sources, sample_ids, label_ids = [], [], []
    for sample_id, path, labels, boxes in rows:
        pairs = zip(labels or [], boxes or [], strict=True) if is_list else [(labels, boxes)]
        for label_id, box in pairs:
            if label_id is None or box is None:
                continue
            sources.append(ImageSource(path, _box_around(box) if is_polyline else tuple(box)))
            sample_ids.append(sample_id)
            label_ids.append(label_id)
    return Media(sources, sample_ids, label_ids)


def _patch_type(samples: foc.SampleCollection, field: str) -> type[fo.Label]:
    fields = samples.get_field_schema(embedded_doc_type=PATCH_TYPES)
    if field not in fields:
        have = f"choose one of {', '.join(fields)}" if fields else "there is none yet"
        raise ValueError(f"'{field}' is no field of detections or polylines; {have}.")
    label_type: type[fo.Label] = fields[field].document_type
    return label_type


def _box_around(shapes: list[list[list[float]]]) -> tuple[float, float, float, float]:
    points = [point for shape in shapes for point in shape]
    lefts, tops = [x for x, _ in points], [y for _, y in points]
    return min(lefts), min(tops), max(lefts) - min(lefts), max(tops) - min(tops)
