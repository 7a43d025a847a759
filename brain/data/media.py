"""What there is to embed in a collection: its images, its frames, or regions of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import BinaryIO

import fiftyone as fo
import fiftyone.core.collections as foc
import fiftyone.core.labels as fol
import fiftyone.core.media as fomm
import fiftyone.core.storage as fos

from fiftyone_faiss.brain.data.database import check_exists
from fiftyone_faiss.brain.data.lookup import by_ids, labels_by_ids
from fiftyone_faiss.brain.store.segments import MediaFingerprints, unknown_media
from fiftyone_faiss.embedders import ImageSource, open_local

PATCH_TYPES = (fol.Detection, fol.Detections, fol.Polyline, fol.Polylines)
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Regions:
    """Which parts of the images are meant.

    Attributes:
        patches_field: a field of Detections or Polylines: each label gets a vector of its own
        roi_field: a field of Detections or Polylines: each sample gets the mean of the vectors of
            its regions; that of the whole image if it has none
        alpha: by how much to widen the boxes, as a part of their size; below 0, to narrow them
        force_square: whether to grow the boxes to squares
    """

    patches_field: str | None = None
    roi_field: str | None = None
    alpha: float = 0.0
    force_square: bool = False

    def __post_init__(self) -> None:
        if self.patches_field is not None and self.roi_field is not None:
            raise ValueError("Give patches_field or roi_field, not both.")
        if not self.alpha > -1:
            raise ValueError(f"alpha is {self.alpha}; give a number above -1, such as 0.1.")


WHOLE = Regions()
"""Whole images."""

AROUND = Regions(alpha=1.0, force_square=True)
"""Regions as queries to whole images: in those, a thing seldom fills the picture. Squares, for
models see no others. On the demo's pictures 81 % of the neighbours show what the region does, 31 %
for the boxes as they are."""


@dataclass(frozen=True)
class Media:
    """Things to embed, each with its ids.

    Attributes:
        sources: images or boxes in images
        sample_ids: ``n`` ids of the samples they are of
        label_ids: ``n`` ids of the labels they are of, or None for samples
        parts: ``n`` numbers of sources that each of them has, whose vectors are averaged; None if
            each has one
    """

    sources: Sequence[ImageSource]
    sample_ids: Sequence[str]
    label_ids: Sequence[str] | None = None
    parts: Sequence[int] | None = None
    _ends: Sequence[int] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        if self.parts is not None:
            object.__setattr__(self, "_ends", list(accumulate(self.parts)))

    def __len__(self) -> int:
        return len(self.sample_ids)

    def sources_of(self, position: int) -> Sequence[ImageSource]:
        """What the vector at a position is made of."""
        if self.parts is None:
            return self.sources[position : position + 1]
        end = self._ends[position]
        return self.sources[end - self.parts[position] : end]

    @property
    def ids(self) -> Sequence[str]:
        """The ids that identify them."""
        return self.sample_ids if self.label_ids is None else self.label_ids

    def keep(self, positions: Sequence[int]) -> Media:
        """Those at these positions."""
        return Media(
            [source for i in positions for source in self.sources_of(i)],
            [self.sample_ids[i] for i in positions],
            None if self.label_ids is None else [self.label_ids[i] for i in positions],
            None if self.parts is None else [self.parts[i] for i in positions],
        )

    def of(self, ids: Iterable[str]) -> Media:
        """Those with these ids, in this order and each of them once; other ids are passed over."""
        places = {one: i for i, one in enumerate(self.ids)}
        return self.keep([places[one] for one in dict.fromkeys(ids) if one in places])


def collect_media(samples: foc.SampleCollection, regions: Regions) -> Media:
    """Lists what there is to embed.

    Args:
        samples: a dataset or view of images, or of frames
        regions: which parts of them

    Raises:
        ValueError: if there is nothing, or nothing that can be embedded, saying what to do
    """
    check_images(samples)
    media = list_media(samples, regions)
    if not media:
        field = regions.patches_field
        what = "samples" if field is None else f"labels in '{field}'"
        raise ValueError(f"'{samples._root_dataset.name}' has no {what} to embed; add some first.")
    return media


def list_media(samples: foc.SampleCollection, regions: Regions) -> Media:
    """Lists what there is to embed, if anything; see :func:`collect_media`."""
    ids, images = _images(samples)
    if regions.patches_field is None and regions.roi_field is None:
        return Media(images, ids)
    rows = boxes_of(samples, regions.patches_field or str(regions.roi_field))

    def cut(image: ImageSource, box: Box) -> ImageSource:
        return ImageSource(
            image.path, box, regions.alpha, regions.force_square, image.frame, image.opener
        )

    if regions.roi_field is not None:
        cuts = [
            [cut(image, box) for _, box in row if box is not None] or [image]
            for image, row in zip(images, rows, strict=True)
        ]
        return Media([one for few in cuts for one in few], ids, None, [len(few) for few in cuts])
    found = [
        (_without_box(image) if box is None else cut(image, box), sample_id, label_id)
        for image, sample_id, row in zip(images, ids, rows, strict=True)
        for label_id, box in row
    ]
    return Media([f[0] for f in found], [f[1] for f in found], [f[2] for f in found])


def find_media(dataset: fo.Dataset, one: str, regions: Regions = AROUND) -> ImageSource | None:
    """The image of a sample or a frame, or the region of a label, by its id; None if there is none.

    Args:
        dataset: the dataset
        one: the id
        regions (AROUND): how to cut out a label

    Raises:
        ValueError: if the label has no box
    """
    samples = by_ids(dataset, [one])
    if samples.count():
        return list_media(samples, WHOLE).sources[0]
    fields = {**dataset.get_field_schema(embedded_doc_type=PATCH_TYPES)}
    fields |= dataset.get_frame_field_schema(embedded_doc_type=PATCH_TYPES) or {}
    for name in fields:
        labels = labels_by_ids(dataset, [one], name)
        if labels.count():
            (source,) = list_media(labels, replace(regions, patches_field=name)).sources
            if source.opener is _refuse:
                raise ValueError(f"The label '{one}' has no box; search with one that has.")
            return source
    return None


def _without_box(image: ImageSource) -> ImageSource:
    """A source that cannot be opened, for a label of an image that has no box to cut out."""
    return ImageSource(image.path, opener=_refuse)


def _refuse(path: str) -> BinaryIO:
    raise ValueError("the label has no box")


def media_fingerprints(media: Media) -> MediaFingerprints:
    """``(n,)`` sizes and times of change of the files of some media, -1 where there is none."""
    prints = unknown_media(len(media))
    for i in range(len(media)):
        # The regions of a sample are all in the same file.
        source = media.sources_of(i)[0]
        if not fos.is_local(source.path):
            continue
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
            f"'{samples._root_dataset.name}' holds videos; embed their frames: pass "
            "fiftyone_faiss.video_frames(dataset, every=1.0) instead."
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


def _images(samples: foc.SampleCollection) -> tuple[list[str], list[ImageSource]]:
    """The ids and the files of samples, or of frames, which may still be inside their videos."""
    id_field = "sample_id" if samples._is_patches else "id"
    ids, paths = samples.values([id_field, "filepath"])
    numbers: list[int | None] = [None] * len(ids)
    if samples.has_sample_field("frame_number"):
        numbers = samples.values("frame_number")
    sources = []
    for path, number in zip(paths, numbers, strict=True):
        in_video = number is not None and fomm.get_media_type(path) == fomm.VIDEO
        sources.append(ImageSource(path, frame=number if in_video else None, opener=_opener(path)))
    return ids, sources


def _opener(path: str) -> Callable[[str], BinaryIO]:
    """What opens a file: on other file systems, FiftyOne."""
    return open_local if fos.is_local(path) else open_anywhere


def open_anywhere(path: str) -> BinaryIO:
    """Opens a file for reading wherever FiftyOne can."""
    stream: BinaryIO = fos.open_file(path, "rb")
    return stream


def boxes_of(samples: foc.SampleCollection, field: str) -> list[list[tuple[str, Box | None]]]:
    """For each sample, the ids and the boxes of the labels in a field; None for one without."""
    label_type = _patch_type(samples, field)
    is_polyline = issubclass(label_type, (fol.Polyline, fol.Polylines))
    _, id_path = samples._get_label_field_path(field, "id")
    _, box_path = samples._get_label_field_path(field, "points" if is_polyline else "bounding_box")
    is_list = issubclass(label_type, fol._LABEL_LIST_FIELDS)
    box_of = _box_around if is_polyline else _box
    rows = []
    for labels, boxes in zip(*samples.values([id_path, box_path]), strict=True):
        pairs = zip(labels or [], boxes or [], strict=True) if is_list else [(labels, boxes)]
        rows.append([(one, box_of(box)) for one, box in pairs if one is not None])
    return rows


def _patch_type(samples: foc.SampleCollection, field: str) -> type[fo.Label]:
    fields = samples.get_field_schema(embedded_doc_type=PATCH_TYPES)
    if field not in fields:
        have = f"choose one of {', '.join(fields)}" if fields else "there is none yet"
        raise ValueError(f"'{field}' is no field of detections or polylines; {have}.")
    label_type: type[fo.Label] = fields[field].document_type
    return label_type


def _box(values: list[float] | None) -> Box | None:
    return (values[0], values[1], values[2], values[3]) if values else None


def _box_around(shapes: list[list[list[float]]] | None) -> Box | None:
    points = [point for shape in shapes or [] for point in shape]
    if not points:
        return None
    lefts, tops = [x for x, _ in points], [y for _, y in points]
    return min(lefts), min(tops), max(lefts) - min(lefts), max(tops) - min(tops)
