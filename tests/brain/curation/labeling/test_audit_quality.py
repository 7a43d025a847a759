"""The audit finds flipped digits at least as well as cleanlab, and better among near duplicates.

A short form of benchmarks/bench_labels.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import numpy as np
import pytest
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
from scipy.stats import t
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score
from support.indexes import index_of

import fiftyone_faiss
from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.backend.compared_graph import graph_steps
from fiftyone_faiss.brain.data.progress_bar import run_steps

SEEDS, RATE, PEER_NEIGHBORS = range(3), 0.1, 10


@pytest.fixture(scope="module")
def digits() -> Iterator[tuple[fo.Dataset, np.ndarray, np.ndarray]]:
    """900 digits, of which the first 200 have two near duplicates, their classes and originals."""
    data = load_digits()
    source = np.concatenate([np.arange(900), np.repeat(np.arange(200), 2)])
    noise = 0.01 * np.random.default_rng(0).normal(size=(len(source), 64))
    noise[:900] = 0
    dataset = fo.Dataset()
    dataset.add_samples(
        [fo.Sample(f"/none/{i}.png", number=i) for i in range(len(source))], progress=False
    )
    dataset.add_sample_field("digit", fo.EmbeddedDocumentField, embedded_doc_type=fo.Classification)
    index_of(dataset, (data.data[source] + noise).astype(np.float32))
    yield dataset, data.target[source], source
    dataset.delete()


def peer_scores(view: fo.DatasetView | fo.Dataset, labels: np.ndarray) -> np.ndarray:
    """cleanlab on the plain probabilities of the neighbors, of which all vote."""
    neighbors = run_steps(graph_steps(Compared.of(view, None), PEER_NEIGHBORS), False).neighbors
    probabilities = np.zeros((len(labels), 10))
    rows = np.repeat(np.arange(len(labels)), PEER_NEIGHBORS)
    np.add.at(probabilities, (rows, labels[neighbors].ravel()), 1 / PEER_NEIGHBORS)
    issues = find_label_issues(
        labels, probabilities, return_indices_ranked_by="self_confidence", n_jobs=1
    )
    scores = 1 - get_label_quality_scores(labels, probabilities)
    scores[issues] += 2
    return scores


@pytest.mark.parametrize("copied", [False, True])
def test_flips_are_ranked_first(digits, copied: bool) -> None:
    dataset, truth, source = digits
    view = dataset if copied else dataset.match(fo.ViewField("number") < 900)
    n = len(view)
    differences, covered = [], 0
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        flips = rng.choice(900, int(RATE * 900), replace=False)
        labels = truth[:900].copy()
        labels[flips] = (labels[flips] + rng.integers(1, 10, len(flips))) % 10
        labels = labels[source][:n]
        values = [fo.Classification(label=str(label)) for label in labels]
        view.set_values("digit", values)
        audit = fiftyone_faiss.audit_labels(view, "digit", progress=False)
        is_wrong = labels != truth[:n]
        scores = np.array([audit.probability[id] for id in view.values("id")])
        peer = peer_scores(view, labels)
        differences.append(roc_auc_score(is_wrong, scores) - roc_auc_score(is_wrong, peer))
        covered += audit.noise_rate.low <= RATE <= audit.noise_rate.high
        assert roc_auc_score(is_wrong, scores) > 0.99
        assert audit.expected_wrong.value == pytest.approx(is_wrong.sum(), rel=0.15)
        listed = sum(is_wrong[list(audit.probability).index(id)] for id in audit.ids)
        assert audit.expected_wrong.low <= listed <= audit.expected_wrong.high
    assert covered == len(SEEDS)
    # The paired 95 % interval over the seeds.
    width = t.ppf(0.975, len(SEEDS) - 1) * np.std(differences, ddof=1) / np.sqrt(len(SEEDS))
    if copied:
        assert np.mean(differences) - width > 0
    else:
        assert np.mean(differences) + width >= 0
