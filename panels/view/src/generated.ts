// What the page and the panel's Python half exchange: one entry of `PanelMethods` for each method.

export type Templates = "off" | "single" | "ensemble";
export type Band = "strong" | "likely" | "weak";
export type TermKind = "text" | "selected" | "upload" | "id" | "path" | "url";
export type JobState = "running" | "done" | "cancelled" | "failed";
export type ExportFormat = "csv" | "json" | "stages";
/** A fraction of the image each: `[x, y, width, height]`. */
export type BoundingBox = [number, number, number, number];

/** The answer of a method that failed: `error` is a sentence to show. */
export interface Failure {
  error: string;
}

export type NoParams = Record<string, never>;
export type Empty = Record<string, never>;

// -- indexes and jobs ----------------------------------------------------------------------------

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
  created: string | null;
  problem: string | null;
}

export interface OtherIndex {
  dataset: string;
  brain_key: string;
  model: string | null;
  supports_text: boolean;
}

export interface IndexHealth extends IndexInfo {
  missing: number;
  orphaned: number;
  failed: number;
  changed: number | null;
  model_matches: boolean | null;
  unindexed: number;
  is_current: boolean;
}

export interface Job {
  id: string;
  name: string;
  state: JobState;
  message: string;
  /** 0 to 1. */
  fraction: number;
  label: string;
}

/** The panel's data, set by `refresh`. */
export interface PanelData {
  error?: string | null;
  dataset: string;
  size: number;
  indexes: IndexInfo[];
  jobs: Job[];
  saved_views: string[];
  others: OtherIndex[];
}

export interface IndexParams {
  brain_key: string;
}

// -- search --------------------------------------------------------------------------------------

export interface ParsedTerm {
  sign: "+" | "-";
  weight: number;
  kind: TermKind;
  text: string;
  /** The start and the end in the query line, in characters. */
  at: [number, number];
}

export interface Explanation {
  terms: ParsedTerm[];
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

/** A search request. */
export interface SearchParams {
  query: string;
  brain_key: string | null;
  k: string | number | null;
  scope: string;
  reverse: boolean;
  thresh: string | number | null;
  templates: Templates;
  diversity: number;
  /** Whether near-duplicates show as one result, or the cosine distance up to which they do. */
  collapse: boolean | number;
  hubness: boolean;
  selected: string[];
  alt: string[];
  uploads: Record<string, UploadedImage>;
  liked: string[];
  disliked: string[];
  skip: number;
}

/** The grid's view before the first search, and the fingerprints of the views shown since. */
export interface GridState {
  base?: unknown[];
  shown?: string[];
}

/** The number of a search among those of a page; the newest wins. */
export interface SearchNumber {
  page: string;
  search_id: number;
}

export interface Result {
  rank: number;
  id: string;
  sample_id: string;
  filepath: string | null;
  distance: number;
  score: number;
  percentile: number | null;
  band: Band | null;
  near_duplicates: number;
  bounding_box?: BoundingBox | null;
}

/** The answer to a search. */
export interface Neighbors {
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
  results: Result[];
}

export interface GridAnswer {
  base: unknown[];
  shown: string[];
}

export interface Superseded {
  superseded: true;
}

// -- results -------------------------------------------------------------------------------------

export interface ResultIds {
  ids: string[];
  patches_field: string | null;
}

export interface Tagging {
  tag: string;
  ids: string[];
}

export interface ExportParams {
  format: ExportFormat;
  query: string;
  brain_key: string;
  metric: string;
  patches_field: string | null;
  results: Result[];
}

// -- history -------------------------------------------------------------------------------------

/** Only what differs from the defaults. */
export type SavedParams = Partial<SearchParams>;

export interface SavedSearch {
  id: string;
  params: SavedParams;
  name: string | null;
  pinned: boolean;
  used_at: string;
  uses: number;
}

// -- the panel's methods -------------------------------------------------------------------------

export interface PanelMethods {
  refresh: { params: NoParams; answer: Empty };
  warm: { params: IndexParams; answer: { model: string | null; seconds: number } };
  explain: { params: { query: string }; answer: Explanation };
  search: {
    params: SearchParams & GridState & SearchNumber & { before?: string[] };
    answer: (Neighbors & GridAnswer) | Superseded;
  };
  compare: {
    params: SearchParams & GridState & { dataset: string; other_key: string };
    answer: Neighbors & { dataset: string };
  };
  clear: { params: GridState & SearchNumber; answer: Empty | Superseded };
  open_sample: { params: { id: string; sample_id: string; dataset?: string }; answer: Empty };
  preview_tag: { params: ResultIds & { tag: string }; answer: { new: number; count: number } };
  tag: { params: ResultIds & { tag: string }; answer: { tagged: number; ids: string[] } };
  untag: { params: Tagging; answer: { untagged: number } };
  save_view: {
    params: ResultIds & { name: string };
    answer: { name: string; saved_views: string[] };
  };
  save_scores: {
    params: SearchParams &
      GridState &
      ResultIds & { scores: number[]; field: string; everywhere: boolean };
    answer: { field: string; count: number };
  };
  export: { params: ExportParams; answer: { name: string; content: string } };
  code: { params: SearchParams & GridState; answer: { code: string } };
  history: { params: NoParams; answer: { searches: SavedSearch[] } };
  save_search: { params: { params: SavedParams; name: string }; answer: SavedSearch };
  rename_search: { params: { id: string; name: string }; answer: SavedSearch };
  pin_search: { params: { id: string; pinned: boolean }; answer: SavedSearch };
  delete_search: { params: { id: string }; answer: Empty };
  health: { params: IndexParams; answer: IndexHealth };
  missing: { params: IndexParams; answer: { missing: number } };
  build: { params: NoParams; answer: Empty };
  update: { params: IndexParams; answer: Job };
  rebuild: { params: IndexParams; answer: Job };
  tune: { params: IndexParams; answer: Job };
  jobs: { params: { watched: boolean }; answer: { jobs: Job[] } };
  cancel: { params: { id: string }; answer: Empty };
}

export type PanelMethod = keyof PanelMethods;
