import { React, useEffect, useId, useRef, useState } from "./app.js";
import { Completion, useCompletion } from "./Completion.jsx";
import { IconButton } from "./icons.jsx";
import { focusResults } from "./keys.js";
import { useRecall } from "./useRecall.js";

/**
 * One line for every kind of query.
 *
 * @param mistake the id of the element that tells what cannot be read in it; or null
 */
export function SearchBar({ search, server, pictures, mistake }) {
  const [caret, setCaret] = useState(0);
  const line = useRef();
  const picker = useRef();
  const list = useId();
  // Where the caret belongs once the line has what was inserted.
  const place = useRef(null);
  const { query, uploads, selection, index, status, update } = search;

  const insert = (token, { start, typed }) => {
    const isNew = token === "@upload…";
    const before = query.slice(0, start) + (isNew ? "" : token);
    const after = query.slice(start + typed.length);
    // The picture's term goes to the end of what is left.
    update({ query: isNew ? (before + after).replace(/\s*[+-]\s*$/, "") : before + after });
    setCaret(before.length);
    place.current = before.length;
    if (isNew) picker.current.click();
  };
  const completion = useCompletion({ query, caret, selection, uploads, insert });
  useEffect(() => {
    if (place.current !== null) line.current.setSelectionRange(place.current, place.current);
    place.current = null;
  }, [query]);
  const onRecall = useRecall(server, line, update, search.say);

  const onKeyDown = (event) => {
    if (completion.onKeyDown(event) || onRecall(event)) return;
    if (event.key === "ArrowDown" && focusResults(event.currentTarget)) event.preventDefault();
  };
  const isOpen = completion.options.length > 0;
  return (
    <form
      className="ffs-bar"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        search.search();
      }}
    >
      <div className={pictures.dragging ? "ffs-line ffs-dragging" : "ffs-line"}>
        <input
          ref={line}
          className="ffs-query"
          data-cy="faiss-query"
          role="combobox"
          aria-label="What to look for"
          aria-expanded={isOpen}
          aria-controls={list}
          aria-autocomplete="list"
          aria-activedescendant={isOpen ? `${list}-${completion.place}` : undefined}
          aria-invalid={Boolean(mistake)}
          aria-describedby={mistake || undefined}
          autoComplete="off"
          spellCheck="false"
          placeholder={
            index.supports_text
              ? "a red car on the highway"
              : "This index reads no words: drop a picture, or type @selected"
          }
          value={query}
          onChange={(event) => {
            update({ query: event.target.value });
            setCaret(event.target.selectionStart);
          }}
          onSelect={(event) => setCaret(event.target.selectionStart)}
          onKeyDown={onKeyDown}
          onBlur={() => setCaret(0)}
        />
        <IconButton
          icon="image"
          size={20}
          label="Search with a picture: choose a file, drop one here, or paste one"
          data-cy="faiss-choose"
          onClick={() => picker.current.click()}
        />
        <input
          ref={picker}
          type="file"
          hidden
          multiple
          accept="image/*"
          data-cy="faiss-upload"
          onChange={(event) => {
            pictures.use([...event.target.files]);
            event.target.value = "";
          }}
        />
        <button type="submit" className="ffs-button ffs-main" data-cy="faiss-search">
          {status.kind === "busy" ? "Searching…" : "Search"}
        </button>
      </div>
      <Completion id={list} completion={completion} />
    </form>
  );
}
