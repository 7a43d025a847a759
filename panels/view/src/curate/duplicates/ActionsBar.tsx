import React, { useEffect, useState } from "react";
import { isFailure } from "../../app/server.ts";
import { counted } from "../../format/numbers.ts";
import type { ActionKind, DuplicatesRun, Failure, Plan } from "../../generated.ts";
import { disabledIf } from "../../keyboard/disabled.ts";
import { NamedAction } from "../shared/NamedAction.tsx";
import { NO_DECISIONS } from "../state/decisions.ts";
import { selectedGroups, undone, withDecisions } from "../state/curateState.ts";
import type { Curate } from "../state/useCurate.ts";
import { RemoveQuestion } from "./RemoveQuestion.tsx";

interface ActionsBarProps {
  curate: Curate;
  run: DuplicatesRun;
  total: number;
}

/** What can be done with the redundant samples, with the numbers that it would change. */
export function ActionsBar({ curate, run, total }: ActionsBarProps) {
  const { server, view, update, take } = curate;
  const [name, setName] = useState({ tag: "duplicate", save: "duplicates" });
  const [asked, setAsked] = useState<Plan | null>(null);
  const groups = selectedGroups(view, run.id);
  const { plan, error } = usePlan(curate, run.id, groups);
  const noun = run.patches_field === null ? "sample" : "label";
  const count = plan?.ids.length ?? 0;
  const act = async (action: ActionKind, shown: Plan | null) => {
    if (!shown) return;
    const given = { ...decisionsOf(view, run.id), ids: shown.ids, action };
    const value = action === "save" ? name.save : name.tag;
    setAsked(null);
    take(await server("act", { ...given, name: value }));
  };
  const isIdle = !count;
  const number = view.decisions.keep.length + view.decisions.remove.length;
  return (
    <div className="ffs-curate-actions" role="group" aria-label="Actions" data-cy="curate-actions">
      <div className="ffs-curate-targets">
        <strong data-cy="curate-target">
          {plan ? counted(count, `redundant ${noun}`) : "Counting…"} in{" "}
          {groups.length ? counted(groups.length, "selected group") : `all ${counted(total, "group")}`}
        </strong>
        {groups.length > 0 && (
          <button
            type="button"
            className="ffs-link"
            data-cy="curate-select-none"
            onClick={() => update({ selected: { run: run.id, groups: [] } })}
          >
            Select none
          </button>
        )}
        {number > 0 && (
          <button
            type="button"
            className="ffs-link"
            data-cy="curate-reset"
            onClick={() => update(withDecisions(view, NO_DECISIONS))}
          >
            Reset {counted(number, "decision")}
          </button>
        )}
        {view.history.length > 0 && (
          <button
            type="button"
            className="ffs-link"
            data-cy="curate-undo-decision"
            onClick={() => update(undone(view))}
          >
            Undo the last decision (u)
          </button>
        )}
      </div>
      {error && (
        <p className="ffs-error" role="alert" data-cy="curate-plan-error">
          {error}
        </p>
      )}
      {asked ? (
        <RemoveQuestion
          count={asked.ids.length}
          noun={noun}
          confirm={() => void act("remove", asked)}
          cancel={() => setAsked(null)}
        />
      ) : (
        <div className="ffs-curate-buttons">
          <NamedAction
            name="curate-tag"
            label={`Tag ${counted(count, noun)}`}
            fieldLabel="Tag"
            value={name.tag}
            setValue={(tag) => setName({ ...name, tag })}
            isIdle={isIdle}
            act={() => void act("tag", plan)}
          />
          <NamedAction
            name="curate-save"
            label={`Save ${counted(plan?.groups ?? 0, "group")} in a field`}
            fieldLabel="Beginning of the names of the fields"
            value={name.save}
            setValue={(save) => setName({ ...name, save })}
            isIdle={isIdle}
            act={() => void act("save", plan)}
          />
          {run.patches_field === null && (
            <button
              type="button"
              className="ffs-button"
              data-cy="curate-merge"
              title="Keepers get the tags, and the labels of empty fields, of their redundant samples"
              {...disabledIf(!plan?.merged, () => void act("merge", plan))}
            >
              Merge labels and tags into {counted(plan?.merged ?? 0, "keeper")}
            </button>
          )}
          <button
            type="button"
            className="ffs-button"
            data-cy="curate-remove-all"
            {...disabledIf(isIdle, () => setAsked(plan))}
          >
            Remove {counted(count, noun)}…
          </button>
        </div>
      )}
    </div>
  );
}

function decisionsOf(view: Curate["view"], run: string) {
  const groups = selectedGroups(view, run);
  return { run, ...view.decisions, groups: groups.length ? groups : null };
}

/** What the actions would change now; null while that is counted. */
function usePlan({ server, view, version }: Curate, run: string, groups: number[]) {
  const { decisions } = view;
  const key = JSON.stringify([run, version, decisions, groups]);
  const [counted, setCounted] = useState<{ key: string; plan: Plan | Failure } | null>(null);
  useEffect(() => {
    let isCurrent = true;
    void server("plan", decisionsOf(view, run)).then((plan) => {
      if (isCurrent) setCounted({ key, plan });
    });
    return () => {
      isCurrent = false;
    };
  }, [server, key]);
  // Numbers of other groups or decisions must not be confirmed.
  const plan = counted?.key === key ? counted.plan : null;
  if (plan && isFailure(plan)) return { plan: null, error: plan.error };
  return { plan, error: null };
}
