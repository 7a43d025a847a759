"""Runs the image networks of torch with OpenVINO, which is faster on processors.

The names of its precisions are in ``openvino_precision``; networks in int8 are made by
``openvino_int8``.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from fiftyone_faiss.embedders.agreement import Agreement
from fiftyone_faiss.embedders.base import Embedder, EmbedderError, Vectors, unit
from fiftyone_faiss.embedders.boxes import Box
from fiftyone_faiss.embedders.openvino_precision import BFLOAT16, FLOAT32, INT8
from fiftyone_faiss.embedders.openvino_runtime import import_openvino
from fiftyone_faiss.embedders.parts import PatchParts
from fiftyone_faiss.embedders.torch_net import TorchEmbedder

BATCH_SIZE = 16
# The least cosine of a vector to that of torch. bfloat16 has 8 bits of precision, and
# typically 0.9999; a network that was converted wrongly is far below.
MIN_COSINES = {FLOAT32: 0.9999, BFLOAT16: 0.99}


class OpenVinoEmbedder(Embedder):
    """An embedder that runs the image network of another one with OpenVINO, on the processor.

    Texts, which are few, and explanations are computed by the other embedder with torch in float32:
    vectors of texts are therefore equal in all precisions of this engine.

    Args:
        base: the other embedder, in float32
        precision: the precision, as indexes store it
        model: the network of OpenVINO
        fingerprint: a hash of its weights and preprocessing
        agreement (None): how well its vectors agree with those in float32, if that was measured

    Raises:
        EmbedderError: if this processor cannot compute in this precision
    """

    pads_batches = True

    def __init__(
        self,
        base: TorchEmbedder,
        precision: str,
        model: Any,
        fingerprint: str,
        agreement: Agreement | None = None,
    ) -> None:
        self.name, self.base, self.precision = base.name, base, precision
        self.agreement = agreement
        self.dim, self.image_size = base.dim, base.image_size
        self.supports_text, self.templates = base.supports_text, base.templates
        self._fingerprint = fingerprint
        self._network = _compiled(model, precision)

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    def preprocess(self, image: Image.Image) -> Any:
        return self.base.preprocess(image)

    def batch_size(self) -> int:
        return BATCH_SIZE

    def embed_images(self, images: Sequence[Any]) -> Vectors:
        # A request of its own, since queries and the embedding loop call this from their threads.
        request = self._network.create_infer_request()
        features = request.infer([self.base.pixels(images)])[0]
        return unit(np.asarray(features, np.float32))

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        return self.base.embed_texts(texts)

    def text_warning(self, text: str) -> str | None:
        return self.base.text_warning(text)

    def seen_box(self, image: Image.Image) -> Box | None:
        return self.base.seen_box(image)

    def patch_parts(self, image: Image.Image) -> PatchParts | None:
        return self.base.patch_parts(image)

    def gradient_map(self, image: Image.Image, vector: Vectors) -> Vectors | None:
        return self.base.gradient_map(image, vector)

    def scrambled(self) -> Embedder:
        return self.base.scrambled()


def converted_embedder(base: TorchEmbedder, precision: str) -> OpenVinoEmbedder:
    """Converts an embedder to OpenVINO, and checks that its vectors stay the same.

    Args:
        base: the embedder, in float32
        precision: ``"openvino-float32"`` or ``"openvino-bfloat16"``

    Raises:
        EmbedderError: if the network cannot be converted, if its vectors differ, or if this
            processor cannot compute in this precision
    """
    embedder = OpenVinoEmbedder(base, precision, converted_model(base), base.fingerprint)
    images = [base.preprocess(image) for image in _check_images()]
    cosines = np.sum(embedder.embed_images(images) * base.embed_images(images), axis=1)
    if not cosines.min() >= MIN_COSINES[precision]:
        raise EmbedderError(
            f"'{base.name}' computes other vectors with OpenVINO than with torch: their cosine is "
            f"{cosines.min():.4f}, and at least {MIN_COSINES[precision]} is required; leave "
            "precision out to run it with torch."
        )
    return embedder


def converted_model(base: TorchEmbedder) -> Any:
    """Converts the image network of an embedder to a model of OpenVINO, in float32.

    Raises:
        EmbedderError: if it has operations that OpenVINO does not know
    """
    ov = import_openvino()
    failures = (RuntimeError, importlib.import_module("openvino.frontend").OpConversionFailure)
    pixels = base.pixels([base.preprocess(image) for image in _check_images()])
    try:
        with torch.no_grad(), warnings.catch_warnings():
            # Shapes are fixed but for the number of images, which is checked by their vectors.
            warnings.simplefilter("ignore", torch.jit.TracerWarning)  # type: ignore[attr-defined]
            # OpenVINO calls what newer versions of torch deprecate.
            warnings.simplefilter("ignore", FutureWarning)
            model = ov.convert_model(base.image_net(), example_input=torch.from_numpy(pixels))
    except failures as error:
        reason = " ".join(str(error).split())[:300]
        raise EmbedderError(
            f"'{base.name}' cannot be converted to OpenVINO ({reason}); leave precision out to run "
            "it with torch."
        ) from error
    # Any number of images, of one size.
    model.reshape(ov.PartialShape([-1, *pixels.shape[1:]]))
    return model


def read_model(path: Path) -> Any:
    """Reads a model of OpenVINO from its ``.xml`` file and the ``.bin`` file beside it."""
    return import_openvino().Core().read_model(path)


def _compiled(model: Any, precision: str) -> Any:
    core = import_openvino().Core()
    has_bfloat16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if precision == BFLOAT16 and not has_bfloat16:
        # OpenVINO would compute in float32 without a word.
        raise EmbedderError(
            f"This processor has no instructions for bfloat16; use precision='{FLOAT32}' or "
            f"'{INT8}'."
        )
    # What a network in int8 does not compute in int8 follows the processor.
    hint = "bf16" if has_bfloat16 and precision != FLOAT32 else "f32"
    # One request at a time with all threads: several at once take twice as long in sum.
    config = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": hint,
        # As many as torch would use, which Ray limits to the share of a worker.
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
    }
    return core.compile_model(model, "CPU", config)


def _check_images() -> list[Image.Image]:
    """Returns different images, which every process makes alike, to compare engines with.

    There are several, since a conversion may have fixed the number of images.
    """
    gradient = Image.linear_gradient("L")
    turned = gradient.transpose(Image.Transpose.ROTATE_90)
    rings = Image.radial_gradient("L")
    bands = [(gradient, turned, rings), (rings, gradient, turned), (turned, rings, gradient)]
    return [Image.merge("RGB", images) for images in bands]
