"""Indexes of given vectors: of any media, in every form in which people have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
import torch
from support.colors import MeanColor
from support.points import Points, check_answers, check_stored, points_of

import fiftyone_faiss


@pytest.mark.parametrize("suffix", ["mp4", "pcd", "fo3d", "xyz"])
def test_vectors_of_any_media_are_indexed(rng: np.random.Generator, suffix: str) -> None:
    dataset = fo.Dataset(persistent=True)
    dataset.add_samples([fo.Sample(f"/{i}.{suffix}") for i in range(5)])
    vectors = rng.normal(size=(5, 6)).astype(np.float32)
    points = Points(dataset, vectors, dataset.values("id"))
    assert fiftyone_faiss.build_index(dataset, "given", embeddings=vectors).size == 5
    dataset.set_values("emb", list(vectors))
    assert fiftyone_faiss.build_index(dataset, "field", embeddings="emb").size == 5
    for key in ("given", "field"):
        check_stored(dataset.load_brain_results(key), points)
        check_answers(dataset.load_brain_results(key), vectors[2], points)
        assert fiftyone_faiss.search(dataset, vectors[2], key, k=1).ids == points.ids[2:3]
        health = fiftyone_faiss.index_health(dataset, key)
        assert (health.size, health.missing, health.orphaned) == (5, 0, 0)
    dataset.delete()


FORMS: dict[str, Callable[[np.ndarray], Any]] = {
    "list of arrays": list,
    "lists": lambda vectors: vectors.tolist(),
    "tensor": torch.tensor,
    "tensor with gradients": lambda vectors: torch.tensor(vectors, requires_grad=True),
    "bfloat16": lambda vectors: torch.tensor(vectors, dtype=torch.bfloat16),
    "list of tensors": lambda vectors: list(torch.tensor(vectors, requires_grad=True)),
    "list of bfloat16": lambda vectors: list(torch.tensor(vectors, dtype=torch.bfloat16)),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["samples", "detections"])
def test_every_form_of_vectors_is_taken(
    dataset: fo.Dataset, rng: np.random.Generator, kind: str, form: str
) -> None:
    points = points_of(dataset, kind, rng)
    # Exact in bfloat16.
    points = points.with_vectors(np.round(4 * points.vectors) / 4)
    field = points.patches_field
    given = FORMS[form](points.vectors)
    fiftyone_faiss.build_index(dataset, "given", embeddings=given, patches_field=field)
    check_stored(dataset.load_brain_results("given"), points)
    by_id = dict(zip(points.ids, given, strict=True))
    fiftyone_faiss.build_index(dataset, "dict", embeddings=by_id, patches_field=field)
    check_stored(dataset.load_brain_results("dict"), points)
    results = points.empty_index("added")
    results.add_to_index(given, *points.added[1:])
    check_stored(results, points)


def test_vectors_of_the_labels_of_each_sample_are_taken(patches: Points) -> None:
    dataset = patches.dataset
    of_samples: dict[str, Any] = {}
    for i, sample_id in enumerate(patches.sample_ids):
        of_samples.setdefault(sample_id, []).append(patches.vectors[i])
    given = {id: np.stack(vectors) for id, vectors in of_samples.items()}
    fiftyone_faiss.build_index(dataset, "given", embeddings=given, patches_field="things")
    check_stored(dataset.load_brain_results("given"), patches)
    first = patches.sample_ids[0]
    given[first] = np.ones((3, 8))
    with pytest.raises(ValueError) as caught:
        fiftyone_faiss.build_index(dataset, "bad", embeddings=given, patches_field="things")
    assert str(caught.value) == (
        f"The sample '{first}' has 1 labels, but 3 embeddings; give one for each of its labels."
    )
    assert dataset.list_brain_runs() == ["given"]


@pytest.mark.parametrize("kind", ["samples", "detections"])
def test_what_has_no_vector_is_not_indexed(
    dataset: fo.Dataset, rng: np.random.Generator, kind: str
) -> None:
    points = points_of(dataset, kind, rng)
    vectors = [None if i in (1, 4) else vector for i, vector in enumerate(points.vectors)]
    kept = points.at([i for i in range(len(points.ids)) if i not in (1, 4)])
    by_id = dict(zip(points.ids, vectors, strict=True))
    for key, given in (("dict", by_id), ("list", vectors)):
        fiftyone_faiss.build_index(
            dataset, key, embeddings=given, patches_field=points.patches_field
        )
        check_stored(dataset.load_brain_results(key), kept)


@pytest.mark.parametrize("kind", ["samples", "detections", "detection"])
def test_a_field_of_vectors_is_read(
    dataset: fo.Dataset, rng: np.random.Generator, kind: str
) -> None:
    points = points_of(dataset, kind, rng)
    path = {None: "emb", "things": "things.detections.emb", "thing": "thing.emb"}
    kept = points.at(range(1, len(points.ids)))
    values = dict(zip(kept.ids, kept.vectors, strict=True))
    if points.patches_field is None:
        dataset.set_values("emb", values, key_field="id")
    else:
        dataset.set_label_values(path[points.patches_field], values, dynamic=True)
    field = points.patches_field
    fiftyone_faiss.build_index(dataset, "given", embeddings="emb", patches_field=field)
    check_stored(dataset.load_brain_results("given"), kept)


@pytest.mark.parametrize("kind", ["samples", "detections"])
def test_vectors_of_different_lengths_are_refused(
    dataset: fo.Dataset, rng: np.random.Generator, kind: str
) -> None:
    points = points_of(dataset, kind, rng)
    ragged = [np.ones(3 + (i == 2), np.float32) for i in range(len(points.ids))]
    by_id = dict(zip(points.ids, ragged, strict=True))
    if kind == "samples":
        dataset.set_values("emb", by_id, key_field="id")
    else:
        dataset.set_label_values("things.detections.emb", by_id, dynamic=True)
    for given, where in (("emb", "in the field 'emb'"), (by_id, "given"), (ragged, "given")):
        with pytest.raises(ValueError) as caught:
            fiftyone_faiss.build_index(
                dataset, "given", embeddings=given, patches_field=points.patches_field
            )
        assert str(caught.value) == (
            f"The embeddings {where} have different shapes, such as (3,) and (4,); compute those "
            "of one model again."
        )
    assert not dataset.list_brain_runs()


@pytest.mark.parametrize("key", [None, "", 3])
def test_an_index_needs_a_key(samples: Points, key: Any) -> None:
    for given in ({"embeddings": samples.vectors}, {"model": MeanColor()}):
        with pytest.raises(ValueError) as caught:
            fiftyone_faiss.build_index(samples.dataset, key, **given)
        assert str(caught.value) == (
            "Give a brain_key, the name to keep the index under, such as 'clip'."
        )
    assert not samples.dataset.list_brain_runs()
