"""The suggested names of new indexes."""

from __future__ import annotations

import numpy as np
import pytest
from support.indexes import index_of

import fiftyone_faiss
from fiftyone_faiss.brain.indexing.key_names import key_of_model, suggest_brain_key


@pytest.mark.parametrize(
    ("model", "key"),
    [
        ("ViT-B-32/laion2b_s34b_b79k", "vit_b_32"),
        ("ViT-B-16-SigLIP/webli", "vit_b_16_siglip"),
        ("timm/vit_small_patch14_dinov2.lvd142m", "vit_small_patch14_dinov2"),
        ("timm/resnet18.a1_in1k/home/me/weights.pt", "resnet18"),
        ("picture-book-clip", "picture_book_clip"),
        ("colorhist", "colorhist"),
        ("hf-hub:timm/ViT-B-16-SigLIP", "vit_b_16_siglip"),
        ("local-dir:/models/my clip/", "my_clip"),
        ("/models/my-clip", "my_clip"),
        ("C:\\models\\3D", "index_3d"),
        ("", "index"),
    ],
)
def test_a_key_is_the_name_of_the_model(model: str, key: str) -> None:
    assert key_of_model(model) == key
    assert key.isidentifier()


def test_a_suggested_key_is_that_of_the_same_index_or_free(dataset, rng) -> None:
    assert suggest_brain_key(dataset, "colorhist") == "colorhist"
    fiftyone_faiss.build_index(dataset, "colors", model="colorhist")
    # The missing vectors are added to the index of the same model.
    assert suggest_brain_key(dataset, "colorhist") == "colors"
    assert suggest_brain_key(dataset, "colorhist", "boxes") == "colorhist_boxes"
    index_of(dataset, rng.normal(size=(12, 4)).astype(np.float32), "hog")
    index_of(dataset, rng.normal(size=(12, 4)).astype(np.float32), "hog_2")
    assert suggest_brain_key(dataset, "hog") == "hog_3"
