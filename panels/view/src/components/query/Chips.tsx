import React from "react";
import type { Server } from "../../app/server.ts";
import { mediaUrl } from "../../app/viewer.ts";
import type { ParsedTerm } from "../../generated.ts";
import { disabledIf } from "../../keyboard/disabled.ts";
import { sliceCharacters, withChange, withoutTerm } from "../../query/terms.ts";
import { useImages } from "../../query/useImages.ts";
import type { LineExplanation } from "../../query/useExplanation.ts";
import type { Upload } from "../../state/searchState.ts";
import { countSelected, type Selection } from "../../state/selection.ts";
import type { Search } from "../../state/useSearch.ts";
import { Icon } from "../Icon.tsx";
import { SignButton } from "./SignButton.tsx";

// How many characters of a long line show on each side of an error.
const CONTEXT = 40;

interface ChipsProps {
  explanation: LineExplanation;
  search: Search;
  server: Server;
  errorId: string;
}

/** The terms of the query line as the server parses them, or the error in it. */
export function Chips({ explanation, search, server, errorId }: ChipsProps) {
  const { terms, error, at, isOld, line } = explanation;
  if (!terms.length && !error) return null;
  return (
    <div
      className={error ? "ffs-chips ffs-old" : "ffs-chips"}
      data-cy="faiss-chips"
      role="group"
      aria-label="Query terms"
    >
      {terms.map((term, i) => (
        <Chip key={i} {...{ term, search, server, isOld }} />
      ))}
      {error && (
        <LineError
          key={error}
          id={errorId}
          {...{ error, at, line }}
          isRepeated={search.status.kind === "error" && search.status.text === error}
        />
      )}
    </div>
  );
}

interface ChipProps {
  term: ParsedTerm;
  search: Search;
  server: Server;
  isOld: boolean;
}

function Chip({ term, search, server, isOld }: ChipProps) {
  const { sign, weight, kind, text } = term;
  const { query, uploads, update } = search;
  const isNegative = sign === "-";
  const upload = kind === "upload" ? uploads[text] : undefined;
  const samples = kind === "selected" ? selectedIds(search) : kind === "id" ? [text] : [];
  const label = labelOf(term, upload, samples.length);
  const images = useImages(server, samples);
  const remove = () => {
    const others = Object.entries(uploads).filter(([name]) => !upload || name !== text);
    update({ query: withoutTerm(query, term.at), uploads: Object.fromEntries(others) });
  };
  return (
    <span className={isNegative ? "ffs-chip ffs-negative" : "ffs-chip"} data-cy="faiss-chip">
      <SignButton
        {...{ term, label }}
        isOld={isOld}
        change={(change) => update({ query: withChange(query, term.at, change) })}
      />
      {weight !== 1 && <b>{weight} ×</b>}
      {!upload && !images.length && <Icon name={kind} size={16} />}
      {upload && <img src={upload.url} alt="" />}
      {images.map((path) => (
        <img key={path} src={mediaUrl(path)} alt="" />
      ))}
      <span className="ffs-chip-text" title={label}>
        {label}
      </span>
      <button
        type="button"
        aria-label={`Remove ${label} from the query`}
        data-cy="faiss-chip-remove"
        // The position belongs to the line that was parsed.
        {...disabledIf(isOld, remove)}
      >
        ×
      </button>
    </span>
  );
}

/** The samples of "@selected": the current selection, or else that of the last search. */
function selectedIds({ selection, lastSelection }: Search): string[] {
  const { selected, alt }: Selection =
    countSelected(selection) || !lastSelection ? selection : lastSelection;
  return [...selected, ...alt];
}

function labelOf({ kind, text }: ParsedTerm, upload: Upload | undefined, count: number): string {
  if (upload) return upload.name;
  if (kind === "selected") return count ? `${count} selected` : "the selection";
  if (kind === "id") return `sample ${text.slice(-6)}`;
  return text;
}

interface LineErrorProps {
  id: string;
  error: string;
  at: [number, number] | null;
  line: string;
  isRepeated: boolean;
}

/**
 * The error in the query line, with its position; only the part around it of a long line. Once the
 * status says the same, the sentence only describes the query box.
 */
function LineError({ id, error, at, line, isRepeated }: LineErrorProps) {
  return (
    <div className="ffs-line-error" data-cy="faiss-mistake">
      {at && <MarkedLine line={line} at={at} />}
      <span id={id} role="status" hidden={isRepeated}>
        {error}
      </span>
    </div>
  );
}

function MarkedLine({ line, at: [start, end] }: { line: string; at: [number, number] }) {
  return (
    <code aria-hidden="true">
      {start > CONTEXT && "…"}
      {sliceCharacters(line, Math.max(0, start - CONTEXT), start)}
      <mark>{sliceCharacters(line, start, Math.min(end, start + CONTEXT)) || " "}</mark>
      {sliceCharacters(line, end, end + CONTEXT)}
    </code>
  );
}
