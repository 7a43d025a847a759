import { useCallback, useMemo } from "react";
import { isFailure, type Server } from "../../app/server.ts";
import { useChangeSelection } from "../../app/useSelection.ts";
import { type ShowInViewer, useShowInViewer } from "../../app/viewer.ts";
import type { ResultRow } from "../../generated.ts";
import { taggedIds } from "../../state/searchState.ts";
import { targetOf } from "../../state/target.ts";
import type { Search } from "../../state/useSearch.ts";
import { useTagging } from "../../state/useTagging.ts";
import { useTilePrefs } from "../../state/useTilePrefs.ts";
import { useTileValues } from "../../state/useTileValues.ts";
import type { OpenResult } from "./ResultColumns.tsx";

const NO_NAMES: string[] = [];
const NO_RESULTS: ResultRow[] = [];

/** What the results need beside the search: the selection, tags, the fields of the tiles. */
export function useResultsPage(search: Search, server: Server, dataset: string) {
  const { neighbors, selection, taggings, untaggings, tag, setStatus } = search;
  const selected = useMemo(() => new Set(selection.selected), [selection]);
  const target = targetOf(search, selected);
  const tagged = useMemo(() => taggedIds(taggings, tag), [taggings, tag]);
  const tagging = useTagging(server, dataset);
  const changeSelection = useChangeSelection(search.settling);
  const show = useShowInViewer();
  const open = useOpenResult(server, show, setStatus);
  const prefs = useTilePrefs();
  const names = prefs.fields[dataset] ?? NO_NAMES;
  const read = useTileValues(server, {
    results: neighbors?.results ?? NO_RESULTS,
    patches_field: neighbors?.patches_field ?? null,
    names,
    changes: [taggings, untaggings],
    onError: (text) => setStatus("error", text),
  });
  const fields = useMemo(
    () => names.flatMap((name) => read.fields.filter((field) => field.name === name)),
    [names, read]
  );
  const chosen = target.kind === "selected" ? target.ids : [];
  const actions = {
    rate: search.rate,
    select: changeSelection,
    tag: (id: string) => void tagging.toggle(id),
    exclude: search.exclude,
    explain: (id: string) => search.update({ explained: id }),
  };
  return {
    ...{ selected, target, chosen, tagged, tagging, changeSelection, show, open },
    ...{ prefs, read, fields, actions },
  };
}

function useOpenResult(
  server: Server,
  show: ShowInViewer,
  setStatus: Search["setStatus"]
): (ids: string[]) => OpenResult {
  return useCallback(
    (ids) =>
      async ({ id, sample_id }, dataset) => {
        if (!dataset) return show(ids.includes(id) ? ids : [id], id);
        const answer = await server("open_sample", { id, sample_id, dataset });
        if (isFailure(answer)) setStatus("error", answer.error);
      },
    [server, show, setStatus]
  );
}
