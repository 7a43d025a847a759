// What a person decided about the members of groups of duplicates. The server applies the same
// rules; see brain/curation/decisions.py.
import type { DuplicatesGroup, GroupMember } from "../../generated.ts";

export interface Decisions {
  keep: string[];
  remove: string[];
}

/** A member as it is shown. */
export interface ShownMember {
  member: GroupMember;
  isKept: boolean;
  /** The one that is kept instead of it; its own id if it is kept, null if none is near it. */
  keeper: string | null;
  decision: "keep" | "remove" | null;
}

export const NO_DECISIONS: Decisions = { keep: [], remove: [] };

/** The members of a group after the decisions, in the same order. */
export function decidedMembers({ members }: DuplicatesGroup, decisions: Decisions): ShownMember[] {
  const keep = new Set(decisions.keep);
  const remove = new Set(decisions.remove.filter((id) => !keep.has(id)));
  const isOwn = ({ id, keeper }: GroupMember) => id === keeper;
  const kept = new Set(
    members.filter((m) => keep.has(m.id) || (isOwn(m) && !remove.has(m.id))).map(({ id }) => id)
  );
  const keepers = new Map<string, string | null>();
  for (const member of members) {
    if (kept.has(member.id) || remove.has(member.id)) continue;
    const keeper = keeperOf(member, members, kept);
    if (keeper === null) kept.add(member.id);
    else keepers.set(member.id, keeper);
  }
  return members.map((member) => {
    const { id } = member;
    const isKept = kept.has(id);
    const keeper = isKept ? id : (keepers.get(id) ?? keeperOf(member, members, kept));
    return { member, isKept, keeper, decision: keep.has(id) ? "keep" : remove.has(id) ? "remove" : null };
  });
}

/** The kept member that stands for another one. */
function keeperOf(member: GroupMember, members: GroupMember[], kept: Set<string>): string | null {
  if (member.keeper !== member.id && kept.has(member.keeper)) return member.keeper;
  const near = member.near.find((id) => kept.has(id));
  if (near || member.distance !== 0) return near ?? null;
  // Equal to the same third one, they are equal.
  const isEqual = (m: GroupMember) => m.keeper === member.keeper && m.distance === 0;
  return members.find((m) => m.id !== member.id && isEqual(m) && kept.has(m.id))?.id ?? null;
}

/** Decides about a member; null if nothing of its group would be kept. */
export function decide(
  group: DuplicatesGroup,
  decisions: Decisions,
  id: string,
  choice: "keep" | "remove"
): Decisions | null {
  const next: Decisions = {
    keep: decisions.keep.filter((other) => other !== id),
    remove: decisions.remove.filter((other) => other !== id),
  };
  next[choice].push(id);
  return decidedMembers(group, next).some(({ isKept }) => isKept) ? next : null;
}

/** The number of members of a group that are not kept. */
export function redundantOf(group: DuplicatesGroup, decisions: Decisions): number {
  return decidedMembers(group, decisions).filter(({ isKept }) => !isKept).length;
}
