import type { ResultRow } from "../../generated.ts";
import type { Rating } from "../../state/searchState.ts";

/** What can be done with a result; the functions stay the same from one rendering to the next. */
export interface TileActions {
  open: (result: ResultRow) => void;
  focus: (id: string) => void;
  /** Shows the preview after a while; null hides it. */
  hover: (id: string | null, tile?: HTMLElement, pointerType?: string) => void;
  /** Shows or hides the near-duplicates that are collapsed into a result. */
  expand: (id: string) => void;
  /** Selects the results from the last one that was selected up to this one. */
  selectTo: (id: string) => void;
  select?: ((id: string, isSelected: boolean) => void) | undefined;
  rate?: ((id: string, rating: Rating) => void) | undefined;
  /** Tags a result, or undoes that. */
  tag?: ((id: string) => void) | undefined;
  /** Shows why a result matches. */
  explain?: ((id: string) => void) | undefined;
}

/** What only the results of the searched index have: they can be rated, selected and tagged. */
export interface GridActions {
  rate: (id: string, rating: Rating) => void;
  select: (ids: string[], isSelected: boolean) => void;
  tag: (id: string) => void;
  exclude: (ids: string[]) => void;
  explain: (id: string) => void;
}
