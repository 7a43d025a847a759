import { type RefObject, useEffect, useRef } from "react";
import type { ResultRow } from "../../generated.ts";

/** The index of a result; if it was removed while it had the focus, of the one in its place. */
export function useTabStop(
  list: RefObject<HTMLOListElement>,
  results: ResultRow[],
  id: string | null
): number {
  const last = useRef(0);
  const place = results.findIndex((result) => result.id === id);
  const hadFocus = list.current?.contains(document.activeElement);
  const inPlace = hadFocus ? Math.min(last.current, results.length - 1) : 0;
  last.current = Math.max(0, place < 0 ? inPlace : place);
  return last.current;
}

/** Keeps the focus in the grid when the result that had it is removed. */
export function useFocusInside(list: RefObject<HTMLOListElement>, index: number): void {
  const hadFocus = list.current?.contains(document.activeElement);
  useEffect(() => {
    if (hadFocus && !list.current?.contains(document.activeElement)) {
      list.current?.querySelectorAll<HTMLElement>(".ffs-open")[index]?.focus();
    }
  });
}
