"""Chooses the number format that a network computes in, by what the device can do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

PRECISIONS = ("auto", "float32", "bfloat16", "float16")
"""What ``precision=`` accepts. ``"auto"`` is what :func:`choose_precision` returns."""

BFLOAT16_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})
"""The x86 instruction sets that multiply bfloat16 matrices. Without them, processors emulate
bfloat16, and networks are several times slower than in float32."""

# The first GPUs with tensor cores for each format (Volta and Ampere).
FLOAT16_CAPABILITY, BFLOAT16_CAPABILITY = (7, 0), (8, 0)

_CPUINFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class DeviceCapability:
    """What a torch device can compute with.

    Attributes:
        kind: the type of the device, such as ``"cpu"``, ``"cuda"`` or ``"mps"``
        cpu_flags (frozenset()): the instruction sets of a processor, by their Linux names
        compute_capability (None): the ``(major, minor)`` CUDA compute capability of a GPU
    """

    kind: str
    cpu_flags: frozenset[str] = frozenset()
    compute_capability: tuple[int, int] | None = None


def choose_precision(device: DeviceCapability) -> str:
    """Chooses the fastest precision that a device supports in hardware.

    The choice depends on nothing else: not on the network, and not on how busy the machine is.
    ``benchmarks/bench_embed.py`` measures what it gains.

    Args:
        device: what the device can do

    Returns:
        ``"bfloat16"``, ``"float16"`` or ``"float32"``
    """
    if device.kind == "cpu" and device.cpu_flags & BFLOAT16_FLAGS:
        return "bfloat16"
    if device.compute_capability is not None:
        if device.compute_capability >= BFLOAT16_CAPABILITY:
            return "bfloat16"
        if device.compute_capability >= FLOAT16_CAPABILITY:
            return "float16"
    return "float32"


def detect_capability(device: torch.device) -> DeviceCapability:
    """Asks a device of this machine what it can do."""
    if device.type == "cpu":
        return DeviceCapability("cpu", cpu_flags=_cpu_flags())
    if device.type == "cuda":
        capability = torch.cuda.get_device_capability(device)
        return DeviceCapability("cuda", compute_capability=capability)
    return DeviceCapability(device.type)


def _cpu_flags() -> frozenset[str]:
    """The instruction sets of this processor; an older torch knows them on Linux only."""
    if hasattr(torch.cpu, "get_capabilities"):
        capabilities = torch.cpu.get_capabilities()
        return frozenset(name for name, value in capabilities.items() if value is True)
    if _CPUINFO.exists():
        return _flags_of(_CPUINFO.read_text())
    return frozenset()


def _flags_of(cpuinfo: str) -> frozenset[str]:
    """The instruction sets that Linux lists for the first processor."""
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "flags":
            return frozenset(value.split())
    return frozenset()
