"""The result of a selection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc

from fiftyone_faiss.brain.curation import acting
from fiftyone_faiss.brain.curation.judgments import Judgment, record_selected
from fiftyone_faiss.brain.curation.selecting.receipt import Receipt
from fiftyone_faiss.brain.data.result_views import view_of

DEFAULT_TAG = "to label"


@dataclass(frozen=True)
class Selection:
    """Samples, frames or labels that were selected, and how well they cover the others.

    Attributes:
        samples: the collection
        patches_field: the field of the labels that the index holds, None for samples and frames
        ids: the selected ids, the most useful first: the first half is the selection of half the
            size
        receipt: how well they cover the others, beside random choices
        notes: what else to know, in sentences
    """

    samples: foc.SampleCollection
    patches_field: str | None
    ids: Sequence[str]
    receipt: Receipt
    notes: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.ids)

    def view(self) -> fo.DatasetView:
        """The selected ones, in order."""
        return view_of(self.samples, list(self.ids), self.patches_field)

    def tag(self, tag: str = DEFAULT_TAG) -> list[str]:
        """Tags the selected ones; ``untag_neighbors(dataset, tag)`` undoes that.

        Returns:
            the ids that did not have the tag before
        """
        return acting.tag(self.samples, self.ids, tag, self.patches_field)

    def record(self) -> Judgment:
        """Records that these will be labeled: later selections count them as labeled.

        ``remove_judgment(dataset, judgment)`` undoes that.
        """
        return record_selected(self.samples, self.ids, self.patches_field)

    def to_dict(self) -> dict[str, Any]:
        """The selection as JSON values."""
        return {
            "patches_field": self.patches_field,
            "ids": list(self.ids),
            "receipt": self.receipt.to_dict(),
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        return f"{len(self.ids):,} selected: {self.receipt}."
