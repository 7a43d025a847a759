"""Finds where an image raises the similarity to a vector, by the gradients of a network."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

import torch
from torch import nn

# A convolutional network makes its maps smaller at least this many times.
_MIN_SIZES = 3
# Hooks see the work of every thread that runs the same network.
_lock = threading.Lock()


def layer_cam(
    net: nn.Module,
    score_of: Callable[[torch.Tensor], torch.Tensor],
    pixels: torch.Tensor,
) -> torch.Tensor | None:
    """Computes a LayerCAM (Jiang et al., "LayerCAM", IEEE TIP 2021) of a similarity.

    At each place, it is the sum over the channels of activation times positive gradient. The layer
    is that of the second-smallest size, since the smallest has very few places: the last output of
    a stage, not one within its blocks, which other paths of the network bypass.

    Args:
        net: the network, which no other code runs meanwhile
        score_of: runs the network on pixels, and returns the similarity
        pixels: ``(1, 3, height, width)``

    Returns:
        ``(rows, columns)``, at least 0; None if the network is not convolutional
    """
    level_of = {module: name.count(".") for name, module in net.named_modules()}
    maps_of_size: dict[tuple[int, int], tuple[int, torch.Tensor]] = {}

    def keep(module: nn.Module, inputs: object, output: object) -> None:
        if not isinstance(output, torch.Tensor) or output.ndim != 4 or not output.requires_grad:
            return
        size, level = (int(output.shape[2]), int(output.shape[3])), level_of[module]
        if size != (1, 1) and (size not in maps_of_size or level <= maps_of_size[size][0]):
            maps_of_size[size] = level, output

    with _lock, torch.enable_grad():
        hooks = [module.register_forward_hook(keep) for module in net.modules()]
        try:
            score = score_of(pixels.clone().requires_grad_())
        finally:
            for hook in hooks:
                hook.remove()
        maps = [maps_of_size[size][1] for size in sorted(maps_of_size, key=math.prod)]
        if len(maps) < _MIN_SIZES:
            return None
        (gradient,) = torch.autograd.grad(score, maps[1])
    weighted = gradient.clamp(min=0) * maps[1].detach()
    return weighted[0].sum(dim=0).clamp(min=0)
