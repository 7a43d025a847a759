"""Small OpenCLIP models with random weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import open_clip
import torch

from fiftyone_faiss.embedders.open_clip import OpenClipEmbedder, OpenClipSpec

TEXT = {"context_length": 20, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1}
RN50 = {"layers": [3, 4, 6, 3], "width": 16, "patch_size": None, "image_size": 64}
VIT = {"layers": 3, "width": 64, "head_width": 16, "patch_size": 16, "image_size": 96}


def open_clip_model(
    folder: Path, vision: dict[str, Any], dim: int = 48, noise_level: float = 0.0
) -> OpenClipEmbedder:
    """A small OpenCLIP model with the random weights that OpenCLIP starts with.

    Many of these are 0, which would hide parts that are left out; ``noise_level`` is the deviation
    of what is added to them.
    """
    torch.manual_seed(3)
    config = {"embed_dim": dim, "vision_cfg": vision, "text_cfg": TEXT}
    model = open_clip.model.CLIP(**config)
    for parameter in model.parameters():
        parameter.data += noise_level * torch.randn_like(parameter)
    folder.mkdir(parents=True, exist_ok=True)
    preprocess = {"mean": [0.5] * 3, "std": [0.25] * 3}
    text = json.dumps({"model_cfg": config, "preprocess_cfg": preprocess})
    (folder / "open_clip_config.json").write_text(text)
    torch.save(model.state_dict(), folder / "open_clip_pytorch_model.bin")
    spec = OpenClipSpec.parse(str(folder))
    return OpenClipEmbedder("small", spec, device="cpu", precision="float32")
