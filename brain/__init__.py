"""Everything about a dataset, callable from a script. It knows no App.

Finding and changing:

- ``build``, ``embedding``, ``field_record``, ``progress``: computing embeddings, building indexes
- ``jobs``: long work that others may watch and cancel
- ``health``, ``update``, ``contents``: whether an index is current, and making it so
- ``search``, ``request``, ``candidates``, ``neighbors``: a request in, neighbours out
- ``query_line``, ``parsing``, ``queries``: what a person typed, as queries
- ``remote``, ``public_addresses``, ``served``: the images that it names
- ``reading``, ``ranking``, ``background``, ``phrases``, ``shaping``: what a query is in an index,
  the order of its results, what their scores mean, and which of them are shown
- ``tagging``, ``tags``, ``results``, ``code``: acting on results
- ``history``, ``search_records``, ``saved_search``: keeping searches
- ``manage``, ``orphans``: finding, listing, loading and deleting indexes

Underneath, each importing only from those below it:

- ``similarity``, ``stored_index``, ``restriction``, ``found``: FiftyOne's Brain contract
- ``models``, ``zoo``, ``media``, ``frames``, ``membership``, ``lookup``: FiftyOne's zoo, its
  media, its database
- ``index``, ``keeper``, ``tuning``, ``derived``, ``scope``, ``scan``: nearest neighbours over a
  store; no FiftyOne
- ``store``, ``damage``, ``folder``, ``merging``, ``batch``, ``snapshot``, ``segments``,
  ``manifest``, ``disk``, ``ids``, ``vectors``: files and arrays; no FAISS and no FiftyOne
"""

from fiftyone_faiss.brain.build import IndexReport, build_index, build_index_steps
from fiftyone_faiss.brain.code import as_code
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
    verify_index,
)
from fiftyone_faiss.brain.history import (
    clear_searches,
    delete_search,
    list_searches,
    record_search,
    save_search,
    update_search,
)
from fiftyone_faiss.brain.jobs import CancelledError, list_jobs, start_job, watched
from fiftyone_faiss.brain.manage import (
    IndexInfo,
    delete_index,
    index_keys,
    list_indexes,
    list_other_indexes,
    load_index,
)
from fiftyone_faiss.brain.media import PATCH_TYPES, Regions
from fiftyone_faiss.brain.models import ModelInfo, get_embedder, list_models
from fiftyone_faiss.brain.neighbors import Neighbors, view_of
from fiftyone_faiss.brain.orphans import (
    OrphanedIndex,
    delete_orphaned_index,
    list_orphaned_indexes,
)
from fiftyone_faiss.brain.progress import Progress
from fiftyone_faiss.brain.queries import TEMPLATES
from fiftyone_faiss.brain.query_line import explain_line
from fiftyone_faiss.brain.request import DEFAULT_K, SearchRequest, lasting_params
from fiftyone_faiss.brain.results import save_scores, save_view
from fiftyone_faiss.brain.saved_search import SavedSearch
from fiftyone_faiss.brain.scan import METRICS
from fiftyone_faiss.brain.search import answer, search, search_several, warm
from fiftyone_faiss.brain.tagging import Tagging, tag_answer, tag_neighbors
from fiftyone_faiss.brain.tags import DEFAULT_TAG, apply_tag, untag_neighbors, untagged
from fiftyone_faiss.brain.update import tune_index_steps, update_index, update_index_steps
from fiftyone_faiss.brain.zoo import register_zoo_model
from fiftyone_faiss.embedders import Embedder, register_embedder

__all__ = [
    "DEFAULT_EMBEDDINGS_FIELD",
    "DEFAULT_K",
    "DEFAULT_TAG",
    "INDEX_TYPES",
    "METRICS",
    "PATCH_TYPES",
    "TEMPLATES",
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
    "SavedSearch",
    "SearchRequest",
    "Tagging",
    "answer",
    "apply_tag",
    "as_code",
    "build_index",
    "build_index_steps",
    "check_index_type",
    "clear_searches",
    "compute_embeddings",
    "compute_embeddings_steps",
    "delete_index",
    "delete_orphaned_index",
    "delete_search",
    "explain_line",
    "get_embedder",
    "index_health",
    "index_keys",
    "lasting_params",
    "list_failures",
    "list_indexes",
    "list_jobs",
    "list_models",
    "list_orphaned_indexes",
    "list_other_indexes",
    "list_searches",
    "load_index",
    "record_search",
    "register_embedder",
    "register_zoo_model",
    "save_scores",
    "save_search",
    "save_view",
    "search",
    "search_several",
    "start_job",
    "tag_answer",
    "tag_neighbors",
    "tune_index_steps",
    "untag_neighbors",
    "untagged",
    "update_index",
    "update_index_steps",
    "update_search",
    "verify_index",
    "video_frames",
    "view_of",
    "warm",
    "watched",
]
