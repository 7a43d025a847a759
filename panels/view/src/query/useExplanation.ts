import { useEffect, useState } from "react";
import type { Server } from "../app/server.ts";
import type { Correction, ParsedTerm } from "../generated.ts";

// Nothing is sent while the user types.
const PAUSE_MS = 120;

/** How the server parses the query line. */
export interface LineExplanation {
  /** The line that was parsed. */
  line: string;
  /** The terms of the last line without an error. */
  terms: ParsedTerm[];
  /** The words of the line that look misspelled. */
  corrections: Correction[];
  error: string | null;
  at: [number, number] | null;
  /** Whether the terms are those of another line. */
  isOld: boolean;
}

const EMPTY: LineExplanation = {
  line: "",
  terms: [],
  corrections: [],
  error: null,
  at: null,
  isOld: false,
};

/** The query line as the server parses it, while the user types. */
export function useExplanation(server: Server, query: string): LineExplanation {
  const [explanation, setExplanation] = useState(EMPTY);
  useEffect(() => {
    if (!query.trim()) return undefined;
    let isCurrent = true;
    const timer = setTimeout(async () => {
      const answer = await server("explain", { query });
      if (!isCurrent) return;
      const at = "at" in answer ? answer.at : null;
      const terms = "terms" in answer && !answer.error ? answer.terms : null;
      setExplanation((last) => ({
        line: query,
        terms: terms ?? last.terms,
        corrections: "corrections" in answer ? answer.corrections : [],
        error: answer.error,
        at,
        isOld: terms === null,
      }));
    }, PAUSE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [server, query]);
  if (!query.trim()) return EMPTY;
  return explanation.line === query ? explanation : { ...explanation, corrections: [], error: null, isOld: true };
}
