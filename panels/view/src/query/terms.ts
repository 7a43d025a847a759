// How terms are added to the query line and removed from it. The server parses the line.

/** Whether a name like "@selected" is in a query line. */
export function hasName(line: string, name: string): boolean {
  return line.split(/[\s:+\-\u2212]+/).includes(name);
}

/** The line without the terms of uploaded images. */
export function withoutUploads(line: string): string {
  const others = line.replace(/(^|\s)[+\-\u2212]?\s*(?:[\d.]+\s*:\s*)?@upload\d*(?=\s|$)/g, "");
  return others.trim().replace(/^\+\s*/, "");
}

/** The line with another term at its end. */
export function withTerm(line: string, token: string): string {
  return line.trim() ? `${line.trimEnd()} + ${token}` : token;
}

/**
 * The part of a line between two positions from the server.
 *
 * The server counts characters. JavaScript counts a character beyond U+FFFF, for example an emoji,
 * twice.
 */
export function sliceCharacters(line: string, start: number, end?: number): string {
  return [...line].slice(start, end).join("");
}

/** The line without the term between two positions. */
export function withoutTerm(line: string, [start, end]: [number, number]): string {
  const before = sliceCharacters(line, 0, start).trimEnd();
  const after = sliceCharacters(line, end).trimStart();
  return before ? `${before} ${after}`.trim() : after.replace(/^\+\s*/, "");
}

// A term as the server parses it: its sign, its weight, and what it searches for.
const TERM = /^([+\-\u2212]?)\s*(?:(\d+(?:\.\d*)?|\.\d+)\s*:(?!\d)\s*)?([^]*)$/;
const WEIGHTS = { min: 0.25, max: 100 };

export interface TermChange {
  sign?: "+" | "-";
  weight?: number;
}

/** The nearest weight that the line may have. */
export function limitedWeight(weight: number): number {
  return Math.min(WEIGHTS.max, Math.max(WEIGHTS.min, weight));
}

/** The line with another sign, or another weight, of the term between two positions. */
export function withChange(
  line: string,
  [start, end]: [number, number],
  change: TermChange
): string {
  const match = TERM.exec(sliceCharacters(line, start, end));
  if (!match) return line;
  const [, written = "", weightText, operand] = match;
  const sign = change.sign ?? (written === "" || written === "+" ? "+" : "-");
  const weight = limitedWeight(change.weight ?? Number(weightText ?? 1));
  const before = sliceCharacters(line, 0, start);
  // The first term needs no plus.
  const shownSign = sign === "+" && !before.trim() ? "" : `${sign} `;
  const shownWeight = weight === 1 ? "" : `${weight}: `;
  return before + shownSign + shownWeight + operand + sliceCharacters(line, end);
}

/** The line with another text between two positions. */
export function withText(line: string, [start, end]: [number, number], text: string): string {
  return sliceCharacters(line, 0, start) + text + sliceCharacters(line, end);
}

const NEGATION = /^(.*?)[\s,]+(?:(?:with|but|and|that (?:is|are|has|have)|is|are)\s+)?(?:without|not|no)\s+(?:(?:an?|any|the)\s+)?(.+)$/i;

/** A text with "not", "without" or "no" as a positive and a negative term; null without one. */
export function minusForm(text: string): string | null {
  const match = NEGATION.exec(text);
  const [, wanted = "", unwanted = ""] = match ?? [];
  return wanted && unwanted ? `"${wanted.trim()}" - "${unwanted.trim()}"` : null;
}

/** The first of "upload", "upload2", ... that the line does not use. */
export function freeUploadName(line: string): string {
  for (let i = 1; ; i++) {
    const name = i === 1 ? "upload" : `upload${i}`;
    if (!hasName(line, `@${name}`)) return name;
  }
}
