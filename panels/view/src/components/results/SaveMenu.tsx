import React from "react";
import type { Server } from "../../app/server.ts";
import type { ResultRow } from "../../generated.ts";
import type { ShownNeighbors } from "../../state/searchState.ts";
import type { Search } from "../../state/useSearch.ts";
import { Menu } from "../Menu.tsx";
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
  return (
    <Menu
      name="faiss-save-menu"
      label="Save"
      title="Save and export"
      dialogLabel="Save and export"
      isDisabled={!props.results.length}
    >
      {(close) => <SaveDialog {...props} close={close} />}
    </Menu>
  );
}
