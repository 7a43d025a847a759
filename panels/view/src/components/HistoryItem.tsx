import React, { type FormEvent, useState } from "react";
import type { SavedSearch } from "../generated.ts";
import { ago, counted } from "../format/numbers.ts";
import { fieldName, filterPairs } from "../state/filters.ts";
import { editQuery } from "../keyboard/focus.ts";
import type { Search } from "../state/useSearch.ts";
import type { ChangeSearch } from "./History.tsx";
import { IconButton } from "./Icon.tsx";

interface HistoryItemProps {
  saved: SavedSearch;
  change: ChangeSearch;
  apply: Search["applySaved"];
}

export function HistoryItem({ saved, change, apply }: HistoryItemProps) {
  const [name, setName] = useState<string | null>(null);
  const { id, pinned, params } = saved;
  const title = saved.name || params.query || "Search by samples";
  return (
    <li data-cy="faiss-history-item" data-id={id}>
      {name === null ? (
        <button
          type="button"
          className="ffs-history-apply"
          data-cy="faiss-history-apply"
          title="Run this search"
          onClick={() => apply(params, true)}
        >
          <b>{title}</b>
          <span className="ffs-note">{detailsOf(saved)}</span>
        </button>
      ) : (
        <RenameForm {...{ id, title, name, setName, change }} />
      )}
      <span className="ffs-history-buttons">
        <IconButton
          icon="pin"
          size={16}
          label={`Pin ${title}`}
          data-cy="faiss-history-pin"
          aria-pressed={pinned}
          onClick={() => void change("pin_search", { id, pinned: !pinned })}
        />
        <IconButton
          icon="edit"
          size={16}
          label={`Edit ${title} before searching`}
          data-cy="faiss-history-edit"
          onClick={(event) => {
            apply(params, false);
            editQuery(event.currentTarget);
          }}
        />
        <IconButton
          icon="rename"
          size={16}
          label={`Rename ${title}`}
          data-cy="faiss-history-rename"
          onClick={() => setName(saved.name ?? "")}
        />
        <IconButton
          icon="delete"
          size={16}
          label={`Delete ${title}`}
          data-cy="faiss-history-delete"
          onClick={() => void change("delete_search", { id })}
        />
      </span>
    </li>
  );
}

interface RenameFormProps {
  id: string;
  title: string;
  name: string;
  setName: (name: string | null) => void;
  change: ChangeSearch;
}

function RenameForm({ id, title, name, setName, change }: RenameFormProps) {
  const rename = async (event: FormEvent) => {
    event.preventDefault();
    if (await change("rename_search", { id, name })) setName(null);
  };
  return (
    <form className="ffs-inline ffs-history-apply" onSubmit={(event) => void rename(event)}>
      <input
        className="ffs-field"
        data-cy="faiss-history-name"
        aria-label={`Name of ${title}`}
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
  );
}

function detailsOf({ name, params, used_at, uses }: SavedSearch): string {
  const rated = (params.liked?.length ?? 0) + (params.disliked?.length ?? 0);
  return [
    name && params.query,
    params.brain_key,
    ...filterPairs(params.filters ?? {}).map(([path, value]) => `${fieldName(path)}: ${value}`),
    rated > 0 && `${rated} rated`,
    uses > 1 && counted(uses, "time"),
    ago(used_at),
  ]
    .filter(Boolean)
    .join(" · ");
}
