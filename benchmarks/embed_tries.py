"""What was tried to embed faster; ``workspace.run_step`` runs each try in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import numpy as np
import torch
from embed_steps import (
    WARM_UP,
    SharedLanes,
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
SPARES = (1, 2, 4)
_BATCH, _ROUNDS = 16, 3


def batches(folder: str, n: int, architecture: str, checkpoint: str) -> dict[str, Any]:
    """The rate of every batch size, in one lane of all threads and in a lane for each."""
    embedder, sources = load(architecture, checkpoint), sources_of(folder, n)
    embed_all(embedder, sources[:WARM_UP])
    arrays, most = decode_all(embedder, sources), embedder.lanes
    found = []
    for size in BATCH_SIZES:
        for lanes in dict.fromkeys((1, most)):
            embedder.lanes = lanes
            seconds, _ = timed(lambda: embed_all(embedder, sources, batch_size=size))  # noqa: B023
            model = model_rate(embedder, arrays, size)
            one = {"batch_size": size, "lanes": lanes, "model": model, "rate": n / seconds}
            found.append(one)
    return {"found": found}


def drafts(folder: str, n: int, architecture: str, checkpoint: str) -> dict[str, Any]:
    """The rates and cosines of JPEGs that are decoded at a fraction of their size."""
    embedder, sources = load(architecture, checkpoint), sources_of(folder, n)
    embed_all(embedder, sources[:WARM_UP])
    least, whole, found = embedder.image_size, None, []
    for spare in (None, *SPARES):
        embedder.image_size = None if spare is None else least
        images.SPARE_PIXELS = spare
        decode_s, _ = timed(lambda: decode_all(embedder, sources))
        seconds, vectors = timed(lambda: embed_all(embedder, sources))
        whole = vectors if whole is None else whole
        rates = {"decode": n / decode_s, "rate": n / seconds}
        found.append({"spare": spare, **rates, **cosines(vectors, whole)})
    return {"found": found}


# -- other networks ------------------------------------------------------------------------------


class PlainAttention(nn.Module):
    """The attention of an ``nn.MultiheadAttention`` by two linear layers and torch's product.

    Torch has a shortcut for its own module, and dynamic quantisation passes it by.
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


def _quantised(visual: nn.Module) -> nn.Module:
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
    "bfloat16, attention without torch's shortcut": ("bfloat16", _plain),
    "int8 linear layers, quantised dynamically": ("float32", _quantised),
    "bfloat16, torch.compile": ("bfloat16", torch.compile),
    "bfloat16, torch.compile with frozen weights": ("bfloat16", _frozen),
}


def network_kinds() -> dict[str, Any]:
    """What :func:`network` can be asked for."""
    return {"kinds": list(NETWORKS)}


def network(folder: str, n: int, architecture: str, checkpoint: str, kind: str) -> dict[str, Any]:
    """The rate and the cosines to float32 of the network alone, made another way.

    Returns:
        rates in one lane and in many; ``times_bfloat16``, by how much the better of the two is
        faster than the unchanged network in bfloat16, which takes turns with it; and ``first_s``,
        the seconds of the first batch
    """
    precision, change = NETWORKS[kind]
    exact = load(architecture, checkpoint, precision="float32")
    # Whole batches only: another shape would be compiled anew.
    arrays = decode_all(exact, sources_of(folder, n // _BATCH * _BATCH))
    expected = _embed(exact, arrays)
    del exact
    usual = load(architecture, checkpoint, precision="bfloat16")
    changed = load(architecture, checkpoint, precision=precision)
    changed._net.visual = change(changed._net.visual)
    first_s, _ = timed(lambda: changed.embed_images(arrays[:_BATCH]))
    close = cosines(_embed(changed, arrays), expected)
    turns = [(_rates(changed, arrays), _rates(usual, arrays)) for _ in range(_ROUNDS)]
    ours, others = (
        {way: median(one[way] for one in some) for way in some[0]}
        for some in zip(*turns, strict=True)
    )
    times = max(ours.values()) / max(others.values())
    return {**ours, "times_bfloat16": times, "first_s": first_s, **close}


def _rates(embedder: SharedLanes, arrays: Sequence[Any]) -> dict[str, float]:
    """The network's rate in a lane for each of torch's threads, and in one that uses them all."""
    found = {}
    for way, lanes in {"lanes": torch.get_num_threads(), "one_lane": 1}.items():
        embedder.lanes = lanes
        found[way] = model_rate(embedder, arrays, _BATCH)
    return found


def _embed(embedder: SharedLanes, arrays: Sequence[Any]) -> np.ndarray:
    parts = (arrays[i : i + _BATCH] for i in range(0, len(arrays), _BATCH))
    return np.concatenate([embedder.embed_images(part) for part in parts])


if __name__ == "__main__":
    serve(batches, drafts, network_kinds, network)
