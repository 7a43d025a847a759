"""Fits the model of label noise to votes, and chooses how many neighbors vote."""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.core.progress import Progress, Steps
from fiftyone_faiss.brain.curation.labeling.noise_model import ROUNDS, NoiseModel, evidence, fit
from fiftyone_faiss.brain.curation.labeling.votes import Voters

# Where the classes are tight, more neighbors know more; where they are small, fewer do.
CHOICES = (7, 10, 15, 20, 30, 40, 50)
# The number is chosen by at most so many samples.
MAX_CHOOSING = 10_000
SEED = 51


def chosen_k_steps(
    voters: Voters, labels: Positions, classes: int, importance: npt.NDArray[np.float64]
) -> Steps[int]:
    """Chooses the number of voters that predicts the own labels best, which are not among them."""
    n, started = len(labels), time.perf_counter()
    rows = np.arange(n)
    if n > MAX_CHOOSING:
        rows = np.sort(np.random.default_rng(SEED).choice(n, MAX_CHOOSING, replace=False))
    most = max(1, int(voters.ranks.max(initial=1)))
    choices = [k for k in CHOICES if k <= most] or [most]
    fits = []
    for number, k in enumerate(choices):
        chosen = (voters.counts(k, labels, classes)[rows], labels[rows], importance[rows])
        *_, (_, model) = fit(*chosen)
        fits.append(evidence(model, *chosen))
        yield Progress(number + 1, len(choices), 0, time.perf_counter() - started, "tried")
    return choices[int(np.argmax(fits))]


def fit_steps(
    counts: sparse.csr_matrix, labels: Positions, importance: npt.NDArray[np.float64]
) -> Steps[NoiseModel]:
    """Fits the model of label noise with the progress of a service."""
    started = time.perf_counter()
    rounds = fit(counts, labels, importance)
    number, model = next(rounds)
    for number, newer in rounds:
        model = newer
        yield Progress(number, ROUNDS, 0, time.perf_counter() - started, "fitted")
    return model
