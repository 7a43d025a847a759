import React, { type KeyboardEvent, useEffect, useRef } from "react";
import { useShowInViewer } from "../../app/viewer.ts";
import type { DuplicatesGroup, DuplicatesRun } from "../../generated.ts";
import { decide } from "../state/decisions.ts";
import { groupKey, groupOf, moved } from "../state/places.ts";
import { selectedGroups, toggledGroup, undone, withDecisions } from "../state/curateState.ts";
import type { Curate } from "../state/useCurate.ts";
import { GroupRow } from "./GroupRow.tsx";
import { MoreButton } from "../shared/MoreButton.tsx";

interface GroupListProps {
  curate: Curate;
  run: DuplicatesRun;
  groups: DuplicatesGroup[];
  frames: ReadonlyMap<string, string | null>;
  total: number;
  more: () => Promise<void>;
  compare: () => void;
}

/** The groups as rows of pictures. */
export function GroupList({ curate, run, groups, frames, total, more, compare }: GroupListProps) {
  const { view, update } = curate;
  const root = useRef<HTMLOListElement>(null);
  const show = useShowInViewer();
  const current = groupOf(groups, view.current) ? view.current : (groups[0]?.members[0]?.id ?? null);
  const focus = (id: string | null) =>
    root.current?.querySelector<HTMLElement>(`[data-cy="curate-member"][data-id="${id}"]`)?.focus();
  // Back from a comparison.
  useEffect(() => {
    if (view.current && document.activeElement?.closest(".ffs-curate-tabs") === null) {
      const tile = root.current?.querySelector(`[data-cy="curate-member"][data-id="${view.current}"]`);
      tile?.scrollIntoView({ block: "nearest" });
    }
  }, []);
  const choose = useChoose(curate, groups);
  const open = (id: string) => {
    const members = groupOf(groups, id)?.members ?? [];
    void show(members.map((member) => member.id), id);
  };
  const select = (group: DuplicatesGroup) => update(toggledGroup(view, run.id, group.number));
  const onKeyDown = (event: KeyboardEvent) => {
    const { ctrlKey, metaKey, altKey } = event;
    const target = event.target as HTMLElement;
    if (ctrlKey || metaKey || altKey || target.dataset.cy !== "curate-member") return;
    const action = groupKey(event.key);
    const id = target.dataset.id ?? null;
    const group = groupOf(groups, id);
    if (!action || !id || !group) return;
    event.preventDefault();
    event.stopPropagation();
    if (action === "keep" || action === "remove") choose(id, action);
    else if (action === "undo") update(undone(view));
    else if (action === "compare") compare();
    else if (action === "select") select(group);
    else if (action === "open") open(id);
    else focus(moved(groups, id, event.key));
  };
  const selected = selectedGroups(view, run.id);
  return (
    <>
      <p className="ffs-note ffs-curate-keys">
        <kbd>←</kbd> <kbd>→</kbd> <kbd>↑</kbd> <kbd>↓</kbd> move, <kbd>k</kbd> keep, <kbd>x</kbd>{" "}
        remove, <kbd>u</kbd> undo, <kbd>c</kbd> compare, <kbd>s</kbd> select the group,{" "}
        <kbd>Enter</kbd> open
      </p>
      <ol ref={root} className="ffs-curate-groups" data-cy="curate-groups" onKeyDown={onKeyDown}>
        {groups.map((group) => (
          <GroupRow
            key={group.number}
            {...{ group, frames, current, choose, open }}
            decisions={view.decisions}
            isSelected={selected.includes(group.number)}
            select={() => select(group)}
            setCurrent={(id) => update({ current: id })}
            compare={(id) => {
              update({ current: id });
              compare();
            }}
          />
        ))}
      </ol>
      <MoreButton shown={groups.length} total={total} things="groups" more={more} />
    </>
  );
}

/** A function that records a decision about a member. */
export function useChoose(curate: Curate, groups: DuplicatesGroup[]) {
  const { view, update, setMessage } = curate;
  return (id: string, choice: "keep" | "remove") => {
    const group = groupOf(groups, id);
    const next = group && decide(group, view.decisions, id, choice);
    if (next) update(withDecisions(view, next));
    else {
      const text = "A group keeps at least one sample; keep another one of it first.";
      setMessage({ kind: "error", text });
    }
  };
}
