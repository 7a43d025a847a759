import { React, useState } from "./app.js";
import { counted } from "./useSearch.js";

/** What can be done with the results: tag them, take that back, clear. */
export function Actions({ search, server }) {
  const [tag, setTag] = useState("neighbors");
  const [tagged, setTagged] = useState(null);
  const { found } = search;
  if (!found) return null;

  const apply = async (event) => {
    event.preventDefault();
    const ids = found.results.map((one) => one.id);
    const answer = await server("tag", { ids, tag, patches_field: found.patches_field });
    if (answer.error) return search.say("error", answer.error);
    setTagged(tag);
    search.say("done", `${counted(ids.length)} tagged “${tag}”, ${answer.tagged} of them new`);
  };
  const undo = async () => {
    const answer = await server("untag", { tag: tagged });
    if (answer.error) return search.say("error", answer.error);
    setTagged(null);
    search.say("done", `The tag “${tagged}” was taken back from ${counted(answer.untagged)}`);
  };

  return (
    <form className="ffs-actions" onSubmit={apply}>
      <input
        className="ffs-tag-name"
        data-cy="faiss-tag-name"
        aria-label="Tag"
        value={tag}
        onChange={(event) => setTag(event.target.value)}
      />
      <button type="submit" className="ffs-button" data-cy="faiss-tag">
        Tag {counted(found.results.length)}
      </button>
      {tagged && (
        <button type="button" className="ffs-button" data-cy="faiss-untag" onClick={undo}>
          Undo
        </button>
      )}
      <button type="button" className="ffs-button" data-cy="faiss-clear" onClick={search.clear}>
        Clear
      </button>
    </form>
  );
}
