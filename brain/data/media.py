"""What to embed in a collection: its images, its frames, or regions of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import BinaryIO

import fiftyone as fo
import fiftyone.core.collections as foc
import fiftyone.core.media as fomm
import fiftyone.core.storage as fos

from fiftyone_faiss.brain.data.database import check_exists
from fiftyone_faiss.brain.data.lookup import by_ids, labels_by_ids
from fiftyone_faiss.brain.data.patch_labels import (
    PatchLabel,
    field_of_label,
    has_area,
    labels_of,
)
from fiftyone_faiss.brain.data.private import holds_patches, owner_id_field, root_dataset
from fiftyone_faiss.brain.store.segments import MediaFingerprints, unknown_media
from fiftyone_faiss.embedders import ImageSource, open_local
from fiftyone_faiss.embedders.boxes import Box


@dataclass(frozen=True)
class Regions:
    """The parts of the images to embed.

    Attributes:
        patches_field: a field of Detections or Polylines: each label gets its own vector
        roi_field: a field of Detections or Polylines: each sample gets the mean of the vectors of
            its regions, or the vector of the whole image if it has none
        alpha: the padding of the boxes, as a fraction of their size; negative values shrink them
        force_square: whether to expand the boxes to squares
    """

    patches_field: str | None = None
    roi_field: str | None = None
    alpha: float = 0.0
    force_square: bool = False

    def __post_init__(self) -> None:
        if self.patches_field is not None and self.roi_field is not None:
            raise ValueError("Give patches_field or roi_field, not both.")
        if not self.alpha > -1:
            raise ValueError(f"alpha must be above -1, got {self.alpha}; use 0.1, for example.")


WHOLE = Regions()
"""Whole images."""

AROUND = Regions(alpha=1.0, force_square=True)
"""The regions of labels as queries to an index of whole images, where an object seldom fills the
image. Models resize images to squares, so the boxes are squares. On the demo's images, 81 % of the
neighbors show the object of the region, compared with 31 % for the boxes themselves."""


@dataclass(frozen=True)
class Media:
    """Images or regions to embed, and the ids of their samples or labels.

    Attributes:
        sources: images or boxes in images
        sample_ids: ``n`` sample ids
        label_ids: ``n`` label ids, None for samples
        parts: ``n`` numbers of sources whose vectors are averaged; None for one source each
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
        """Returns the sources of the vector at a position."""
        if self.parts is None:
            return self.sources[position : position + 1]
        end = self._ends[position]
        return self.sources[end - self.parts[position] : end]

    @property
    def ids(self) -> Sequence[str]:
        """The ids that identify the vectors: those of labels, or else of samples."""
        return self.sample_ids if self.label_ids is None else self.label_ids

    def keep(self, positions: Sequence[int]) -> Media:
        """Returns the media at these positions."""
        return Media(
            [source for i in positions for source in self.sources_of(i)],
            [self.sample_ids[i] for i in positions],
            None if self.label_ids is None else [self.label_ids[i] for i in positions],
            None if self.parts is None else [self.parts[i] for i in positions],
        )

    def of(self, ids: Iterable[str]) -> Media:
        """Returns the media with these ids, in this order and each once; skips other ids."""
        positions = {media_id: i for i, media_id in enumerate(self.ids)}
        unique = dict.fromkeys(ids)
        return self.keep([positions[media_id] for media_id in unique if media_id in positions])


def collect_media(samples: foc.SampleCollection, regions: Regions) -> Media:
    """Lists the media to embed.

    Args:
        samples: a dataset or view of images, or of frames
        regions: the parts of the images

    Raises:
        ValueError: if there is nothing to embed, or media that cannot be embedded
    """
    check_images(samples)
    media = list_media(samples, regions)
    if not media:
        patches_field = regions.patches_field
        what = "samples" if patches_field is None else f"labels in '{patches_field}'"
        name = root_dataset(samples).name
        raise ValueError(f"'{name}' has no {what} to embed; add some first.")
    return media


def list_media(samples: foc.SampleCollection, regions: Regions) -> Media:
    """Lists the media to embed, possibly none; see :func:`collect_media`."""
    ids, images = _images(samples)
    if regions.patches_field is None and regions.roi_field is None:
        # A view of patches shows a sample several times.
        return Media(images, ids).of(ids) if holds_patches(samples) else Media(images, ids)
    labels = labels_of(samples, regions.patches_field or str(regions.roi_field))
    if regions.roi_field is not None:
        return _media_of_regions(ids, images, labels, regions)
    patches = [
        (_patch(image, label, regions), sample_id, label.id)
        for image, sample_id, of_sample in zip(images, ids, labels, strict=True)
        for label in of_sample
    ]
    sources = [source for source, _, _ in patches]
    return Media(sources, [patch[1] for patch in patches], [patch[2] for patch in patches])


def _media_of_regions(
    ids: Sequence[str],
    images: Sequence[ImageSource],
    labels: Sequence[Sequence[PatchLabel]],
    regions: Regions,
) -> Media:
    """Lists the regions of each sample; labels without a box, or with an empty one, do not count.

    A sample whose boxes are all empty, or are no boxes, fails with the first of them.
    """
    by_id: dict[str, list[PatchLabel]] = {}
    for sample_id, of_sample in zip(ids, labels, strict=True):
        by_id.setdefault(sample_id, []).extend(label for label in of_sample if label.values)
    image_of = dict(zip(ids, images, strict=True))
    crops = []
    for sample_id, of_sample in by_id.items():
        image = image_of[sample_id]
        boxes = [label.box for label in of_sample if label.box is not None and has_area(label.box)]
        if boxes or not of_sample:
            crops.append([_crop(image, box, regions) for box in boxes] or [image])
        else:
            crops.append([_refused(image, of_sample[0].problem)])
    sources = [source for of_sample in crops for source in of_sample]
    return Media(sources, list(by_id), None, [len(of_sample) for of_sample in crops])


def find_media(dataset: fo.Dataset, media_id: str, regions: Regions = AROUND) -> ImageSource | None:
    """Finds the image of a sample or a frame, or the region of a label; None if there is none.

    Args:
        dataset: the dataset
        media_id: the id of the sample, frame or label
        regions (AROUND): how to crop a label

    Raises:
        ValueError: if the label has no box
    """
    samples = by_ids(dataset, [media_id])
    if samples.count():
        return list_media(samples, WHOLE).sources[0]
    field = field_of_label(dataset, media_id)
    if field is None:
        return None
    labels = labels_by_ids(dataset, [media_id], field)
    (source,) = list_media(labels, replace(regions, patches_field=field)).sources
    if isinstance(source.opener, _Refusal):
        raise ValueError(f"The label '{media_id}' has no box; search with one that has.")
    return source


def _crop(image: ImageSource, box: Box, regions: Regions) -> ImageSource:
    return ImageSource(
        image.path, box, regions.alpha, regions.force_square, image.frame, image.opener
    )


def _patch(image: ImageSource, label: PatchLabel, regions: Regions) -> ImageSource:
    """Returns the patch of a label; one that cannot be opened if the label has no box."""
    if label.box is not None:
        return _crop(image, label.box, regions)
    return _refused(image, label.problem if label.values else "the label has no box")


def _refused(image: ImageSource, reason: str) -> ImageSource:
    """Returns a source that cannot be opened, for this reason."""
    return ImageSource(image.path, opener=_Refusal(reason))


@dataclass(frozen=True)
class _Refusal:
    """Fails to open a file."""

    reason: str

    def __call__(self, path: str) -> BinaryIO:
        raise ValueError(self.reason)


def media_fingerprints(media: Media) -> MediaFingerprints:
    """Returns ``(n,)`` file sizes and modification times, -1 where there is no local file."""
    fingerprints = unknown_media(len(media))
    for i in range(len(media)):
        # All regions of a sample are in the same file.
        source = media.sources_of(i)[0]
        if not fos.is_local(source.path):
            continue
        try:
            status = os.stat(source.path)
        except OSError:
            continue
        fingerprints[i] = (status.st_size, status.st_mtime_ns)
    return fingerprints


def check_images(samples: foc.SampleCollection) -> None:
    """Raises a ``ValueError`` if a collection was deleted or holds no images to embed."""
    check_not_grouped(samples)
    name, media_type = root_dataset(samples).name, samples.media_type
    if media_type == fomm.VIDEO:
        raise ValueError(
            f"'{name}' holds videos; embed their frames: pass "
            "fiftyone_faiss.video_frames(dataset, every=1.0) instead."
        )
    if media_type != fomm.IMAGE:
        raise ValueError(
            f"'{name}' holds media of type '{media_type}'; only images can be embedded."
        )


def check_not_grouped(samples: foc.SampleCollection) -> None:
    """Raises a ``ValueError`` if a collection was deleted, is empty, or holds groups."""
    check_exists(samples)
    name = root_dataset(samples).name
    if not len(samples):
        raise ValueError(f"'{name}' has no samples to embed; add images first.")
    if samples.media_type == fomm.GROUP:
        remedy = "choose a slice of images: pass dataset.select_group_slices('<slice>')."
        if root_dataset(samples).media_type != fomm.GROUP:
            remedy = "pass view.flatten()."
        raise ValueError(f"'{name}' is grouped; {remedy}")


def _images(samples: foc.SampleCollection) -> tuple[list[str], list[ImageSource]]:
    """Returns the ids and the sources of samples, or of frames, which may be inside videos."""
    ids, paths = samples.values([owner_id_field(samples), "filepath"])
    frame_numbers: list[int | None] = [None] * len(ids)
    if samples.has_sample_field("frame_number"):
        frame_numbers = samples.values("frame_number")
    sources = []
    for path, number in zip(paths, frame_numbers, strict=True):
        in_video = number is not None and fomm.get_media_type(path) == fomm.VIDEO
        sources.append(ImageSource(path, frame=number if in_video else None, opener=_opener(path)))
    return ids, sources


def _opener(path: str) -> Callable[[str], BinaryIO]:
    """Returns the function that opens a file: FiftyOne's for other file systems."""
    return open_local if fos.is_local(path) else open_anywhere


def open_anywhere(path: str) -> BinaryIO:
    """Opens a file for reading on any file system that FiftyOne supports."""
    stream: BinaryIO = fos.open_file(path, "rb")
    return stream
