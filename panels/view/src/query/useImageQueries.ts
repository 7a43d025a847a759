import { type ClipboardEvent, type DragEvent, useState } from "react";
import { readUpload } from "../browser/files.ts";
import { getState } from "../state/store.ts";
import type { Search } from "../state/useSearch.ts";
import { freeUploadName, withTerm } from "./terms.ts";

export interface ImageQueries {
  /** Adds image files to the query, and searches. */
  add: (files: File[]) => Promise<void>;
  isDragging: boolean;
  /** For the element that images may be dropped on or pasted into. */
  handlers: {
    onDragOver: (event: DragEvent) => void;
    onDragLeave: (event: DragEvent) => void;
    onDrop: (event: DragEvent) => void;
    onPaste: (event: ClipboardEvent) => void;
  };
}

/** Images as queries: chosen, dropped or pasted. */
export function useImageQueries(dataset: string, search: Search): ImageQueries {
  const [isDragging, setDragging] = useState(false);
  const { update, setStatus } = search;

  const add = async (files: File[]) => {
    try {
      for (const file of files) {
        const upload = await readUpload(file);
        const { query, uploads } = getState(dataset);
        const name = freeUploadName(query);
        update({ query: withTerm(query, `@${name}`), uploads: { ...uploads, [name]: upload } });
      }
    } catch (problem) {
      setStatus("error", String(problem));
      return;
    }
    if (files.length) search.search();
  };
  const addUrl = (url: string) => {
    update({ query: withTerm(getState(dataset).query, url) });
    search.search();
  };
  const handlers = {
    onDragOver(event: DragEvent) {
      if (!isImage(event.dataTransfer)) return;
      event.preventDefault();
      setDragging(true);
    },
    onDragLeave({ currentTarget, relatedTarget }: DragEvent) {
      if (!currentTarget.contains(relatedTarget as Node | null)) setDragging(false);
    },
    onDrop(event: DragEvent) {
      if (!isImage(event.dataTransfer)) return;
      event.preventDefault();
      setDragging(false);
      const files = [...event.dataTransfer.files];
      const url = event.dataTransfer.getData("text/uri-list").split("\n")[0]?.trim() ?? "";
      if (files.length) void add(files);
      else if (/^https?:/.test(url)) addUrl(url);
    },
    onPaste(event: ClipboardEvent) {
      const files = [...event.clipboardData.files];
      if (!files.length || isText(event.target as Element, event.clipboardData, files)) return;
      event.preventDefault();
      void add(files);
    },
  };
  return { add, isDragging, handlers };
}

// The browser handles everything else that is dragged, for example text.
function isImage({ types }: DataTransfer): boolean {
  return types.includes("Files") || types.includes("text/uri-list");
}

/** Whether the clipboard's text is meant, not the image of the text that comes with it. */
function isText(target: Element, clipboard: DataTransfer, files: File[]): boolean {
  const text = clipboard.getData("text/plain");
  // A copied file comes with its name as text.
  const isFileName = files.some((file) => text.includes(file.name));
  return target.matches("input, textarea") && text !== "" && !isFileName;
}
