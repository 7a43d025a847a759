// How terms are added to the query line and removed from it. The server parses the line.

/** Whether a name like "@selected" is in a query line. */
export function hasName(line: string, name: string): boolean {
  return line.split(/[\s:+\-\u2212]+/).includes(name);
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

/** The first of "upload", "upload2", ... that the line does not use. */
export function freeUploadName(line: string): string {
  for (let i = 1; ; i++) {
    const name = i === 1 ? "upload" : `upload${i}`;
    if (!hasName(line, `@${name}`)) return name;
  }
}
