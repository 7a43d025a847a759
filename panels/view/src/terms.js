// The search line as a person edits it: how a term comes and goes. What terms mean, and where they
// are, is for the server to say.

/** Whether a name such as "@selected" is in a line. */
export function hasName(line, name) {
  return line.split(/[\s:+\-\u2212]+/).includes(name);
}

/** The line with one more term. */
export function withTerm(line, token) {
  return line.trim() ? `${line.trimEnd()} + ${token}` : token;
}

/**
 * The part of a line between two of the server's places.
 *
 * It counts characters. JavaScript counts the halves of those beyond U+FFFF, such as an emoji.
 */
export function partOf(line, start, end) {
  return [...line].slice(start, end).join("");
}

/** The line without the term between two places. */
export function withoutTerm(line, [start, end]) {
  const before = partOf(line, 0, start).trimEnd();
  const after = partOf(line, end).trimStart();
  return before ? `${before} ${after}`.trim() : after.replace(/^\+\s*/, "");
}

/** A name for one more picture: "upload", "upload2", ... */
export function freeUploadName(line) {
  for (let i = 1; ; i++) {
    const name = i === 1 ? "upload" : `upload${i}`;
    if (!hasName(line, `@${name}`)) return name;
  }
}

/** What a person is typing after an "@" before the caret, {start, typed}; or null. */
export function typedMention(line, caret) {
  const match = /(?:^|[\s:+-])(@\w*)$/.exec(line.slice(0, caret));
  return match && { start: caret - match[1].length, typed: match[1] };
}
