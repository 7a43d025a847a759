// The texts of a member of a group.
import type { ShownMember } from "./decisions.ts";
import { distanceText } from "./thresholds.ts";

const RULES: Record<string, string> = {
  split: "split",
  labels: "labels",
  pixels: "size",
  bytes_per_pixel: "bytes per pixel",
  sharpness: "sharpness",
  age: "age",
};

/** Whether it is kept, or how far it is from what is kept: "Redundant · copy · 0.012". */
export function memberStatus({ member, isKept, keeper, decision }: ShownMember): string {
  if (isKept) return decision === "keep" ? "Kept by you" : "Kept";
  const own = decision === "remove" ? "Removed by you" : "Redundant";
  if (keeper !== member.keeper || member.keeper === member.id) return own;
  const verdict = member.verdict === "unverified" ? null : member.verdict;
  return [own, verdict, distanceText(member.distance)].filter(Boolean).join(" · ");
}

/** Why: the rule and the comparison that decided, or the person. */
export function memberReason({ member, isKept, keeper, decision }: ShownMember): string {
  if (decision === "keep") return "You keep it.";
  if (decision === "remove") return keeper ? "You removed it." : "You removed it; no kept one is near it.";
  if (isKept && member.keeper !== member.id) return "It is kept, because you removed its keeper.";
  if (!member.rule) return isKept ? "It was chosen among equals." : "It equals the kept one by all rules.";
  const rule = RULES[member.rule] ?? member.rule;
  return `${isKept ? "Kept" : "The other is kept"} by ${rule}: ${member.reason}.`;
}
