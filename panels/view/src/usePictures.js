import { useCallback, useState } from "./app.js";
import { recall } from "./memory.js";
import { freeUploadName, withTerm } from "./terms.js";
import { readUpload } from "./upload.js";

// Whatever else is dragged, such as words, is the browser's.
const isTaken = ({ types }) => types.includes("Files") || types.includes("text/uri-list");

/** Whether the words on the clipboard are meant, not the picture of them that comes with them. */
function isText(target, clipboard, files) {
  const text = clipboard.getData("text/plain");
  // A file that was copied comes with its name.
  const isName = files.some((file) => text.includes(file.name));
  return target.matches("input, textarea") && text && !isName;
}

/**
 * Pictures as queries: chosen, dropped or pasted.
 *
 * @param place (name) => the line with a term for the picture; by default it goes to the end
 * @returns {use, dragging, handlers}; `handlers` are for the element that pictures may come to
 */
export function usePictures(dataset, search) {
  const [dragging, setDragging] = useState(false);
  const { update, say } = search;

  const use = useCallback(
    async (files) => {
      try {
        for (const file of files) {
          const upload = await readUpload(file);
          const { query, uploads } = recall(dataset);
          const name = freeUploadName(query);
          update({ query: withTerm(query, `@${name}`), uploads: { ...uploads, [name]: upload } });
        }
        if (files.length) search.search();
      } catch (sentence) {
        say("error", String(sentence));
      }
    },
    [dataset, update, say, search.search]
  );

  const useUrl = (url) => {
    update({ query: withTerm(recall(dataset).query, url) });
    search.search();
  };
  const handlers = {
    onDragOver(event) {
      if (!isTaken(event.dataTransfer)) return;
      event.preventDefault();
      setDragging(true);
    },
    onDragLeave(event) {
      if (!event.currentTarget.contains(event.relatedTarget)) setDragging(false);
    },
    onDrop(event) {
      if (!isTaken(event.dataTransfer)) return;
      event.preventDefault();
      setDragging(false);
      const files = [...event.dataTransfer.files];
      const url = event.dataTransfer.getData("text/uri-list").split("\n")[0].trim();
      if (files.length) use(files);
      else if (/^https?:/.test(url)) useUrl(url);
    },
    onPaste(event) {
      const files = [...event.clipboardData.files];
      if (!files.length || isText(event.target, event.clipboardData, files)) return;
      event.preventDefault();
      use(files);
    },
  };
  return { use, dragging, handlers };
}
