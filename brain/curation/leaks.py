"""Finds leaks: samples of one split that are near samples of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.ann.joined_pairs import JoinedPairs
from fiftyone_faiss.brain.ann.scaled_vectors import ScaledVectors
from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.core.intervals import wilson_interval
from fiftyone_faiss.brain.core.progress import Steps
from fiftyone_faiss.brain.curation import acting
from fiftyone_faiss.brain.curation.accidental_pairs import Estimate, NearestPairs
from fiftyone_faiss.brain.curation.duplicates import DuplicatePair
from fiftyone_faiss.brain.curation.near_duplicates import bounded, joined, listed_pairs
from fiftyone_faiss.brain.curation.request import DuplicatesRequest
from fiftyone_faiss.brain.curation.splits import Splits, SplitSamples, read_splits
from fiftyone_faiss.brain.curation.thresholds import propose
from fiftyone_faiss.brain.curation.verdicts import verdict_steps
from fiftyone_faiss.brain.data.progress_bar import ProgressOption, run_steps
from fiftyone_faiss.brain.data.result_views import view_of

DEFAULT_TAG = "leak"


@dataclass(frozen=True)
class LeakPair(DuplicatePair):
    """Two samples of different splits that are near each other.

    Attributes:
        split_a: the split of ``id_a``, the one that is used earlier
        split_b: the split of ``id_b``
    """

    split_a: str = ""
    split_b: str = ""


@dataclass(frozen=True)
class LeakRate:
    """How many samples of a split have a near one in another split.

    Attributes:
        split: the split
        other: the other split
        leaking: how many of its samples have a near one there
        total: how many of its samples were compared
        low: the lower end of the 95 % interval of the rate (Wilson, Probable Inference, 1927)
        high: the upper end
    """

    split: str
    other: str
    leaking: int
    total: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        """The fraction that leaks, 0 to 1."""
        return self.leaking / self.total if self.total else 0.0

    @classmethod
    def of(cls, split: str, other: str, leaking: int, total: int) -> LeakRate:
        """The rate with its interval."""
        low, high = wilson_interval(leaking, total)
        return cls(split, other, leaking, total, low, high)

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {**vars(self), "rate": self.rate}


@dataclass(frozen=True)
class Leaks:
    """The leaks between the splits of a collection.

    Attributes:
        samples: the collection
        patches_field: the field of the labels that were compared, None for samples and frames
        splits: the splits
        pairs: the pairs, nearest first
        pair_count: the number of pairs; more than are listed where a sample has many near ones
        rates: how many samples leak, for each ordered pair of splits
        thresh: the largest distance of a pair; None if no threshold stands out
        expected_accidental_pairs: how many pairs of different images to expect; None if unknown
        recall: the fraction of the pairs that were split_samples; 1 if none can be missed
        verified: whether only places of one image count as leaks
        notes: what else to know, in sentences
    """

    samples: foc.SampleCollection
    patches_field: str | None
    splits: SplitSamples
    pairs: list[LeakPair]
    pair_count: int
    rates: list[LeakRate]
    thresh: float | None
    expected_accidental_pairs: Estimate | None
    recall: float
    verified: bool
    notes: Sequence[str] = ()

    @property
    def leaking_pairs(self) -> list[LeakPair]:
        """The pairs that count: copies if the images were compared, else all."""
        return [pair for pair in self.pairs if not self.verified or pair.verdict == "copy"]

    @property
    def ids(self) -> list[str]:
        """The ids in a leak, those of a pair beside each other."""
        return list(
            dict.fromkeys(id for pair in self.leaking_pairs for id in (pair.id_a, pair.id_b))
        )

    @property
    def training_ids(self) -> list[str]:
        """The ids on the side that is used earlier, which :meth:`clean_view` drops."""
        return list(dict.fromkeys(pair.id_a for pair in self.leaking_pairs))

    def view(self) -> fo.DatasetView:
        """The samples in a leak, those of a pair beside each other."""
        return view_of(self.samples, self.ids, self.patches_field)

    def tag(self, tag: str = DEFAULT_TAG) -> list[str]:
        """Tags the samples in a leak; ``untag_neighbors(dataset, tag)`` undoes that."""
        return acting.tag(self.samples, self.ids, tag, self.patches_field)

    def clean_view(self) -> foc.SampleCollection:
        """The collection without the samples of the training side that leak; never without those
        of the test split."""
        return acting.without(self.samples, self.training_ids, self.patches_field)

    def score(self, pred_field: str, gt_field: str, split: str | None = None) -> dict[str, Any]:
        """Evaluates a model on a split with and without its leaking samples.

        Args:
            pred_field: the field of the predictions
            gt_field: the field of the ground truth
            split (None): the split; by default, the one that is used last

        Returns:
            ``split``, ``leaking`` and ``total`` (numbers of samples), and the ``metrics`` of
            FiftyOne's evaluation for ``all``, ``clean`` and ``leaking`` samples
        """
        name = split or self.splits.names[-1]
        ids = self.splits.ids_of(name)
        if not ids:
            raise ValueError(f"There is no split '{name}'; choose from {self.splits.names}.")
        leaking = set(self.ids)
        parts = {
            "all": ids,
            "clean": [id for id in ids if id not in leaking],
            "leaking": [id for id in ids if id in leaking],
        }
        metrics = {
            part: _evaluate(self.samples.select(part_ids), pred_field, gt_field)
            for part, part_ids in parts.items()
            if part_ids
        }
        return {
            "split": name,
            "leaking": len(parts["leaking"]),
            "total": len(ids),
            "metrics": metrics,
        }

    def __str__(self) -> str:
        if self.thresh is None:
            return "No leaks stand out."
        rates = "; ".join(
            f"{r.leaking:,} of {r.total:,} in '{r.split}' have a near one in '{r.other}' "
            f"({r.low:.1%} to {r.high:.1%})"
            for r in self.rates
        )
        return f"{rates}, at a distance of {self.thresh:.3g}."


def _evaluate(view: foc.SampleCollection, pred_field: str, gt_field: str) -> dict[str, float]:
    kind = view.get_field(gt_field)
    if kind is None or view.get_field(pred_field) is None:
        missing = gt_field if kind is None else pred_field
        raise ValueError(f"There is no field '{missing}'; check its name.")
    if isinstance(kind, fo.EmbeddedDocumentField) and issubclass(
        kind.document_type, fo.Classification
    ):
        results = view.evaluate_classifications(pred_field, gt_field=gt_field)
    else:
        results = view.evaluate_detections(
            pred_field, gt_field=gt_field, compute_mAP=True, progress=False
        )
        return {**results.metrics(), "mAP": results.mAP()}
    metrics: dict[str, float] = results.metrics()
    return metrics


def find_leaks(
    samples: foc.SampleCollection,
    splits: Splits,
    brain_key: str | None = None,
    thresh: float | None = None,
    *,
    progress: ProgressOption = None,
    **options: Any,
) -> Leaks:
    """Finds samples of one split that are near samples of another.

    Args:
        samples: a dataset or a view
        splits: a field of split names, a list of tags, or a dict of views by split name
        brain_key (None): the FAISS index; not needed when there is only one
        thresh (None): the largest distance; None proposes one
        progress (None): whether to show a progress bar, or a callback
        **options: ``verify``, see :class:`DuplicatesRequest`

    Returns:
        a :class:`Leaks`

    Raises:
        ValueError: as in :func:`find_near_duplicates`, or if there are fewer than two splits
    """
    request = DuplicatesRequest(brain_key, thresh, **options)
    return run_steps(leaks_steps(samples, splits, request), progress)


def leaks_steps(
    samples: foc.SampleCollection, splits: Splits, request: DuplicatesRequest
) -> Steps[Leaks]:
    """Does the work of :func:`find_leaks` in steps that can be tracked and canceled."""
    split_samples = read_splits(samples, splits)
    compared = Compared.of(samples, request.brain_key)
    vectors = compared.vectors
    nearest = NearestPairs.of(vectors)
    thresh = request.thresh
    if thresh is None:
        thresh = propose(nearest, request.fraction)
    if thresh is None:
        note = "No distance separates copies from pairs of different images; give thresh."
        return Leaks(
            samples, compared.patches_field, split_samples, [], 0, [], None, None, 1.0,
            request.verify, (note,),
        )  # fmt: skip
    names = np.array(
        [
            split_samples.split_of.get(id, "")
            for id in compared.sample_ids_at(np.arange(len(vectors)))
        ]
    )
    pairs: list[LeakPair] = []
    rates: list[LeakRate] = []
    count, recall, cross = 0, 1.0, 0
    for early, late in combinations(split_samples.names, 2):
        part = _TwoSplits(compared, names, early, late)
        cross += part.number_of_pairs
        if not part.number_of_pairs:
            continue
        near = yield from joined(part.compared, thresh, part.is_late)
        verdicts: dict[int, Any] = {}
        if request.verify:
            verdicts, _ = yield from verdict_steps(part.compared, near.first, near.second)
        pairs += [
            LeakPair(**vars(pair), split_a=early, split_b=late)
            for pair in listed_pairs(part.compared, near, verdicts)
        ]
        rates += part.rates(near, verdicts if request.verify else None)
        count, recall = count + near.count, min(recall, near.recall)
    pairs.sort(key=lambda pair: (pair.distance, pair.id_a, pair.id_b))
    every = len(vectors) * (len(vectors) - 1) / 2
    expected = bounded(nearest.expected(thresh), count, share=cross / every)
    return Leaks(
        samples, compared.patches_field, split_samples, pairs, count, rates, thresh, expected,
        recall, request.verify,
    )  # fmt: skip


class _TwoSplits:
    """The vectors of two splits."""

    def __init__(self, compared: Compared, names: np.ndarray, early: str, late: str) -> None:
        positions = np.flatnonzero((names == early) | (names == late))
        whole = compared.vectors
        rows = whole.rows[positions]
        vectors = ScaledVectors(whole.snapshot, whole.metric, rows)
        self.compared = replace(compared, vectors=vectors)
        self.is_late = names[positions] == late
        self.early, self.late = early, late
        self.number_of_pairs = int(self.is_late.sum()) * int((~self.is_late).sum())

    def rates(self, near: JoinedPairs, verdicts: dict[int, Any] | None) -> list[LeakRate]:
        leaking = near.degrees > 0
        if verdicts is not None:
            places = np.array([n for n, v in verdicts.items() if v.verdict == "copy"], np.int64)
            leaking = np.zeros(len(self.is_late), bool)
            leaking[near.first[places]] = leaking[near.second[places]] = True
        return [
            LeakRate.of(split, other, int((leaking & side).sum()), int(side.sum()))
            for split, other, side in (
                (self.late, self.early, self.is_late),
                (self.early, self.late, ~self.is_late),
            )
        ]
