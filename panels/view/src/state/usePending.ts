import { useEffect } from "react";
import type { LineExplanation } from "../query/useExplanation.ts";
import type { Search } from "./useSearch.ts";

// Searching by these opens no file and no address.
const HARMLESS = ["text", "id", "selected"];

/** Runs a search that was prepared before the page was open. */
export function usePending(search: Search, { terms, line, error, isOld }: LineExplanation): void {
  const { pending, query, update } = search;
  const isParsed = line === query && !isOld && !error;
  useEffect(() => {
    if (pending === "search") {
      update({ pending: null });
      search.search();
    } else if (pending === "offer" && isParsed) {
      update({ pending: null });
      if (terms.every(({ kind }) => HARMLESS.includes(kind))) search.search();
      else search.setStatus("idle", "This search is from a link. Press Enter to run it.");
    }
  }, [pending, isParsed]);
}
