"""The precision depends only on what the device can do."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from fiftyone_faiss.embedders import precision as module
from fiftyone_faiss.embedders.precision import (
    DeviceCapability,
    choose_precision,
    detect_capability,
)


@pytest.mark.parametrize(
    ("flags", "precision"),
    [
        ({"avx2", "avx512_f", "avx512_bf16"}, "bfloat16"),
        ({"amx_tile", "amx_bf16"}, "bfloat16"),
        ({"avx512_bf16", "amx_bf16"}, "bfloat16"),
        # These have no instructions for bfloat16 matrices.
        ({"avx2", "avx512_f", "avx512_vnni", "avx512_fp16"}, "float32"),
        ({"amx_tile", "amx_int8"}, "float32"),
        ({"neon", "bf16"}, "float32"),
        (set(), "float32"),
    ],
)
def test_processors_use_bfloat16_if_they_have_instructions_for_it(flags, precision) -> None:
    assert choose_precision(DeviceCapability("cpu", frozenset(flags))) == precision


@pytest.mark.parametrize(
    ("capability", "precision"),
    [
        ((5, 2), "float32"),
        ((6, 1), "float32"),
        ((7, 0), "float16"),
        ((7, 5), "float16"),
        ((8, 0), "bfloat16"),
        ((8, 9), "bfloat16"),
        ((9, 0), "bfloat16"),
        ((12, 0), "bfloat16"),
    ],
)
def test_gpus_use_the_format_of_their_tensor_cores(capability, precision) -> None:
    device = DeviceCapability("cuda", compute_capability=capability)
    assert choose_precision(device) == precision


def test_other_devices_use_float32() -> None:
    assert choose_precision(DeviceCapability("mps")) == "float32"
    # The instruction sets of the processor do not matter to another device.
    assert choose_precision(DeviceCapability("mps", frozenset({"amx_bf16"}))) == "float32"


CPUINFO = """processor\t: 0
vendor_id\t: GenuineIntel
flags\t\t: fpu sse2 avx2 avx512f avx512_bf16 amx_bf16
bugs\t\t: spectre_v1

processor\t: 1
flags\t\t: fpu
"""


def test_the_processor_of_this_machine_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    device = detect_capability(torch.device("cpu"))
    assert (device.kind, device.compute_capability) == ("cpu", None)
    listed = set(Path("/proc/cpuinfo").read_text().split())
    for flag in ("avx2", "avx512_bf16", "amx_bf16"):
        assert (flag in device.cpu_flags) == (flag in listed)
    assert detect_capability(torch.device("cpu")) == device
    # An older torch does not tell, but Linux does.
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    from_linux = detect_capability(torch.device("cpu")).cpu_flags
    assert from_linux <= listed
    assert choose_precision(DeviceCapability("cpu", from_linux)) == choose_precision(device)


def test_instruction_sets_are_read_from_linux_and_are_unknown_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    monkeypatch.setattr(module, "_CPUINFO", tmp_path / "cpuinfo")
    assert detect_capability(torch.device("cpu")) == DeviceCapability("cpu")
    (tmp_path / "cpuinfo").write_text(CPUINFO)
    flags = {"fpu", "sse2", "avx2", "avx512f", "avx512_bf16", "amx_bf16"}
    assert detect_capability(torch.device("cpu")) == DeviceCapability("cpu", frozenset(flags))
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nFeatures\t: fp asimd bf16\n")
    assert detect_capability(torch.device("cpu")) == DeviceCapability("cpu")


def test_a_gpu_is_asked_for_its_compute_capability(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (7, device.index))
    device = detect_capability(torch.device("cuda:5"))
    assert device == DeviceCapability("cuda", compute_capability=(7, 5))
    assert detect_capability(torch.device("mps")) == DeviceCapability("mps")
