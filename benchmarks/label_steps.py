"""Steps of bench_labels.py: labels with known flips, judged by the audit and by cleanlab."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from workspace import serve

RATES = (0.05, 0.1, 0.2)
KINDS = ("random", "confusable")
# The peer's number of neighbors is tuned on the tuning seed, for each data set.
PEER_NEIGHBORS = (10, 15, 30, 50)
# Planted: a quarter of the samples gets a near duplicate, half of these three.
COPIED = 0.25
NOISE = 1e-3
BINS = 10


def measure(name: str, folder: str, n: int, seeds: list[int], tuning_seed: int) -> dict[str, Any]:
    """Flips labels of a data set by seed, and compares the audit with the peer."""
    warnings.filterwarnings("ignore")
    vectors, truth = _data(name, Path(folder), n)
    results: dict[str, Any] = {"n": len(truth), "classes": int(truth.max()) + 1, "runs": []}
    for planted in (False, True):
        known = _prepared(vectors, truth, planted)
        peer_k = _tuned_peer(known, tuning_seed)
        results["peer_neighbors_planted" if planted else "peer_neighbors"] = peer_k
        for kind in KINDS:
            for rate in RATES:
                for seed in seeds:
                    labels = _flipped(known, kind, rate, seed)
                    run = {"planted": planted, "kind": kind, "rate": rate, "seed": seed}
                    results["runs"].append({**run, **_judged(known, labels, peer_k)})
    return results


def _data(name: str, folder: Path, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The vectors and the true classes of digits, or of scenes or objects of drawn images."""
    if name == "digits":
        from sklearn.datasets import load_digits

        digits = load_digits()
        return digits.data.astype(np.float32), digits.target.astype(np.int64)
    import fiftyone as fo

    import fiftyone_faiss
    from fiftyone_faiss.brain import load_index, register_zoo_model
    from fiftyone_faiss.demo import MODEL_DIR, MODEL_NAME
    from fiftyone_faiss.demo.dataset import create_dataset
    from fiftyone_faiss.embedders.open_clip import OpenClipSpec

    register_zoo_model(MODEL_NAME, OpenClipSpec.parse(str(MODEL_DIR)))
    dataset = create_dataset(f"labels-{name}", folder, n, seed=907)
    # The world plants near duplicates of its own, which would be copies in the plain runs.
    view = dataset.match(fo.ViewField("near_duplicate_of") == None)  # noqa: E711
    field, path = None, "scene.label"
    if name == "objects":
        field, path = "objects", "objects.detections.label"
    fiftyone_faiss.build_index(view, name, model=MODEL_NAME, patches_field=field, progress=False)
    vectors, sample_ids, label_ids = load_index(dataset, name).get_embeddings()
    paths = ["id", path] if field is None else ["objects.detections.id", path]
    label_of = dict(zip(*view.values(paths, unwind=True), strict=True))
    classes = [label_of[id] for id in (sample_ids if field is None else label_ids)]
    return np.asarray(vectors, np.float32), np.unique(classes, return_inverse=True)[1]


class _Known:
    """A data set with its neighbors, groups and true classes."""

    def __init__(self, vectors: np.ndarray, truth: np.ndarray, source: np.ndarray) -> None:
        import fiftyone as fo
        import fiftyone.brain as fob

        from fiftyone_faiss.brain.backend.compared import Compared
        from fiftyone_faiss.brain.backend.compared_graph import graph_steps
        from fiftyone_faiss.brain.curation.labeling.fitting import CHOICES
        from fiftyone_faiss.brain.curation.labeling.votes import voter_steps
        from fiftyone_faiss.brain.curation.near_duplicate_groups import groups_steps
        from fiftyone_faiss.brain.data.progress_bar import run_steps

        self.truth, self.source = truth, source
        self.dataset = fo.Dataset()
        self.dataset.add_samples(
            [fo.Sample(f"/none/{i}.png") for i in range(len(truth))], progress=False
        )
        fob.compute_similarity(
            self.dataset, backend="faiss", embeddings=vectors, brain_key="given", progress=False
        )
        compared = Compared.of(self.dataset, "given")
        self.groups = run_steps(groups_steps(compared), False)
        self.voters = run_steps(voter_steps(compared, self.groups, max(CHOICES)), False)
        self.neighbors = run_steps(graph_steps(compared, max(PEER_NEIGHBORS)), False).neighbors
        self.importance = 1 / np.bincount(self.groups)[self.groups]


def _prepared(vectors: np.ndarray, truth: np.ndarray, planted: bool) -> _Known:
    source = np.arange(len(truth))
    if planted:
        rng = np.random.default_rng(0)
        some = rng.choice(len(truth), int(COPIED * len(truth)), replace=False)
        many = some[: len(some) // 2]
        source = np.concatenate([source, some, many, many])
        noise = NOISE * vectors.std() * rng.normal(size=(len(source), vectors.shape[1]))
        noise[: len(truth)] = 0
        vectors = (vectors[source] + noise).astype(np.float32)
    return _Known(vectors, truth[source], source)


def _flipped(known: _Known, kind: str, rate: float, seed: int) -> np.ndarray:
    """The labels after flips; a planted copy has the label of its original."""
    rng = np.random.default_rng(seed)
    n, classes = int(known.source.max()) + 1, int(known.truth.max()) + 1
    labels = known.truth[:n].copy()
    chosen = rng.choice(n, round(rate * n), replace=False)
    if kind == "random":
        labels[chosen] = (labels[chosen] + rng.integers(1, classes, len(chosen))) % classes
    else:
        labels[chosen] = _confused(known)[labels[chosen]]
    return labels[known.source]


def _confused(known: _Known) -> np.ndarray:
    """For each class, the other one that its neighbors have most often."""
    classes = int(known.truth.max()) + 1
    counts = np.zeros((classes, classes))
    of_neighbors = known.truth[known.neighbors[:, :15]]
    np.add.at(counts, (np.repeat(known.truth, 15), of_neighbors.ravel()), 1)
    np.fill_diagonal(counts, -1)
    return counts.argmax(axis=1)


def _peer(known: _Known, labels: np.ndarray, k: int) -> np.ndarray:
    """cleanlab's find_label_issues on plain kNN probabilities: the larger, the earlier listed."""
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    classes = int(known.truth.max()) + 1
    probabilities = np.zeros((len(labels), classes))
    rows = np.repeat(np.arange(len(labels)), k)
    np.add.at(probabilities, (rows, labels[known.neighbors[:, :k]].ravel()), 1 / k)
    issues = find_label_issues(
        labels, probabilities, return_indices_ranked_by="self_confidence", n_jobs=1
    )
    scores = 1 - get_label_quality_scores(labels, probabilities)
    scores[issues] += 2
    return scores


def _tuned_peer(known: _Known, seed: int) -> int:
    labels = _flipped(known, "random", 0.1, seed)
    is_wrong = labels != known.truth
    return max(PEER_NEIGHBORS, key=lambda k: _auroc(_peer(known, labels, k), is_wrong))


def _judged(known: _Known, labels: np.ndarray, peer_k: int) -> dict[str, Any]:
    from fiftyone_faiss.brain.curation.labeling.fitting import chosen_k_steps, fit_steps
    from fiftyone_faiss.brain.curation.labeling.judging import judge
    from fiftyone_faiss.brain.curation.labeling.visibility import (
        agreement_of,
        doubt_of,
        judged_classes,
    )
    from fiftyone_faiss.brain.data.progress_bar import run_steps

    classes, importance = int(known.truth.max()) + 1, known.importance
    k = run_steps(chosen_k_steps(known.voters, labels, classes, importance), False)
    counts = known.voters.counts(k, labels, classes)
    model = run_steps(fit_steps(counts, labels, importance), False)
    names = [str(number) for number in range(classes)]
    judged = judged_classes(model, labels, importance)
    judgment = judge(model, counts, labels, importance, names, judged)
    agreement = agreement_of(known.voters, k, labels, known.groups)
    doubt = doubt_of(agreement, model, judged, judgment.look_alikes / len(labels), "'given'")
    is_wrong, rate = labels != known.truth, judgment.noise_rate
    peer = _peer(known, labels, peer_k)
    true_rate = float(importance @ is_wrong / importance.sum())
    is_listed = judgment.wrong >= 0.5
    right = judgment.suggested[is_listed & is_wrong] == known.truth[is_listed & is_wrong]
    return {
        "k": k,
        "conclusive": doubt is None and bool(judged.all()),
        "auroc": _auroc(judgment.wrong, is_wrong),
        "peer_auroc": _auroc(peer, is_wrong),
        "precision": _precision(judgment.wrong, is_wrong),
        "peer_precision": _precision(peer, is_wrong),
        "suggested_right": float(right.mean()) if len(right) else None,
        "calibration_error": _calibration_error(judgment.wrong, is_wrong),
        "true_rate": true_rate,
        "estimated_rate": [rate.rate, rate.low, rate.high],
        "covered": bool(rate.low <= true_rate <= rate.high),
        **_pairs_covered(rate.pairs, labels, known.truth, importance),
    }


def _pairs_covered(
    pairs: list[Any], labels: np.ndarray, truth: np.ndarray, importance: np.ndarray
) -> dict[str, int]:
    """How many of the listed pairs of classes have the true rate in their interval."""
    covered = 0
    for pair in pairs:
        of_class = truth == int(pair.true)
        share = importance[of_class & (labels == int(pair.label))].sum() / (
            importance[of_class].sum()
        )
        covered += bool(pair.low <= share <= pair.high)
    return {"pairs": len(pairs), "pairs_covered": covered}


def _auroc(scores: np.ndarray, is_wrong: np.ndarray) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(is_wrong, scores))


def _precision(scores: np.ndarray, is_wrong: np.ndarray) -> float:
    """The share of wrong labels among as many as there are."""
    first = np.argsort(-scores, kind="stable")[: int(is_wrong.sum())]
    return float(is_wrong[first].mean())


def _calibration_error(probability: np.ndarray, is_wrong: np.ndarray) -> float:
    """The mean difference of probability and frequency over ten bins of probability."""
    bins = np.minimum((probability * BINS).astype(int), BINS - 1)
    expected = np.bincount(bins, probability, minlength=BINS)
    actual = np.bincount(bins, is_wrong.astype(float), minlength=BINS)
    return float(np.abs(expected - actual).sum() / len(bins))


if __name__ == "__main__":
    serve(measure)
