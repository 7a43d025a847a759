import React, { useRef } from "react";
import { isFailure } from "../../app/server.ts";
import { useShowInViewer } from "../../app/viewer.ts";
import type { IssueRow, LabelAction, LabelsRun } from "../../generated.ts";
import { useFrameImages } from "../../state/useFrameImages.ts";
import { issueKey } from "../state/issues.ts";
import { type Curate, usePages } from "../state/useCurate.ts";
import { useRead } from "../state/useRead.ts";
import { useTabState } from "../state/useTabState.ts";
import { DecisionBar } from "./DecisionBar.tsx";
import { IssueList } from "./IssueList.tsx";
import { LabelActions } from "./LabelActions.tsx";
import { useDecisions } from "./useDecisions.ts";

const PAGE = 40;
const INITIAL: { current: string | null } = { current: null };

/** The issues, the most probable first, for a decision about each. */
export function IssueQueue({ curate, run }: { curate: Curate; run: LabelsRun }) {
  const { server, version, setMessage } = curate;
  const root = useRef<HTMLDivElement>(null);
  const show = useShowInViewer();
  const [{ current: chosen }, change] = useTabState(curate, "labels", INITIAL);
  const pages = usePages<IssueRow>(`${run.id}/${version}`, PAGE, async (start, count) => {
    const answer = await server("issues", { run: run.id, start, count });
    return isFailure(answer) ? answer.error : { items: answer.issues, total: answer.total };
  });
  const decisions = useDecisions(curate, run, pages.items ?? []);
  const { rows, decide, undo } = decisions;
  const classes = useRead(curate, "label_classes", { run: run.id });
  const frames = useFrameImages(server, rows.map(({ file }) => file), run);
  const current = rows.find(({ id }) => id === chosen) ?? rows[0] ?? null;
  const focus = (id: string | null) =>
    root.current?.querySelector<HTMLElement>(`[data-cy="curate-issue"][data-id="${id}"]`)?.focus();
  const choose = (action: LabelAction, label: string | null) => {
    if (!current) return;
    if (action === "relabel" && !(label ?? current.suggested)) {
      setMessage({ kind: "error", text: "No label is suggested here; enter another label (l)." });
      return;
    }
    decide(current.id, { action, new_label: action === "relabel" ? label : null });
    focus((rows[rows.indexOf(current) + 1] ?? current).id);
  };
  const takeBack = () => focus(undo());
  const onKey = (key: string) => {
    const action = issueKey(key);
    if (action === "undo") takeBack();
    else if (action === "other") {
      root.current?.querySelector<HTMLElement>('[data-cy="curate-other-label"]')?.focus();
    } else if (action === "open" && current) {
      void show(rows.map(({ id }) => id), current.id);
    } else if (action && action !== "move" && action !== "open") choose(action, null);
  };
  return (
    <>
      <LabelActions {...{ curate, run, decisions }} />
      {pages.error && (
        <p className="ffs-error" role="alert" data-cy="curate-error">
          {pages.error}
        </p>
      )}
      <div ref={root} className="ffs-curate-queue">
        {current && (
          <DecisionBar
            key={current.id}
            {...{ current, choose }}
            classes={classes.answer?.classes ?? []}
            undo={takeBack}
            canUndo={decisions.canUndo}
            leave={() => focus(current.id)}
          />
        )}
        {pages.items ? (
          <IssueList
            {...{ rows, frames, onKey, focus }}
            current={current?.id ?? null}
            setCurrent={(id) => change({ current: id })}
            total={pages.total}
            more={pages.more}
          />
        ) : (
          !pages.error && (
            <p className="ffs-note" role="status">
              Loading the labels…
            </p>
          )
        )}
      </div>
    </>
  );
}
