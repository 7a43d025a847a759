import { React, useEffect, useRef, useState } from "./app.js";
import { copy, download } from "./download.js";
import { counted } from "./format.js";
import { Icon } from "./icons.jsx";
import { unless } from "./keys.js";

const FORMATS = { csv: "CSV", json: "JSON", stages: "View stages" };

/** Keeps the results in the dataset, or takes them, or the code that finds them, elsewhere. */
export function SaveMenu({ search, server, kept }) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef();
  useEffect(() => {
    if (!isOpen) return undefined;
    const onPress = (event) => root.current.contains(event.target) || setOpen(false);
    document.addEventListener("pointerdown", onPress);
    return () => document.removeEventListener("pointerdown", onPress);
  }, [isOpen]);
  const close = () => {
    setOpen(false);
    // The page may have been made anew meanwhile.
    root.current?.querySelector("button").focus();
  };
  const onKeyDown = (event) => {
    if (event.key !== "Escape" || !isOpen) return;
    event.stopPropagation();
    close();
  };
  return (
    <div className="ffs-menu" ref={root} onKeyDown={onKeyDown}>
      <button
        type="button"
        className="ffs-button"
        data-cy="faiss-save-menu"
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        {...unless(!kept.length, () => setOpen(!isOpen))}
      >
        Save and export <Icon name="more" size={14} />
      </button>
      {isOpen && <SavePanel {...{ search, server, kept, close }} />}
    </div>
  );
}

function SavePanel({ search, server, kept, close }) {
  const { found, grid, say } = search;
  const [code, setCode] = useState(null);
  const [everywhere, setEverywhere] = useState(false);
  const { params, patches_field, query, brain_key, metric } = found;
  const ids = kept.map((one) => one.id);
  const scores = kept.map((one) => one.score);
  // What finds these results, not fewer or more.
  const again = { ...params, ...grid, k: kept.length };

  // Says what a call did, unless it failed, and closes.
  const act = async (method, given, then) => {
    const answer = await server(method, given);
    if (answer.error) return say("error", answer.error);
    const sentence = await then(answer);
    say("done", sentence);
    close();
  };
  const saveView = (name) =>
    act("save_view", { ids, name, patches_field }, (answer) => {
      // So that it can be searched in.
      server("refresh");
      return `Saved as the view “${answer.name}”`;
    });
  const saveScores = (field) =>
    act("save_scores", { ...again, ids, scores, field, patches_field, everywhere }, (answer) => {
      return `${counted(answer.count, "score")} written to the field “${answer.field}”`;
    });
  const exportAs = (format) =>
    act("export", { format, results: kept, patches_field, query, brain_key, metric }, (answer) => {
      download(answer.name, answer.content);
      return `Downloaded ${answer.name}`;
    });
  const copyCode = async () => {
    const answer = await server("code", again);
    if (answer.error) return say("error", answer.error);
    const isCopied = await copy(answer.code);
    setCode(answer.code);
    say("done", isCopied ? "The Python code is on the clipboard" : "Copy the Python code by hand");
  };

  return (
    <div className="ffs-popover" role="dialog" aria-label="Save and export">
      <NameForm
        label="View"
        name="faiss-save-view"
        suggestion={viewNameOf(found.query)}
        button="Save as a view"
        save={saveView}
        autoFocus
      />
      <NameForm
        label="Field"
        name="faiss-save-scores"
        suggestion="similarity"
        button="Write the scores"
        save={saveScores}
      />
      <label className="ffs-check">
        <input
          type="checkbox"
          data-cy="faiss-save-scores-everywhere"
          checked={everywhere}
          onChange={(event) => setEverywhere(event.target.checked)}
        />
        of all that the index holds, not of these alone
      </label>
      <div className="ffs-inline" role="group" aria-label="Download and copy">
        {Object.entries(FORMATS).map(([format, name]) => (
          <button
            key={format}
            type="button"
            className="ffs-button"
            data-cy={`faiss-export-${format}`}
            onClick={() => exportAs(format)}
          >
            {name}
          </button>
        ))}
        <button
          type="button"
          className="ffs-button"
          data-cy="faiss-copy-code"
          onClick={copyCode}
        >
          Copy as Python
        </button>
      </div>
      {code && (
        <pre className="ffs-code" data-cy="faiss-code" tabIndex={0} aria-label="Python code">
          {code}
        </pre>
      )}
    </div>
  );
}

function viewNameOf(query) {
  return query.replace(/[^\p{L}\p{N}]+/gu, " ").trim().slice(0, 60);
}

function NameForm({ label, name, suggestion, button, save, autoFocus }) {
  const [value, setValue] = useState(suggestion);
  return (
    <form
      className="ffs-inline"
      onSubmit={(event) => {
        event.preventDefault();
        save(value);
      }}
    >
      <label>
        {label}
        <input
          className="ffs-field"
          data-cy={`${name}-name`}
          value={value}
          onChange={(event) => setValue(event.target.value)}
          autoFocus={autoFocus}
        />
      </label>
      <button type="submit" className="ffs-button" data-cy={name}>
        {button}
      </button>
    </form>
  );
}
