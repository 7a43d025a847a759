"""Everything about a dataset, callable from a script. It knows no App.

Finding and changing:

- ``build``, ``embedding``, ``field_record``, ``progress``: computing embeddings, building indexes
- ``jobs``: long work that others may watch and cancel
- ``health``: whether an index is current, and making it so
- ``search``, ``queries``: a request in, neighbours out
- ``tags``: tagging a query's neighbours, and taking it back
- ``manage``, ``orphans``: finding, listing, loading and deleting indexes

Underneath, each importing only from those below it:

- ``similarity``, ``stored_index``, ``restriction``, ``found``: FiftyOne's Brain contract
- ``models``, ``zoo``, ``media``, ``frames``, ``membership``: FiftyOne's zoo, its media, its
  database
- ``index``, ``derived``, ``tuning``, ``scan``: nearest neighbours over a store; no FiftyOne
- ``store``, ``snapshot``, ``segments``, ``manifest``, ``disk``, ``ids``, ``vectors``: files and
  arrays; no FAISS and no FiftyOne
"""

from fiftyone_faiss.brain.build import IndexReport, build_index, build_index_steps
from fiftyone_faiss.brain.derived import INDEX_TYPES, check_index_type
from fiftyone_faiss.brain.embedding import (
    DEFAULT_EMBEDDINGS_FIELD,
    EmbeddingReport,
    Execution,
    compute_embeddings,
    compute_embeddings_steps,
)
from fiftyone_faiss.brain.frames import video_frames
from fiftyone_faiss.brain.health import (
    IndexHealth,
    index_health,
    list_failures,
    update_index,
    update_index_steps,
    verify_index,
)
from fiftyone_faiss.brain.jobs import CancelledError, list_jobs, start_job, watched
from fiftyone_faiss.brain.manage import IndexInfo, delete_index, list_indexes, load_index
from fiftyone_faiss.brain.media import PATCH_TYPES, Regions
from fiftyone_faiss.brain.models import ModelInfo, get_embedder, list_models
from fiftyone_faiss.brain.orphans import (
    OrphanedIndex,
    delete_orphaned_index,
    list_orphaned_indexes,
)
from fiftyone_faiss.brain.progress import Progress
from fiftyone_faiss.brain.scan import METRICS
from fiftyone_faiss.brain.search import DEFAULT_K, Neighbors, SearchRequest, answer, search, warm
from fiftyone_faiss.brain.tags import (
    DEFAULT_TAG,
    Tagging,
    apply_tag,
    tag_answer,
    tag_neighbors,
    untag_neighbors,
)
from fiftyone_faiss.brain.zoo import register_zoo_model
from fiftyone_faiss.embedders import Embedder, register_embedder

__all__ = [
    "DEFAULT_EMBEDDINGS_FIELD",
    "DEFAULT_K",
    "DEFAULT_TAG",
    "INDEX_TYPES",
    "METRICS",
    "PATCH_TYPES",
    "CancelledError",
    "Embedder",
    "EmbeddingReport",
    "Execution",
    "IndexHealth",
    "IndexInfo",
    "IndexReport",
    "ModelInfo",
    "Neighbors",
    "OrphanedIndex",
    "Progress",
    "Regions",
    "SearchRequest",
    "Tagging",
    "answer",
    "apply_tag",
    "build_index",
    "build_index_steps",
    "check_index_type",
    "compute_embeddings",
    "compute_embeddings_steps",
    "delete_index",
    "delete_orphaned_index",
    "get_embedder",
    "index_health",
    "list_failures",
    "list_indexes",
    "list_jobs",
    "list_models",
    "list_orphaned_indexes",
    "load_index",
    "register_embedder",
    "register_zoo_model",
    "search",
    "start_job",
    "tag_answer",
    "tag_neighbors",
    "untag_neighbors",
    "update_index",
    "update_index_steps",
    "verify_index",
    "video_frames",
    "warm",
    "watched",
]
