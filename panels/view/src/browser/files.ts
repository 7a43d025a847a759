import type { Upload } from "../state/searchState.ts";

const MAX_MEGABYTES = 20;

/** Saves the bytes of a base64 text as a file. */
export function downloadBytes(name: string, base64: string): void {
  download(name, Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
}

/** Saves text, or bytes, as a file in the browser's download folder. */
export function download(name: string, content: string | Uint8Array<ArrayBuffer>): void {
  const url = URL.createObjectURL(new Blob([content]));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  // The browser starts the download later.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Why a file cannot be a query, as a sentence; null if it can. */
export function uploadProblem({ name, type, size }: Pick<File, "name" | "type" | "size">) {
  if (!type.startsWith("image/")) {
    return `${name} is not an image; choose a JPEG, PNG or WebP file.`;
  }
  if (size > MAX_MEGABYTES * 2 ** 20) {
    const megabytes = Math.round(size / 2 ** 20);
    return `${name} has ${megabytes} MB; choose an image of at most ${MAX_MEGABYTES} MB.`;
  }
  return null;
}

/** Reads an image file; rejects with a sentence to show. */
export function readUpload(file: File): Promise<Upload> {
  return new Promise((resolve, reject) => {
    const problem = uploadProblem(file);
    if (problem) {
      reject(problem);
      return;
    }
    const { name, type, size } = file;
    const reader = new FileReader();
    reader.onerror = () => reject(`${name} is not readable; choose it again.`);
    reader.onload = () => {
      const url = String(reader.result);
      resolve({ name, type, size, url, content: url.slice(url.indexOf(",") + 1) });
    };
    reader.readAsDataURL(file);
  });
}
