import { React, useEffect, useState } from "./app.js";
import { CompareWith } from "./Compare.jsx";
import { cutOf } from "./Cut.jsx";
import { counted } from "./format.js";
import { SaveMenu } from "./SaveMenu.jsx";

// As long as the tag is typed, or the cut-off moved, nothing is asked.
const PAUSE = 300;

/** What can be done with the results: tag them, take that back, keep or export them, clear. */
export function Actions({ search, server, indexes, others, dataset }) {
  if (!search.found) return null;
  return <ActionsOn {...{ search, server, indexes, others, dataset }} kept={cutOf(search).kept} />;
}

function ActionsOn({ search, server, indexes, others, dataset, kept }) {
  const { found, tag, tagging, update, say } = search;
  const untagged = useUntagged({ server, found, tag, tagging, kept });

  const apply = async (event) => {
    event.preventDefault();
    const ids = kept.map((result) => result.id);
    const answer = await server("tag", { ids, tag, patches_field: found.patches_field });
    if (answer.error) return say("error", answer.error);
    update({ tagging: { tag, ids: answer.ids } });
    say("done", `${counted(ids.length)} tagged “${tag}”, ${answer.tagged} of them new`);
  };
  const undo = async () => {
    const answer = await server("untag", tagging);
    if (answer.error) return say("error", answer.error);
    update({ tagging: null });
    say("done", `The tag “${tagging.tag}” was taken back from ${counted(answer.untagged)}`);
  };

  return (
    <div className="ffs-actions">
      <form className="ffs-inline" onSubmit={apply}>
        <input
          className="ffs-field ffs-tag-name"
          data-cy="faiss-tag-name"
          aria-label="Tag"
          title="Key: t"
          value={tag}
          onChange={(event) => update({ tag: event.target.value })}
        />
        <button
          type="submit"
          className="ffs-button"
          data-cy="faiss-tag"
          disabled={!kept.length || untagged === 0}
        >
          {tagWords(kept.length, untagged, found.patches_field ? "label" : "sample")}
        </button>
      </form>
      {tagging && (
        <button type="button" className="ffs-button" data-cy="faiss-untag" onClick={undo}>
          Undo
        </button>
      )}
      <SaveMenu {...{ search, server, kept }} />
      <CompareWith {...{ search, indexes, others, dataset }} />
      <button
        type="button"
        className="ffs-button ffs-quiet"
        data-cy="faiss-clear"
        onClick={search.clear}
      >
        Clear
      </button>
    </div>
  );
}

/** How many of the results do not have the tag yet; null while that is not known. */
function useUntagged({ server, found, tag, tagging, kept }) {
  const ids = kept.map((result) => result.id);
  const asked = JSON.stringify([tag, ids, tagging]);
  const [known, setKnown] = useState({ asked: null, count: null });
  useEffect(() => {
    if (!tag.trim() || !ids.length) return undefined;
    let isCurrent = true;
    const timer = setTimeout(async () => {
      const params = { tag, ids, patches_field: found.patches_field };
      const { new: count, error } = await server("preview_tag", params);
      // Without this the button counts the results; tagging itself tells of errors.
      if (isCurrent && !error) setKnown({ asked, count });
    }, PAUSE);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [server, asked]);
  return known.asked === asked ? known.count : null;
}

function tagWords(count, untagged, one) {
  if (untagged === null || untagged === count) return `Tag ${counted(count, one)}`;
  return untagged ? `Tag ${untagged} more of ${counted(count, one)}` : `All ${count} have this tag`;
}
