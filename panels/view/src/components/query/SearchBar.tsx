import React, { useEffect, useId, useRef, useState } from "react";
import type { Server } from "../../app/server.ts";
import { focusResults } from "../../keyboard/focus.ts";
import { insertOption, type Mention, NEW_UPLOAD } from "../../query/completion.ts";
import { type CompletionList as Completion, useCompletion } from "../../query/useCompletion.ts";
import type { ImageQueries } from "../../query/useImageQueries.ts";
import { useQueryHistory } from "../../query/useQueryHistory.ts";
import type { Search } from "../../state/useSearch.ts";
import { IconButton } from "../Icon.tsx";
import { CompletionList } from "./CompletionList.tsx";
import { ImageChoice } from "./ImageChoice.tsx";

interface SearchBarProps {
  search: Search;
  server: Server;
  images: ImageQueries;
  /** The id of the element that shows the error in the query; null without one. */
  errorId: string | null;
}

/** The query line. */
export function SearchBar({ search, server, images, errorId }: SearchBarProps) {
  const input = useRef<HTMLInputElement>(null);
  const fileInput = useRef<HTMLInputElement>(null);
  const listId = useId();
  const chooseFile = () => fileInput.current?.click();
  const { completion, setCaret } = useQueryCompletion(search, input, chooseFile);
  const onHistoryKey = useQueryHistory(server, input, search.update, search.setStatus);
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
      <div className={images.isDragging ? "ffs-query-line ffs-dragging" : "ffs-query-line"}>
        <input
          ref={input}
          className="ffs-query"
          data-cy="faiss-query"
          role="combobox"
          aria-label="Query"
          aria-expanded={isOpen}
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={isOpen ? `${listId}-${completion.position}` : undefined}
          aria-invalid={Boolean(errorId)}
          aria-describedby={errorId ?? undefined}
          autoComplete="off"
          spellCheck="false"
          placeholder={
            search.index.supports_text
              ? "a red car on the highway"
              : "This index does not support text: drop an image, or type @selected"
          }
          value={search.query}
          onChange={({ target }) => {
            search.update({ query: target.value });
            setCaret(target.selectionStart ?? 0);
          }}
          onSelect={({ currentTarget }) => setCaret(currentTarget.selectionStart ?? 0)}
          onKeyDown={(event) => {
            if (completion.onKeyDown(event) || onHistoryKey(event)) return;
            if (event.key === "ArrowDown" && focusResults(event.currentTarget)) {
              event.preventDefault();
            }
          }}
          onBlur={() => setCaret(0)}
        />
        <IconButton
          icon="image"
          size={20}
          label="Search with an image: choose a file, or drop or paste one here"
          data-cy="faiss-choose"
          onClick={chooseFile}
        />
        <input
          ref={fileInput}
          type="file"
          hidden
          multiple
          accept="image/*"
          data-cy="faiss-upload"
          onChange={({ target }) => {
            images.add([...(target.files ?? [])]);
            target.value = "";
          }}
        />
        <button type="submit" className="ffs-button ffs-primary" data-cy="faiss-search">
          {search.status.kind === "busy" ? "Searching…" : "Search"}
        </button>
      </div>
      <CompletionList id={listId} completion={completion} />
      {images.isAsking && <ImageChoice answer={images.answer} />}
    </form>
  );
}

/** The completion at the caret, which moves to the end of what is inserted. */
function useQueryCompletion(
  { query, uploads, selection, update }: Search,
  input: React.RefObject<HTMLInputElement>,
  chooseFile: () => void
): { completion: Completion; setCaret: (caret: number) => void } {
  const [caret, setCaret] = useState(0);
  // Where the caret belongs once the input has its new value.
  const nextCaret = useRef<number | null>(null);
  const insert = (token: string, mention: Mention) => {
    const inserted = insertOption(query, mention, token);
    update({ query: inserted.line });
    setCaret(inserted.caret);
    nextCaret.current = inserted.caret;
    if (token === NEW_UPLOAD) chooseFile();
  };
  useEffect(() => {
    if (nextCaret.current !== null) {
      input.current?.setSelectionRange(nextCaret.current, nextCaret.current);
    }
    nextCaret.current = null;
  }, [query]);
  const completion = useCompletion({ query, caret, selection, uploads, insert });
  return { completion, setCaret };
}
