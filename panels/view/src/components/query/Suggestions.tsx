import React from "react";
import { minusForm, withText } from "../../query/terms.ts";
import type { LineExplanation } from "../../query/useExplanation.ts";
import type { Search } from "../../state/useSearch.ts";

interface SuggestionsProps {
  explanation: LineExplanation;
  search: Search;
}

/** Other ways to write the query: a minus instead of "not", and words that are spelled right. */
export function Suggestions({ explanation, search: { query, update } }: SuggestionsProps) {
  const lines = suggestedLines(explanation, query);
  if (!lines.length) return null;
  return (
    <p className="ffs-suggestions" data-cy="faiss-suggestions" role="status">
      Did you mean{" "}
      {lines.map((line) => (
        <button
          key={line}
          type="button"
          className="ffs-link"
          data-cy="faiss-suggestion"
          onClick={() => update({ query: line })}
        >
          {line}
        </button>
      ))}
      ?
    </p>
  );
}

function suggestedLines({ line, terms, corrections, isOld }: LineExplanation, query: string) {
  if (isOld || line !== query) return [];
  const minus = terms
    .filter(({ kind, sign, weight }) => kind === "text" && sign === "+" && weight === 1)
    .flatMap(({ text, at }) => {
      const form = minusForm(text);
      return form && !isQuoted(line, at) ? [withText(line, at, form)] : [];
    });
  const spelled = corrections.map(({ at, suggestion }) => withText(line, at, suggestion));
  return [...minus.slice(0, 1), ...spelled];
}

// Quotes say that the words are meant as they are.
function isQuoted(line: string, [start]: [number, number]): boolean {
  return [...line][start] === '"';
}
