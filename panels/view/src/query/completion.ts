// The names that complete an "@" in the query line.
import { countSelected, type Selection } from "../state/selection.ts";

export interface Mention {
  start: number;
  typed: string;
}

export interface CompletionOption {
  token: string;
  hint: string;
}

/** The option that opens the file dialog. */
export const NEW_UPLOAD = "@upload…";

/** What the user is typing after an "@" before the caret, if anything. */
export function mentionBefore(line: string, caret: number): Mention | null {
  const typed = /(?:^|[\s:+-])(@\w*)$/.exec(line.slice(0, caret))?.[1];
  return typed === undefined ? null : { start: caret - typed.length, typed };
}

/** The options for a mention; none once it is a complete name. */
export function optionsFor(
  { typed }: Mention,
  selection: Selection,
  uploads: Record<string, { name: string }>
): CompletionOption[] {
  const options = allOptions(selection, uploads);
  if (options.some(({ token }) => token === typed)) return [];
  return options.filter(({ token }) => token.startsWith(typed.toLowerCase()));
}

function allOptions(
  selection: Selection,
  uploads: Record<string, { name: string }>
): CompletionOption[] {
  const count = countSelected(selection);
  return [
    { token: "@selected", hint: count ? `${count} selected in the grid` : "select samples first" },
    ...Object.entries(uploads).map(([name, image]) => ({ token: `@${name}`, hint: image.name })),
    { token: NEW_UPLOAD, hint: "choose an image" },
  ];
}

/** The line and the caret after a mention is replaced by an option. */
export function insertOption(
  line: string,
  { start, typed }: Mention,
  token: string
): { line: string; caret: number } {
  const before = line.slice(0, start);
  const after = line.slice(start + typed.length);
  if (token !== NEW_UPLOAD) {
    return { line: before + token + after, caret: start + token.length };
  }
  // The term of the new image goes to the end of the line.
  return { line: (before + after).replace(/\s*[+-]\s*$/, ""), caret: start };
}
