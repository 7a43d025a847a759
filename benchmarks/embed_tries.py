"""Alternatives that might embed faster; ``workspace.run_step`` runs each in its own process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import numpy as np
import torch
from embed_steps import (
    WARM_UP,
    FixedWorkers,
    decode_all,
    embed_all,
    load,
    model_rate,
    sources_of,
    timed,
)
from torch import nn
from vectors import cosines
from workspace import serve

from fiftyone_faiss.embedders import images

BATCH_SIZES = (8, 16, 32, 64)
MARGINS = (1, 2, 4)
_BATCH, _ROUNDS = 16, 3


def batches(folder: str, n: int, architecture: str, checkpoint: str) -> dict[str, Any]:
    """The rate of every batch size, with one worker of all threads and with one for each."""
    embedder, sources = load(architecture, checkpoint), sources_of(folder, n)
    embed_all(embedder, sources[:WARM_UP])
    arrays, max_workers = decode_all(embedder, sources), embedder.max_workers()
    results = []
    for size in BATCH_SIZES:
        for workers in dict.fromkeys((1, max_workers)):
            embedder.workers = workers
            seconds, _ = timed(lambda: embed_all(embedder, sources, batch_size=size))  # noqa: B023
            rates = {"model": model_rate(embedder, arrays, size), "rate": n / seconds}
            results.append({"batch_size": size, "workers": workers, **rates})
    return {"results": results}


def drafts(folder: str, n: int, architecture: str, checkpoint: str) -> dict[str, Any]:
    """The rates and cosines of JPEGs that are decoded at a fraction of their size."""
    embedder, sources = load(architecture, checkpoint), sources_of(folder, n)
    embed_all(embedder, sources[:WARM_UP])
    image_size, whole, results = embedder.image_size, None, []
    for margin in (None, *MARGINS):
        embedder.image_size = None if margin is None else image_size
        images.DRAFT_MARGIN = margin
        decode_s, _ = timed(lambda: decode_all(embedder, sources))
        seconds, vectors = timed(lambda: embed_all(embedder, sources))
        whole = vectors if whole is None else whole
        rates = {"decode": n / decode_s, "rate": n / seconds}
        results.append({"margin": margin, **rates, **cosines(vectors, whole)})
    return {"results": results}


# -- other networks ------------------------------------------------------------------------------


class PlainAttention(nn.Module):
    """The attention of an ``nn.MultiheadAttention`` in two linear layers and torch's product.

    Torch has a fast path for its own module, and dynamic quantization skips that module.
    """

    def __init__(self, packed: nn.MultiheadAttention) -> None:
        super().__init__()
        width = packed.embed_dim
        self.heads = packed.num_heads
        self.project = nn.Linear(width, 3 * width)
        self.project.weight, self.project.bias = packed.in_proj_weight, packed.in_proj_bias
        self.out = nn.Linear(width, width)
        self.out.weight, self.out.bias = packed.out_proj.weight, packed.out_proj.bias

    def forward(self, x: torch.Tensor, *_: Any, **__: Any) -> tuple[torch.Tensor]:
        n, length, width = x.shape
        query, key, value = (
            self.project(x)
            .view(n, length, 3, self.heads, width // self.heads)
            .permute(2, 0, 3, 1, 4)
        )
        mixed = nn.functional.scaled_dot_product_attention(query, key, value)
        return (self.out(mixed.transpose(1, 2).reshape(n, length, width)),)


def _plain(visual: nn.Module) -> nn.Module:
    for block in visual.transformer.resblocks:
        block.attn = PlainAttention(block.attn)
    return visual


def _quantized(visual: nn.Module) -> nn.Module:
    return torch.ao.quantization.quantize_dynamic(_plain(visual), {nn.Linear}, torch.qint8)


def _frozen(visual: nn.Module) -> nn.Module:
    return torch.compile(visual, options={"freezing": True})


NETWORKS: dict[str, tuple[str, Callable[[nn.Module], nn.Module]]] = {
    "float32": ("float32", lambda visual: visual),
    "bfloat16": ("bfloat16", lambda visual: visual),
    "bfloat16, channels last": (
        "bfloat16",
        lambda visual: visual.to(memory_format=torch.channels_last),
    ),
    "bfloat16, attention without torch's fast path": ("bfloat16", _plain),
    "int8 linear layers, quantized dynamically": ("float32", _quantized),
    "bfloat16, torch.compile": ("bfloat16", torch.compile),
    "bfloat16, torch.compile with frozen weights": ("bfloat16", _frozen),
}


def network_kinds() -> dict[str, Any]:
    """The kinds of :func:`network`."""
    return {"kinds": list(NETWORKS)}


def network(folder: str, n: int, architecture: str, checkpoint: str, kind: str) -> dict[str, Any]:
    """The rates of a modified network alone, and its cosines to the network in float32.

    Returns:
        rates with one worker and with several; ``times_bfloat16``, the better of the two divided by
        that of the unmodified network in bfloat16, which is measured alternately; and ``first_s``,
        the seconds of the first batch
    """
    precision, change = NETWORKS[kind]
    exact = load(architecture, checkpoint, precision="float32")
    # Full batches only: another shape would be compiled again.
    arrays = decode_all(exact, sources_of(folder, n // _BATCH * _BATCH))
    expected = _embed(exact, arrays)
    del exact
    baseline = load(architecture, checkpoint, precision="bfloat16")
    changed = load(architecture, checkpoint, precision=precision)
    changed._net.visual = change(changed._net.visual)
    first_s, _ = timed(lambda: changed.embed_images(arrays[:_BATCH]))
    close = cosines(_embed(changed, arrays), expected)
    turns = [(_rates(changed, arrays), _rates(baseline, arrays)) for _ in range(_ROUNDS)]
    ours, others = (
        {way: median(rates[way] for rates in rounds) for way in rounds[0]}
        for rounds in zip(*turns, strict=True)
    )
    times = max(ours.values()) / max(others.values())
    return {**ours, "times_bfloat16": times, "first_s": first_s, **close}


def _rates(embedder: FixedWorkers, arrays: Sequence[Any]) -> dict[str, float]:
    """The rates with a worker for each of torch's threads, and with one that uses all of them."""
    rates = {}
    for way, workers in {"workers": torch.get_num_threads(), "one_worker": 1}.items():
        embedder.workers = workers
        rates[way] = model_rate(embedder, arrays, _BATCH)
    return rates


def _embed(embedder: FixedWorkers, arrays: Sequence[Any]) -> np.ndarray:
    parts = (arrays[i : i + _BATCH] for i in range(0, len(arrays), _BATCH))
    return np.concatenate([embedder.embed_images(part) for part in parts])


if __name__ == "__main__":
    serve(batches, drafts, network_kinds, network)
