"""Maps of patches, of frames and of groups."""

from __future__ import annotations

from pathlib import Path

import fiftyone as fo
import numpy as np
from support.colors import MeanColor
from support.indexes import index_of
from support.points import Points
from support.videos import write_video

import fiftyone_faiss


def test_patches(patches: Points) -> None:
    patches.index()
    made = fiftyone_faiss.visualize_index(patches.dataset, method="pca", progress=False)
    assert made.patches_field == "things"
    assert (made.ids, made.sample_ids) == (patches.label_ids, patches.sample_ids)
    loaded = fiftyone_faiss.load_map(patches.dataset, "given_pca")
    assert (loaded.ids, loaded.sample_ids) == (made.ids, made.sample_ids)
    view = loaded.view(made.ids[:3])
    assert view.values("id") == made.ids[:3]
    patches.dataset.clear_cache()
    results = patches.dataset.load_brain_results("given_pca")
    assert results.label_ids.tolist() == made.ids and results.sample_ids.tolist() == made.sample_ids
    part = patches.dataset.to_patches("things").match(fo.ViewField("things.label") == "a")
    of_view = fiftyone_faiss.visualize_index(part, method="pca", vis_key="part", progress=False)
    assert sorted(of_view.ids) == sorted(part.values("things.id"))
    assert fiftyone_faiss.load_map(patches.dataset, "part").samples == part


def test_frames(tmp_path: Path) -> None:
    fiftyone_faiss.register_embedder("mean-color", MeanColor)
    dataset = fo.Dataset(persistent=True)
    dataset.add_samples([fo.Sample(write_video(tmp_path / f"{i}.mp4", i)) for i in range(3)])
    frames = fiftyone_faiss.video_frames(dataset, every=0.8)
    fiftyone_faiss.build_index(frames, "frames", "mean-color", progress=False)
    made = fiftyone_faiss.visualize_index(dataset, method="pca", progress=False)
    assert sorted(made.ids) == sorted(frames.values("id"))
    # The same color in all videos is at the same place.
    assert len(np.unique(made.points.round(2), axis=0)) == 4
    assert made.view(made.ids[:3]).values("id") == list(made.ids[:3])
    part = fiftyone_faiss.visualize_index(frames[:6], method="pca", vis_key="part", progress=False)
    assert sorted(part.ids) == sorted(frames[:6].values("id"))
    dataset.clear_cache()
    # FiftyOne's panel shows it on the view of frames.
    results = dataset.load_brain_results("part")
    assert results.current_sample_ids.tolist() == frames[:6].values("id")
    videos = dataset[:2]
    of_videos = fiftyone_faiss.visualize_index(
        videos, method="pca", vis_key="videos", progress=False
    )
    ids = fiftyone_faiss.video_frames(videos, every=0.8).values("id")
    assert sorted(of_videos.ids) == sorted(ids)
    dataset.clear_cache()
    results = dataset.load_brain_results("videos").use_view(frames[:4])
    assert results.current_sample_ids.tolist() == frames[:4].values("id")
    dataset.delete()


def test_groups() -> None:
    rng = np.random.default_rng(3)
    dataset = fo.Dataset()
    dataset.add_group_field("group", default="left")
    samples = []
    for i in range(6):
        group = fo.Group()
        samples += [
            fo.Sample(f"/none/{i}-{side}.png", group=group.element(side))
            for side in ("left", "right")
        ]
    dataset.add_samples(samples)
    everything = dataset.select_group_slices(_allow_mixed=True)
    index_of(everything, rng.normal(size=(12, 4)).astype(np.float32))
    made = fiftyone_faiss.visualize_index(dataset, method="pca", progress=False)
    assert sorted(made.ids) == sorted(everything.values("id"))
    loaded = fiftyone_faiss.load_map(dataset, "given_pca")
    assert sorted(loaded.view().values("id")) == sorted(made.ids)
    dataset.delete()
