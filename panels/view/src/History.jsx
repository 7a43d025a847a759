import { React, useCallback, useEffect, useState } from "./app.js";
import { ago, counted } from "./format.js";
import { IconButton } from "./icons.jsx";
import { editLine } from "./keys.js";

/** The searches kept with the dataset: to make again, to edit, to name, to keep on top, to forget. */
export function History({ search, server }) {
  const [searches, setSearches] = useState(null);
  const { say, found } = search;
  const load = useCallback(async () => {
    const answer = await server("history");
    if (answer.error) return say("error", answer.error);
    return setSearches(answer.searches);
  }, [server, say]);
  // A search that was made meanwhile belongs to it.
  useEffect(() => {
    load();
  }, [load, found?.params]);
  const change = async (method, params) => {
    const answer = await server(method, params);
    if (answer.error) say("error", answer.error);
    load();
    return !answer.error;
  };
  if (!searches) return <p className="ffs-note">Looking…</p>;
  if (!searches.length) return <p className="ffs-note">Nothing was searched for here yet.</p>;
  return (
    <ul className="ffs-history">
      {searches.map((one) => (
        <Item key={one.id} {...{ one, search, change }} />
      ))}
    </ul>
  );
}

function Item({ one, search, change }) {
  const [name, setName] = useState(null);
  const { id, pinned, params } = one;
  const title = one.name || params.query || "a search by samples";
  const rename = async (event) => {
    event.preventDefault();
    if (await change("rename_search", { id, name })) setName(null);
  };
  return (
    <li data-cy="faiss-history-item" data-id={id}>
      {name === null ? (
        <button
          type="button"
          className="ffs-history-apply"
          data-cy="faiss-history-apply"
          title="Search for it again"
          onClick={() => search.apply(params, true)}
        >
          <b>{title}</b>
          <span className="ffs-note">{details(one)}</span>
        </button>
      ) : (
        <form className="ffs-inline ffs-history-apply" onSubmit={rename}>
          <input
            className="ffs-field"
            data-cy="faiss-history-name"
            aria-label={`A name for ${title}`}
            placeholder="no name"
            value={name}
            onChange={(event) => setName(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== "Escape") return;
              event.stopPropagation();
              setName(null);
            }}
            autoFocus
          />
          <button type="submit" className="ffs-button">
            Rename
          </button>
        </form>
      )}
      <span className="ffs-history-buttons">
        <IconButton
          icon="pin"
          size={16}
          label={`Keep ${title} on top`}
          data-cy="faiss-history-pin"
          aria-pressed={pinned}
          onClick={() => change("pin_search", { id, pinned: !pinned })}
        />
        <IconButton
          icon="edit"
          size={16}
          label={`Edit ${title} before searching`}
          data-cy="faiss-history-edit"
          onClick={(event) => {
            search.apply(params, false);
            editLine(event.currentTarget);
          }}
        />
        <IconButton
          icon="rename"
          size={16}
          label={`Rename ${title}`}
          data-cy="faiss-history-rename"
          onClick={() => setName(one.name || "")}
        />
        <IconButton
          icon="delete"
          size={16}
          label={`Delete ${title}`}
          data-cy="faiss-history-delete"
          onClick={() => change("delete_search", { id })}
        />
      </span>
    </li>
  );
}

function details({ name, params, used_at, uses }) {
  const rated = (params.liked?.length || 0) + (params.disliked?.length || 0);
  return [
    name && params.query,
    params.brain_key,
    rated > 0 && `${rated} rated`,
    uses > 1 && counted(uses, "time"),
    ago(used_at),
  ]
    .filter(Boolean)
    .join(" · ");
}
