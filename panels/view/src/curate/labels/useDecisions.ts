import { useRef, useState } from "react";
import { isFailure } from "../../app/server.ts";
import type { IssueRow, LabelsRun } from "../../generated.ts";
import { getView } from "../state/curateStore.ts";
import { type DecisionStep, type LabelDecision, withStep } from "../state/issues.ts";
import type { Curate } from "../state/useCurate.ts";
import { useTabState } from "../state/useTabState.ts";

// A constant, as useTabState wants it.
const NO_STEPS: { steps: DecisionStep[] } = { steps: [] };

export interface Decisions {
  /** The issues with the decisions that were made since they were read. */
  rows: IssueRow[];
  decide: (id: string, decision: LabelDecision) => void;
  /** Restores the decision before the last one; returns its id. */
  undo: () => string | null;
  canUndo: boolean;
  /** Whether a decision is being written. */
  isSaving: boolean;
  /** Grows with each decision that was written. */
  saved: number;
}

/** Decisions, which are written to fields of the dataset at once, one after the other. */
export function useDecisions(curate: Curate, run: LabelsRun, listed: IssueRow[]): Decisions {
  const { server, dataset, version, setMessage } = curate;
  const [{ steps }, change] = useTabState(curate, "labels", NO_STEPS);
  const key = `${run.id}/${version}`;
  const [made, setMade] = useState<{ key: string; by: Record<string, LabelDecision> }>({
    key,
    by: {},
  });
  const [pending, setPending] = useState(0);
  const [saved, setSaved] = useState(0);
  // The first decision adds fields to the dataset, so the next one has to wait.
  const last = useRef(Promise.resolve());
  const by = made.key === key ? made.by : {};
  const rows = listed.map((row) => ({ ...row, ...by[row.id] }));
  const stepsNow = () => ({ ...NO_STEPS, ...getView(dataset).tabs.labels }).steps;
  const write = (id: string, decision: LabelDecision, before: LabelDecision) => {
    const set = (value: LabelDecision) =>
      setMade((known) => ({ key, by: { ...(known.key === key && known.by), [id]: value } }));
    set(decision);
    setPending((count) => count + 1);
    last.current = last.current.then(async () => {
      const answer = await server("decide_label", { run: run.id, id, ...decision });
      setPending((count) => count - 1);
      if (isFailure(answer)) {
        set(before);
        setMessage({ kind: "error", text: answer.error });
      } else setSaved((count) => count + 1);
    });
  };
  const current = (id: string): LabelDecision => {
    const row = rows.find((other) => other.id === id);
    return { action: row?.action ?? null, new_label: row?.new_label ?? null };
  };
  const decide = (id: string, decision: LabelDecision) => {
    const before = current(id);
    setMessage(null);
    change({ steps: withStep(stepsNow(), { run: run.id, id, ...before }) });
    write(id, decision, before);
  };
  const own = steps.filter((step) => step.run === run.id);
  const undo = () => {
    const step = stepsNow()
      .filter((other) => other.run === run.id)
      .at(-1);
    if (!step) return null;
    const { id, action, new_label } = step;
    change({ steps: stepsNow().filter((other) => other !== step) });
    write(id, { action, new_label }, current(id));
    return id;
  };
  return { rows, decide, undo, canUndo: own.length > 0, isSaving: pending > 0, saved };
}
