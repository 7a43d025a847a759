import { React, useEffect, useState } from "./app.js";
import { CompareWith } from "./Compare.jsx";
import { cutOf } from "./Cut.jsx";
import { counted } from "./format.js";
import { SaveMenu } from "./SaveMenu.jsx";

// As long as the tag is typed, or the cut-off moved, nothing is asked.
const PAUSE = 300;

/** What can be done with the results: tag them, take that back, keep or export them, clear. */
export function Actions({ search, server, indexes, others, dataset }) {
  const { found, clear } = search;
  if (!found) return null;
  const { kept } = cutOf(search);
  return (
    <div className="ffs-actions">
      {found.results.length > 0 && (
        <>
          <Tagging {...{ search, server, kept }} />
          <SaveMenu {...{ search, server, kept }} />
          <CompareWith {...{ search, indexes, others, dataset }} />
        </>
      )}
      <button type="button" className="ffs-button ffs-quiet" data-cy="faiss-clear" onClick={clear}>
        Clear
      </button>
    </div>
  );
}

function Tagging({ search, server, kept }) {
  const { found, tag, taggings, update, say } = search;
  const untagged = useUntagged({ server, found, tag, taggings, kept });
  const isOff = !kept.length || untagged === 0;
  const last = taggings[taggings.length - 1];

  const apply = async (event) => {
    event.preventDefault();
    if (isOff) return;
    const ids = kept.map((result) => result.id);
    const answer = await server("tag", { ids, tag, patches_field: found.patches_field });
    if (answer.error) return say("error", answer.error);
    update({ taggings: withTagging(taggings, tag, answer.ids) });
    say("done", `${counted(ids.length)} tagged “${tag}”, ${answer.tagged} of them new`);
  };
  const undo = async () => {
    const answer = await server("untag", last);
    if (answer.error) return say("error", answer.error);
    update({ taggings: taggings.filter((one) => one !== last) });
    say("done", `The tag “${last.tag}” was taken back from ${counted(answer.untagged)}`);
  };

  return (
    <>
      <form className="ffs-inline" onSubmit={apply}>
        <label title="Key: t">
          Tag
          <input
            className="ffs-field ffs-tag-name"
            data-cy="faiss-tag-name"
            value={tag}
            onChange={(event) => update({ tag: event.target.value })}
          />
        </label>
        <button type="submit" className="ffs-button" data-cy="faiss-tag" aria-disabled={isOff}>
          {tagWords(kept.length, untagged, found.patches_field ? "label" : "sample")}
        </button>
      </form>
      {last && (
        <button type="button" className="ffs-button" data-cy="faiss-untag" onClick={undo}>
          Undo tag “{last.tag}”
        </button>
      )}
    </>
  );
}

/** The taggings with one more, which is one with an earlier one with the same tag. */
function withTagging(taggings, tag, ids) {
  if (!ids.length) return taggings;
  const same = taggings.find((one) => one.tag === tag);
  const others = taggings.filter((one) => one !== same);
  return [...others, { tag, ids: [...(same?.ids || []), ...ids] }];
}

/** How many of the results do not have the tag yet; null while that is not known. */
function useUntagged({ server, found, tag, taggings, kept }) {
  const ids = kept.map((result) => result.id);
  const asked = JSON.stringify([tag, ids, taggings]);
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
