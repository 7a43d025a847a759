"""The panel's methods for the tiles of results."""

from __future__ import annotations

import base64
import io
from typing import Any

import fiftyone as fo
import pytest
from PIL import Image
from support.panels import Context, answer_of, call
from support.points import points_of
from support.videos import write_video

import fiftyone_faiss
from fiftyone_faiss.panels.grid import fingerprint


def test_fields_and_tags_are_listed_and_read(book) -> None:
    dataset = book[:6].clone()
    ids = dataset.values("id")
    dataset.select(ids[:2]).tag_samples("seen")
    params = {"ids": ids[:3], "patches_field": None}
    answer = answer_of("values", Context(dataset, **params, fields=[]))
    paths = {field["name"]: field["path"] for field in answer["fields"]}
    assert paths["scene"] == "scene.label"
    assert paths["objects"] == "objects.detections.label"
    assert paths["split"] == "split" and paths["tags"] == "tags"
    assert not {"id", "filepath", "metadata", "created_at"} & {*paths}
    fields = ["scene", "objects", "tags"]
    values = answer_of("values", Context(dataset, **params, fields=fields))["values"]
    sample = dataset[ids[0]]
    kinds = list(dict.fromkeys(d.label for d in sample.objects.detections))
    assert values[ids[0]] == {"scene": [sample.scene.label], "objects": kinds, "tags": ["seen"]}
    assert values[ids[2]]["tags"] == []
    error = call("values", Context(dataset, **params, fields=["gone"]))["error"]
    assert error == "There is no field 'gone' to show; choose another one."
    dataset.delete()


def test_a_label_has_its_own_value_and_those_of_its_sample(book) -> None:
    dataset = book[:4].clone()
    sample = next(s for s in dataset if len(s.objects.detections) > 1)
    labels = sample.objects.detections
    params = {"ids": [label.id for label in labels], "patches_field": "objects"}
    answer = answer_of("values", Context(dataset, **params, fields=["objects", "scene"]))
    assert answer["values"] == {
        label.id: {"objects": [label.label], "scene": [sample.scene.label]} for label in labels
    }
    dataset.delete()


def test_frames_are_sent_as_images(tmp_path) -> None:
    dataset = fo.Dataset(persistent=True)
    dataset.add_sample(fo.Sample(write_video(tmp_path / "film.mp4")))
    ids = fiftyone_faiss.video_frames(dataset, every=0.8).values("id")
    params: dict[str, Any] = {"ids": ids, "patches_field": None}
    images = answer_of("frames", Context(dataset, **params))["images"]
    assert list(images) == ids
    kind, content = images[ids[0]].split(",")
    assert kind == "data:image/jpeg;base64"
    assert Image.open(io.BytesIO(base64.b64decode(content))).size == (32, 32)
    error = call("frames", Context(dataset, **params, dataset="gone"))["error"]
    assert error.startswith("There is no dataset 'gone' any more")
    dataset.delete()


def test_near_duplicates_have_files(dataset) -> None:
    ids = dataset.values("id")[:2]
    answer = answer_of("near_duplicates", Context(dataset, ids=ids, patches_field=None))
    assert [row["filepath"] for row in answer["duplicates"]] == dataset.values("filepath")[:2]


@pytest.mark.parametrize("kind", ["samples", "detections"])
def test_results_are_tagged_one_by_one_and_lose_any_tag(dataset, rng, kind) -> None:
    points = points_of(dataset, kind, rng)
    points.index()
    first, second = ({"ids": [id], "patches_field": points.patches_field} for id in points.ids[:2])
    both = {**first, "ids": points.ids[:2]}
    ctx = Context(dataset, **first, tag="mine")
    assert answer_of("tag_result", ctx) == {"tagged": 1, "ids": first["ids"]}
    # The App is not loaded again between two keys.
    assert ctx.ops.made == []
    assert answer_of("untag_result", Context(dataset, ids=first["ids"], tag="mine")) == {
        "untagged": 1
    }
    answer_of("tag_result", Context(dataset, **second, tag="mine"))
    ctx = Context(dataset, **both, tag="mine")
    assert answer_of("remove_tag", ctx) == {"ids": second["ids"]}
    assert ctx.ops.made == [("reload_samples", {})]
    preview = answer_of("preview_tag", Context(dataset, **both, tag="mine"))
    assert preview == {"new": 2, "count": 2}
    ctx = Context(dataset)
    assert answer_of("reload_grid", ctx) == {}
    assert ctx.ops.made == [("reload_samples", {})]


def test_the_grid_shows_what_is_left_of_the_results(dataset) -> None:
    ids = dataset.values("id")
    ctx = Context(dataset, ids=[ids[4], ids[2]], patches_field=None, scope="dataset")
    answer = answer_of("show_results", ctx)
    ((name, view),) = ctx.ops.made
    assert (name, view.values("id")) == ("set_view", [ids[4], ids[2]])
    assert answer["shown"] == [fingerprint(dataset.view()), fingerprint(view)]
    assert answer["base"] == []
