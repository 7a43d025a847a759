import React, { useEffect, useRef, useState } from "react";
import { IconButton } from "../../components/Icon.tsx";
import type { ClusterRow } from "../../generated.ts";
import { nameText } from "../state/clusterTexts.ts";

interface ClusterNameProps {
  row: ClusterRow;
  /** Gives it a name; null for that of the vocabulary. Returns whether it succeeded. */
  rename: (name: string | null) => Promise<boolean>;
}

/** The name of a cluster, which can be changed in its place. */
export function ClusterName({ row, rename }: ClusterNameProps) {
  const [value, setValue] = useState<string | null>(null);
  const root = useRef<HTMLDivElement>(null);
  const wasEditing = useRef(false);
  const isEditing = value !== null;
  useEffect(() => {
    const target = isEditing ? "input" : '[data-cy="curate-rename"]';
    if (isEditing || wasEditing.current) root.current?.querySelector<HTMLElement>(target)?.focus();
    wasEditing.current = isEditing;
  }, [isEditing]);
  return (
    <div ref={root} className="ffs-curate-name">
      {isEditing ? (
        <form
          className="ffs-inline"
          onSubmit={async (event) => {
            event.preventDefault();
            if (await rename(value)) setValue(null);
          }}
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            event.stopPropagation();
            setValue(null);
          }}
        >
          <input
            className="ffs-field"
            data-cy="curate-new-name"
            aria-label={`Name of ${row.label}, empty for none`}
            value={value}
            onChange={({ target }) => setValue(target.value)}
            onFocus={({ target }) => target.select()}
          />
          <button type="submit" className="ffs-button" data-cy="curate-rename-save">
            Rename
          </button>
        </form>
      ) : (
        <>
          <strong data-cy="curate-cluster-name" className={row.name === null ? "ffs-unnamed" : ""}>
            {nameText(row)}
          </strong>
          <IconButton
            icon="edit"
            label={`Rename ${row.label}`}
            data-cy="curate-rename"
            onClick={() => setValue(row.name ?? "")}
          />
        </>
      )}
      {row.is_edited && !isEditing && (
        <button
          type="button"
          className="ffs-link"
          data-cy="curate-reset-name"
          aria-label={`Reset the name of ${row.label}`}
          onClick={() => void rename(null)}
        >
          Reset
        </button>
      )}
    </div>
  );
}
