"""Loads the image networks of timm: ResNet, ConvNeXt, DINOv2, DINOv3 and many more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import timm
import timm.models
import torch
from timm.data.config import resolve_model_data_config
from timm.data.transforms_factory import create_transform
from timm.layers.attention_pool import AttentionPoolLatent

from fiftyone_faiss.embedders.base import EmbedderError, weights_error
from fiftyone_faiss.embedders.torch_net import LOAD_ERRORS, TorchEmbedder
from fiftyone_faiss.embedders.torch_parts import FeatureParts, average_pool, latent_pool

PREFIX = "timm/"


class TimmEmbedder(TorchEmbedder):
    """An embedder that returns the pooled features of a timm network, without its classifier.

    Args:
        name: ``"timm/<model>"`` for its published weights, or ``"timm/<model>/<checkpoint file>"``
        device (None): a torch device, by default a GPU if there is one
        precision ("auto"): see :class:`fiftyone_faiss.embedders.torch_net.TorchEmbedder`

    Raises:
        EmbedderError: if the model does not exist, if its weights cannot be loaded, or if it
            cannot run in this precision
    """

    def __init__(self, name: str, device: str | None = None, precision: str = "auto") -> None:
        model, _, checkpoint = name.removeprefix(PREFIX).partition("/")
        if not timm.is_model(model):
            raise EmbedderError(
                f"timm has no model '{model}'; use 'timm/<model>', for example 'timm/resnet50', "
                "or 'timm/<model>/<checkpoint file>'."
            )
        if checkpoint and not Path(checkpoint).expanduser().is_file():
            raise EmbedderError(f"There is no checkpoint at {checkpoint}; check the path.")
        try:
            net = timm.create_model(model, pretrained=not checkpoint, num_classes=0)
            if checkpoint:
                _load(net, str(Path(checkpoint).expanduser()))
        except LOAD_ERRORS as error:
            raise weights_error(name, error, f"use 'timm/{model}/<path of the file>'") from error
        config = resolve_model_data_config(net)
        transform = create_transform(**config, is_training=False)
        super().__init__(name, net, transform, device, precision)

    def _features(self, net: torch.nn.Module, pixels: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = net(pixels)
        return features

    def _feature_parts(self, net: torch.nn.Module, pixels: torch.Tensor) -> FeatureParts | None:
        return timm_parts(net, pixels)


def timm_parts(net: Any, pixels: torch.Tensor) -> FeatureParts | None:
    """Divides the features of a network that pools by the mean, or by SigLIP's attention."""
    features = net.forward_features(pixels)
    if features.ndim == 4:
        parts = average_pool(features)
    elif isinstance(getattr(net, "attn_pool", None), AttentionPoolLatent):
        patches = features[:, net.num_prefix_tokens :]
        pooled = latent_pool(net.attn_pool, patches, net.patch_embed.grid_size)
        if pooled is None:
            return None
        parts = pooled
    else:
        return None
    # Some networks normalize or transform the pooled features.
    head = net.forward_head(features)[0]
    is_all = parts.total.shape == head.shape and torch.allclose(parts.total, head, 1e-4, 1e-5)
    return parts if is_all else None


def _load(net: Any, checkpoint: str) -> None:
    """Loads weights; those of a classifier are ignored, all others must be in the checkpoint.

    Raises:
        RuntimeError: if weights are missing or have other shapes
    """
    weights = timm.models.load_state_dict(checkpoint)
    known = net.state_dict()
    net.load_state_dict({key: value for key, value in weights.items() if key in known})
