"""The public names of :mod:`fiftyone_faiss.brain`, by the modules that define them."""

from __future__ import annotations

NAMES = {
    "brain.ann.factory": "INDEX_TYPES check_index_type",
    "brain.backend.loading": (
        "SearchableRun faiss_keys index_keys load_faiss_index load_index searchable_runs"
    ),
    "brain.backend.version": "index_version",
    "brain.core.jobs": "CancelledError list_jobs start_job tracked",
    "brain.core.metrics": "METRICS",
    "brain.core.progress": "Progress",
    "brain.curation.duplicates": "DuplicatePair Duplicates",
    "brain.curation.exact_duplicates": "exact_duplicates_steps find_exact_duplicates",
    "brain.curation.grouping.cluster": "Cluster ClusterGroup",
    "brain.curation.grouping.cluster_request": "ClusterRequest",
    "brain.curation.grouping.clustering": "cluster_samples cluster_steps",
    "brain.curation.grouping.clusters": "Clusters",
    "brain.curation.grouping.tags_request": "TagsRequest",
    "brain.curation.grouping.text_tagging": "tag_by_text text_tags_steps",
    "brain.curation.grouping.text_tags": "PromptTag TextTags",
    "brain.curation.grouping.vocabulary": "VOCABULARIES",
    "brain.curation.judgments": (
        "Judgment list_judgments record_different record_selected remove_judgment"
    ),
    "brain.curation.keepers": "RULES",
    "brain.curation.labeling.audit_request": "AuditRequest",
    "brain.curation.labeling.auditing": "audit_labels audit_steps",
    "brain.curation.labeling.comparing": "compare_models comparison_steps",
    "brain.curation.labeling.comparison_request": "ComparisonRequest",
    "brain.curation.labeling.label_audit": "LabelAudit LabelIssue",
    "brain.curation.labeling.label_fields": "label_fields",
    "brain.curation.labeling.model_comparison": "ModelComparison",
    "brain.curation.leaks": "LeakPair Leaks find_leaks leaks_steps",
    "brain.curation.near_duplicates": "find_near_duplicates near_duplicates_steps",
    "brain.curation.pair_distances": "PairDistances duplicate_distances",
    "brain.curation.request": "DuplicatesRequest",
    "brain.curation.scoring.computing": (
        "compute_outliers compute_scores compute_typicality compute_uniqueness scores_steps"
    ),
    "brain.curation.scoring.report": "ScoreReport",
    "brain.curation.scoring.request": "SCORES ScoresRequest",
    "brain.curation.selecting.choosing": "select_samples selection_steps",
    "brain.curation.selecting.request": "SelectionRequest",
    "brain.curation.selecting.selection": "Selection",
    "brain.curation.splits": "split_fields",
    "brain.curation.teaching.compressing": "compare_compression compression_steps",
    "brain.curation.teaching.compression_request": "CompressionRequest",
    "brain.curation.teaching.compression_table": "CompressionTable",
    "brain.curation.teaching.learning": "learn_projection teaching_steps",
    "brain.curation.teaching.projection_report": "ProjectionReport",
    "brain.curation.teaching.request": "TeachingRequest",
    "brain.data.field_values": "value_fields",
    "brain.data.frame_images": "frame_images",
    "brain.data.frames": "video_frames",
    "brain.data.lookup": "by_ids existing_ids",
    "brain.data.media": "Regions",
    "brain.data.patch_labels": "patch_fields",
    "brain.data.private": "build_view holds_parts serialize_view",
    "brain.data.result_files": "result_files",
    "brain.data.result_views": "save_view view_of",
    "brain.data.sample_filters": "count_values",
    "brain.data.score_fields": "save_scores",
    "brain.data.tile_fields": "tile_values",
    "brain.indexing.building": "IndexReport build_index build_index_steps",
    "brain.indexing.catalog": (
        "IndexInfo IndexSummary delete_index index_configs index_info list_indexes "
        "list_other_indexes"
    ),
    "brain.indexing.embedding": (
        "DEFAULT_EMBEDDINGS_FIELD EmbeddingReport Execution compute_embeddings "
        "compute_embeddings_steps"
    ),
    "brain.indexing.given_embeddings": "GivenEmbeddings",
    "brain.indexing.health": "IndexHealth index_health list_failures verify_index",
    "brain.indexing.key_names": "suggest_brain_key",
    "brain.indexing.known_health": "KnownHealth known_health",
    "brain.indexing.orphans": "OrphanedIndex delete_orphaned_index list_orphaned_indexes",
    "brain.indexing.updating": "tune_index tune_index_steps update_index update_index_steps",
    "brain.insight.explaining.explaining": "explain_match explanation_steps",
    "brain.insight.explaining.explanation": "Explanation",
    "brain.insight.explaining.methods": "EXPLANATION_METHODS",
    "brain.insight.explaining.request": "ExplanationRequest",
    "brain.insight.maps.index_map": "IndexMap MapInfo list_maps load_map",
    "brain.insight.maps.map_quality": "MapQuality",
    "brain.insight.maps.mapping": "map_steps update_map update_map_steps visualize_index",
    "brain.insight.maps.point_values": "PointNumbers point_values",
    "brain.insight.maps.query_place": "place_query",
    "brain.insight.maps.request": "MAP_METHODS MapRequest",
    "brain.insight.matrix.computing": "distance_matrix",
    "brain.insight.matrix.distance_matrix": "DistanceMatrix",
    "brain.models.catalog": "ModelInfo list_models",
    "brain.models.loading": "ModelLike get_embedder",
    "brain.models.prompts": "TEMPLATES",
    "brain.models.zoo": "register_zoo_model",
    "brain.queries.query_line": "explain_line",
    "brain.retrieval.answer_types": "SearchAnswer",
    "brain.retrieval.code": "as_code",
    "brain.retrieval.history": (
        "clear_searches delete_search list_searches record_search save_search update_search"
    ),
    "brain.retrieval.neighbors": "Neighbors",
    "brain.retrieval.request": "DEFAULT_K SearchRequest",
    "brain.retrieval.saved_search": "SavedSearch",
    "brain.retrieval.searching": "run_search search search_several warm",
    "brain.retrieval.tagging": "Tagging tag_neighbors tag_search",
    "brain.retrieval.tags": "DEFAULT_TAG apply_tag remove_tag_from untag_neighbors untagged",
    "brain.retrieval.wording": "corrections_of example_queries",
    "brain.transfer.copy_request": "CopyRequest backends",
    "brain.transfer.copying": "copy_index copy_steps",
    "brain.transfer.report": "TransferReport",
    "embedders": "Embedder register_embedder",
}

MODULE_OF = {name: module for module, names in NAMES.items() for name in names.split()}
"""The module of each name, below ``fiftyone_faiss``."""
