"""Embedders: images and texts into float32 unit vectors. They know no dataset and no App.

- ``base``: what an embedder is
- ``images``: opening files, label boxes and uploads
- ``loop``: the one loop that decodes, batches and embeds
- ``open_clip``: any OpenCLIP model
"""

from fiftyone_faiss.embedders.base import Embedder, EmbedderError, Vectors, unit
from fiftyone_faiss.embedders.images import (
    ImageSource,
    decode_base64_image,
    decode_image,
    read_image,
)
from fiftyone_faiss.embedders.loop import EmbeddedBatch, Failure, embed_sources

__all__ = [
    "EmbeddedBatch",
    "Embedder",
    "EmbedderError",
    "Failure",
    "ImageSource",
    "Vectors",
    "decode_base64_image",
    "decode_image",
    "embed_sources",
    "read_image",
    "unit",
]
