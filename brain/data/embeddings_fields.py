"""Embeddings of samples and labels: those in fields of a dataset, and those that callers give."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import fiftyone.core.collections as foc
import fiftyone.core.media as fomm
import numpy as np

# FiftyOne has no public function that finds embeddings of labels.
from fiftyone.brain.internal.core import utils as fbu

from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.core.vectors import as_array
from fiftyone_faiss.brain.data.private import label_field_path, owner_id_field, patches_fields

logger = logging.getLogger(__name__)


class Embeddings(NamedTuple):
    """Vectors and the samples or labels that they belong to.

    Attributes:
        vectors: ``(n, dim)``
        sample_ids: ``(n,)`` sample ids
        label_ids: ``(n,)`` label ids, None for embeddings of samples
    """

    vectors: Matrix
    sample_ids: np.ndarray
    label_ids: np.ndarray | None

    @property
    def ids(self) -> np.ndarray:
        """The ids that identify the vectors: those of labels, or else of samples."""
        return self.sample_ids if self.label_ids is None else self.label_ids


def find_embeddings_field(
    samples: foc.SampleCollection, embeddings_field: str, patches_field: str | None
) -> str | None:
    """Returns the name of a field of embeddings as FiftyOne expects it; None if it is missing.

    Args:
        samples: the samples
        embeddings_field: the field, of the labels if ``patches_field`` is given
        patches_field: the field of the labels, or None for samples
    """
    name: str
    name, exists = fbu.parse_data_field(samples, embeddings_field, patches_field=patches_field)
    return name if exists else None


def read_embeddings(
    samples: foc.SampleCollection, embeddings_field: str, patches_field: str | None
) -> Embeddings:
    """Reads the embeddings of samples, or of labels, from a field.

    Raises:
        ValueError: if they are not vectors of one length
    """
    where = f"in the field '{embeddings_field}'"
    if patches_field is None:
        owners, values = samples.values([owner_id_field(samples), embeddings_field])
        # A view of patches shows a sample several times.
        given = dict(zip(owners, values, strict=True))
        return _embeddings(given.values(), list(given), None, where)
    path = label_field_path(samples, patches_field, embeddings_field)
    owners, labels, values = labels_and_owners(samples, patches_field, path)
    return _embeddings(values, owners, labels, where)


def match_embeddings(
    samples: foc.SampleCollection, embeddings: Any, patches_field: str | None
) -> Embeddings:
    """Matches embeddings that a caller gives with the samples, or the labels, of a collection.

    Args:
        samples: the samples
        embeddings: an ``(n, dim)`` array in the order of the samples or labels; or a dict from ids
            to vectors, or from ids of samples to ``(m, dim)`` vectors of their labels. What has
            None in place of a vector is skipped
        patches_field: the field of the labels, or None for samples

    Raises:
        ValueError: if their number differs from that of the samples or labels, or they are not
            vectors of one length
    """
    if patches_field is None:
        if isinstance(embeddings, Mapping):
            return _embeddings(embeddings.values(), list(embeddings), None)
        owners = list(dict.fromkeys(samples.values(owner_id_field(samples))))
        _check_count(len(owners), embeddings, "samples")
        return _embeddings(embeddings, owners, None)
    owners, labels, _ = labels_and_owners(samples, patches_field)
    if not isinstance(embeddings, Mapping):
        _check_count(len(labels), embeddings, "labels")
        return _embeddings(embeddings, owners, labels)
    vectors = _by_label(embeddings, owners, labels)
    owner_of = dict(zip(labels, owners, strict=True))
    return _embeddings(vectors.values(), [owner_of[label] for label in vectors], list(vectors))


def _by_label(
    embeddings: Mapping[str, Any], owners: Sequence[str], labels: Sequence[str]
) -> dict[str, Any]:
    """Returns the vectors by label; those of a sample belong to its labels in their order."""
    of_owner: dict[str, list[str]] = {}
    for owner, label in zip(owners, labels, strict=True):
        of_owner.setdefault(owner, []).append(label)
    known, vectors, unknown = set(labels), {}, []
    for id, value in embeddings.items():
        if value is None:
            continue
        if id in known:
            vectors[id] = value
        elif id in of_owner:
            if len(value) != len(of_owner[id]):
                raise ValueError(
                    f"The sample '{id}' has {len(of_owner[id]):,} labels, but {len(value):,} "
                    "embeddings; give one for each of its labels."
                )
            vectors.update(zip(of_owner[id], value, strict=True))
        else:
            unknown.append(id)
    if unknown:
        logger.warning(
            "%d ids, such as '%s', are of no sample or label here; their embeddings are skipped.",
            len(unknown), unknown[0],
        )  # fmt: skip
    return vectors


def _check_count(count: int, embeddings: Any, what: str) -> None:
    if len(embeddings) != count:
        raise ValueError(
            f"Expected one embedding for each of the {count:,} {what}, got {len(embeddings):,}."
        )


def _embeddings(
    vectors: Any, sample_ids: Sequence[str], label_ids: Sequence[str] | None, where: str = "given"
) -> Embeddings:
    owners, labels = list(sample_ids), None if label_ids is None else list(label_ids)
    if isinstance(vectors, Iterable) and not hasattr(vectors, "shape"):
        vectors = list(vectors)
        kept = [i for i, vector in enumerate(vectors) if vector is not None]
        arrays = [as_array(vectors[i]) for i in kept]
        owners = [owners[i] for i in kept]
        labels = None if labels is None else [labels[i] for i in kept]
        lengths = sorted({str(array.shape) for array in arrays})
        if len(lengths) > 1:
            raise ValueError(
                f"The embeddings {where} have different shapes, such as {lengths[0]} and "
                f"{lengths[1]}; compute those of one model again."
            )
        vectors = np.stack(arrays) if arrays else np.empty((0, 0), np.float32)
    own_labels = None if labels is None else np.array(labels, "U24")
    return Embeddings(vectors, np.array(owners, "U24"), own_labels)


def labels_and_owners(
    samples: foc.SampleCollection, patches_field: str, path: str | None = None
) -> tuple[list[str], list[str], list[Any]]:
    """Returns the ids of the labels in a field with those of their samples, or frames.

    Args:
        samples: the samples
        patches_field: the field of the labels
        path (None): the path of an attribute of the labels to read too

    Returns:
        the ids of the samples, those of the labels, and the values of the attribute

    Raises:
        ValueError: if this is a view of patches of another field, or holds videos
    """
    check_holds_labels(samples, patches_field)
    id_path = label_field_path(samples, patches_field, "id")
    paths = [owner_id_field(samples), id_path, path or id_path]
    owners, labels, values = [], [], []
    for owner, held, of_held in zip(*samples.values(paths), strict=True):
        is_list = isinstance(held, list)
        pairs = zip(held, of_held or [], strict=True) if is_list else [(held, of_held)]
        for label, value in pairs:
            if label is not None:
                owners.append(owner)
                labels.append(label)
                values.append(value)
    return owners, labels, values


def label_ids(samples: foc.SampleCollection, patches_field: str) -> list[str]:
    """Returns the ids of the labels in a field; see :func:`labels_and_owners`."""
    check_holds_labels(samples, patches_field)
    id_path = label_field_path(samples, patches_field, "id")
    ids = samples.values(id_path, unwind=True)
    return [label_id for label_id in ids if label_id is not None]


def check_holds_labels(samples: foc.SampleCollection, patches_field: str) -> None:
    """Raises a ``ValueError`` if a collection is of patches of another field, or of videos."""
    held = patches_fields(samples)
    if held and patches_field not in held:
        raise ValueError(
            f"This view holds patches of {' and '.join(map(repr, held))}, not of "
            f"'{patches_field}'; pass the dataset, or a view of patches of '{patches_field}'."
        )
    if samples.media_type == fomm.VIDEO:
        raise ValueError(
            f"The labels in '{patches_field}' are those of frames; pass "
            "fiftyone_faiss.video_frames(dataset) or dataset.to_frames()."
        )
