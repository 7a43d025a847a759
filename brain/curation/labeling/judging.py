"""Judges each label by the fitted model of label noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.curation.labeling.noise_model import NoiseModel, blocks
from fiftyone_faiss.brain.curation.labeling.noise_rate import NoiseCounts, NoiseRate

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Judgment:
    """What the model says about each label.

    Attributes:
        wrong: ``(n,)`` the probability that it is wrong
        suggested: ``(n,)`` the most probable other class
        suggested_probability: ``(n,)`` its probability
        margin: ``(n,)`` how much more often neighbors have the label than any other, which orders
            equal probabilities
        look_alikes: how many samples are expected to have another class than the most probable one
            by the votes: at most so many right labels look wrong
        noise_rate: how many labels are wrong
    """

    wrong: Vector
    suggested: Positions
    suggested_probability: Vector
    margin: Vector
    look_alikes: float
    noise_rate: NoiseRate


def judge(
    model: NoiseModel,
    counts: sparse.csr_matrix,
    labels: Positions,
    importance: Vector,
    names: Sequence[str],
    judged: npt.NDArray[np.bool_] | None = None,
) -> Judgment:
    """Judges labels.

    Args:
        model: the fitted model
        counts: ``(n, c)`` the votes
        labels: ``(n,)`` the labels
        importance: ``(n,)`` how much each sample counts for the rates
        names: the ``c`` classes
        judged (None): ``(c,)`` the classes whose labels are counted for the rates; None for all
    """
    n = len(labels)
    wrong, suggested_probability, margin = np.empty(n), np.empty(n), np.empty(n)
    suggested = np.empty(n, np.int64)
    look_alikes, rates = 0.0, NoiseCounts(len(names))
    for part in blocks(n):
        own, row = labels[part], np.arange(part.stop - part.start)
        by_votes = model.by_votes(counts[part])
        probability, _ = model.with_label(by_votes, own)
        look_alikes += float((1 - by_votes.max(axis=1)).sum())
        rates.add(by_votes, probability, own, importance[part])
        votes = counts[part].toarray()
        of_own = votes[row, own]
        votes[row, own] = -1
        margin[part] = of_own - votes.max(axis=1)
        probability[row, own] = 0
        wrong[part] = probability.sum(axis=1)
        suggested[part] = probability.argmax(axis=1)
        suggested_probability[part] = probability[row, suggested[part]]
    rate = rates.rate(names, judged)
    return Judgment(wrong.clip(0, 1), suggested, suggested_probability, margin, look_alikes, rate)
