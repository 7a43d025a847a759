// Where the focus is among groups, and where a key moves it.
import type { DuplicatesGroup } from "../../generated.ts";

export type GroupKey = "keep" | "remove" | "undo" | "compare" | "select" | "open" | "move";

const KEYS: Record<string, GroupKey> = {
  k: "keep",
  x: "remove",
  u: "undo",
  c: "compare",
  s: "select",
  Enter: "open",
  ArrowLeft: "move",
  ArrowRight: "move",
  ArrowUp: "move",
  ArrowDown: "move",
  Home: "move",
  End: "move",
};

/** What a key does among groups; null where they do not use it. */
export function groupKey(key: string): GroupKey | null {
  return KEYS[key] ?? null;
}

/** The group that holds an id. */
export function groupOf(groups: DuplicatesGroup[], id: string | null): DuplicatesGroup | null {
  return groups.find(({ members }) => members.some((member) => member.id === id)) ?? null;
}

/** The id that a key moves to: within a group, or to the same place of another group. */
export function moved(groups: DuplicatesGroup[], id: string | null, key: string): string | null {
  const group = groupOf(groups, id);
  if (!group) return groups[0]?.members[0]?.id ?? null;
  const row = groups.indexOf(group);
  const column = group.members.findIndex((member) => member.id === id);
  const at = (r: number, c: number) => {
    const { members } = groups[Math.max(0, Math.min(groups.length - 1, r))] ?? group;
    return members[Math.max(0, Math.min(members.length - 1, c))]?.id ?? id;
  };
  if (key === "ArrowLeft") return column ? at(row, column - 1) : row ? at(row - 1, Infinity) : id;
  if (key === "ArrowRight") {
    if (column < group.members.length - 1) return at(row, column + 1);
    return row < groups.length - 1 ? at(row + 1, 0) : id;
  }
  if (key === "ArrowUp") return at(row - 1, column);
  if (key === "ArrowDown") return at(row + 1, column);
  return key === "Home" ? at(0, 0) : at(groups.length - 1, Infinity);
}
