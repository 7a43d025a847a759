"""The steps of ``bench_planted.py``; ``workspace.run_step`` runs each in a process."""

from __future__ import annotations

import time
from collections import defaultdict
from itertools import combinations
from pathlib import Path
from typing import Any

import fiftyone as fo
import fiftyone.brain as fob
import numpy as np
from workspace import serve

import fiftyone_faiss
from fiftyone_faiss.brain import get_embedder, load_faiss_index, register_zoo_model
from fiftyone_faiss.demo import MODEL_DIR, MODEL_NAME
from fiftyone_faiss.demo.duplicates_dataset import create_duplicates_dataset
from fiftyone_faiss.embedders.open_clip import OpenClipSpec

# The share of the pairs of copies that the tuned threshold holds.
TUNED_SHARE = 0.985
PAN_THRESH = 0.05

Pair = tuple[str, str]


def tune(folder: str, n: int, seed: int) -> dict[str, Any]:
    """Chooses the threshold within which most pairs of copies are."""
    dataset = _dataset(folder, n, seed)
    truth, _ = _copied_pairs(dataset)
    ids, distances = _distances(dataset)
    place = {id: i for i, id in enumerate(ids)}
    near = np.array([distances[place[a], place[b]] for a, b in truth])
    thresh = round(float(np.quantile(near, TUNED_SHARE)), 3)
    pairs = int((distances[np.triu_indices(len(ids), 1)] <= thresh).sum())
    return {"thresh": thresh, "copies": len(truth), "pairs": pairs, "samples": len(ids)}


def duplicates(folder: str, n: int, seed: int, thresh: float) -> dict[str, Any]:
    """Finds the duplicates of a dataset, and compares them with those that were planted."""
    dataset = _dataset(folder, n, seed)
    truth, negatives = _copied_pairs(dataset)
    started = time.perf_counter()
    result = fiftyone_faiss.find_near_duplicates(
        dataset, "clip", thresh, verify=True, split_field="split", progress=False
    )
    seconds = time.perf_counter() - started
    called = {_key(p.id_a, p.id_b) for p in result.pairs if p.verdict == "copy"}
    of_pan = set(dataset.exists("pan_frame").values("id"))
    called = {pair for pair in called if not of_pan.issuperset(pair)}
    kinds = {kind: [0, 0] for kind in sorted(set(truth.values()))}
    for pair, kind in truth.items():
        kinds[kind][0] += 1
        kinds[kind][1] += pair in called
    proposed = fiftyone_faiss.find_near_duplicates(dataset, "clip", progress=False)
    return {
        "seconds": seconds,
        "pairs": len(result.pairs),
        "right": len(called & set(truth)),
        "called": len(called),
        "kinds": kinds,
        "negatives": len(negatives),
        "negatives_called": len(called & negatives),
        "proposed": proposed.thresh,
        **_cover(dataset, thresh),
        **_pan(dataset),
    }


def leaks(folder: str, n: int, seed: int, thresh: float) -> dict[str, Any]:
    """Finds the leaks between splits, with the same threshold as FiftyOne's own function."""
    dataset = _dataset(folder, n, seed)
    truth, _ = _copied_pairs(dataset)
    split = dict(zip(*dataset.values(["id", "split"]), strict=True))
    ids, distances = _distances(dataset)
    rows, columns = np.nonzero(np.triu(distances <= thresh, 1))
    brute = {
        _key(ids[a], ids[b])
        for a, b in zip(rows, columns, strict=True)
        if split[ids[a]] != split[ids[b]]
    }
    ours = fiftyone_faiss.find_leaks(dataset, "split", "clip", thresh, progress=False)
    pairs = {_key(p.id_a, p.id_b) for p in ours.pairs}
    index = fob.compute_similarity(
        dataset, backend="sklearn", embeddings=_vectors(dataset, ids), metric="cosine"
    )
    # FiftyOne reads a dict of views as a list of tags.
    theirs = fob.compute_leaky_splits(dataset, "split", thresh, similarity_index=index)
    leaking = {id for pair in brute for id in pair}
    verified = fiftyone_faiss.find_leaks(
        dataset, "split", "clip", thresh, verify=True, progress=False
    )
    verified_pairs = {_key(p.id_a, p.id_b) for p in verified.leaking_pairs}
    of_pan = set(dataset.exists("pan_frame").values("id"))
    verified_pairs = {pair for pair in verified_pairs if not of_pan.issuperset(pair)}
    planted = {pair for pair in truth if split[pair[0]] != split[pair[1]]}
    return {
        "brute_pairs": len(brute),
        "pairs_recall": len(pairs & brute) / max(1, len(brute)),
        "pairs_wrong": len(pairs - brute),
        "leaking": len(leaking),
        "leaking_recall": len(set(ours.ids) & leaking) / max(1, len(leaking)),
        "fiftyone_recall": len(set(theirs.leak_ids) & leaking) / max(1, len(leaking)),
        "planted": len(planted),
        "planted_right": len(verified_pairs & planted),
        "planted_called": len(verified_pairs),
    }


def _dataset(folder: str, n: int, seed: int) -> fo.Dataset:
    register_zoo_model(MODEL_NAME, OpenClipSpec.parse(str(MODEL_DIR)))
    name = f"planted-{seed}"
    dataset = create_duplicates_dataset(name, Path(folder), n, seed)
    if "clip" not in dataset.list_brain_runs():
        # The precision that is chosen by default depends on the machine.
        exact = get_embedder(MODEL_NAME, precision="float32")
        fiftyone_faiss.build_index(dataset, "clip", model=exact, progress=False)
    return dataset


def _copied_pairs(dataset: fo.Dataset) -> tuple[dict[Pair, str], set[Pair]]:
    """The pairs of copies of one picture with the kind of the edit, and the hard negatives."""
    names = [Path(path).name for path in dataset.values("filepath")]
    columns = ["id", "edit_of", "edit_kind", "copy_of", "negative_of", "pan_frame"]
    ids, edit_of, kinds, copy_of, negative_of, pan = dataset.values(columns)
    id_of, place = dict(zip(names, ids, strict=True)), {name: i for i, name in enumerate(names)}

    def root(name: str) -> str:
        while source := edit_of[place[name]] or copy_of[place[name]]:
            name = source
        return name

    groups = defaultdict(list)
    for name, frame in zip(names, pan, strict=True):
        if frame is None:
            groups[root(name)].append(name)
    pairs = {
        _key(id_of[a], id_of[b]): kinds[place[a]] or kinds[place[b]] or "exact copy"
        for group in groups.values()
        for a, b in combinations(group, 2)
    }
    negatives = {
        _key(id_of[name], id_of[other])
        for name, source in zip(names, negative_of, strict=True)
        if source
        for other in groups[root(source)]
    }
    return pairs, negatives - set(pairs)


def _key(a: str, b: str) -> Pair:
    return min(a, b), max(a, b)


def _vectors(dataset: fo.Dataset, ids: list[str]) -> np.ndarray:
    return load_faiss_index(dataset, "clip").vectors_of(ids)


def _distances(dataset: fo.Dataset) -> tuple[list[str], np.ndarray]:
    """All distances, by NumPy."""
    ids = dataset.values("id")
    x = _vectors(dataset, ids).astype(np.float64)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return ids, 1 - x @ x.T


def _cover(dataset: fo.Dataset, thresh: float) -> dict[str, Any]:
    """Checks without verdicts that each redundant sample has a kept one within the threshold."""
    result = fiftyone_faiss.find_near_duplicates(dataset, "clip", thresh, progress=False)
    ids, distances = _distances(dataset)
    redundant = set(result.redundant)
    kept = np.array([id not in redundant for id in ids])
    gone = np.array([id in redundant for id in ids])
    far = (distances[gone][:, kept].min(axis=1) > thresh + 1e-9) if gone.any() else np.zeros(0)
    return {"redundant": len(redundant), "without_keeper": int(far.sum())}


def _pan(dataset: fo.Dataset) -> dict[str, Any]:
    """Finds the duplicates of the pan: a chain of frames."""
    frames = dataset.exists("pan_frame")
    result = fiftyone_faiss.find_near_duplicates(frames, "clip", PAN_THRESH, progress=False)
    redundant = set(result.redundant)
    ids, distances = _distances(dataset)
    inside = set(frames.values("id"))
    kept = [i for i, id in enumerate(ids) if id in inside - redundant]
    every = [i for i, id in enumerate(ids) if id in inside]
    among = distances[np.ix_(kept, kept)] <= PAN_THRESH
    # A kept frame could be dropped if another one covered it.
    droppable = int((among.sum(axis=1) > 1).sum())
    nearest = distances[np.ix_(every, kept)].min(axis=1)
    return {
        "pan_frames": len(every),
        "pan_kept": len(kept),
        "pan_uncovered": int((nearest > PAN_THRESH + 1e-9).sum()),
        "pan_droppable": droppable,
    }


if __name__ == "__main__":
    serve(tune, duplicates, leaks)
