// Tags by text: what a person chose, and the texts about them.
import { counted } from "../../format/numbers.ts";
import type {
  PanelIndex,
  ScoredFile,
  TagPrecision,
  TagsSaveKind,
  TextTagRow,
  TextTagsParams,
  TextTagsRun,
} from "../../generated.ts";
import type { CurateView, Form } from "./curateState.ts";
import { nounOf } from "./nouns.ts";
import { shareText } from "./rates.ts";

/** A person's answers on the questions about a tag. */
export interface TagAnswers {
  run: string;
  tag: string;
  values: Record<string, boolean>;
}

export interface TextTagsForm {
  brainKey: string | null;
  scope: Form["scope"];
  /** One on each line, or "tag: prompt". */
  prompts: string;
  propagate: boolean;
  how: TagsSaveKind;
  /** What each of FiftyOne's tags begins with. */
  prefix: string;
  field: string;
  singleField: string;
  /** The label of samples without a tag; empty for none. */
  other: string;
  gtField: string | null;
  /** The tags of a run that are not saved. */
  excluded: { run: string; tags: string[] };
  answers: TagAnswers;
  /** The tag of a run about which questions are shown; the App may mount the panel again. */
  asked: { run: string; tag: string };
}

export const TEXT_TAGS_FORM: TextTagsForm = {
  brainKey: null,
  scope: "dataset",
  prompts: "",
  propagate: false,
  how: "tags",
  prefix: "",
  field: "text_tags",
  singleField: "text_tag",
  other: "",
  gtField: null,
  excluded: { run: "", tags: [] },
  answers: { run: "", tag: "", values: {} },
  asked: { run: "", tag: "" },
};

/** What the server is asked, with an index of a model that embeds text. */
export function textTagsParams(
  form: TextTagsForm,
  index: PanelIndex | null,
  grid: CurateView["grid"]
): TextTagsParams {
  const { scope, prompts, propagate } = form;
  return { ...grid, brain_key: index?.brain_key ?? "", scope, prompts, propagate };
}

/** What was found, in a sentence. */
export function textTagsText(run: TextTagsRun): string {
  const { count, tagged, absent, refused, compared } = run;
  const parts = [
    `${tagged} found`,
    absent > 0 && `${absent} absent`,
    refused > 0 && `${refused} refused`,
  ].filter(Boolean);
  return `${counted(count, "text")} compared with ${counted(compared, nounOf(run))}: ${parts.join(", ")}.`;
}

/** What a prompt tags, or why it tags nothing. */
export function statusText({ status, count, answers, reason }: TextTagRow, noun: string): string {
  if (status === "tagged") return `${counted(count, noun)}. ${reason}`;
  if (status === "absent" && answers > 0) return `Absent. ${reason}`;
  return `${status === "absent" ? "Absent" : "Refused"}. ${reason}`;
}

/** The threshold among the scores. */
export function thresholdText({ status, threshold, low, high }: TextTagRow): string {
  const name = status === "tagged" ? "Threshold" : "Threshold if it tagged";
  return `${name} ${threshold.toFixed(3)}; scores ${low.toFixed(3)} to ${high.toFixed(3)}`;
}

/** "Precision 90 % (60 to 98 %) by 10 answers about tagged samples". */
export function tagPrecisionText({ value, low, high, answers }: TagPrecision, noun: string): string {
  const from = shareText(low).replace(" %", "");
  return `Precision ${shareText(value)} (${from} to ${shareText(high)}) by ${counted(answers, "answer")} about tagged ${noun}s`;
}

/** A bar of the scores: its height, 0 to 1, and whether it is above the threshold. */
export interface ScoreBar {
  height: number;
  isTagged: boolean;
}

/** The bars of a histogram; the roots of the counts make few scores visible. */
export function scoreBars({ histogram, low, high, threshold, status }: TextTagRow): ScoreBar[] {
  const roots = histogram.map(Math.sqrt);
  const most = Math.max(1, ...roots);
  const width = (high - low) / histogram.length;
  return roots.map((root, i) => ({
    height: root / most,
    isTagged: status === "tagged" && low + (i + 0.5) * width >= threshold,
  }));
}

/** Where the threshold is between the lowest and the highest score, 0 to 1. */
export function thresholdPlace({ low, high, threshold }: TextTagRow): number {
  return high > low ? Math.max(0, Math.min(1, (threshold - low) / (high - low))) : 0;
}

/** The tags that are saved: those of a run that tag something, and are not excluded. */
export function savedTags(rows: TextTagRow[], { excluded }: TextTagsForm, run: string): string[] {
  const without = excluded.run === run ? excluded.tags : [];
  return rows.filter(({ tag, count }) => count > 0 && !without.includes(tag)).map(({ tag }) => tag);
}

/** Excludes a tag of a run, or undoes that. */
export function toggledTag({ excluded }: TextTagsForm, run: string, tag: string) {
  const tags = excluded.run === run ? excluded.tags : [];
  const isExcluded = tags.includes(tag);
  return { run, tags: isExcluded ? tags.filter((other) => other !== tag) : [...tags, tag] };
}

export type AnswerKey = "yes" | "no" | "clear" | "back" | "next" | "learn" | "close";

const KEYS: Record<string, AnswerKey> = {
  y: "yes",
  n: "no",
  u: "clear",
  ArrowLeft: "back",
  ArrowRight: "next",
  Enter: "learn",
  Escape: "close",
};

/** What a key does while questions are answered; null for other keys. */
export function answerKey(key: string): AnswerKey | null {
  return KEYS[key] ?? null;
}

/** The question to go to after an answer: the next one without an answer, else the next one. */
export function nextQuestion(
  questions: ScoredFile[],
  values: TagAnswers["values"],
  place: number
): number {
  const isOpen = (i: number) => !(questions[i]?.file.id as string in values);
  for (let step = 1; step < questions.length; step++) {
    const other = (place + step) % questions.length;
    if (isOpen(other)) return other;
  }
  return Math.min(place + 1, questions.length - 1);
}
