"""Embedders: images and texts into float32 unit vectors. They know no dataset and no App.

- ``base``: what an embedder is
- ``images``, ``video``: opening files, label boxes, uploads and frames
- ``loop``: the one loop that decodes, batches and embeds
- ``ray_engine``: the same on a Ray cluster; ``ray_cluster``: Ray itself
- ``torch_net``: what networks share; ``precision``: whether half precision pays for one
- ``open_clip``: any OpenCLIP model; ``timm``: image networks
- ``classical``: embedders without weights; ``registry``: a person's own

Torch, OpenCLIP, timm and SciPy take seconds to import, so the modules that need them are imported
when one of their embedders is first asked for.
"""

from fiftyone_faiss.embedders.base import (
    OFFLINE,
    Embedder,
    EmbedderError,
    Vectors,
    unit,
    weights_error,
)
from fiftyone_faiss.embedders.images import (
    ImageSource,
    decode_base64_image,
    decode_image,
    open_local,
    read_image,
)
from fiftyone_faiss.embedders.loop import EmbeddedBatch, Failure, embed_sources
from fiftyone_faiss.embedders.registry import (
    embedder_of,
    is_registered,
    make_registered,
    register_embedder,
    registered_embedders,
)

__all__ = [
    "OFFLINE",
    "EmbeddedBatch",
    "Embedder",
    "EmbedderError",
    "Failure",
    "ImageSource",
    "Vectors",
    "decode_base64_image",
    "decode_image",
    "embed_sources",
    "embedder_of",
    "is_registered",
    "make_registered",
    "open_local",
    "read_image",
    "register_embedder",
    "registered_embedders",
    "unit",
    "weights_error",
]
