"""Turns images and texts into float32 unit vectors, without datasets and without the App.

- ``base``: the class of all embedders
- ``images``, ``video``: opens files, label boxes, uploads and frames; ``pixels``: converts and
  resizes them
- ``loop``: decodes, batches and embeds images
- ``ray_engine``: does the same on a Ray cluster; ``ray_cluster``: connects to Ray
- ``torch_net``: runs networks of torch; ``torch_pixels``: prepares their input; ``precision``:
  chooses their number format
- ``openvino_net``: runs the same networks with OpenVINO; ``openvino_int8``: in int8;
  ``openvino_precision``: the names of its precisions; ``agreement``: how its vectors agree with
  those in float32
- ``parts``: the vector of an image as a sum over its patches; ``torch_parts``,
  ``torch_gradients``: how networks of torch make it
- ``open_clip``: OpenCLIP models; ``timm``: image networks
- ``classical``: embedders without weights; ``sift``: one of ``local_features``; ``registry``: your
  own embedders
- ``projected``: embedders with a learned projection

Torch, OpenCLIP, timm, OpenVINO and SciPy take seconds to import. The modules that need them are
therefore imported when one of their embedders is first requested.
"""

from fiftyone_faiss.embedders.base import (
    OFFLINE,
    Embedder,
    EmbedderError,
    Vectors,
    are_finite,
    not_finite_reason,
    unit,
    weights_error,
)
from fiftyone_faiss.embedders.images import (
    ImageSource,
    decode_base64_image,
    decode_image,
    open_local,
    read_image,
    to_query_image,
)
from fiftyone_faiss.embedders.loop import EmbeddedBatch, Failure, embed_sources
from fiftyone_faiss.embedders.pixels import check_ratio, image_of_array, resized
from fiftyone_faiss.embedders.projected import (
    ProjectedEmbedder,
    Projection,
    projected_fingerprint,
)
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
    "ProjectedEmbedder",
    "Projection",
    "Vectors",
    "are_finite",
    "check_ratio",
    "decode_base64_image",
    "decode_image",
    "embed_sources",
    "embedder_of",
    "image_of_array",
    "is_registered",
    "make_registered",
    "not_finite_reason",
    "open_local",
    "projected_fingerprint",
    "read_image",
    "register_embedder",
    "registered_embedders",
    "resized",
    "to_query_image",
    "unit",
    "weights_error",
]
