import { type ClipboardEvent, type DragEvent, useState } from "react";
import { readUpload } from "../browser/files.ts";
import type { Upload } from "../state/searchState.ts";
import { getState } from "../state/store.ts";
import type { Search } from "../state/useSearch.ts";
import { freeUploadName, hasName, withoutUploads, withTerm } from "./terms.ts";

/** Images that were dropped, pasted or chosen: files that were read, or the address of one. */
type Images = Upload[] | string;

export interface ImageQueries {
  /** Adds image files to the query, and searches; asks first if the query has an image. */
  add: (files: File[]) => void;
  /** Whether the user is asked to replace the image of the query, or to add another one. */
  isAsking: boolean;
  answer: (choice: "replace" | "add" | "cancel") => void;
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

  const [waiting, setWaiting] = useState<Images | null>(null);

  const put = (images: Upload[]) => {
    for (const image of images) {
      const { query, uploads } = getState(dataset);
      const name = freeUploadName(query);
      update({ query: withTerm(query, `@${name}`), uploads: { ...uploads, [name]: image } });
    }
    if (images.length) search.search();
  };
  const putUrl = (url: string) => {
    update({ query: withTerm(getState(dataset).query, url) });
    search.search();
  };
  const putAny = (images: Images) =>
    typeof images === "string" ? putUrl(images) : put(images);
  const addAny = (images: Images) => {
    const { query, uploads } = getState(dataset);
    const hasImage = Object.keys(uploads).some((name) => hasName(query, `@${name}`));
    if (hasImage && images.length) setWaiting(images);
    else putAny(images);
  };
  const addFiles = async (files: File[]) => {
    const images: Upload[] = [];
    try {
      for (const file of files) images.push(await readUpload(file));
    } catch (problem) {
      setStatus("error", String(problem));
      return;
    }
    addAny(images);
  };
  const answer: ImageQueries["answer"] = (choice) => {
    setWaiting(null);
    if (choice === "cancel" || !waiting) return;
    if (choice === "replace") {
      update({ query: withoutUploads(getState(dataset).query), uploads: {} });
    }
    putAny(waiting);
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
      if (files.length) void addFiles(files);
      else if (/^https?:/.test(url)) addAny(url);
    },
    onPaste(event: ClipboardEvent) {
      const files = [...event.clipboardData.files];
      if (!files.length || isText(event.target as Element, event.clipboardData, files)) return;
      event.preventDefault();
      void addFiles(files);
    },
  };
  return { add: (files) => void addFiles(files), isAsking: waiting !== null, answer, isDragging, handlers };
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
