"""Clusters and tags of patches and of frames."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fiftyone as fo
import pytest
from support.colors import MeanColor
from support.videos import write_video

import fiftyone_faiss
from fiftyone_faiss.demo import MODEL_NAME
from fiftyone_faiss.demo.world import COLOR_NAMES, KINDS


@pytest.fixture
def patches(book: fo.Dataset) -> Iterator[fo.Dataset]:
    """60 drawn images with an index "patches" of their objects."""
    dataset = book[:60].clone(persistent=True)
    fiftyone_faiss.build_index(dataset, "patches", MODEL_NAME, patches_field="objects")
    yield dataset
    dataset.delete()


@pytest.fixture
def films(book: fo.Dataset, tmp_path: Path) -> Iterator[fo.Dataset]:
    """Two videos of four colors, with indexes of their frames, four each."""
    fiftyone_faiss.register_embedder("mean-color", MeanColor)
    dataset = fo.Dataset(persistent=True)
    dataset.add_samples([fo.Sample(write_video(tmp_path / f"{i}.mp4", i)) for i in range(2)])
    frames = fiftyone_faiss.video_frames(dataset, every=0.8)
    fiftyone_faiss.build_index(frames, "frames", "mean-color")
    fiftyone_faiss.build_index(frames, "clip", MODEL_NAME)
    yield dataset
    dataset.delete()


def test_clusters_of_patches(patches: fo.Dataset) -> None:
    ids = patches.values("objects.detections.id", unwind=True)
    clusters = fiftyone_faiss.cluster_samples(
        patches, "patches", 8, vocabulary="none", field="kind_of"
    )
    assert sorted(clusters.ids) == sorted(ids) and clusters.patches_field == "objects"
    fields = [f"objects.detections.{name}" for name in ("id", "kind_of", "kind_of_confidence")]
    saved = zip(*(patches.values(field, unwind=True) for field in fields), strict=True)
    for id, name, confidence in saved:
        assert name == f"cluster {clusters.cluster_of[id]}" and 0 < confidence <= 1
    assert clusters.view(0).values("id") == clusters.members(0)
    assert sorted(clusters.tag(0, "zero")) == sorted(clusters.members(0))
    patches.reload()
    assert patches.count_label_tags("objects") == {"zero": clusters.clusters[0].size}
    saved_again = clusters.rename(0, "first").save("kind_of")
    assert "first" in patches.distinct("objects.detections.kind_of")
    saved_again.undo()
    assert "first" not in patches.distinct("objects.detections.kind_of")
    assert patches.values("objects.detections.kind_of", unwind=True) == [
        f"cluster {clusters.cluster_of[id]}"
        for id in patches.values("objects.detections.id", unwind=True)
    ]


def test_tags_of_patches(patches: fo.Dataset) -> None:
    tags = fiftyone_faiss.tag_by_text(patches, ["a dog", "a car", "a boat"], "patches")
    kinds = dict(
        zip(
            *(patches.values(f"objects.detections.{n}", unwind=True) for n in ("id", "label")),
            strict=True,
        )
    )
    assert sorted(tags.all_ids) == sorted(kinds)
    # The model was not trained on cropped objects: a person says which are boats.
    boats = {id for id, kind in kinds.items() if kind == "boat"}
    tags = tags.refine({"a boat": {id: kind == "boat" for id, kind in kinds.items()}})
    assert set(tags.ids("a boat")) == boats
    assert tags.save("seen").count == len(kinds)
    seen = [names for part in patches.values("objects.detections.seen") for names in part]
    ids = patches.values("objects.detections.id", unwind=True)
    assert [s or [] for s in seen] == [
        [t for t in tags.thresholds if i in tags.ids(t)] for i in ids
    ]
    tagged = tags.tag()
    assert set(tagged) == set(tags.thresholds)


def test_tags_of_patches_are_those_of_their_labels(book: fo.Dataset, rng) -> None:
    dataset = book.clone(persistent=True)
    fiftyone_faiss.build_index(
        dataset, "patches", MODEL_NAME, patches_field="objects", progress=False
    )
    names = ("id", "label", "color")
    ids, kinds, colors = (
        dataset.values(f"objects.detections.{name}", unwind=True) for name in names
    )
    tags = fiftyone_faiss.tag_by_text(dataset, COLOR_NAMES, "patches")
    truth = {
        name: {i for i, own in zip(ids, colors, strict=True) if own == name} for name in colors
    }
    assert len(tags.thresholds) >= 6 and not tags.absent
    chosen = {name: set(tags.ids(name)) for name in tags.thresholds}
    right = sum(len(own & truth[name]) for name, own in chosen.items())
    # No person has answered; colors of crops are easy for the model.
    assert right / sum(map(len, chosen.values())) >= 0.9
    assert right / sum(len(truth[name]) for name in chosen) >= 0.9
    shuffled = dict(zip(ids, rng.permutation(colors).tolist(), strict=True))
    by_chance = sum(shuffled[id] == name for name, own in chosen.items() for id in own)
    assert by_chance < 0.3 * sum(map(len, chosen.values()))
    for name in tags.refused:
        assert tags.ids(name) == []
    # It was not trained on cropped objects: it says so, rather than tagging wrong ones.
    things = fiftyone_faiss.tag_by_text(dataset, {kind: f"a {kind}" for kind in KINDS}, "patches")
    wrong = {
        id for kind in things.thresholds for id in things.ids(kind) if kinds[ids.index(id)] != kind
    }
    assert len(wrong) < 0.05 * len(ids)
    assert len(things.absent) + len(things.refused) >= 0.8 * len(KINDS)
    dataset.delete()


def test_clusters_and_tags_of_frames(films: fo.Dataset) -> None:
    clusters = fiftyone_faiss.cluster_samples(films, "frames", 4, vocabulary="none", field="color")
    colors = films.values(["frames.id", "frames.color.label", "frames.color.confidence"])
    ids, labels, confidences = ([value for row in part for value in row] for part in colors)
    assert sorted(ids) == sorted(clusters.ids)
    assert dict(zip(ids, labels, strict=True)) == {
        id: f"cluster {n}" for id, n in clusters.cluster_of.items()
    }
    # Each color is in both videos.
    assert [cluster.size for cluster in clusters.clusters] == [2, 2, 2, 2]
    assert min(confidences) > 0
    frames = fiftyone_faiss.video_frames(films, every=0.8)
    assert clusters.view(0).values("id") == clusters.members(0) and len(clusters.view()) == 4
    view = fiftyone_faiss.cluster_samples(frames[:6], "frames", 3, vocabulary="none")
    assert sorted(view.ids) == sorted(frames[:6].values("id"))
    with pytest.raises(ValueError, match="Frames of videos cannot be tagged"):
        clusters.tag(0)
    tags = fiftyone_faiss.tag_by_text(films, ["a red car"], "clip")
    assert sorted(tags.all_ids) == sorted(ids) and "too few samples" in " ".join(tags.notes)
    saved = tags.save("seen")
    assert saved.count == 8 and films.has_frame_field("seen")
    saved.undo()
    assert not films.has_frame_field("seen")
