"""The operators: form -> request -> one call of brain -> view. One operator per file."""

from fiftyone_faiss.operators.audit_labels import AuditLabels
from fiftyone_faiss.operators.build_index import BuildIndex
from fiftyone_faiss.operators.cluster_samples import ClusterSamples
from fiftyone_faiss.operators.compare_compression import CompareCompression
from fiftyone_faiss.operators.compare_models import CompareModels
from fiftyone_faiss.operators.compute_embeddings import ComputeEmbeddings
from fiftyone_faiss.operators.compute_scores import ComputeScores
from fiftyone_faiss.operators.copy_index import CopyIndex
from fiftyone_faiss.operators.explain_match import ExplainMatch
from fiftyone_faiss.operators.export_index import ExportIndex
from fiftyone_faiss.operators.find_duplicates import FindDuplicates
from fiftyone_faiss.operators.find_leaks import FindLeaks
from fiftyone_faiss.operators.find_similar import FindSimilar, FindSimilarToSample
from fiftyone_faiss.operators.import_index import ImportIndex
from fiftyone_faiss.operators.learn_projection import LearnProjection
from fiftyone_faiss.operators.manage_indexes import ManageIndexes
from fiftyone_faiss.operators.search import Search
from fiftyone_faiss.operators.select_samples import SelectSamples
from fiftyone_faiss.operators.tag_by_text import TagByText
from fiftyone_faiss.operators.tag_neighbors import TagNeighbors
from fiftyone_faiss.operators.update_index import UpdateIndex
from fiftyone_faiss.operators.update_map import UpdateMap
from fiftyone_faiss.operators.visualize_index import VisualizeIndex

OPERATORS = (
    ComputeEmbeddings,
    BuildIndex,
    UpdateIndex,
    Search,
    FindSimilar,
    FindSimilarToSample,
    TagNeighbors,
    FindDuplicates,
    FindLeaks,
    ComputeScores,
    SelectSamples,
    AuditLabels,
    CompareModels,
    ClusterSamples,
    TagByText,
    VisualizeIndex,
    UpdateMap,
    LearnProjection,
    CompareCompression,
    ExplainMatch,
    CopyIndex,
    ExportIndex,
    ImportIndex,
    ManageIndexes,
)
