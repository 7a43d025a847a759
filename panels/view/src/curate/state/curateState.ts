// What a person chose and decided, by dataset. It is kept in the browser's storage.
import type { CurateState, GridState, RunKind } from "../../generated.ts";
import { parsedFields } from "../../state/parsedFields.ts";
import { type Decisions, NO_DECISIONS } from "./decisions.ts";

/** The tabs have the names of what they find. */
export type TabName = RunKind;

/** The tabs with a form of pairs. */
export type PairsTab = "duplicates" | "leaks";

/** What to find. */
export interface Form {
  equalFiles: boolean;
  brainKey: string | null;
  scope: "dataset" | "view";
  /** null for the proposal */
  thresh: number | null;
  verify: boolean;
  splitField: string | null;
  /** null for all rules in their order */
  rules: string[] | null;
}

export interface CurateView {
  tab: TabName;
  forms: Record<PairsTab, Form>;
  /** What the other tabs keep, by tab. */
  tabs: Partial<Record<TabName, object>>;
  decisions: Decisions;
  /** Earlier decisions, oldest first, for undo. */
  history: Decisions[];
  /** The numbers of the selected groups of a run. */
  selected: { run: string; groups: number[] };
  /** The member that has the focus. */
  current: string | null;
  /** The answers on the sampled pairs of a run. */
  answers: { run: string; values: (boolean | null)[] };
  /** Whether the grid shows the current group. */
  isFollowing: boolean;
  grid: GridState;
  /** The last results that this page has seen. */
  runs: Partial<Record<TabName, string>>;
}

const FORM: Form = {
  equalFiles: false,
  brainKey: null,
  scope: "dataset",
  thresh: null,
  verify: true,
  splitField: null,
  rules: null,
};

export const INITIAL_VIEW: CurateView = {
  tab: "duplicates",
  forms: { duplicates: FORM, leaks: FORM },
  tabs: {},
  decisions: NO_DECISIONS,
  history: [],
  selected: { run: "", groups: [] },
  current: null,
  answers: { run: "", values: [] },
  isFollowing: true,
  grid: {},
  runs: {},
};

const MAX_HISTORY = 100;

/** Reads the stored text; what is missing has its default, a text of something else too. */
export function viewFrom(text: string | null): CurateView {
  const stored = parsedFields<CurateView>(text);
  return {
    ...INITIAL_VIEW,
    ...stored,
    forms: {
      duplicates: { ...FORM, ...stored.forms?.duplicates },
      leaks: { ...FORM, ...stored.forms?.leaks },
    },
  };
}

/** A further decision, which can be undone. */
export function withDecisions(view: CurateView, decisions: Decisions): Partial<CurateView> {
  return { decisions, history: [...view.history, view.decisions].slice(-MAX_HISTORY) };
}

/** The state before the last decision. */
export function undone({ history }: CurateView): Partial<CurateView> {
  const last = history.at(-1);
  return last ? { decisions: last, history: history.slice(0, -1) } : {};
}

/** The selected groups of a run; those of another run do not count. */
export function selectedGroups({ selected }: CurateView, run: string): number[] {
  return selected.run === run ? selected.groups : [];
}

/** Selects a group, or undoes that. */
export function toggledGroup(view: CurateView, run: string, group: number): Partial<CurateView> {
  const groups = selectedGroups(view, run);
  const isSelected = groups.includes(group);
  const next = isSelected ? groups.filter((other) => other !== group) : [...groups, group];
  return { selected: { run, groups: next } };
}

/** The ids of the last results that the server knows, by tab. */
export function runIds(state: CurateState): CurateView["runs"] {
  const runs = Object.entries(state).filter(([, run]) => run && "id" in run);
  return Object.fromEntries(runs.map(([name, run]) => [name, (run as { id: string }).id]));
}
