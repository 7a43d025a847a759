"""What people judged about a dataset, for the services that can use it.

Two kinds of judgments are records of their own: samples that were selected to be labeled, and pairs
that are no duplicates. Two others are where they were made: labels that a person checked in the
fields of an audit, and disliked results in the history of searches.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Literal, TypeAlias, cast

import fiftyone as fo
import fiftyone.core.collections as foc

from fiftyone_faiss.brain.core.params import read_ids
from fiftyone_faiss.brain.curation.labeling.label_decisions import ACTION
from fiftyone_faiss.brain.data.private import root_dataset
from fiftyone_faiss.brain.data.value_fields import ValueField, ids_with_values
from fiftyone_faiss.brain.retrieval.history import list_searches
from fiftyone_faiss.brain.retrieval.records import RecordRepository

STORE_NAME = "fiftyone_faiss_judgments"
JudgmentKind: TypeAlias = Literal["selected", "different"]
Pair: TypeAlias = tuple[str, str]
# How the info of fields with decisions of audits begins.
_AUDIT = "fiftyone-faiss label audit"
_CHECKED = ("relabel", "keep")


@dataclass(frozen=True)
class Judgment:
    """A judgment that is kept with the dataset.

    Attributes:
        key: identifies it
        kind: ``"selected"``: these were selected to be labeled; ``"different"``: these two are no
            duplicates of each other
        ids: the ids of samples, frames or labels
        patches_field: the field of the labels, None for samples and frames
        at: when, ISO 8601, UTC
    """

    key: str
    kind: JudgmentKind
    ids: tuple[str, ...]
    patches_field: str | None
    at: str


def record_selected(
    samples: foc.SampleCollection, ids: Sequence[str], patches_field: str | None = None
) -> Judgment:
    """Records that samples, frames or labels were selected to be labeled.

    Args:
        samples: the dataset, or a view of it
        ids: their ids
        patches_field (None): the field of the labels
    """
    return _add(
        samples, f"selected/{uuid.uuid4()}", "selected", read_ids("ids", ids), patches_field
    )


def record_different(
    samples: foc.SampleCollection, id_a: str, id_b: str, patches_field: str | None = None
) -> Judgment:
    """Records that two samples, frames or labels are no duplicates of each other.

    Args:
        samples: the dataset, or a view of it
        id_a: the id of one
        id_b: the id of the other
        patches_field (None): the field of the labels

    Raises:
        ValueError: if they are the same
    """
    pair = read_ids("ids", [id_a, id_b])
    first, second = _ordered(*pair)
    if first == second:
        raise ValueError(f"'{first}' is given twice; give two different ids.")
    return _add(samples, f"different/{first}/{second}", "different", (first, second), patches_field)


def list_judgments(
    samples: foc.SampleCollection, kind: JudgmentKind | None = None
) -> list[Judgment]:
    """Lists the recorded judgments, oldest first.

    Args:
        samples: the dataset, or a view of it
        kind (None): the kind; None for all
    """
    records = RecordRepository.of(STORE_NAME, samples).read("" if kind is None else f"{kind}/")
    judgments = [_from_record(key, record) for key, record in records.items()]
    return sorted(judgments, key=lambda judgment: judgment.at)


def remove_judgment(samples: foc.SampleCollection, judgment: Judgment | str) -> None:
    """Removes a judgment, or that with a key."""
    key = judgment if isinstance(judgment, str) else judgment.key
    RecordRepository.of(STORE_NAME, samples).delete(key)


def selected_ids(samples: foc.SampleCollection, patches_field: str | None) -> set[str]:
    """The ids of the samples or frames, or of the labels of a field, that were selected."""
    judgments = list_judgments(samples, "selected")
    return {id for own in judgments if own.patches_field == patches_field for id in own.ids}


def different_pairs(samples: foc.SampleCollection, patches_field: str | None) -> set[Pair]:
    """The pairs of ids that are no duplicates, the smaller id first."""
    judgments = list_judgments(samples, "different")
    return {_ordered(*own.ids) for own in judgments if own.patches_field == patches_field}


def checked_ids(samples: foc.SampleCollection, patches_field: str | None) -> set[str]:
    """The ids whose label a person checked in an audit: kept, or marked to be relabeled."""
    dataset = root_dataset(samples)
    ids: set[str] = set()
    for path, of_frames in _audit_paths(dataset):
        # Attributes of labels have a path in the field of the labels.
        if path.rpartition(".")[0].split(".")[0] != (patches_field or ""):
            continue
        field = ValueField(dataset, path, of_frames, patches_field)
        decisions = field.read(ids_with_values(field))
        ids |= {id for id, action in decisions.items() if action in _CHECKED}
    return ids


def rejected_ids(samples: foc.SampleCollection, query: str) -> set[str]:
    """The ids that were disliked as results of a query line, in the history of searches."""
    wanted = _normalized(query)
    searches = [own.params for own in list_searches(samples)]
    same = [own for own in searches if _normalized(own.get("query")) == wanted]
    return {id for own in same for id in read_ids("disliked", own.get("disliked"))}


def _normalized(query: Any) -> list[str]:
    return query.casefold().split() if isinstance(query, str) else []


def _audit_paths(dataset: fo.Dataset) -> Iterator[tuple[str, bool]]:
    """The fields with decisions of audits, and whether they are of frames."""
    of_samples = dataset.get_field_schema(flat=True)
    for schema, of_frames in (
        (of_samples, False),
        (dataset.get_frame_field_schema(flat=True) or {}, True),
    ):
        for path, field in schema.items():
            made_by = str((field.info or {}).get("made_by"))
            if made_by.startswith(_AUDIT) and path.endswith(f"_{ACTION}"):
                yield path, of_frames


def _ordered(a: str, b: str) -> Pair:
    return min(a, b), max(a, b)


def _add(
    samples: foc.SampleCollection,
    key: str,
    kind: JudgmentKind,
    ids: tuple[str, ...],
    patches_field: str | None,
) -> Judgment:
    at = datetime.now(timezone.utc).isoformat()
    record = {"kind": kind, "ids": list(ids), "patches_field": patches_field, "at": at}
    RecordRepository.of(STORE_NAME, samples).set_if_absent(key, record)
    return _from_record(key, record)


def _from_record(key: str, record: dict[str, Any]) -> Judgment:
    kind = cast(JudgmentKind, record["kind"])
    return Judgment(key, kind, tuple(record["ids"]), record["patches_field"], record["at"])
