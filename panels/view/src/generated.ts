// The messages between the page and the panel. Written by tools/generate_page_types.py from
// panels/messages.py and the methods of the panels; do not edit it.

export type Templates = "off" | "single" | "ensemble";

export type Band = "strong" | "likely" | "weak";

export type TermKind = "text" | "path" | "url" | "selected" | "upload" | "id";

export type ExportFormat = "csv" | "json" | "stages";

export type BoundingBox = [number, number, number, number];

export type SavedParams = Partial<SearchParams>;

export type ExplanationMethod = "occlusion" | "patches" | "gradient";

export type JobState = "running" | "done" | "cancelled" | "failed";

export type JobTopic = "index" | "curation" | "map";

export type ScoreKind = "outliers" | "uniqueness" | "typicality";

export type ScoreList = "unusual" | "highest" | "lowest";

export type FigureName = "coverage_radius" | "mean_distance" | "values" | "evenness";

export type FigureVerdict = "better" | "chance" | "worse";

export type ClusterMethod = "kmeans" | "density";

export type VocabularyChoice = "own" | "general" | "wordnet" | "none";

export type PromptStatus = "tagged" | "absent" | "refused";

export type TagsSaveKind = "tags" | "classifications" | "single";

export type LabelAction = "relabel" | "keep" | "not sure";

export type Measure = "knn_accuracy" | "precision" | "map_at_r";

export type PairVerdict = "copy" | "look-alike" | "unverified";

export type RunKind = "duplicates" | "leaks" | "scores" | "selection" | "clusters" | "text_tags" | "labels" | "models";

export type ActionKind = "tag" | "save" | "merge" | "remove";

export type MapMethod = "umap" | "tsne" | "pca" | "axes";

export type ColorKind = "field" | "tag" | "quality";

export type MatrixFormat = "png" | "svg" | "csv";

/** A term of a query, or the relevance feedback. */
export interface AnswerTerm {
  text: string;
  sign: "+" | "-";
}

/** A sample, frame or label: its file, and where in the file it is. */
export interface ResultFile {
  id: string;
  sample_id: string;
  filepath: string | null;
  bounding_box: BoundingBox | null;
  frame_number: number | null;
}

/** A sample of the query. */
export interface PinnedSample {
  id: string;
  sample_id: string;
  filepath: string | null;
  bounding_box: BoundingBox | null;
  frame_number: number | null;
  near_duplicate_ids?: string[];
  near_duplicate_scores?: Record<string, number>;
}

/** A result of a search. */
export interface ResultRow {
  rank: number;
  id: string;
  sample_id: string;
  filepath: string | null;
  distance: number;
  score: number;
  percentile: number | null;
  relevance: number | null;
  band: Band | null;
  near_duplicates: number;
  near_duplicate_ids?: string[];
  near_duplicate_scores?: Record<string, number>;
  bounding_box?: BoundingBox | null;
  frame_number?: number | null;
  contributions?: number[];
}

/** The answer to a search. */
export interface SearchAnswer {
  query: string;
  brain_key: string;
  metric: string;
  patches_field: string | null;
  count: number;
  best_score: number | null;
  milliseconds: number;
  explanation: string[];
  notes: string[];
  cutoff: number;
  has_more: boolean;
  verdict: string | null;
  pinned: PinnedSample[];
  results: ResultRow[];
  terms?: AnswerTerm[];
}

/** The new state of the grid. */
export interface GridAnswer {
  filters: Record<string, unknown>;
  moves: boolean;
  base: unknown[];
  sidebar: Record<string, unknown>;
  shown: string[];
}

/**
 * The view before the first search, the filters of the sidebar that the results have put aside, the
 * fingerprints of the views shown since, and the filters that the page is about to set.
 */
export interface GridState {
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
}

/** The answer of a method that failed: `error` is a sentence to show. */
export interface Failure {
  error: string;
}

/** No parameters. */
export type NoParams = Record<string, never>;

/** An answer without values. */
export type Empty = Record<string, never>;

/** A query line. */
export interface LineParams {
  query: string;
}

/** A term of a query line; `at` is its start and its end in the line, in characters. */
export interface ParsedTerm {
  sign: "+" | "-";
  weight: number;
  kind: TermKind;
  text: string;
  at: [number, number];
}

/** A word of a query line that looks misspelled, and a word of the dataset instead. */
export interface Correction {
  word: string;
  suggestion: string;
  at: [number, number];
}

/** The terms of a query line with words to correct, or the error in it. */
export interface Explanation {
  terms: ParsedTerm[];
  corrections: Correction[];
  error: string | null;
  at: [number, number] | null;
}

/** An image that is sent with the query; `content` is base64. */
export interface UploadedImage {
  name: string;
  type: string;
  size: number;
  content: string;
}

/** A search; see :class:`SearchRequest`. */
export interface SearchParams {
  query: string;
  brain_key: string | null;
  k: string | number | null;
  scope: string;
  reverse: boolean;
  thresh: string | number | null;
  templates: Templates;
  diversity: number;
  collapse: boolean | number;
  hubness: boolean;
  selected: string[];
  alt: string[];
  uploads: Record<string, UploadedImage>;
  liked: string[];
  disliked: string[];
  exclude: string[];
  filters: Record<string, string[]>;
  skip: number;
}

/** The number of a search among those of a page; the newest wins. */
export interface SearchNumber {
  page: string;
  search_id: number;
}

/** Ends the search. */
export interface ClearParams {
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
  page: string;
  search_id: number;
}

/** A search of a page; `before` has the ids of the results that the grid shows already. */
export interface SearchCall {
  query: string;
  brain_key: string | null;
  k: string | number | null;
  scope: string;
  reverse: boolean;
  thresh: string | number | null;
  templates: Templates;
  diversity: number;
  collapse: boolean | number;
  hubness: boolean;
  selected: string[];
  alt: string[];
  uploads: Record<string, UploadedImage>;
  liked: string[];
  disliked: string[];
  exclude: string[];
  filters: Record<string, string[]>;
  skip: number;
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
  page: string;
  search_id: number;
  before?: string[];
}

/** The answer to a search, the new state of the grid, and the version of the index. */
export interface ShownAnswer {
  query: string;
  brain_key: string;
  metric: string;
  patches_field: string | null;
  count: number;
  best_score: number | null;
  milliseconds: number;
  explanation: string[];
  notes: string[];
  cutoff: number;
  has_more: boolean;
  verdict: string | null;
  pinned: PinnedSample[];
  results: ResultRow[];
  terms?: AnswerTerm[];
  filters: Record<string, unknown>;
  moves: boolean;
  base: unknown[];
  sidebar: Record<string, unknown>;
  shown: string[];
  index_version: string | null;
}

/** The answer to a search if the page has started a newer one. */
export interface Superseded {
  superseded: true;
}

/** A search in another index, of this dataset or another. */
export interface CompareParams {
  query: string;
  brain_key: string | null;
  k: string | number | null;
  scope: string;
  reverse: boolean;
  thresh: string | number | null;
  templates: Templates;
  diversity: number;
  collapse: boolean | number;
  hubness: boolean;
  selected: string[];
  alt: string[];
  uploads: Record<string, UploadedImage>;
  liked: string[];
  disliked: string[];
  exclude: string[];
  filters: Record<string, string[]>;
  skip: number;
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
  dataset: string;
  other_key: string;
}

/** The answer to a search in another index. */
export interface CompareAnswer {
  query: string;
  brain_key: string;
  metric: string;
  patches_field: string | null;
  count: number;
  best_score: number | null;
  milliseconds: number;
  explanation: string[];
  notes: string[];
  cutoff: number;
  has_more: boolean;
  verdict: string | null;
  pinned: PinnedSample[];
  results: ResultRow[];
  terms?: AnswerTerm[];
  dataset: string;
}

/** A search, and the state of the grid. */
export interface SearchInGrid {
  query: string;
  brain_key: string | null;
  k: string | number | null;
  scope: string;
  reverse: boolean;
  thresh: string | number | null;
  templates: Templates;
  diversity: number;
  collapse: boolean | number;
  hubness: boolean;
  selected: string[];
  alt: string[];
  uploads: Record<string, UploadedImage>;
  liked: string[];
  disliked: string[];
  exclude: string[];
  filters: Record<string, string[]>;
  skip: number;
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
}

/** The result to open, and its dataset if it is another. */
export interface OpenParams {
  dataset?: string;
  id: string;
  sample_id: string;
}

/** Results: ids of samples, or of labels in a field. */
export interface ResultIds {
  ids: string[];
  patches_field: string | null;
}

/** The results to tag. */
export interface TagParams {
  ids: string[];
  patches_field: string | null;
  tag: string;
}

/** The number of results without the tag, and of all. */
export interface TagPreview {
  new: number;
  count: number;
}

/** The number and the ids of the results that did not have the tag before. */
export interface TaggedIds {
  tagged: number;
  ids: string[];
}

/** A tagging to undo: that of some ids, or all with the tag. */
export interface Tagging {
  ids?: string[] | null;
  tag: string;
}

/** The number of samples, or labels, that lost the tag. */
export interface UntagAnswer {
  untagged: number;
}

/** The results to save as a view. */
export interface SaveViewParams {
  ids: string[];
  patches_field: string | null;
  name: string;
}

/** The name of the saved view, and those of all saved views. */
export interface SaveViewAnswer {
  name: string;
  saved_views: string[];
}

/** The scores to save in a field; with `everywhere`, those of all that the index holds. */
export interface SaveScoresParams {
  query: string;
  brain_key: string | null;
  k: string | number | null;
  scope: string;
  reverse: boolean;
  thresh: string | number | null;
  templates: Templates;
  diversity: number;
  collapse: boolean | number;
  hubness: boolean;
  selected: string[];
  alt: string[];
  uploads: Record<string, UploadedImage>;
  liked: string[];
  disliked: string[];
  exclude: string[];
  filters: Record<string, string[]>;
  skip: number;
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
  ids: string[];
  patches_field: string | null;
  scores: number[];
  field: string;
  everywhere: boolean;
}

/** The field, and the number of scores in it. */
export interface SaveScoresAnswer {
  field: string;
  count: number;
}

/** The search whose results to export; `k` is the number of results that the page shows. */
export interface ExportParams {
  query: string;
  brain_key: string | null;
  k: string | number | null;
  scope: string;
  reverse: boolean;
  thresh: string | number | null;
  templates: Templates;
  diversity: number;
  collapse: boolean | number;
  hubness: boolean;
  selected: string[];
  alt: string[];
  uploads: Record<string, UploadedImage>;
  liked: string[];
  disliked: string[];
  exclude: string[];
  filters: Record<string, string[]>;
  skip: number;
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
  format: ExportFormat;
}

/** A file. */
export interface ExportAnswer {
  name: string;
  content: string;
}

/** Python code. */
export interface CodeAnswer {
  code: string;
}

/** A saved search; `used_at` is ISO 8601, UTC. */
export interface SavedSearch {
  id: string;
  params: SavedParams;
  name: string | null;
  pinned: boolean;
  used_at: string;
  uses: number;
}

/** The saved searches: pinned searches first, then the newest first. */
export interface HistoryAnswer {
  searches: SavedSearch[];
}

/** The search to save under a name. */
export interface SaveSearchParams {
  params: SavedParams;
  name: string;
}

/** The saved search that a method is about. */
export interface SearchIdParams {
  id: string;
}

/** The new name of a saved search; empty for none. */
export interface RenameParams {
  id: string;
  name: string;
}

/** Whether to pin a saved search. */
export interface PinParams {
  id: string;
  pinned: boolean;
}

/** The dataset of results, if it is not the App's. */
export interface OtherDataset {
  dataset?: string;
}

/** The frames, or the labels in frames, whose images to decode. */
export interface FramesParams {
  ids: string[];
  patches_field: string | null;
  dataset?: string;
}

/** The images of frames as data URLs, by id; without those that cannot be decoded. */
export interface FramesAnswer {
  images: Record<string, string>;
}

/** The near-duplicates to show. */
export interface DuplicatesParams {
  ids: string[];
  patches_field: string | null;
  dataset?: string;
}

/** The near-duplicates of a result that still exist. */
export interface DuplicatesAnswer {
  duplicates: ResultFile[];
}

/** A field that the tiles can show; the App colors its values by `path`. */
export interface TileField {
  name: string;
  path: string;
}

/** The names of the fields to read for results. */
export interface ValuesParams {
  ids: string[];
  patches_field: string | null;
  dataset?: string;
  fields: string[];
}

/** The fields that there are, and by id and field the texts of the values. */
export interface ValuesAnswer {
  fields: TileField[];
  values: Record<string, Record<string, string[]>>;
}

/** The ids of the results that lost the tag. */
export interface UntaggedIds {
  ids: string[];
}

/** The results to show in the grid, and where they were searched. */
export interface ShowParams {
  ids: string[];
  patches_field: string | null;
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
  scope: string;
}

/** A match to explain: a query as in a search, or one sample of a pair in `sample_ids`. */
export interface ExplainParams {
  query?: string;
  selected?: string[];
  alt?: string[];
  uploads?: Record<string, UploadedImage>;
  query_type?: "text" | "samples";
  sample_ids?: string[];
  templates?: Templates;
  id: string;
  brain_key: string | null;
  method: ExplanationMethod | null;
}

/** An explanation that was started. */
export interface ExplanationParams {
  job: string;
}

/** An explanation that was started. */
export interface ExplanationStarted {
  job: string;
}

/** What raises the score, 0 to 1, on a grid over `box` in the picture. */
export interface ExplanationMap {
  values: number[][];
  box: BoundingBox;
}

/** The mean scores while parts are removed; `problem` is why there is no badge. */
export interface Faithfulness {
  has_badge: boolean;
  problem: string | null;
  beaten: number;
  deletion: number;
  insertion: number;
  random: number;
  interval: [number, number];
}

/** What each place of the query's picture adds with each place of the match. */
export interface ExplanationPairs {
  method: ExplanationMethod;
  values: number[][][][];
  query_box: BoundingBox;
  match_box: BoundingBox;
}

/** Why a sample matches a query; the images are data URLs. */
export interface MatchExplanation {
  id: string;
  query: string;
  brain_key: string;
  method: ExplanationMethod;
  score: number;
  map: ExplanationMap;
  query_map: ExplanationMap | null;
  faithfulness: Faithfulness;
  pairs: ExplanationPairs | null;
  remainder: number | null;
  is_exact: boolean;
  lines: BoundingBox[];
  is_mirrored: boolean;
  fits: Record<string, number>;
  notes: string[];
  image: string;
  query_image: string | null;
}

/** The progress of an explanation; `explanation` is there once it is done. */
export interface ExplanationState {
  state: JobState;
  fraction: number;
  label: string;
  explanation: MatchExplanation | null;
}

/** The explanation whose heatmap to save, and the field. */
export interface SaveHeatmapParams {
  job: string;
  field: string;
}

/** What was done, in a sentence. */
export interface HeatmapSaved {
  text: string;
}

/**
 * The filters that the sidebar should have once the grid shows its new view; `moves` is whether
 * that is another view.
 */
export interface GridChange {
  filters: Record<string, unknown>;
  moves: boolean;
}

/** The index of the page's results. */
export interface LookParams {
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
  brain_key: string;
}

/** What the grid shows. */
export interface LookAnswer {
  total: number;
  in_view: number | null;
  has_filters: boolean;
  has_results: boolean;
  is_of_parts: boolean;
  index_version: string | null;
}

/** Ids of samples. */
export interface ImagesParams {
  ids: string[];
}

/** The images of samples, in the order of the ids; fewer where a sample has none. */
export interface ImagesAnswer {
  filepaths: string[];
}

/** Queries to try. */
export interface ExamplesAnswer {
  examples: string[];
}

/** The results whose values to count; without ids, those of what the scope names. */
export interface FacetParams {
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
  ids: string[] | null;
  patches_field: string | null;
  scope: string;
}

/** A value of a field, and the number of results with it. */
export interface FacetValue {
  value: string;
  count: number;
}

/** The values of a field, most frequent first; `more` is the number of further values. */
export interface Facet {
  path: string;
  values: FacetValue[];
  more: number;
}

/**
 * The values of each field; `is_counted` is False, and there are none, if there are too many
 * samples to count without a search.
 */
export interface FacetAnswer {
  facets: Facet[];
  is_counted: boolean;
}

/** An index of any Brain backend that the panel can search. */
export interface PanelIndex {
  brain_key: string;
  backend: string;
  model: string | null;
  supports_text: boolean;
  metric: string | null;
  patches_field: string | null;
  size: number | null;
  failures: number;
  problem: string | null;
}

/** A FAISS index; see `list_indexes`. */
export interface IndexInfo {
  brain_key: string;
  model: string | null;
  supports_text: boolean;
  metric: string;
  index_type: string;
  patches_field: string | null;
  size: number;
  dim: number | null;
  disk_bytes: number;
  path: string | null;
  failures: number;
  factory: string | null;
  recall: number | null;
  latency_ms: number | null;
  recall_by_kind: Record<string, number> | null;
  graph_neighbors: number | null;
  graph_recall: number | null;
  rate: number | null;
  created: string | null;
  problem: string | null;
}

/** An index compared with its dataset `age_s` seconds ago; see `index_health`. */
export interface IndexHealth {
  brain_key: string;
  model: string | null;
  supports_text: boolean;
  metric: string;
  index_type: string;
  patches_field: string | null;
  size: number;
  dim: number | null;
  disk_bytes: number;
  path: string | null;
  failures: number;
  factory: string | null;
  recall: number | null;
  latency_ms: number | null;
  recall_by_kind: Record<string, number> | null;
  graph_neighbors: number | null;
  graph_recall: number | null;
  rate: number | null;
  created: string | null;
  problem: string | null;
  missing: number;
  orphaned: number;
  failed: number;
  changed: number | null;
  model_matches: boolean | null;
  unindexed: number;
  is_current: boolean;
  age_s: number;
}

/** An index of another dataset. */
export interface OtherIndex {
  dataset: string;
  brain_key: string;
  model: string | null;
  supports_text: boolean;
}

/** Long work, and what it is about; `fraction` is 0 to 1. */
export interface Job {
  id: string;
  name: string;
  topic: JobTopic;
  state: JobState;
  message: string;
  fraction: number;
  label: string;
}

/** The panel's data, set by `refresh`. */
export interface PanelData {
  error: string | null;
  dataset: string;
  size: number;
  indexes: PanelIndex[];
  jobs: Job[];
  saved_views: string[];
  others: OtherIndex[];
  can_delegate: boolean;
}

/** The index that a method is about. */
export interface IndexParams {
  brain_key: string;
}

/** Whether to compare the index again although it did not change: its files may have. */
export interface HealthParams {
  brain_key: string;
  refresh?: boolean;
}

/** The model that was loaded, and the seconds that it took. */
export interface WarmAnswer {
  model: string | null;
  seconds: number;
}

/** The number of samples that are missing from an index. */
export interface MissingAnswer {
  missing: number;
}

/** Work on an index that FiftyOne's orchestrator should do. */
export interface DelegateParams {
  brain_key: string;
  work: "update" | "rebuild" | "tune";
}

/** The id of a queued operation. */
export interface DelegatedWork {
  operation_id: string;
}

/** Whether the page shows a job, and is sent the indexes again when all jobs have ended. */
export interface JobsParams {
  tracked: boolean;
}

/** The jobs that run, or ended within the last minute. */
export interface JobsAnswer {
  jobs: Job[];
}

/** The job that a method is about. */
export interface JobParams {
  id: string;
}

/** An expected number with its 95 % interval. */
export interface Interval {
  value: number;
  low: number;
  high: number;
}

/** The result that a method is about. */
export interface RunParams {
  run: string;
}

/** The result to show in the grid. */
export interface ShowRunParams {
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
  run: string;
}

/** The tag for a result. */
export interface TagRunParams {
  run: string;
  name: string;
}

/** The field of the labels that an index holds; None for samples and frames. */
export interface FieldsParams {
  patches_field: string | null;
}

/** The fields of labels, texts, numbers and tags. */
export interface FieldsAnswer {
  fields: string[];
}

/**
 * Which score to compute, and in which field to save it; an empty field has the name of the score.
 */
export interface ScoresParams {
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
  kind: ScoreKind;
  brain_key: string;
  scope: string;
  field: string;
  label_field: string | null;
}

/** A bar of the histogram: how many scores it has, and how many of them stand out. */
export interface ScoreBar {
  count: number;
  unusual: number;
}

/** The scores that were computed. */
export interface ScoresRun {
  id: string;
  params: ScoresParams;
  kind: ScoreKind;
  field: string;
  patches_field: string | null;
  count: number;
  low: number;
  high: number;
  histogram: ScoreBar[];
  unusual: number;
  expected: Interval | null;
  near_duplicates: number;
  thresh: number;
  recall: number;
  classes: number;
  notes: string[];
  is_saved: boolean;
}

/** A page of what stands out, or of the highest or lowest scores. */
export interface ScoredParams {
  run: string;
  which: ScoreList;
  start: number;
  count: number;
}

/** A score; `label` is the class that it was compared with. */
export interface ScoredRow {
  file: ResultFile;
  score: number;
  is_unusual: boolean;
  label: string | null;
}

/** A page of scores, and the number of all in the list. */
export interface ScoredAnswer {
  rows: ScoredRow[];
  total: number;
}

/** The list to show in the grid. */
export interface ShowScoredParams {
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
  run: string;
  which: ScoreList;
}

/** The list to tag. */
export interface TagScoredParams {
  run: string;
  which: ScoreList;
  name: string;
}

/** How many to select, and what matters; see `SelectionRequest`. */
export interface SelectParams {
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
  n: number | null;
  brain_key: string;
  scope: string;
  labeled: string | null;
  labeled_tag: string | null;
  balance_field: string | null;
  balance: number;
  cluster_field: string | null;
  clusters: number;
  near: string | null;
  near_tag: string | null;
  nearness: number;
  diversity: number;
  typicality: number;
  exclude_outliers: boolean;
  judgments: boolean;
}

/**
 * A figure of a selection; `random` is the mean, the lowest and the highest of random choices, and
 * `verdict` compares it with all of them.
 */
export interface ReceiptFigure {
  name: FigureName;
  value: number;
  random: Interval;
  verdict: FigureVerdict;
}

/** How many of the selected have a value. */
export interface ValueCount {
  value: string;
  count: number;
}

/**
 * The region that is covered least: an example, None if it was deleted, its distance to the nearest
 * covered one, and how many are nearer to the example than to any of these.
 */
export interface Uncovered {
  file: ResultFile | null;
  distance: number;
  count: number;
}

/** What was selected. */
export interface SelectionRun {
  id: string;
  params: SelectParams;
  patches_field: string | null;
  count: number;
  figures: ReceiptFigure[];
  uncovered: Uncovered;
  covered: number;
  outliers: number;
  near_duplicates: number;
  values: ValueCount[];
  more_values: number;
  notes: string[];
}

/** A page of what was selected. */
export interface SelectedParams {
  run: string;
  start: number;
  count: number;
}

/** A selected one; `place` counts from 1. */
export interface SelectedRow {
  place: number;
  file: ResultFile;
}

/** A page of what was selected, and the number of those that exist. */
export interface SelectedAnswer {
  rows: SelectedRow[];
  total: number;
}

/** How to find clusters, and how to name them. */
export interface ClusterParams {
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
  brain_key: string;
  scope: string;
  method: ClusterMethod;
  n_clusters: number | null;
  min_size: number | null;
  vocabulary: VocabularyChoice;
  texts: string[];
  names_key: string | null;
}

/** A number of clusters that was tried; see `Candidate`. */
export interface ClusterCandidate {
  k: number;
  agreement: number;
  separation: number;
  chance_agreement: number;
  chance_separation: number;
  gain: number;
}

/** The clusters that were found. */
export interface ClustersRun {
  id: string;
  params: ClusterParams;
  patches_field: string | null;
  count: number;
  named: number;
  groups: number;
  compared: number;
  unclustered: number;
  agreement: number | null;
  runs: number;
  proposed: number | null;
  candidates: ClusterCandidate[];
  notes: string[];
}

/** A page of clusters. */
export interface ClusterPageParams {
  run: string;
  start: number;
  count: number;
}

/** Why a text is the name of a cluster, or the best text that was refused; see `NameEvidence`. */
export interface ClusterEvidence {
  text: string;
  similarity: number;
  best_other: number;
  margin: number;
  fit: number;
  confidence: number;
}

/** A member that might belong to another cluster; `confidence` is that of its own. */
export interface BorderFile {
  file: ResultFile;
  other: number;
  other_label: string;
  confidence: number;
}

/** A group of similar clusters, before the first of them. */
export interface ClusterHeading {
  number: number;
  label: string;
  name: string | null;
  evidence: ClusterEvidence | null;
  clusters: number[];
  size: number;
}

/** A cluster; `heading` is its group if it is the first one of that. */
export interface ClusterRow {
  number: number;
  size: number;
  name: string | null;
  label: string;
  name_confidence: number;
  is_edited: boolean;
  evidence: ClusterEvidence | null;
  reason: string;
  stability: number;
  medoids: ResultFile[];
  borders: BorderFile[];
  heading: ClusterHeading | null;
}

/** A page of clusters, and the number of all. */
export interface ClustersAnswer {
  clusters: ClusterRow[];
  total: number;
}

/** The new name of a cluster: an empty one for none, None for that of the vocabulary. */
export interface RenameClusterParams {
  run: string;
  cluster: number;
  name: string | null;
}

/** The clusters to tag; -1 is what is in no cluster. */
export interface TagClustersParams {
  run: string;
  clusters: number[];
  name: string;
}

/** The clusters to show in the grid, in this order; -1 is what is in no cluster. */
export interface ShowClustersParams {
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
  run: string;
  clusters: number[];
}

/** The field that gets the clusters. */
export interface SaveClustersParams {
  run: string;
  name: string;
}

/** The prompts, one on each line or `tag: prompt`, and whether neighbors share tags. */
export interface TextTagsParams {
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
  brain_key: string;
  scope: string;
  prompts: string;
  propagate: boolean;
}

/** The tags by text. */
export interface TextTagsRun {
  id: string;
  params: TextTagsParams;
  patches_field: string | null;
  compared: number;
  count: number;
  tagged: number;
  absent: number;
  refused: number;
  label_fields: string[];
  notes: string[];
}

/** A page of prompts. */
export interface TextTagPageParams {
  run: string;
  start: number;
  count: number;
}

/** The share of tagged samples that are right, by a person's answers; see `Precision`. */
export interface TagPrecision {
  value: number;
  low: number;
  high: number;
  answers: number;
}

/** A sample, its similarity to a prompt, and whether it gets the tag. */
export interface ScoredFile {
  file: ResultFile;
  score: number;
  is_tagged: boolean;
}

/** A prompt and what it tags. */
export interface TextTagRow {
  tag: string;
  text: string;
  status: PromptStatus;
  reason: string;
  presence: number;
  threshold: number;
  count: number;
  low: number;
  high: number;
  histogram: number[];
  answers: number;
  precision: TagPrecision | null;
  best: ScoredFile[];
}

/** A page of prompts, and the number of all. */
export interface TextTagsAnswer {
  prompts: TextTagRow[];
  total: number;
}

/** The tag that a method is about. */
export interface TextTagParams {
  run: string;
  tag: string;
}

/** The tag whose samples the grid shows, best first. */
export interface ShowTextTagParams {
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
  run: string;
  tag: string;
}

/** Samples to ask a person about: whether they show what the prompt asks for. */
export interface QuestionsAnswer {
  questions: ScoredFile[];
}

/** A person's answers, by the ids of the questions. */
export interface TagAnswersParams {
  run: string;
  tag: string;
  answers: Record<string, boolean>;
}

/** What to save of some tags, None for all. */
export interface SaveTextTagsParams {
  run: string;
  how: TagsSaveKind;
  name: string;
  tags: string[] | null;
  other: string;
  gt_field: string | null;
}

/** An index. */
export interface IndexParams {
  brain_key: string;
}

/** The fields that may hold labels of what an index holds. */
export interface LabelFields {
  fields: string[];
}

/** What to audit; None for what the audit chooses itself. */
export interface AuditParams {
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
  brain_key: string;
  label_field: string;
  scope: string;
  thresh: number | null;
  k: number | null;
  min_probability: number | null;
}

/** How often neighbors have the same label, with its 95 % interval, and how often by chance. */
export interface Agreement {
  share: number;
  low: number;
  high: number;
  chance: number;
  is_clear: boolean;
}

/** How often samples of a class have the label of another one, with its 95 % interval. */
export interface PairNoise {
  true: string;
  label: string;
  rate: number;
  low: number;
  high: number;
  count: number;
}

/** The share of wrong labels with its 95 % interval, and the most frequent pairs of classes. */
export interface NoiseRates {
  rate: number;
  low: number;
  high: number;
  pairs: PairNoise[];
  more_pairs: number;
}

/** An audit of labels; `params` is what was asked. */
export interface LabelsRun {
  id: string;
  params: AuditParams;
  patches_field: string | null;
  label_field: string;
  audited: number;
  unlabeled: number;
  grouped: number;
  recall: number;
  k: number;
  issues: number;
  doubt: string | null;
  agreement: Agreement;
  expected_wrong: Interval;
  noise_rate: NoiseRates | null;
  decisions_field: string;
  notes: string[];
}

/** The audit that a method is about. */
export interface AuditRunParams {
  run: string;
}

/** A page of issues. */
export interface IssuesParams {
  run: string;
  start: number;
  count: number;
}

/** How many neighbors have a label. */
export interface Votes {
  label: string;
  count: number;
}

/**
 * A label that is probably wrong. `now` is the label that the dataset has at this moment; `action`
 * and `new_label` are the decision that waits to be applied.
 */
export interface IssueRow {
  id: string;
  label: string;
  now: string | null;
  suggested: string | null;
  probability: number;
  votes: Votes[];
  action: LabelAction | null;
  new_label: string | null;
  file: ResultFile;
}

/** A page of issues, and the number of all. */
export interface IssuesAnswer {
  issues: IssueRow[];
  total: number;
}

/** The classes of the audited labels. */
export interface LabelClasses {
  classes: string[];
}

/** A decision about a label; no action removes it. `new_label` None is the suggested one. */
export interface DecideParams {
  run: string;
  id: string;
  action: LabelAction | null;
  new_label: string | null;
}

/** How many labels change from one class to another one. */
export interface LabelChange {
  old: string;
  new: string;
  count: number;
}

/**
 * What applying the decisions would change. `skipped` labels have been changed by somebody since;
 * `keep` and `not_sure` count decisions that change nothing.
 */
export interface LabelPlan {
  relabel: number;
  changes: LabelChange[];
  more_changes: number;
  skipped: number;
  keep: number;
  not_sure: number;
}

/** The number of changes that the page has shown. */
export interface ApplyParams {
  run: string;
  relabel: number;
}

/** The tag for the issues. */
export interface TagIssuesParams {
  run: string;
  name: string;
}

/** The audit whose issues the grid shows. */
export interface ShowIssuesParams {
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
  run: string;
}

/** What to compare; None for the default. */
export interface ComparisonParams {
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
  brain_keys: string[];
  label_field: string;
  scope: string;
  k: number | null;
}

/** How well an index retrieves the classes, and what it costs. */
export interface ComparedModel {
  brain_key: string;
  model: string | null;
  knn_accuracy: Interval;
  precision: Interval;
  map_at_r: Interval;
  hubness: number;
  dim: number;
  disk_bytes: number;
  rate: number | null;
}

/** A measure of a model that knows nothing, or that knows all. */
export interface Limits {
  knn_accuracy: number;
  precision: number;
  map_at_r: number;
}

/** The difference of two indexes by a measure; `better` is None if the data can show none. */
export interface ComparedPair {
  first: string;
  second: string;
  measure: Measure;
  difference: Interval;
  p_value: number;
  better: string | null;
  first_only: number;
  second_only: number;
}

/** A comparison of models, the best by mAP@R first; `params` is what was asked. */
export interface ModelsRun {
  id: string;
  params: ComparisonParams;
  patches_field: string | null;
  label_field: string;
  k: number;
  queries: number;
  searched: number;
  models: ComparedModel[];
  pairs: ComparedPair[];
  leaders: string[];
  winner: string | null;
  chance: Limits;
  best_possible: Limits;
  classes: number;
  notes: string[];
}

/** A page of classes. */
export interface ClassesParams {
  run: string;
  start: number;
  count: number;
}

/** A difference of two indexes for a class that the data shows. */
export interface ClassDifference {
  better: string;
  other: string;
  difference: Interval;
}

/** The mAP@R of each index for the queries of a class, in the order of the indexes. */
export interface ClassMeasures {
  name: string;
  measures: Interval[];
  differences: ClassDifference[];
}

/** A page of classes, those with a difference first, and the number of all. */
export interface ClassesAnswer {
  classes: ClassMeasures[];
  total: number;
}

/** The queries that one index retrieves right and another one wrong. */
export interface ShowDifferenceParams {
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
  run: string;
  right: string;
  wrong: string;
}

/**
 * What to find. `equal_files` compares the contents of files, without an index; `split_field` has
 * the names of the splits, which leaks need.
 */
export interface FindParams {
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
  equal_files: boolean;
  brain_key: string;
  scope: string;
  thresh: number | null;
  verify: boolean;
  split_field: string | null;
  rules: string[];
}

/** The id of the job that was started. */
export interface Started {
  job: string;
}

/** The pairs within a distance, and how many of them are accidental; None if unknown. */
export interface ThresholdRow {
  thresh: number;
  pairs: number;
  expected: Interval | null;
}

/** What each of some ascending thresholds finds, and which one is proposed, if any. */
export interface DistancesAnswer {
  table: ThresholdRow[];
  proposal: ThresholdRow | null;
  compared: number;
}

/** What a search for duplicates or leaks found; `params` is what was asked. */
export interface RunResult {
  id: string;
  params: FindParams;
  patches_field: string | null;
  thresh: number | null;
  pair_count: number;
  expected: Interval | null;
  recall: number;
  copies: number;
  look_alikes: number;
  unverified: number;
  notes: string[];
}

/** The duplicates that were found. */
export interface DuplicatesRun {
  id: string;
  params: FindParams;
  patches_field: string | null;
  thresh: number | null;
  pair_count: number;
  expected: Interval | null;
  recall: number;
  copies: number;
  look_alikes: number;
  unverified: number;
  notes: string[];
  groups: number;
  redundant: number;
  compared: number;
  unreadable: number;
}

/** How many samples of a split have a near one in another split. */
export interface Rate {
  split: string;
  other: string;
  leaking: number;
  total: number;
  rate: number;
  low: number;
  high: number;
}

/**
 * The leaks that were found. `listed` is the number of pairs to page through; `leaking` and
 * `training` count samples, `training` those that a clean view drops.
 */
export interface LeaksRun {
  id: string;
  params: FindParams;
  patches_field: string | null;
  thresh: number | null;
  pair_count: number;
  expected: Interval | null;
  recall: number;
  copies: number;
  look_alikes: number;
  unverified: number;
  notes: string[];
  listed: number;
  leaking: number;
  training: number;
  size: number;
  rates: Rate[];
  without_split: number;
  in_several: number;
}

/** An action that can be undone, in a sentence. */
export interface UndoEntry {
  id: string;
  kind: RunKind;
  text: string;
}

/** What the server knows of a dataset: the last results, and what can be undone. */
export interface CurateState {
  duplicates: DuplicatesRun | null;
  leaks: LeaksRun | null;
  clusters: ClustersRun | null;
  text_tags: TextTagsRun | null;
  labels: LabelsRun | null;
  models: ModelsRun | null;
  scores: ScoresRun | null;
  selection: SelectionRun | null;
  undo: UndoEntry[];
  split_fields: string[];
  rules: string[];
}

/** A page of groups or of pairs; a verdict leaves the other pairs out. */
export interface PageParams {
  run: string;
  start: number;
  count: number;
  verdict: PairVerdict | null;
}

/** A member of a group; `near` has the ids of those that could be kept instead of it. */
export interface GroupMember {
  id: string;
  keeper: string;
  distance: number | null;
  verdict: string;
  rule: string | null;
  reason: string;
  near: string[];
  file: ResultFile;
}

/** A group, keepers first. */
export interface DuplicatesGroup {
  number: number;
  members: GroupMember[];
}

/** A page of groups, and the number of all; `gone` counts members that were deleted since. */
export interface GroupsAnswer {
  groups: DuplicatesGroup[];
  total: number;
  gone: number;
}

/** A pair; the first is on the training side of a leak. */
export interface PairRow {
  a: ResultFile;
  b: ResultFile;
  split_a: string;
  split_b: string;
  distance: number;
  verdict: PairVerdict;
  confidence: number;
  reason: string;
}

/** A page of pairs, and the number of all. */
export interface PairsAnswer {
  pairs: PairRow[];
  total: number;
}

/** A person's decisions, and the numbers of the groups to act on; None for all. */
export interface DecisionParams {
  run: string;
  keep: string[];
  remove: string[];
  groups: number[] | null;
}

/**
 * What the actions would change: the redundant ids, the number of groups, and how many keepers
 * would get labels or tags.
 */
export interface Plan {
  ids: string[];
  groups: number;
  merged: number;
}

/** An action on the ids that the page has shown as redundant; `name` is a tag or a field. */
export interface ActParams {
  run: string;
  keep: string[];
  remove: string[];
  groups: number[] | null;
  action: ActionKind;
  ids: string[];
  name: string;
}

/** What was done, in a sentence, and the new state. */
export interface ActAnswer {
  text: string;
  state: CurateState;
}

/** The tag for the samples in a leak. */
export interface TagLeaksParams {
  run: string;
  name: string;
}

/** Whether two samples or labels are no duplicates of each other, as a person sees them. */
export interface JudgePairParams {
  run: string;
  id_a: string;
  id_b: string;
  is_different: boolean;
}

/** The action to undo. */
export interface UndoParams {
  id: string;
}

/** The samples or labels to show in the grid, in this order; None shows what it showed first. */
export interface ShowIdsParams {
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
  ids: string[] | null;
  patches_field: string | null;
}

/** A map; see `MapInfo`. */
export interface MapEntry {
  vis_key: string;
  brain_key: string;
  method: string;
  num_dims: number;
  count: number;
}

/** The maps of the dataset. */
export interface MapsAnswer {
  maps: MapEntry[];
}

/** The map to make; see `MapRequest`. `axes` has a query line for each dimension. */
export interface MakeMapParams {
  brain_key: string;
  method: MapMethod;
  num_dims: number;
  vis_key: string;
  axes: string[];
}

/** The map to draw. */
export interface DrawMapParams {
  vis_key: string;
}

/** The points of a map. */
export interface DrawnMap {
  vis_key: string;
  brain_key: string;
  method: string;
  num_dims: number;
  count: number;
  version: string;
  patches_field: string | null;
  points: string;
  placed: string;
  placed_count: number;
  axes: string[] | null;
  notes: string[];
  trustworthiness: number;
  neighbors_kept: number;
  neighbors: number;
  chance_kept: number;
}

/** The map that the page shows. */
export interface MapParams {
  vis_key: string;
  version: string;
}

/** Something to color points by. */
export interface ColorChoice {
  kind: ColorKind;
  name: string;
}

/** What points can be colored by. */
export interface ColorChoices {
  choices: ColorChoice[];
}

/** What to color the points of a map by. */
export interface ColorParams {
  vis_key: string;
  version: string;
  kind: ColorKind;
  name: string;
}

/** The search whose scores color the points. */
export interface ScoreParams {
  vis_key: string;
  version: string;
  search: SearchParams;
}

/** The values of points: classes, or else numbers. */
export interface PointColors {
  codes: string | null;
  names: string[];
  counts: number[];
  others: number;
  other_count: number;
  missing: number;
  numbers: string | null;
  low: number;
  high: number;
}

/** Ids of samples or labels; with `distances` they are hits, nearest first. */
export interface LocateParams {
  vis_key: string;
  version: string;
  ids: string[];
  distances: number[] | null;
  pinned: string | null;
}

/** Where ids are on a map: positions of points, -1 for those that are not on it. */
export interface MapPlaces {
  places: number[];
  marker: number[] | null;
  is_sample: boolean;
  placed_by: number;
  nearest: number;
  hits_nearest: number;
  predicted: number;
}

/** The positions of points. */
export interface MapFilesParams {
  vis_key: string;
  version: string;
  places: number[];
}

/** The file of a point, and which share of its true neighbors is near it on the map. */
export interface MapFile {
  id: string;
  sample_id: string;
  filepath: string | null;
  bounding_box: BoundingBox | null;
  frame_number: number | null;
  place: number;
  kept: number;
  placed: boolean;
}

/** The files of points that still exist. */
export interface MapFilesAnswer {
  files: MapFile[];
}

/** The points to show in the grid: uint32 positions; None shows what the grid showed first. */
export interface ShowPlacesParams {
  vis_key: string;
  version: string;
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
  places: string | null;
}

/** The uint32 positions of points. */
export interface PlacesParams {
  vis_key: string;
  version: string;
  places: string;
}

/** Ids of samples or labels. */
export interface IdsAnswer {
  ids: string[];
}

/** What to compare: ids of samples or labels, or None for some of what the grid shows. */
export interface MatrixParams {
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
  brain_key: string;
  ids: string[] | null;
  label_field: string | null;
}

/** The distances of all pairs. */
export interface MatrixAnswer {
  brain_key: string;
  metric: string;
  patches_field: string | null;
  ids: string[];
  files: ResultFile[];
  distances: string;
  angles: string;
  percentiles: string | null;
  resolution: number;
  margin: number;
  order: number[];
  label_order: number[];
  labels: (string | null)[];
  duplicates: number[][];
  notes: string[];
  total: number;
}

/** The matrix to save. `ids` are those of an answer. */
export interface MatrixFileParams {
  base?: unknown[];
  sidebar?: Record<string, unknown>;
  shown?: string[];
  pending?: Record<string, unknown>;
  brain_key: string;
  ids: string[] | null;
  label_field: string | null;
  format: MatrixFormat;
  by_label: boolean;
}

/** A file as a base64 text. */
export interface MatrixFile {
  name: string;
  content: string;
}

/** The index whose labels to choose. */
export interface MatrixFieldsParams {
  brain_key: string;
}

/** The fields that a matrix can be ordered by. */
export interface MatrixFields {
  fields: string[];
}

/** The parameters and the answer of each method of the panels. */
export interface PanelMethods {
  build: { params: NoParams; answer: Empty };
  cancel: { params: JobParams; answer: Empty };
  cancel_explanation: { params: ExplanationParams; answer: Empty };
  clear: { params: ClearParams; answer: GridChange | Superseded };
  code: { params: SearchInGrid; answer: CodeAnswer };
  compare: { params: CompareParams; answer: CompareAnswer };
  delegate: { params: DelegateParams; answer: DelegatedWork };
  delete_search: { params: SearchIdParams; answer: Empty };
  examples: { params: NoParams; answer: ExamplesAnswer };
  explain: { params: LineParams; answer: Explanation };
  explain_match: { params: ExplainParams; answer: ExplanationStarted };
  explanation: { params: ExplanationParams; answer: ExplanationState };
  export: { params: ExportParams; answer: ExportAnswer };
  facets: { params: FacetParams; answer: FacetAnswer };
  frames: { params: FramesParams; answer: FramesAnswer };
  health: { params: HealthParams; answer: IndexHealth };
  history: { params: NoParams; answer: HistoryAnswer };
  images: { params: ImagesParams; answer: ImagesAnswer };
  jobs: { params: JobsParams; answer: JobsAnswer };
  look: { params: LookParams; answer: LookAnswer };
  missing: { params: IndexParams; answer: MissingAnswer };
  near_duplicates: { params: DuplicatesParams; answer: DuplicatesAnswer };
  open_sample: { params: OpenParams; answer: Empty };
  pin_search: { params: PinParams; answer: SavedSearch };
  preview_tag: { params: TagParams; answer: TagPreview };
  rebuild: { params: IndexParams; answer: Job };
  record: { params: SearchParams; answer: SavedSearch };
  refresh: { params: NoParams; answer: Empty | Failure };
  reload_grid: { params: NoParams; answer: Empty };
  remove_tag: { params: TagParams; answer: UntaggedIds };
  rename_search: { params: RenameParams; answer: SavedSearch };
  save_heatmap: { params: SaveHeatmapParams; answer: HeatmapSaved };
  save_scores: { params: SaveScoresParams; answer: SaveScoresAnswer };
  save_search: { params: SaveSearchParams; answer: SavedSearch };
  save_view: { params: SaveViewParams; answer: SaveViewAnswer };
  search: { params: SearchCall; answer: ShownAnswer | Superseded };
  show_results: { params: ShowParams; answer: GridAnswer };
  tag: { params: TagParams; answer: TaggedIds };
  tag_result: { params: TagParams; answer: TaggedIds };
  tune: { params: IndexParams; answer: Job };
  undo_heatmap: { params: ExplanationParams; answer: HeatmapSaved };
  untag: { params: Tagging; answer: UntagAnswer };
  untag_result: { params: Tagging; answer: UntagAnswer };
  update: { params: IndexParams; answer: Job };
  values: { params: ValuesParams; answer: ValuesAnswer };
  warm: { params: IndexParams; answer: WarmAnswer };
  act: { params: ActParams; answer: ActAnswer };
  answer_questions: { params: TagAnswersParams; answer: ActAnswer };
  apply_labels: { params: ApplyParams; answer: ActAnswer };
  audit_labels: { params: AuditParams; answer: Started };
  clusters: { params: ClusterPageParams; answer: ClustersAnswer };
  compare_models: { params: ComparisonParams; answer: Started };
  compared_classes: { params: ClassesParams; answer: ClassesAnswer };
  compute_scores: { params: ScoresParams; answer: Started };
  curate_state: { params: NoParams; answer: CurateState };
  decide_label: { params: DecideParams; answer: Empty };
  distances: { params: FindParams; answer: DistancesAnswer };
  find_clusters: { params: ClusterParams; answer: Started };
  find_duplicates: { params: FindParams; answer: Started };
  find_leaks: { params: FindParams; answer: Started };
  groups: { params: PageParams; answer: GroupsAnswer };
  issues: { params: IssuesParams; answer: IssuesAnswer };
  judge_pair: { params: JudgePairParams; answer: Empty };
  label_classes: { params: AuditRunParams; answer: LabelClasses };
  label_fields: { params: IndexParams; answer: LabelFields };
  label_plan: { params: AuditRunParams; answer: LabelPlan };
  pairs: { params: PageParams; answer: PairsAnswer };
  plan: { params: DecisionParams; answer: Plan };
  rename_cluster: { params: RenameClusterParams; answer: ActAnswer };
  sampled_pairs: { params: RunParams; answer: PairsAnswer };
  save_clusters: { params: SaveClustersParams; answer: ActAnswer };
  save_text_tags: { params: SaveTextTagsParams; answer: ActAnswer };
  scored: { params: ScoredParams; answer: ScoredAnswer };
  select_samples: { params: SelectParams; answer: Started };
  selected: { params: SelectedParams; answer: SelectedAnswer };
  show_clean: { params: RunParams; answer: Empty };
  show_clusters: { params: ShowClustersParams; answer: GridAnswer };
  show_difference: { params: ShowDifferenceParams; answer: GridAnswer };
  show_ids: { params: ShowIdsParams; answer: GridAnswer };
  show_issues: { params: ShowIssuesParams; answer: GridAnswer };
  show_score_field: { params: NoParams; answer: Empty };
  show_scored: { params: ShowScoredParams; answer: GridAnswer };
  show_selected: { params: ShowRunParams; answer: GridAnswer };
  show_text_tag: { params: ShowTextTagParams; answer: GridAnswer };
  tag_by_text: { params: TextTagsParams; answer: Started };
  tag_clusters: { params: TagClustersParams; answer: ActAnswer };
  tag_issues: { params: TagIssuesParams; answer: ActAnswer };
  tag_leaks: { params: TagLeaksParams; answer: ActAnswer };
  tag_questions: { params: TextTagParams; answer: QuestionsAnswer };
  tag_scored: { params: TagScoredParams; answer: ActAnswer };
  tag_selected: { params: TagRunParams; answer: ActAnswer };
  text_tags: { params: TextTagPageParams; answer: TextTagsAnswer };
  undo: { params: UndoParams; answer: ActAnswer };
  value_fields: { params: FieldsParams; answer: FieldsAnswer };
  color_choices: { params: MapParams; answer: ColorChoices };
  delete_map: { params: DrawMapParams; answer: MapsAnswer };
  draw_map: { params: DrawMapParams; answer: DrawnMap };
  locate: { params: LocateParams; answer: MapPlaces };
  make_map: { params: MakeMapParams; answer: Started };
  map_files: { params: MapFilesParams; answer: MapFilesAnswer };
  maps: { params: NoParams; answer: MapsAnswer };
  matrix: { params: MatrixParams; answer: MatrixAnswer };
  matrix_fields: { params: MatrixFieldsParams; answer: MatrixFields };
  matrix_file: { params: MatrixFileParams; answer: MatrixFile };
  point_colors: { params: ColorParams; answer: PointColors };
  point_ids: { params: PlacesParams; answer: IdsAnswer };
  point_scores: { params: ScoreParams; answer: PointColors };
  show_points: { params: ShowPlacesParams; answer: GridAnswer };
  update_map: { params: DrawMapParams; answer: Started };
}

export type PanelMethod = keyof PanelMethods;
