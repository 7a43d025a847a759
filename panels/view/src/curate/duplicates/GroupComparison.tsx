import React, { type KeyboardEvent } from "react";
import type { DuplicatesGroup, DuplicatesRun } from "../../generated.ts";
import { CompareView } from "../shared/CompareView.tsx";
import { undone } from "../state/curateState.ts";
import { decidedMembers } from "../state/decisions.ts";
import { memberReason, memberStatus } from "../state/memberTexts.ts";
import { groupKey, groupOf } from "../state/places.ts";
import type { Curate } from "../state/useCurate.ts";
import { useChoose } from "./GroupList.tsx";

interface GroupComparisonProps {
  curate: Curate;
  run: DuplicatesRun;
  groups: DuplicatesGroup[];
  frames: ReadonlyMap<string, string | null>;
  close: () => void;
}

/** Compares the current member with its keeper; a keeper with the next member. */
export function GroupComparison({ curate, groups, frames, close }: GroupComparisonProps) {
  const { view, update } = curate;
  const choose = useChoose(curate, groups);
  const group = groupOf(groups, view.current) ?? groups[0];
  if (!group) return null;
  const shown = decidedMembers(group, view.decisions);
  const place = Math.max(0, shown.findIndex(({ member }) => member.id === view.current));
  const current = shown[place];
  const other =
    shown.find(({ member }) => member.id === current?.keeper && member.id !== current.member.id) ??
    shown.find(({ member }) => member.id !== current?.member.id);
  if (!current || !other) return null;
  const id = current.member.id;
  const onKeyDown = (event: KeyboardEvent) => {
    if ((event.target as HTMLElement).tagName === "BUTTON" && event.key === "Enter") return;
    const action = groupKey(event.key);
    if (event.ctrlKey || event.metaKey || event.altKey || !action) return;
    event.preventDefault();
    event.stopPropagation();
    if (action === "keep" || action === "remove") choose(id, action);
    else if (action === "undo") update(undone(view));
    else if (action === "compare") close();
    else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      const step = event.key === "ArrowRight" ? 1 : -1;
      const next = shown[(place + step + shown.length) % shown.length];
      if (next) update({ current: next.member.id });
    }
  };
  return (
    <div onKeyDown={onKeyDown}>
      <CompareView
        a={other.member.file}
        b={current.member.file}
        labelA={memberStatus(other)}
        labelB={memberStatus(current)}
        text={`Member ${place + 1} of ${shown.length}. ${memberReason(current)}`}
        {...{ frames, close }}
      >
        <button type="button" className="ffs-button" onClick={() => choose(id, "keep")}>
          Keep (k)
        </button>
        <button type="button" className="ffs-button" onClick={() => choose(id, "remove")}>
          Remove (x)
        </button>
      </CompareView>
    </div>
  );
}
