import { useCallback, useMemo, useRef } from "react";
import type { ResultRow } from "../../generated.ts";
import type { GridKeyActions } from "../../keyboard/gridKeys.ts";
import { idsBetween } from "../../state/ranges.ts";
import type { GridActions, TileActions } from "./tileActions.ts";
import type { PreviewState } from "./usePreview.ts";

/** What the actions need of a grid. */
interface GridOfTiles {
  results: ResultRow[];
  open: (result: ResultRow) => void;
  actions?: GridActions | undefined;
}

/** The actions of the tiles, which stay the same when the results change. */
export function useTileActions(
  props: GridOfTiles,
  preview: PreviewState,
  setFocusedId: (id: string) => void,
  setExpanded: (change: (ids: string[]) => string[]) => void
): TileActions {
  const latest = useRef(props);
  latest.current = props;
  const lastSelected = useRef<string | null>(null);
  const { hover, hide, focus: follow } = preview;
  const canAct = Boolean(props.actions);
  const select = useCallback((id: string, isSelected: boolean) => {
    lastSelected.current = id;
    latest.current.actions?.select([id], isSelected);
  }, []);
  return useMemo(
    () => ({
      open: (result) => {
        hide();
        latest.current.open(result);
      },
      focus: (id) => {
        setFocusedId(id);
        follow(id);
      },
      hover,
      expand: (id) => {
        // The preview would cover the near-duplicates.
        hide();
        setExpanded((ids) => toggled(ids, id));
      },
      selectTo: (id) => {
        const ids = latest.current.results.map((result) => result.id);
        latest.current.actions?.select(idsBetween(ids, lastSelected.current, id), true);
      },
      select: canAct ? select : undefined,
      rate: canAct ? (id, rating) => latest.current.actions?.rate(id, rating) : undefined,
      tag: canAct ? (id) => latest.current.actions?.tag(id) : undefined,
      explain: canAct
        ? (id) => {
            hide();
            latest.current.actions?.explain(id);
          }
        : undefined,
    }),
    [hover, hide, follow, select, canAct]
  );
}

/** What the keys of a focused tile do. */
export function keyActions(
  { results, actions }: GridOfTiles,
  selected: ReadonlySet<string>,
  preview: PreviewState,
  { select, rate, tag, expand, explain }: TileActions
): GridKeyActions {
  const ids = results.map(({ id }) => id);
  return {
    select: select && ((id: string) => select(id, !selected.has(id))),
    selectAll: actions && (() => actions.select(ids, true)),
    exclude: actions && ((id: string) => actions.exclude([id])),
    rate,
    tag,
    expand,
    explain,
    preview: preview.toggle,
    hidePreview: preview.hide,
  };
}

/** Selects the results in a rectangle, and no others unless they are added. */
export function selectInside(
  inside: string[],
  isAdded: boolean,
  ids: string[],
  { select }: GridActions
): void {
  if (!isAdded) select(ids.filter((id) => !inside.includes(id)), false);
  select(inside, true);
}

function toggled(ids: string[], id: string): string[] {
  return ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id];
}
