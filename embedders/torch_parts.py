"""Divides the features of torch networks into what each patch adds, by the way they pool patches.

All functions take one image and hold attention weights and the scale of layer normalization fixed:
with these as they are, the rest of a pooling is linear.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from open_clip.modified_resnet import AttentionPool2d
from open_clip.transformer import ResidualAttentionBlock, VisionTransformer
from timm.layers.attention_pool import AttentionPoolLatent
from torch import nn
from torch.nn import functional as F

Grid = tuple[int, int]
"""Rows and columns."""


@dataclass(frozen=True)
class FeatureParts:
    """The features of an image as a sum over its patches.

    Attributes:
        parts: ``(rows, columns, dim)``, what each patch adds
        rest: ``(dim,)``, what belongs to no patch
    """

    parts: torch.Tensor
    rest: torch.Tensor

    @property
    def total(self) -> torch.Tensor:
        """The ``(dim,)`` features."""
        return self.parts.sum(dim=(0, 1)) + self.rest

    def mapped(self, linear: Callable[[torch.Tensor], torch.Tensor]) -> FeatureParts:
        """Applies a linear map without a bias."""
        return FeatureParts(linear(self.parts), linear(self.rest))


def average_pool(features: torch.Tensor) -> FeatureParts:
    """Divides the mean over the places of a ``(1, dim, rows, columns)`` map."""
    parts = features[0].permute(1, 2, 0)
    parts = parts / (parts.shape[0] * parts.shape[1])
    return FeatureParts(parts, torch.zeros_like(parts[0, 0]))


def attention_pool(pool: AttentionPool2d, features: torch.Tensor) -> FeatureParts:
    """Divides what CLIP's ResNets make of a ``(1, dim, rows, columns)`` map by attention pooling.

    The query, and one of the values, is the mean of all patches, which is divided among them.
    Biases are divided equally, so that nothing is left.
    """
    grid = (int(features.shape[2]), int(features.shape[3]))
    patches = features[0].flatten(1).T
    positions, count = pool.positional_embedding, len(patches)
    tokens = torch.cat([patches.mean(dim=0, keepdim=True), patches]) + positions
    weights = _attention(pool.q_proj(tokens[:1]), pool.k_proj(tokens), pool.num_heads)[:, 0]
    of_patches = _heads(pool.v_proj(tokens[1:]), pool.num_heads)
    of_mean = _heads(pool.v_proj(patches + positions[0]) / count, pool.num_heads)
    values = weights[:, 1:, None] * of_patches + weights[:, :1, None] * of_mean
    parts = F.linear(_joined(values), pool.c_proj.weight) + pool.c_proj.bias / count
    return FeatureParts(parts.view(*grid, -1), torch.zeros_like(parts[0]))


def latent_pool(pool: AttentionPoolLatent, tokens: torch.Tensor, grid: Grid) -> FeatureParts | None:
    """Divides what the attention pooling of SigLIP makes of ``(1, patches, dim)`` tokens.

    The block after the attention mixes the patches: what it adds is the rest.
    """
    if pool.latent_len != 1 or pool.pos_embed is not None or len(tokens[0]) != math.prod(grid):
        return None
    query = _heads(pool.q(pool.latent[0]), pool.num_heads)
    keys, values = (_heads(part, pool.num_heads) for part in pool.kv(tokens[0]).chunk(2, dim=-1))
    weights = _softmax(pool.q_norm(query), pool.k_norm(keys))[:, 0]
    parts = F.linear(_joined(weights[..., None] * values), pool.proj.weight)
    if pool.proj.bias is not None:
        parts = parts + pool.proj.bias / len(parts)
    rest = torch.zeros_like(parts[0])
    if pool.mlp is not None:
        pooled = parts.sum(dim=0, keepdim=True)
        rest = pool.mlp(pool.norm(pooled))[0]
    return FeatureParts(parts.view(*grid, -1), rest)


def class_token(visual: VisionTransformer, pixels: torch.Tensor) -> FeatureParts | None:
    """Divides the class token of an OpenCLIP vision transformer.

    The class token is the sum of what all layers added to it. What their attention took from a
    patch is the part of the patch; the blocks after the attention and the class token's own values
    are the rest (Gandelsman et al., "Interpreting CLIP's image representation via text-based
    decomposition", ICLR 2024).
    """
    blocks = visual.transformer.resblocks
    is_plain = all(type(block) is ResidualAttentionBlock for block in blocks)
    if not is_plain or visual.attn_pool is not None or visual.pool_type != "tok":
        return None
    tokens = visual._embeds(pixels)
    parts = torch.zeros_like(tokens[0, 1:])
    for block in blocks:
        parts = parts + block.ls_1(_from_patches(block, tokens[0]))
        tokens = block(tokens)
    token = tokens[0, 0]
    # Layer normalization with its scale held fixed.
    deviation = torch.sqrt(token.var(unbiased=False) + visual.ln_post.eps)
    centered = parts - parts.mean(dim=-1, keepdim=True)
    parts = visual.ln_post.weight * centered / deviation
    rest = visual.ln_post(token) - parts.sum(dim=0)
    grid = (int(visual.grid_size[0]), int(visual.grid_size[1]))
    result = FeatureParts(parts.view(*grid, -1), rest)
    return result if visual.proj is None else result.mapped(lambda x: x @ visual.proj)


def _from_patches(block: ResidualAttentionBlock, tokens: torch.Tensor) -> torch.Tensor:
    """``(patches, dim)``: what the class token takes from each patch in a block's attention."""
    attention: nn.MultiheadAttention = block.attn
    normalized = block.ln_1(tokens)
    projected = F.linear(normalized, attention.in_proj_weight, attention.in_proj_bias)
    query, keys, values = projected.chunk(3, dim=-1)
    weights = _attention(query[:1], keys, attention.num_heads)[:, 0, 1:]
    taken = weights[..., None] * _heads(values[1:], attention.num_heads)
    return F.linear(_joined(taken), attention.out_proj.weight)


def _attention(query: torch.Tensor, keys: torch.Tensor, heads: int) -> torch.Tensor:
    """``(heads, queries, keys)`` attention weights."""
    return _softmax(_heads(query, heads), _heads(keys, heads))


def _softmax(query: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
    products = query @ keys.transpose(-1, -2)
    return torch.softmax(products / math.sqrt(query.shape[-1]), dim=-1)


def _heads(values: torch.Tensor, heads: int) -> torch.Tensor:
    """``(n, dim)`` values as ``(heads, n, dim / heads)``."""
    return values.view(len(values), heads, -1).transpose(0, 1)


def _joined(values: torch.Tensor) -> torch.Tensor:
    """The opposite of :func:`_heads`."""
    return values.transpose(0, 1).flatten(1)
