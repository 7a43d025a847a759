// The rules that choose whom to keep.

const LABELS: Record<string, string> = {
  split: "Test before validation before train",
  labels: "More labels",
  pixels: "More pixels",
  bytes_per_pixel: "More bytes per pixel",
  sharpness: "Sharper",
  age: "Older",
};

/** The text of a rule. */
export function ruleLabel(rule: string): string {
  return LABELS[rule] ?? rule;
}

/** The rules with one of them moved by a step; the same at an end. */
export function movedRule(rules: string[], place: number, step: -1 | 1): string[] {
  const other = rules[place + step];
  const rule = rules[place];
  if (other === undefined || rule === undefined) return rules;
  const next = [...rules];
  next[place + step] = rule;
  next[place] = other;
  return next;
}
