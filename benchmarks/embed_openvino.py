"""The steps of ``bench_embed.py`` that run the network with OpenVINO."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from embed_steps import WARM_UP, decode_all, embed_all, load, model_rate, sources_of, timed
from workspace import serve

from fiftyone_faiss.embedders.agreement import measure_agreement
from fiftyone_faiss.embedders.openvino_int8 import quantize, quantized_embedder
from fiftyone_faiss.embedders.openvino_net import OpenVinoEmbedder, converted_embedder
from fiftyone_faiss.embedders.openvino_precision import INT8

DIGEST = "0" * 12


def calibrate(
    folder: str, n: int, architecture: str, checkpoint: str, quantized: str
) -> dict[str, Any]:
    """Quantizes the network to int8, calibrated with the images, and compares it with float32.

    It is used whatever the comparison says: the neighbors of random weights are arbitrary, and
    :func:`fiftyone_faiss.build_index` would refuse most of them.
    """
    base = load(architecture, checkpoint, precision="float32")
    arrays = decode_all(base, sources_of(folder, n))
    Path(quantized).mkdir(parents=True)
    seconds, _ = timed(lambda: quantize(base, arrays, Path(quantized), lambda: None))
    embedder = quantized_embedder(base, Path(quantized), DIGEST)
    exact, vectors = (embed_all(some, sources_of(folder, n)) for some in (base, embedder))
    return {"images": n, "seconds": seconds, **measure_agreement(exact, vectors).to_dict()}


def end_to_end(
    name: str,
    precision: str,
    architecture: str,
    checkpoint: str,
    quantized: str,
    vectors_file: str,
) -> dict[str, Any]:
    """Embeds a dataset as this project's ``compute_embeddings`` does in this precision."""
    import fiftyone as fo

    from fiftyone_faiss.brain.data.media import Regions, collect_media

    dataset = fo.load_dataset(name)
    embedder = _load(precision, architecture, checkpoint, quantized)

    def embed(samples: Any) -> np.ndarray:
        vectors: np.ndarray = embed_all(embedder, collect_media(samples, Regions()).sources)
        return vectors

    first_s, _ = timed(lambda: embed(dataset.limit(WARM_UP)))
    seconds, vectors = timed(lambda: embed(dataset))
    np.save(vectors_file, vectors)
    return {"rate": len(dataset) / seconds, "first_s": first_s}


def parts(
    folder: str, n: int, precision: str, architecture: str, checkpoint: str, quantized: str
) -> dict[str, Any]:
    """The rates of decoding alone and of the network alone, each on all processors."""
    embedder = _load(precision, architecture, checkpoint, quantized)
    sources = sources_of(folder, n)
    embed_all(embedder, sources[:WARM_UP])
    seconds, arrays = timed(lambda: decode_all(embedder, sources))
    rate = model_rate(embedder, arrays, embedder.batch_size())
    return {"decode": n / seconds, "network": rate}


def _load(precision: str, architecture: str, checkpoint: str, quantized: str) -> OpenVinoEmbedder:
    base = load(architecture, checkpoint, precision="float32")
    if precision == INT8:
        return quantized_embedder(base, Path(quantized), DIGEST)
    return converted_embedder(base, precision)


if __name__ == "__main__":
    serve(calibrate, end_to_end, parts)
