import React, { type KeyboardEvent, useEffect, useRef, useState } from "react";
import type { Server } from "../../app/server.ts";
import type { ResultRow } from "../../generated.ts";
import { disabledIf } from "../../keyboard/disabled.ts";
import type { ShownNeighbors } from "../../state/searchState.ts";
import type { Search } from "../../state/useSearch.ts";
import { Icon } from "../Icon.tsx";
import { SaveDialog } from "./SaveDialog.tsx";

export interface SaveMenuProps {
  search: Search;
  neighbors: ShownNeighbors;
  /** The results to save. */
  results: ResultRow[];
  server: Server;
}

/** The button that opens the dialog for saving and exporting. */
export function SaveMenu(props: SaveMenuProps) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isOpen) return undefined;
    const onPointerDown = ({ target }: PointerEvent) => {
      if (!root.current?.contains(target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", onPointerDown);
    return () => document.removeEventListener("pointerdown", onPointerDown);
  }, [isOpen]);
  const close = () => {
    setOpen(false);
    // The App may have mounted the panel again meanwhile.
    root.current?.querySelector("button")?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
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
        {...disabledIf(!props.results.length, () => setOpen(!isOpen))}
      >
        Save and export <Icon name="more" size={14} />
      </button>
      {isOpen && <SaveDialog {...props} close={close} />}
    </div>
  );
}
