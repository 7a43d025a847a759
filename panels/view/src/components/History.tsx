import React, { useCallback, useEffect, useState } from "react";
import { isFailure, type Params } from "../app/server.ts";
import type { SavedSearch } from "../generated.ts";
import type { DrawerProps } from "./Drawers.tsx";
import { HistoryItem } from "./HistoryItem.tsx";

type ChangeMethod = "rename_search" | "pin_search" | "delete_search";

/** Changes a saved search, and tells whether that succeeded. */
export type ChangeSearch = <M extends ChangeMethod>(
  method: M,
  params: Params<M>
) => Promise<boolean>;

/** The searches saved with the dataset: run, edit, rename, pin or delete them. */
export function History({ search, server }: DrawerProps) {
  const [searches, setSearches] = useState<SavedSearch[] | null>(null);
  const { setStatus, neighbors } = search;
  const load = useCallback(async () => {
    const answer = await server("history", {});
    if (isFailure(answer)) setStatus("error", answer.error);
    else setSearches(answer.searches);
  }, [server, setStatus]);
  // A search that has just run is in the history.
  useEffect(() => void load(), [load, neighbors?.params]);
  const change: ChangeSearch = async (method, params) => {
    const answer = await server(method, params);
    if (isFailure(answer)) setStatus("error", answer.error);
    void load();
    return !isFailure(answer);
  };
  if (!searches) return <p className="ffs-note">Loading searches…</p>;
  if (!searches.length) return <p className="ffs-note">There are no searches yet.</p>;
  return (
    <ul className="ffs-history">
      {searches.map((saved) => (
        <HistoryItem key={saved.id} {...{ saved, change }} apply={search.applySaved} />
      ))}
    </ul>
  );
}
