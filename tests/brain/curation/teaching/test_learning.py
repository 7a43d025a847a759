"""What is learned of drawn images: the new index, its model, its search by text; and refusals."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import fiftyone.zoo as foz
import numpy as np
import pytest
from PIL import Image
from support.taught import class_pairs, random_pairs, vectors_of

import fiftyone_faiss
from fiftyone_faiss import brain
from fiftyone_faiss.brain.models.loading import get_embedder
from fiftyone_faiss.demo import MODEL_NAME

SEARCH = """
import json, sys
import fiftyone as fo
import fiftyone_faiss
dataset = fo.load_dataset(sys.argv[1])
neighbors = fiftyone_faiss.search(dataset, sys.argv[2], brain_key="scenes", k=10)
print(json.dumps([list(neighbors.ids), [float(d) for d in neighbors.distances]]))
"""


@pytest.fixture(scope="module")
def taught(book: fo.Dataset) -> Iterator[tuple[fo.Dataset, brain.ProjectionReport]]:
    """The drawn images with an index "scenes" that was learned from 200 pairs of scenes."""
    dataset = book.clone("taught", persistent=True)
    scenes = dict(zip(*dataset.values(["id", "scene.label"]), strict=True))
    alike, unlike = class_pairs(scenes, 100, seed=4)
    report = fiftyone_faiss.learn_projection(dataset, "clip", "scenes", alike, unlike)
    yield dataset, report
    dataset.delete()


def test_the_new_index_holds_the_projected_vectors(taught) -> None:
    dataset, report = taught
    assert report.is_kept and report.brain_key == "clip" and report.new_key == "scenes"
    old, new = vectors_of(dataset, "clip"), vectors_of(dataset, "scenes")
    assert old.keys() == new.keys()
    weights = report.projection.matrix
    for id, vector in old.items():
        expected = weights.astype(np.float64) @ vector
        assert new[id] == pytest.approx(expected / np.linalg.norm(expected), abs=1e-5)
    assert np.linalg.norm(weights - np.eye(160)) < np.linalg.norm(np.eye(160))
    info = fiftyone_faiss.brain.index_info(dataset, "scenes")
    assert info.model == report.model and info.supports_text and info.size == len(dataset)
    assert report.model.startswith(f"{MODEL_NAME}+projection-")


def test_the_report_says_how_much_better_it_is(taught) -> None:
    dataset, report = taught
    (measure,) = report.measures
    assert (measure.name, measure.measure, measure.chance) == ("pairs", "pair_auc", 0.5)
    assert measure.improvement.low > 0 and measure.after.value > 0.8
    assert report.improvement.value == pytest.approx(measure.improvement.value)
    assert measure.count >= 100
    assert report.text is not None and report.text.reference == "labels"
    assert report.text.change.value >= -0.02 and report.text.before.value > 0.8
    shown = report.to_dict()
    assert json.loads(json.dumps(shown))["measures"][0]["after"]["value"] == measure.after.value
    assert "The index 'scenes' was made: improvement +0." in str(report)
    comparison = fiftyone_faiss.compare_models(dataset, ["clip", "scenes"], "scene")
    assert comparison.winner == "scenes"
    difference = comparison.pair("scenes", "clip").difference
    assert abs(difference.value) > 0.15


def test_a_fresh_process_finds_it_by_text(taught) -> None:
    dataset, _ = taught
    query = "a car on the beach"
    own = fiftyone_faiss.search(dataset, query, brain_key="scenes", k=10)
    done = subprocess.run(
        [sys.executable, "-c", SEARCH, dataset.name, query], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    ids, distances = json.loads(done.stdout.splitlines()[-1])
    assert ids == list(own.ids)
    assert distances == pytest.approx(list(own.distances), abs=1e-5)
    # Those of NumPy.
    text = get_embedder(MODEL_NAME, "float32").embed_texts([query])[0]
    text = brain.load_faiss_index(dataset, "scenes").get_embedder().projection.apply(text[None])[0]
    vectors = vectors_of(dataset, "scenes")
    expected = sorted(vectors, key=lambda id: -float(vectors[id] @ text))[:10]
    assert ids == expected


def test_new_samples_are_embedded_with_the_projection(taught) -> None:
    dataset, _ = taught
    ids = dataset.values("id")[:3]
    before = vectors_of(dataset, "scenes")
    index = brain.load_faiss_index(dataset, "scenes")
    index.remove_from_index(sample_ids=ids)
    health = fiftyone_faiss.index_health(dataset, "scenes")
    assert (health.missing, health.is_current) == (3, False)
    report = fiftyone_faiss.update_index(dataset, "scenes")
    assert (report.added, report.failures) == (3, {})
    after = vectors_of(dataset, "scenes")
    for id in ids:
        assert after[id] == pytest.approx(before[id], abs=1e-4)
    health = fiftyone_faiss.index_health(dataset, "scenes", check_media=True)
    assert health.is_current and health.model_matches and health.changed == 0


def test_fiftyone_loads_the_model_by_its_zoo_name(taught) -> None:
    dataset, report = taught
    model = foz.load_zoo_model(report.model)
    path = dataset.first().filepath
    image = np.asarray(Image.open(path).convert("RGB"))
    expected = get_embedder(report.model).embed_image(Image.open(path).convert("RGB"))
    assert model.embed(image) == pytest.approx(expected, abs=1e-5)
    text = get_embedder(report.model).embed_texts(["a dog"])[0]
    assert model.embed_prompt("a dog") == pytest.approx(text, abs=1e-6)
    view = dataset.sort_by_similarity("a dog in the snow", k=5, brain_key="scenes")
    own = fiftyone_faiss.search(dataset, "a dog in the snow", brain_key="scenes", k=5)
    assert view.values("id") == list(own.ids)


def test_random_pairs_are_refused_and_change_nothing(taught) -> None:
    dataset, _ = taught
    runs, models = dataset.list_brain_runs(), [info.name for info in brain.list_models()]
    for seed in range(2):
        pairs = random_pairs(dataset.values("id"), 200, seed)
        report = fiftyone_faiss.learn_projection(
            dataset, "clip", "nothing", pairs[:100], pairs[100:]
        )
        assert not report.is_kept and report.model is None
        assert report.refusals[0] == (
            "On examples that were held out, it is not shown to be better."
        )
        assert report.improvement.low <= 0
        assert str(report).startswith("Nothing was kept. On examples that were held out")
    assert dataset.list_brain_runs() == runs
    assert [info.name for info in brain.list_models()] == models


def test_a_stopped_projection_leaves_nothing(taught) -> None:
    dataset, _ = taught
    folders = set(Path(brain.load_faiss_index(dataset, "clip").path).parent.iterdir())
    steps = brain.teaching_steps(
        dataset, brain.TeachingRequest("clip", "stopped", label_field="scene", rank=4)
    )
    kinds: list[str] = []
    for step in steps:
        kinds.append(step.what)
        if step.what == "projected":
            break
    assert {"learned", "tested", "projected"} <= {*kinds}
    assert dataset.has_brain_run("stopped")
    steps.close()
    assert not dataset.has_brain_run("stopped")
    assert set(Path(brain.load_faiss_index(dataset, "clip").path).parent.iterdir()) == folders


def test_taken_and_invalid_keys_are_refused_first(taught) -> None:
    dataset, _ = taught
    for key, sentence in (
        ("scenes", "There is a run 'scenes' already"),
        ("no key", "new_key is 'no key'; give the name of the new index, such as 'clip_taught'"),
        ("", "new_key is ''"),
    ):
        with pytest.raises(ValueError, match=sentence):
            fiftyone_faiss.learn_projection(dataset, "clip", key, label_field="scene")


def test_a_learned_index_can_be_taught_again(taught) -> None:
    dataset, report = taught
    colors = {"label_field": "scene", "rank": 2, "max_samples": 150}
    again: Any = fiftyone_faiss.learn_projection(dataset, "scenes", "again", **colors)
    # It is nearly perfect already, so whether it is kept does not matter here.
    if again.is_kept:
        assert again.model.startswith(f"{report.model}+projection-")
        fiftyone_faiss.delete_index(dataset, "again")
    assert again.measures[0].before.value > 0.5
    assert again.notes[0] == "150 of 160 labeled samples were drawn."
