"""FAISS similarity search for FiftyOne: a plugin, a Brain backend and a Python package.

The layers, each importing only from those to its right::

    __init__ -> operators, panels -> brain -> embedders

FiftyOne executes this file at every registry build, several times per request. It therefore does
only three cheap things: it gives the package its canonical name, declares the Brain backend, and
forwards the public functions. Everything else is imported when it is first used.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from typing import TYPE_CHECKING, Any

import fiftyone.brain as fob

if TYPE_CHECKING:
    from fiftyone.plugins.context import PluginContext

__version__ = "0.1.0"

# A Brain run stores the full path of its config class, so this package must be called
# "fiftyone_faiss" however it was loaded; FiftyOne loads a plugin under a name of its own. Test
# runners execute this file as a plain module: only a package may take the name.
if "__path__" in globals() and importlib.util.find_spec("fiftyone_faiss") is None:
    sys.modules["fiftyone_faiss"] = sys.modules[__name__]

fob.brain_config.similarity_backends.setdefault(
    "faiss", {"config_cls": "fiftyone_faiss.brain.similarity.FaissSimilarityConfig"}
)

__all__ = [
    "Clusters",
    "CompressionTable",
    "DistanceMatrix",
    "Duplicates",
    "Embedder",
    "Explanation",
    "IndexMap",
    "LabelAudit",
    "Leaks",
    "ModelComparison",
    "Neighbors",
    "ProjectionReport",
    "SavedSearch",
    "ScoreReport",
    "Selection",
    "TextTags",
    "TransferReport",
    "audit_labels",
    "build_index",
    "clear_searches",
    "cluster_samples",
    "compare_compression",
    "compare_models",
    "compute_embeddings",
    "compute_outliers",
    "compute_typicality",
    "compute_uniqueness",
    "copy_index",
    "delete_index",
    "delete_orphaned_index",
    "delete_search",
    "distance_matrix",
    "explain_match",
    "export_index",
    "find_exact_duplicates",
    "find_leaks",
    "find_near_duplicates",
    "get_embedder",
    "import_index",
    "index_health",
    "learn_projection",
    "list_failures",
    "list_indexes",
    "list_judgments",
    "list_maps",
    "list_models",
    "list_orphaned_indexes",
    "list_searches",
    "load_map",
    "record_different",
    "record_search",
    "register_embedder",
    "remove_judgment",
    "save_search",
    "search",
    "search_several",
    "select_samples",
    "tag_by_text",
    "tag_neighbors",
    "untag_neighbors",
    "update_index",
    "update_map",
    "update_search",
    "verify_index",
    "video_frames",
    "visualize_index",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(importlib.import_module("fiftyone_faiss.brain"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def register(plugin: PluginContext) -> None:
    """Registers the operators and the panels; called by FiftyOne."""
    from fiftyone_faiss.operators import OPERATORS
    from fiftyone_faiss.panels import PANELS

    for cls in (*OPERATORS, *PANELS):
        plugin.register(cls)
