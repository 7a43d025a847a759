import { React, useId, useState } from "./app.js";

/** What goes on, or came of it. */
export function Status({ status }) {
  return (
    <div
      className={`ffs-status ffs-${status.kind}`}
      data-cy="faiss-status"
      role={status.kind === "error" ? "alert" : "status"}
    >
      {["busy", "warming"].includes(status.kind) && <span className="ffs-spinner" />}
      <span>
        {status.text}
        {(status.notes || []).map((note) => (
          <span key={note} className="ffs-note">
            {note}
          </span>
        ))}
      </span>
    </div>
  );
}

/** A sentence about the answer as a whole, such as that nothing relevant was found. */
export function Verdict({ found }) {
  if (!found?.verdict) return null;
  return (
    <p className="ffs-verdict" data-cy="faiss-verdict" role="status">
      {found.verdict}
    </p>
  );
}

/** On request, what was computed. */
export function Explanation({ found }) {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const sentences = found.explanation || [];
  if (!sentences.length) return null;
  return (
    <>
      <button
        type="button"
        className="ffs-link"
        data-cy="faiss-explain"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        how?
      </button>
      {isOpen && (
        <ul id={id} className="ffs-explanation" data-cy="faiss-explanation">
          {sentences.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
    </>
  );
}

/** What to do where a search found nothing at all. */
export function NothingFound({ found }) {
  const { thresh, scope } = found.params;
  return (
    <ul className="ffs-hints" data-cy="faiss-nothing">
      <li>There is nothing to list.</li>
      {thresh !== null && <li>Allow a larger distance, or leave it empty.</li>}
      {scope !== "dataset" && <li>Search in the whole dataset.</li>}
      <li>Other words may find more.</li>
    </ul>
  );
}

export function Hints({ words }) {
  return (
    <ul className="ffs-hints">
      {words && <li>Type what you look for and press Enter.</li>}
      <li>Drop a picture anywhere here, paste one, or choose one, to find what looks like it.</li>
      <li>Select samples in the grid to find more of their kind.</li>
      {words && <li>Mix them: <code>2: forklift + @selected - "person"</code></li>}
    </ul>
  );
}
