"""Everything about a dataset, callable from a script. It does not know the App.

The sub-packages, each importing only from those before it (``retrieval`` does not import
``indexing``):

- ``core``: arrays, ids, metrics, files, progress, jobs
- ``store``: vectors in files
- ``ann``: nearest neighbors over a store
- ``data``: FiftyOne's database and media
- ``models``: embedders by name
- ``pixels``: comparing images by their pixels and local features
- ``similarity``, ``backend``: FiftyOne's similarity contract, and loading indexes
- ``indexing``: embedding, building, updating, health, the catalog of indexes
- ``queries``: the query line and its terms
- ``retrieval``: search, ranking, results, tags, exports, history
- ``insight``: maps, explanations of matches, distance matrices; it does not import ``curation``
- ``curation``: duplicates, leaks, scores, selections, clusters, tags by text, wrong labels,
  comparisons of models, learned projections, compressions

The names below are imported when they are first used. No module of ``brain`` imports from here.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from fiftyone_faiss.brain.public_names import MODULE_OF

if TYPE_CHECKING:
    from fiftyone_faiss.brain.ann.factory import INDEX_TYPES, check_index_type
    from fiftyone_faiss.brain.backend.loading import (
        SearchableRun,
        faiss_keys,
        index_keys,
        load_faiss_index,
        load_index,
        searchable_runs,
    )
    from fiftyone_faiss.brain.backend.version import index_version
    from fiftyone_faiss.brain.core.jobs import CancelledError, list_jobs, start_job, tracked
    from fiftyone_faiss.brain.core.metrics import METRICS
    from fiftyone_faiss.brain.core.progress import Progress
    from fiftyone_faiss.brain.curation.duplicates import DuplicatePair, Duplicates
    from fiftyone_faiss.brain.curation.exact_duplicates import (
        exact_duplicates_steps,
        find_exact_duplicates,
    )
    from fiftyone_faiss.brain.curation.grouping.cluster import Cluster, ClusterGroup
    from fiftyone_faiss.brain.curation.grouping.cluster_request import ClusterRequest
    from fiftyone_faiss.brain.curation.grouping.clustering import cluster_samples, cluster_steps
    from fiftyone_faiss.brain.curation.grouping.clusters import Clusters
    from fiftyone_faiss.brain.curation.grouping.tags_request import TagsRequest
    from fiftyone_faiss.brain.curation.grouping.text_tagging import tag_by_text, text_tags_steps
    from fiftyone_faiss.brain.curation.grouping.text_tags import PromptTag, TextTags
    from fiftyone_faiss.brain.curation.grouping.vocabulary import VOCABULARIES
    from fiftyone_faiss.brain.curation.judgments import (
        Judgment,
        list_judgments,
        record_different,
        record_selected,
        remove_judgment,
    )
    from fiftyone_faiss.brain.curation.keepers import RULES
    from fiftyone_faiss.brain.curation.labeling.audit_request import AuditRequest
    from fiftyone_faiss.brain.curation.labeling.auditing import audit_labels, audit_steps
    from fiftyone_faiss.brain.curation.labeling.comparing import compare_models, comparison_steps
    from fiftyone_faiss.brain.curation.labeling.comparison_request import ComparisonRequest
    from fiftyone_faiss.brain.curation.labeling.label_audit import LabelAudit, LabelIssue
    from fiftyone_faiss.brain.curation.labeling.label_fields import label_fields
    from fiftyone_faiss.brain.curation.labeling.model_comparison import ModelComparison
    from fiftyone_faiss.brain.curation.leaks import LeakPair, Leaks, find_leaks, leaks_steps
    from fiftyone_faiss.brain.curation.near_duplicates import (
        find_near_duplicates,
        near_duplicates_steps,
    )
    from fiftyone_faiss.brain.curation.pair_distances import PairDistances, duplicate_distances
    from fiftyone_faiss.brain.curation.request import DuplicatesRequest
    from fiftyone_faiss.brain.curation.scoring.computing import (
        compute_outliers,
        compute_scores,
        compute_typicality,
        compute_uniqueness,
        scores_steps,
    )
    from fiftyone_faiss.brain.curation.scoring.report import ScoreReport
    from fiftyone_faiss.brain.curation.scoring.request import SCORES, ScoresRequest
    from fiftyone_faiss.brain.curation.selecting.choosing import select_samples, selection_steps
    from fiftyone_faiss.brain.curation.selecting.request import SelectionRequest
    from fiftyone_faiss.brain.curation.selecting.selection import Selection
    from fiftyone_faiss.brain.curation.splits import split_fields
    from fiftyone_faiss.brain.curation.teaching.compressing import (
        compare_compression,
        compression_steps,
    )
    from fiftyone_faiss.brain.curation.teaching.compression_request import CompressionRequest
    from fiftyone_faiss.brain.curation.teaching.compression_table import CompressionTable
    from fiftyone_faiss.brain.curation.teaching.learning import learn_projection, teaching_steps
    from fiftyone_faiss.brain.curation.teaching.projection_report import ProjectionReport
    from fiftyone_faiss.brain.curation.teaching.request import TeachingRequest
    from fiftyone_faiss.brain.data.field_values import value_fields
    from fiftyone_faiss.brain.data.frame_images import frame_images
    from fiftyone_faiss.brain.data.frames import video_frames
    from fiftyone_faiss.brain.data.lookup import by_ids, existing_ids
    from fiftyone_faiss.brain.data.media import Regions
    from fiftyone_faiss.brain.data.patch_labels import patch_fields
    from fiftyone_faiss.brain.data.private import build_view, holds_parts, serialize_view
    from fiftyone_faiss.brain.data.result_files import result_files
    from fiftyone_faiss.brain.data.result_views import save_view, view_of
    from fiftyone_faiss.brain.data.sample_filters import count_values
    from fiftyone_faiss.brain.data.score_fields import save_scores
    from fiftyone_faiss.brain.data.tile_fields import tile_values
    from fiftyone_faiss.brain.indexing.building import IndexReport, build_index, build_index_steps
    from fiftyone_faiss.brain.indexing.catalog import (
        IndexInfo,
        IndexSummary,
        delete_index,
        index_configs,
        index_info,
        list_indexes,
        list_other_indexes,
    )
    from fiftyone_faiss.brain.indexing.embedding import (
        DEFAULT_EMBEDDINGS_FIELD,
        EmbeddingReport,
        Execution,
        compute_embeddings,
        compute_embeddings_steps,
    )
    from fiftyone_faiss.brain.indexing.given_embeddings import GivenEmbeddings
    from fiftyone_faiss.brain.indexing.health import (
        IndexHealth,
        index_health,
        list_failures,
        verify_index,
    )
    from fiftyone_faiss.brain.indexing.key_names import suggest_brain_key
    from fiftyone_faiss.brain.indexing.known_health import KnownHealth, known_health
    from fiftyone_faiss.brain.indexing.orphans import (
        OrphanedIndex,
        delete_orphaned_index,
        list_orphaned_indexes,
    )
    from fiftyone_faiss.brain.indexing.updating import (
        tune_index,
        tune_index_steps,
        update_index,
        update_index_steps,
    )
    from fiftyone_faiss.brain.insight.explaining.explaining import (
        explain_match,
        explanation_steps,
    )
    from fiftyone_faiss.brain.insight.explaining.explanation import Explanation
    from fiftyone_faiss.brain.insight.explaining.methods import EXPLANATION_METHODS
    from fiftyone_faiss.brain.insight.explaining.request import ExplanationRequest
    from fiftyone_faiss.brain.insight.maps.index_map import IndexMap, MapInfo, list_maps, load_map
    from fiftyone_faiss.brain.insight.maps.map_quality import MapQuality
    from fiftyone_faiss.brain.insight.maps.mapping import (
        map_steps,
        update_map,
        update_map_steps,
        visualize_index,
    )
    from fiftyone_faiss.brain.insight.maps.point_values import PointNumbers, point_values
    from fiftyone_faiss.brain.insight.maps.query_place import place_query
    from fiftyone_faiss.brain.insight.maps.request import MAP_METHODS, MapRequest
    from fiftyone_faiss.brain.insight.matrix.computing import distance_matrix
    from fiftyone_faiss.brain.insight.matrix.distance_matrix import DistanceMatrix
    from fiftyone_faiss.brain.models.catalog import ModelInfo, list_models
    from fiftyone_faiss.brain.models.loading import ModelLike, get_embedder
    from fiftyone_faiss.brain.models.prompts import TEMPLATES
    from fiftyone_faiss.brain.models.zoo import register_zoo_model
    from fiftyone_faiss.brain.queries.query_line import explain_line
    from fiftyone_faiss.brain.retrieval.answer_types import SearchAnswer
    from fiftyone_faiss.brain.retrieval.code import as_code
    from fiftyone_faiss.brain.retrieval.history import (
        clear_searches,
        delete_search,
        list_searches,
        record_search,
        save_search,
        update_search,
    )
    from fiftyone_faiss.brain.retrieval.neighbors import Neighbors
    from fiftyone_faiss.brain.retrieval.request import DEFAULT_K, SearchRequest
    from fiftyone_faiss.brain.retrieval.saved_search import SavedSearch
    from fiftyone_faiss.brain.retrieval.searching import run_search, search, search_several, warm
    from fiftyone_faiss.brain.retrieval.tagging import Tagging, tag_neighbors, tag_search
    from fiftyone_faiss.brain.retrieval.tags import (
        DEFAULT_TAG,
        apply_tag,
        remove_tag_from,
        untag_neighbors,
        untagged,
    )
    from fiftyone_faiss.brain.retrieval.wording import corrections_of, example_queries
    from fiftyone_faiss.brain.transfer.copy_request import CopyRequest, backends
    from fiftyone_faiss.brain.transfer.copying import copy_index, copy_steps
    from fiftyone_faiss.brain.transfer.exporting import export_index, export_index_steps
    from fiftyone_faiss.brain.transfer.formats.registry import EXPORT_FORMATS
    from fiftyone_faiss.brain.transfer.importing import import_index, import_index_steps
    from fiftyone_faiss.brain.transfer.matching import IMPORT_MATCHES
    from fiftyone_faiss.brain.transfer.report import TransferReport
    from fiftyone_faiss.brain.transfer.request import ExportRequest, ImportRequest
    from fiftyone_faiss.embedders import Embedder, register_embedder

# fmt: off
__all__ = [
    "DEFAULT_EMBEDDINGS_FIELD", "DEFAULT_K", "DEFAULT_TAG", "EXPLANATION_METHODS", "EXPORT_FORMATS",
    "IMPORT_MATCHES", "INDEX_TYPES", "MAP_METHODS", "METRICS", "RULES", "SCORES", "TEMPLATES",
    "VOCABULARIES", "AuditRequest", "CancelledError", "Cluster", "ClusterGroup", "ClusterRequest",
    "Clusters", "ComparisonRequest", "CompressionRequest", "CompressionTable", "CopyRequest",
    "DistanceMatrix", "DuplicatePair", "Duplicates", "DuplicatesRequest", "Embedder",
    "EmbeddingReport", "Execution", "Explanation", "ExplanationRequest", "ExportRequest",
    "GivenEmbeddings", "ImportRequest", "IndexHealth", "IndexInfo", "IndexMap", "IndexReport",
    "IndexSummary", "Judgment", "KnownHealth", "LabelAudit", "LabelIssue", "LeakPair", "Leaks",
    "MapInfo", "MapQuality", "MapRequest", "ModelComparison", "ModelInfo", "ModelLike", "Neighbors",
    "OrphanedIndex", "PairDistances", "PointNumbers", "Progress", "ProjectionReport", "PromptTag",
    "Regions", "SavedSearch", "ScoreReport", "ScoresRequest", "SearchAnswer", "SearchRequest",
    "SearchableRun", "Selection", "SelectionRequest", "Tagging", "TagsRequest", "TeachingRequest",
    "TextTags", "TransferReport", "apply_tag", "as_code", "audit_labels", "audit_steps", "backends",
    "build_index", "build_index_steps", "build_view", "by_ids", "check_index_type",
    "clear_searches", "cluster_samples", "cluster_steps", "compare_compression", "compare_models",
    "comparison_steps", "compression_steps", "compute_embeddings", "compute_embeddings_steps",
    "compute_outliers", "compute_scores", "compute_typicality", "compute_uniqueness", "copy_index",
    "copy_steps", "corrections_of", "count_values", "delete_index", "delete_orphaned_index",
    "delete_search", "distance_matrix", "duplicate_distances", "exact_duplicates_steps",
    "example_queries", "existing_ids", "explain_line", "explain_match", "explanation_steps",
    "export_index", "export_index_steps", "faiss_keys", "find_exact_duplicates", "find_leaks",
    "find_near_duplicates", "frame_images", "get_embedder", "holds_parts", "import_index",
    "import_index_steps", "index_configs", "index_health", "index_info", "index_keys",
    "index_version", "known_health", "label_fields", "leaks_steps", "learn_projection",
    "list_failures", "list_indexes", "list_jobs", "list_judgments", "list_maps", "list_models",
    "list_orphaned_indexes", "list_other_indexes", "list_searches", "load_faiss_index",
    "load_index", "load_map", "map_steps", "near_duplicates_steps", "patch_fields", "place_query",
    "point_values", "record_different", "record_search", "record_selected", "register_embedder",
    "register_zoo_model", "remove_judgment", "remove_tag_from", "result_files", "run_search",
    "save_scores", "save_search", "save_view", "scores_steps", "search", "search_several",
    "searchable_runs", "select_samples", "selection_steps", "serialize_view", "split_fields",
    "start_job", "suggest_brain_key", "tag_by_text", "tag_neighbors", "tag_search",
    "teaching_steps", "text_tags_steps", "tile_values", "tracked", "tune_index", "tune_index_steps",
    "untag_neighbors", "untagged", "update_index", "update_index_steps", "update_map",
    "update_map_steps", "update_search", "value_fields", "verify_index", "video_frames", "view_of",
    "visualize_index", "warm",
]
# fmt: on


def __getattr__(name: str) -> Any:
    if name in MODULE_OF:
        return getattr(importlib.import_module(f"fiftyone_faiss.{MODULE_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
