import { React, useState } from "./app.js";
import { lastingParams, ratingsOf } from "./params.js";

/** Keeps the search that was made, with what was liked by now, under a name in the history. */
export function SaveSearch({ search, server }) {
  const [name, setName] = useState(null);
  const { found, say } = search;
  const save = async (event) => {
    event.preventDefault();
    const params = lastingParams({ ...found.params, ...ratingsOf(search) });
    const answer = await server("save_search", { params, name });
    if (answer.error) return say("error", answer.error);
    say("done", `Saved as “${name}”; it is in the history`);
    setName(null);
  };
  if (name === null) {
    return (
      <button
        type="button"
        className="ffs-button"
        data-cy="faiss-save-search"
        onClick={() => setName(found.params.query)}
      >
        Save this search
      </button>
    );
  }
  return (
    <form className="ffs-inline" onSubmit={save}>
      <input
        className="ffs-field"
        data-cy="faiss-save-search-name"
        aria-label="A name for this search"
        value={name}
        onChange={(event) => setName(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          setName(null);
        }}
        autoFocus
      />
      <button type="submit" className="ffs-button" data-cy="faiss-save-search-done">
        Save
      </button>
    </form>
  );
}
