import { useEffect, useMemo, useState } from "react";
import { type Answer, isFailure } from "../../app/server.ts";
import { useSelection } from "../../app/useSelection.ts";
import { knownIndex } from "../../curate/state/indexes.ts";
import { useSearchState } from "../../state/useSearchState.ts";
import type { MatrixSource } from "../state/mapState.ts";
import type { MapPageState } from "../state/useMapPage.ts";
import { type Matrix, matrixOf } from "./cells.ts";

// A person selects several samples one after the other.
const PAUSE_MS = 250;
// The largest number of samples that the server compares.
const MAX_COMPARED = 500;

export interface MatrixSources {
  /** The source in force. */
  source: MatrixSource;
  /** How many samples or results there are. */
  selected: number;
  results: number;
  /** What to compare; null for some of what the grid shows. */
  ids: string[] | null;
  brainKey: string;
}

/** What can be compared, and what is. */
export function useMatrixSources({ dataset, indexes, view }: MapPageState): MatrixSources {
  const selection = useSelection();
  const [{ neighbors }] = useSearchState(dataset);
  const selected = useMemo(() => [...selection.selected, ...selection.alt], [selection]);
  const results = neighbors?.results ?? [];
  const ids = { selection: selected, results: results.slice(0, MAX_COMPARED).map(({ id }) => id), grid: null };
  const first = selected.length > 1 ? "selection" : results.length > 1 ? "results" : "grid";
  const source = view.matrix.source ?? first;
  // Results are compared in the index that was searched.
  const key = source === "results" ? (neighbors?.brain_key ?? null) : view.matrix.brainKey;
  return {
    source,
    selected: selected.length,
    results: results.length,
    ids: ids[source],
    brainKey: knownIndex(indexes, key),
  };
}

export interface ReadMatrix {
  matrix: Matrix | null;
  error: string | null;
  isReading: boolean;
}

/** The matrix of what is compared, read again when that changes. */
export function useMatrix(page: MapPageState, { source, ids, brainKey }: MatrixSources): ReadMatrix {
  const { server, view, isRunning } = page;
  const shown = window.recoil.useRecoilValue(window.__fos__.view);
  const filters = window.recoil.useRecoilValue(window.__fos__.filters);
  const grid = source === "grid" ? JSON.stringify([shown, filters]) : "";
  const label = view.matrix.labelField;
  const key = JSON.stringify([brainKey, ids, label, grid, isRunning]);
  const [read, setRead] = useState<{ key: string; answer: Answer<"matrix"> } | null>(null);
  const [matrix, setMatrix] = useState<Matrix | null>(null);
  const isTooFew = ids !== null && ids.length < 2;
  useEffect(() => {
    if (isTooFew) return undefined;
    let isCurrent = true;
    const timer = setTimeout(async () => {
      const params = { brain_key: brainKey, ids, label_field: label };
      const answer = await server("matrix", { ...view.grid, ...params });
      if (!isCurrent) return;
      setRead({ key, answer });
      setMatrix(isFailure(answer) ? null : matrixOf(answer));
    }, PAUSE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [server, key, isTooFew]);
  const isRead = read?.key === key;
  const error = isRead && isFailure(read.answer) ? read.answer.error : null;
  return { matrix: isTooFew ? null : matrix, error, isReading: !isTooFew && !isRead };
}

/** The fields that a matrix can be ordered by. */
export function useMatrixFields({ server }: MapPageState, brainKey: string): string[] {
  const [fields, setFields] = useState<string[]>([]);
  useEffect(() => {
    let isCurrent = true;
    void server("matrix_fields", { brain_key: brainKey }).then((answer) => {
      if (isCurrent) setFields(isFailure(answer) ? [] : answer.fields);
    });
    return () => {
      isCurrent = false;
    };
  }, [server, brainKey]);
  return fields;
}
