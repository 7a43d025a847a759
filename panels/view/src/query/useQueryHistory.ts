import { type KeyboardEvent, type RefObject, useRef } from "react";
import { isFailure, type Server } from "../app/server.ts";
import type { SetStatus } from "../state/useSearch.ts";
import type { UpdateState } from "../state/useSearchState.ts";
import { queriesOf } from "./pastQueries.ts";

/**
 * Earlier queries by the arrow keys, as in a shell: Up in an empty line shows the last query, then
 * older ones; Down shows newer ones, then the empty line.
 *
 * @returns a function of a key event that tells whether it used the key
 */
export function useQueryHistory(
  server: Server,
  input: RefObject<HTMLInputElement>,
  update: UpdateState,
  setStatus: SetStatus
): (event: KeyboardEvent<HTMLInputElement>) => boolean {
  const past = useRef<{ queries: string[]; position: number }>({ queries: [], position: -1 });
  const show = (position: number) => {
    past.current.position = position;
    update({ query: past.current.queries[position] ?? "" });
  };
  const load = async () => {
    const answer = await server("history", {});
    if (isFailure(answer)) return setStatus("error", answer.error);
    const queries = queriesOf(answer.searches);
    past.current = { queries, position: -1 };
    // The user may have typed meanwhile.
    if (queries.length && input.current?.value === "") show(0);
  };
  return (event) => {
    const { queries, position } = past.current;
    const { value } = event.currentTarget;
    const isFromHistory = position >= 0 && value === queries[position];
    if (event.key === "ArrowUp" && !value) void load();
    else if (event.key === "ArrowUp" && isFromHistory) {
      show(Math.min(position + 1, queries.length - 1));
    } else if (event.key === "ArrowDown" && isFromHistory) show(position - 1);
    else return false;
    event.preventDefault();
    return true;
  };
}
