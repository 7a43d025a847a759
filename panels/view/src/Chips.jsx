import { React, useEffect, useState } from "./app.js";
import { Icon } from "./icons.jsx";
import { unless } from "./keys.js";
import { partOf, withoutTerm } from "./terms.js";

// As long as typing goes on, nothing is asked.
const PAUSE = 120;
const AROUND = 40;

/**
 * What the server reads in the line, asked for while a person types: {query, terms, error, at}.
 *
 * The terms are those of the last line that could be read; `isOld` if that is another one by now.
 */
export function useExplained(server, query) {
  const [explained, setExplained] = useState({ query: "", terms: [] });
  useEffect(() => {
    if (!query.trim()) return undefined;
    let isCurrent = true;
    const timer = setTimeout(async () => {
      const answer = await server("explain", { query });
      if (!isCurrent) return;
      const { terms, error, at } = answer;
      setExplained((last) => ({ query, terms: error ? last.terms : terms, error, at }));
    }, PAUSE);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [server, query]);
  if (!query.trim()) return { query, terms: [] };
  const isAnother = explained.query !== query;
  const error = isAnother ? null : explained.error;
  return { ...explained, error, isOld: isAnother || Boolean(error) };
}

/** The line's terms under it, as they were understood; and what was not, with the id `mistake`. */
export function Chips({ explained, search, mistake }) {
  const { terms, error, at, isOld } = explained;
  if (!terms.length && !error) return null;
  return (
    <div
      className={error ? "ffs-chips ffs-old" : "ffs-chips"}
      data-cy="faiss-chips"
      role="group"
      aria-label="The query's terms"
    >
      {terms.map((term, place) => (
        <Chip key={place} {...{ term, search, isOld }} />
      ))}
      {error && <Mistake key={error} id={mistake} {...{ error, at }} line={explained.query} />}
    </div>
  );
}

function Chip({ term, search, isOld }) {
  const { sign, weight, kind, text } = term;
  const { query, uploads, update } = search;
  const isMinus = sign === "-";
  const upload = kind === "upload" && uploads[text];
  const words = wordsOf(term, upload, search.selection);
  const remove = () => {
    const { [text]: gone, ...others } = uploads;
    update({ query: withoutTerm(query, term.at), uploads: upload ? others : uploads });
  };
  return (
    <span className={isMinus ? "ffs-chip ffs-minus" : "ffs-chip"} data-cy="faiss-chip">
      <span className="ffs-sign" aria-label={isMinus ? "less of" : "more of"}>
        {isMinus ? "−" : "+"}
      </span>
      {Number(weight) !== 1 && <b>{Number(weight)} ×</b>}
      {upload ? <img src={upload.url} alt="" /> : <Icon name={kind} size={16} />}
      <span className="ffs-chip-text" title={words}>
        {words}
      </span>
      <button
        type="button"
        aria-label={`Remove ${words} from the query`}
        data-cy="faiss-chip-remove"
        // Its place is that in the line that was read.
        {...unless(isOld, remove)}
      >
        ×
      </button>
    </span>
  );
}

function wordsOf({ kind, text }, upload, { selected, alt }) {
  if (upload) return upload.name;
  const count = selected.length + alt.length;
  if (kind === "selected") return count ? `${count} selected` : "the selection";
  if (kind === "id") return `sample ${text.slice(-6)}`;
  return text;
}

/** What cannot be read, with its place in the line, or in what is around it in a long one. */
function Mistake({ id, error, at, line }) {
  const [start, end] = at || [];
  return (
    <div className="ffs-mistake" data-cy="faiss-mistake">
      {at && (
        <code aria-hidden="true">
          {start > AROUND && "…"}
          {partOf(line, Math.max(0, start - AROUND), start)}
          <mark>{partOf(line, start, Math.min(end, start + AROUND)) || " "}</mark>
          {partOf(line, end, end + AROUND)}
        </code>
      )}
      <span id={id} role="status">
        {error}
      </span>
    </div>
  );
}
