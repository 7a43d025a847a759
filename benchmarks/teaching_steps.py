"""Steps of bench_teaching.py: teaching drawn images and digits, random pairs, compressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from workspace import serve

PAIRS = 100
K = 10
QUERY = "a car on the beach"
EMBEDDERS = ("clip", "colorhist")
# Test images of a seed are drawn from another one.
TEST_SEED = 10_000
COMPRESSED, COMPRESSED_DIM = 12_000, 256


@dataclass(frozen=True)
class Images:
    """Images of one thing.

    Attributes:
        vectors: ``(n, dim)`` of each embedder
        labels: the color, the scene and the kind of each image
    """

    vectors: Mapping[str, np.ndarray]
    labels: Mapping[str, np.ndarray]


def images_of_rules(folder: str, images: int, seeds: list[int]) -> dict[str, Any]:
    """Teaches color and scene by pairs, and measures on images of another seed."""
    runs = []
    for seed in seeds:
        train, test = (_draw(Path(folder), images, s) for s in (seed, seed + TEST_SEED))
        for embedder in EMBEDDERS:
            dataset = _dataset(f"taught-{embedder}-{seed}", train, embedder)
            for rule in ("color", "scene"):
                run = _taught(dataset, rule, embedder, train, test, seed)
                runs.append({"embedder": embedder, "rule": rule, "seed": seed, **run})
    kept = [run for run in runs if run["kept"] and run["embedder"] == "clip"]
    same = _same_in_fresh_process(kept)
    for run in runs:
        run["found_by_text"] = same.get((run["dataset"], run["rule"]))
    return {"runs": runs, "images": images, "seeds": seeds}


def _taught(
    dataset: Any, rule: str, embedder: str, train: Images, test: Images, seed: int
) -> dict[str, Any]:
    import fiftyone_faiss

    ids = dataset.values("id")
    alike, unlike = _pairs(ids, train.labels[rule], seed)
    report = fiftyone_faiss.learn_projection(dataset, embedder, rule, alike, unlike, progress=False)
    before = test.vectors[embedder]
    after = report.projection.apply(before)
    text_before = text_after = None
    if embedder == "clip":
        text_before, text_after = (
            _text_precision(project, test) for project in (lambda x: x, report.projection.apply)
        )
    own = [] if not report.is_kept else fiftyone_faiss.search(
        dataset, QUERY if embedder == "clip" else ids[0], brain_key=rule, k=K
    ).ids  # fmt: skip
    return {
        "dataset": dataset.name,
        "kept": report.is_kept,
        "amount": report.amount,
        "before": _map_at_r(before, test.labels[rule]),
        "after": _map_at_r(after, test.labels[rule]),
        "chance": _map_at_r(np.random.default_rng(seed).normal(size=(len(before), 8)),
                            test.labels[rule]),
        "text_before": text_before,
        "text_after": text_after,
        "text_loss": 0.0 if text_before is None else text_before - text_after,
        "estimate": report.improvement.value,
        "seconds": report.seconds,
        "ids": list(own),
    }  # fmt: skip


def _same_in_fresh_process(kept: list[dict[str, Any]]) -> dict[tuple[str, str], bool]:
    """Whether another process finds the same by text in each learned index."""
    from workspace import run_step

    wanted = [[run["dataset"], run["rule"], run["ids"]] for run in kept]
    same = run_step("search_again", "teaching_steps.py", wanted=wanted)["same"]
    return {(run["dataset"], run["rule"]): own for run, own in zip(kept, same, strict=True)}


def search_again(wanted: list[tuple[str, str, list[str]]]) -> dict[str, Any]:
    """Searches learned indexes by text."""
    import fiftyone as fo

    import fiftyone_faiss

    same = []
    for name, key, ids in wanted:
        dataset = fo.load_dataset(name)
        results = fiftyone_faiss.search(dataset, QUERY, brain_key=key, k=K)
        same.append(list(results.ids) == ids)
    return {"same": same}


def refused(folder: str, images: int, seeds: int) -> dict[str, Any]:
    """Teaches pairs that are called alike or unlike by chance."""
    import fiftyone_faiss

    train = _draw(Path(folder), images, 601)
    dataset = _dataset("random", train, "clip", model=False)
    ids, kept = np.array(dataset.values("id")), 0
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        pairs = [tuple(ids[rng.choice(len(ids), 2, replace=False)]) for _ in range(2 * PAIRS)]
        unique = list({tuple(sorted(pair)): pair for pair in pairs}.values())
        report = fiftyone_faiss.learn_projection(
            dataset, "clip", f"random_{seed}", unique[:PAIRS], unique[PAIRS:], seed=seed,
            progress=False,
        )  # fmt: skip
        kept += report.is_kept
    return {"count": seeds, "kept": int(kept), "kept_share": kept / seeds}


def digits(seeds: list[int]) -> dict[str, Any]:
    """Teaches parity and magnitude of digits together, and each alone."""
    from sklearn.datasets import load_digits

    given = load_digits()
    vectors = given.data.astype(np.float32)
    labels = {
        "parity": np.where(given.target % 2, "odd", "even"),
        "magnitude": np.where(given.target > 4, "large", "small"),
    }
    runs = []
    for seed in seeds:
        order = np.random.default_rng(seed).permutation(len(vectors))
        train, test = order[: len(order) // 2], order[len(order) // 2 :]
        runs.append({"seed": seed, **_taught_digits(vectors, labels, train, test, seed)})
    return {"runs": runs, "n": len(vectors)}


def _taught_digits(
    vectors: np.ndarray, labels: Mapping[str, np.ndarray], train: np.ndarray, test: np.ndarray,
    seed: int,
) -> dict[str, Any]:  # fmt: skip
    import fiftyone as fo
    import fiftyone.brain as fob

    import fiftyone_faiss

    dataset = fo.Dataset()
    dataset.add_samples(
        [
            fo.Sample(f"/none/{n}.png", **{name: own[n] for name, own in labels.items()})
            for n in train.tolist()
        ],
        progress=False,
    )
    fob.compute_similarity(
        dataset, backend="faiss", embeddings=vectors[train], brain_key="digits", progress=False
    )
    projections = {
        key: fiftyone_faiss.learn_projection(
            dataset, "digits", key, label_field=fields, seed=seed, progress=False
        ).projection
        for key, fields in (("both", list(labels)), *((name, [name]) for name in labels))
    }
    base = vectors[test] / np.linalg.norm(vectors[test], axis=1, keepdims=True)
    rng = np.random.default_rng(seed)
    hot = np.hstack([np.eye(2)[(own[test] == own[test][0]).astype(int)] for own in labels.values()])
    ideal = hot + 1e-3 * rng.normal(size=hot.shape)
    return {
        name: {
            "before": _map_at_r(base, own[test]),
            "after": _map_at_r(projections["both"].apply(base), own[test]),
            "alone": _map_at_r(projections[name].apply(base), own[test]),
            "joint_ideal": _map_at_r(ideal, own[test]),
            "chance": _map_at_r(rng.normal(size=(len(test), 8)), own[test]),
        }
        for name, own in labels.items()
    }


def compressed(folder: str, seed: int) -> dict[str, Any]:
    """Compares compressions of clustered vectors with a structure like CLIP embeddings."""
    import fiftyone as fo
    import fiftyone.brain as fob
    from vectors import Mixture

    import fiftyone_faiss

    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(f"/none/{n}.png") for n in range(COMPRESSED)], progress=False)
    path = Path(folder) / "vectors.npy"
    path.parent.mkdir(parents=True, exist_ok=True)
    vectors = np.array(Mixture(COMPRESSED, COMPRESSED_DIM, seed).write(path))
    fob.compute_similarity(
        dataset, backend="faiss", embeddings=vectors, brain_key="given", progress=False
    )
    table = fiftyone_faiss.compare_compression(dataset, "given", seed=seed, progress=False)
    return {"summary": str(table), "table": table.to_markdown(), **table.to_dict()}


# -- data and measures ---------------------------------------------------------------------------


def _draw(folder: Path, images: int, seed: int) -> Images:
    """Draws and embeds images, unless an earlier run has done so."""
    from fiftyone_faiss.brain import get_embedder, register_zoo_model
    from fiftyone_faiss.demo import MODEL_DIR, MODEL_NAME
    from fiftyone_faiss.demo.evaluate import draw_unseen, embed_pictures
    from fiftyone_faiss.embedders.open_clip import OpenClipSpec

    register_zoo_model(MODEL_NAME, OpenClipSpec.parse(str(MODEL_DIR)))
    path = folder / f"{seed}.npz"
    if not path.exists():
        pictures = draw_unseen(images, 1, seed)
        names = {"clip": MODEL_NAME, "colorhist": "colorhist"}
        arrays = {
            key: embed_pictures(get_embedder(name, "float32"), pictures)
            for key, name in names.items()
        }
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(
            path,
            scene=[picture.scene for picture in pictures],
            color=[picture.things[0].color for picture in pictures],
            kind=[picture.things[0].kind for picture in pictures],
            **arrays,
        )
    with np.load(path) as stored:
        labels = {name: stored[name] for name in ("scene", "color", "kind")}
        vectors = {name: stored[name] for name in EMBEDDERS}
    return Images(vectors, labels)


def _dataset(name: str, images: Images, embedder: str, model: bool = True) -> Any:
    """A persistent dataset of embedded images, with an index of their vectors."""
    import fiftyone as fo

    import fiftyone_faiss
    from fiftyone_faiss.demo import MODEL_NAME

    dataset = fo.Dataset(name, persistent=True)
    dataset.add_samples(
        [
            fo.Sample(
                f"/none/{n}.png",
                **{key: fo.Classification(label=str(own[n])) for key, own in images.labels.items()},
            )
            for n in range(len(images.vectors[embedder]))
        ],
        progress=False,
    )
    names = {"clip": MODEL_NAME, "colorhist": "colorhist"}
    fiftyone_faiss.build_index(
        dataset, embedder, model=names[embedder] if model else None,
        embeddings=images.vectors[embedder], precision="float32", progress=False,
    )  # fmt: skip
    return dataset


def _pairs(ids: list[str], labels: np.ndarray, seed: int) -> tuple[list[Any], list[Any]]:
    """Random pairs of one class, and of two."""
    rng = np.random.default_rng(seed)
    places = rng.integers(0, len(ids), (100 * PAIRS, 2))
    places = np.unique(np.sort(places[places[:, 0] != places[:, 1]], axis=1), axis=0)
    places = rng.permutation(places)
    is_alike = labels[places[:, 0]] == labels[places[:, 1]]
    alike, unlike = (
        [(ids[a], ids[b]) for a, b in places[is_alike == kind][:PAIRS]] for kind in (True, False)
    )
    return alike, unlike


def _map_at_r(vectors: np.ndarray, labels: np.ndarray) -> float:
    """mAP@R of all vectors as queries, by NumPy."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    closeness = unit @ unit.T
    np.fill_diagonal(closeness, -np.inf)
    order = np.argsort(-closeness, axis=1, kind="stable")[:, :-1]
    is_right = labels[order] == labels[:, None]
    relevant = is_right.sum(axis=1)
    counted = is_right & (np.arange(1, is_right.shape[1] + 1) <= relevant[:, None])
    precision = np.cumsum(counted, axis=1) / np.arange(1, is_right.shape[1] + 1)
    return float(((precision * counted).sum(axis=1) / np.maximum(relevant, 1)).mean())


def _text_precision(project: Callable[[np.ndarray], np.ndarray], test: Images) -> float:
    """Precision@10 of texts for kinds, colors and scenes with at least ten images."""
    from fiftyone_faiss.brain import get_embedder
    from fiftyone_faiss.demo import MODEL_NAME
    from fiftyone_faiss.demo.phrases import article
    from fiftyone_faiss.demo.scenes import SCENES

    texts = {
        **{("kind", kind): article(kind) for kind in np.unique(test.labels["kind"])},
        **{("scene", scene): SCENES[scene] for scene in np.unique(test.labels["scene"])},
    }
    keys = [key for key in texts if (test.labels[key[0]] == key[1]).sum() >= K]
    embedded = get_embedder(MODEL_NAME, "float32").embed_texts([texts[key] for key in keys])
    closeness = project(embedded) @ project(test.vectors["clip"]).T
    nearest = np.argsort(-closeness, axis=1, kind="stable")[:, :K]
    right = [
        test.labels[name][own] == value for (name, value), own in zip(keys, nearest, strict=True)
    ]
    return float(np.mean(right))


if __name__ == "__main__":
    serve(images_of_rules, search_again, refused, digits, compressed)
