"""Networks of the OpenVINO engine by name, and the int8 networks that are kept beside their models.

A calibrated network is a folder in the folder that its model has in FiftyOne's zoo. Its name is the
hash of its calibration, with which the precision of an index ends. It appears at once, complete.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from fiftyone_faiss.brain.core.optional import require
from fiftyone_faiss.brain.models.zoo import model_folder
from fiftyone_faiss.embedders import Embedder, EmbedderError
from fiftyone_faiss.embedders.openvino_precision import INT8, int8_digest
from fiftyone_faiss.embedders.openvino_runtime import decline_telemetry


def load_openvino(base: Embedder, precision: str) -> Embedder:
    """Returns an embedder that runs the image network of another one with OpenVINO.

    Args:
        base: the embedder, in float32
        precision: one of the precisions of OpenVINO, of int8 that of a calibrated network

    Raises:
        MissingDependencyError: if OpenVINO is not installed
        EmbedderError: if the embedder has no network of torch, the network is not calibrated, or
            it cannot be loaded
    """
    check_network(base, precision)
    from fiftyone_faiss.embedders.openvino_int8 import load_quantized
    from fiftyone_faiss.embedders.openvino_net import converted_embedder
    from fiftyone_faiss.embedders.torch_net import TorchEmbedder

    assert isinstance(base, TorchEmbedder)
    if precision == INT8:
        raise EmbedderError(
            f"The int8 network of '{base.name}' must be calibrated with images; pass "
            f"precision='{INT8}' to build_index or compute_embeddings."
        )
    digest = int8_digest(precision)
    if digest is None:
        return converted_embedder(base, precision)
    return load_quantized(base, quantized_folder(base.name, digest), digest)


def check_network(base: Embedder, precision: str) -> None:
    """Raises the error for an embedder that OpenVINO cannot run, or if a package is missing."""
    from fiftyone_faiss.embedders.torch_net import TorchEmbedder

    if not isinstance(base, TorchEmbedder):
        raise EmbedderError(
            f"'{base.name}' is no OpenCLIP model and no model of timm, which OpenVINO runs; leave "
            "precision out."
        )
    decline_telemetry()
    require("openvino", "OpenVINO", "openvino", f"precision='{precision}'")
    if precision == INT8:
        require("nncf", "NNCF", "openvino", f"precision='{precision}'")


def quantized_folder(name: str, digest: str) -> Path:
    """Returns the folder of an int8 network.

    Args:
        name: the name of its model
        digest: the hash of its calibration
    """
    return model_folder(name) / f"int8-{digest}"


@contextlib.contextmanager
def new_quantized_folder(name: str, digest: str) -> Iterator[Path]:
    """Opens a temporary folder that becomes that of an int8 network when the block ends.

    If the block raises, nothing is left. If another process made the same network in the meantime,
    its folder stays.
    """
    target = quantized_folder(name, digest)
    folder = target.with_name(f"{target.name}-{uuid.uuid4().hex[:8]}.tmp")
    folder.mkdir(parents=True)
    try:
        yield folder
        try:
            os.rename(folder, target)
        except OSError:
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
