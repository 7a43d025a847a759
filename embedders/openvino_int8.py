"""Quantizes image networks to int8 after training, calibrated on images, and keeps them in files.

A folder holds ``network.xml`` and ``network.bin`` as OpenVINO writes them, and ``calibration.json``
with their checksums and the agreement that was measured.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fiftyone_faiss.embedders.agreement import Agreement
from fiftyone_faiss.embedders.base import EmbedderError
from fiftyone_faiss.embedders.openvino_net import OpenVinoEmbedder, converted_model, read_model
from fiftyone_faiss.embedders.openvino_precision import int8_precision
from fiftyone_faiss.embedders.openvino_runtime import (
    import_nncf,
    import_openvino,
    no_progress_bars,
)
from fiftyone_faiss.embedders.torch_net import TorchEmbedder

RECORD_FILE = "calibration.json"
NETWORK_FILES = ("network.xml", "network.bin")
# A part of the hash of a calibration; change it when the settings of the quantization change.
_SETTINGS = "nncf-transformer-1"
_DIGITS = 12


@dataclass(frozen=True)
class Calibration:
    """The record of a network in int8.

    Attributes:
        digest: the hash of the float32 network and of the images that calibrated it
        base_fingerprint: the fingerprint of the float32 network
        images: the number of images that calibrated it
        agreement: how well its vectors agree with those in float32
        checksums: the SHA-256 of its files, by name
    """

    digest: str
    base_fingerprint: str
    images: int
    agreement: Agreement
    checksums: dict[str, str]

    @property
    def fingerprint(self) -> str:
        """The fingerprint of an embedder with this network."""
        return _fingerprint(self.base_fingerprint, self.checksums)

    def to_json(self) -> str:
        """Returns the record as JSON; :meth:`from_json` reads it."""
        values = {**vars(self), "agreement": self.agreement.to_dict()}
        return json.dumps(values, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        """Reads a record.

        Raises:
            ValueError: if it is damaged
        """
        try:
            values = json.loads(text)
            return cls(**{**values, "agreement": Agreement(**values["agreement"])})
        except (KeyError, TypeError) as error:
            raise ValueError(f"the record has other entries: {error}") from error


def calibration_digest(base: TorchEmbedder, images: Sequence[Any]) -> str:
    """Returns the hash of a network and of the images that calibrate it.

    Args:
        base: the embedder, in float32
        images: what its ``preprocess`` returned for each image
    """
    digest = hashlib.sha256(f"{_SETTINGS}|{base.fingerprint}|{len(images)}".encode())
    for image in images:
        digest.update(np.ascontiguousarray(image).tobytes())
    return digest.hexdigest()[:_DIGITS]


def quantize(
    base: TorchEmbedder, images: Sequence[Any], folder: Path, take: Callable[[], None]
) -> None:
    """Quantizes the image network of an embedder to int8, and writes it into a folder.

    NNCF's post-training quantization for transformers: activations that need their sign keep it,
    and outliers of activations are moved into the weights (SmoothQuant, Xiao et al., ICML 2023).

    Args:
        base: the embedder, in float32
        images: what its ``preprocess`` returned for each image
        folder: the folder for the files
        take: called before each image is used; what it raises stops the work

    Raises:
        EmbedderError: if the network cannot be converted
    """
    ov, nncf = import_openvino(), import_nncf()

    def pixels(image: Any) -> Any:
        take()
        return base.pixels([image])

    with no_progress_bars():
        model = nncf.quantize(
            converted_model(base),
            nncf.Dataset(list(images), pixels),
            subset_size=len(images),
            model_type=nncf.ModelType.TRANSFORMER,
        )
    # Not compressed to float16: what is not quantized keeps its digits.
    ov.save_model(model, folder / NETWORK_FILES[0], compress_to_fp16=False)


def checksums_of(folder: Path) -> dict[str, str]:
    """Returns the SHA-256 of the files of a network, by name."""
    return {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in NETWORK_FILES
    }


def quantized_embedder(
    base: TorchEmbedder, folder: Path, digest: str, agreement: Agreement | None = None
) -> OpenVinoEmbedder:
    """Returns the embedder of a network in a folder.

    Args:
        base: the embedder, in float32
        folder: the folder
        digest: the hash of its calibration
        agreement (None): how well its vectors agree with those in float32, if that was measured
    """
    fingerprint = _fingerprint(base.fingerprint, checksums_of(folder))
    model = read_model(folder / NETWORK_FILES[0])
    return OpenVinoEmbedder(base, int8_precision(digest), model, fingerprint, agreement)


def load_quantized(base: TorchEmbedder, folder: Path, digest: str) -> OpenVinoEmbedder:
    """Returns the embedder of a network that was calibrated before.

    Raises:
        EmbedderError: if its files are missing or damaged, or belong to other weights of the model
    """
    remedy = (
        f"restore the folder '{folder}' from the machine that calibrated it, or build the index "
        "again under another name"
    )
    try:
        record = Calibration.from_json((folder / RECORD_FILE).read_text())
        # Checked before OpenVINO parses them.
        is_intact = record.checksums == checksums_of(folder)
    except (OSError, ValueError) as error:
        raise EmbedderError(
            f"The int8 network of '{base.name}' cannot be read ({error}); {remedy}."
        ) from error
    if not is_intact:
        raise EmbedderError(
            f"The int8 network of '{base.name}' is damaged: its checksums differ; {remedy}."
        )
    if record.base_fingerprint != base.fingerprint:
        raise EmbedderError(
            f"The int8 network of '{base.name}' was calibrated with other weights than those that "
            "the model has now; build the index again under another name."
        )
    return quantized_embedder(base, folder, digest, record.agreement)


def _fingerprint(base_fingerprint: str, checksums: dict[str, str]) -> str:
    files = "|".join(checksums[name] for name in NETWORK_FILES)
    return hashlib.sha256(f"int8|{base_fingerprint}|{files}".encode()).hexdigest()[:16]
