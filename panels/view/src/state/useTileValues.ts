import { useEffect, useState } from "react";
import { isFailure, type Server } from "../app/server.ts";
import type { ResultRow, Tagging, TileField } from "../generated.ts";
import type { Untagging } from "./searchState.ts";

/** By the id of a result and the name of a field, the texts of the values. */
export type TileTexts = Record<string, Record<string, string[]>>;

export interface TileValues {
  /** The fields that there are. */
  fields: TileField[];
  values: TileTexts;
}

interface Asked {
  results: ResultRow[];
  patches_field: string | null;
  /** The fields to read. */
  names: string[];
  /** Changes of tags, after which the values are read again. */
  changes: [Tagging[], Untagging[]];
  onError: (text: string) => void;
}

const NOTHING: TileValues = { fields: [], values: {} };

/** The values of the chosen fields of results; fields that there are no more are not asked for. */
export function useTileValues(server: Server, asked: Asked): TileValues {
  const { results, patches_field, names, changes, onError } = asked;
  const [read, setRead] = useState<TileValues>(NOTHING);
  const chosen = JSON.stringify(names);
  const ids = results.map(({ id }) => id).join();
  useEffect(() => {
    // Without chosen fields, nothing is asked.
    if (!ids || chosen === "[]") return undefined;
    let isCurrent = true;
    const ask = { ids: ids.split(","), patches_field };
    void readValues(server, ask, JSON.parse(chosen) as string[]).then((answer) => {
      if (!isCurrent) return;
      if (typeof answer === "string") onError(answer);
      else setRead(answer);
    });
    return () => {
      isCurrent = false;
    };
  }, [server, ids, patches_field, chosen, ...changes]);
  return chosen === "[]" ? NOTHING : read;
}

const NO_FIELDS: TileField[] = [];

/** The fields that the tiles of results can show. */
export function useTileFields(
  server: Server,
  { results, patches_field }: { results: ResultRow[]; patches_field: string | null }
): TileField[] {
  const [fields, setFields] = useState(NO_FIELDS);
  const ids = results.slice(0, 1).map(({ id }) => id).join();
  useEffect(() => {
    if (!ids) return undefined;
    let isCurrent = true;
    void server("values", { ids: [ids], patches_field, fields: [] }).then((answer) => {
      if (isCurrent && !isFailure(answer)) setFields(answer.fields);
    });
    return () => {
      isCurrent = false;
    };
  }, [server, ids, patches_field]);
  return fields;
}

/** Reads values, or returns the error as a sentence. */
async function readValues(
  server: Server,
  ask: { ids: string[]; patches_field: string | null },
  names: string[]
): Promise<TileValues | string> {
  const listed = await server("values", { ...ask, ids: ask.ids.slice(0, 1), fields: [] });
  if (isFailure(listed)) return listed.error;
  const existing = names.filter((name) => listed.fields.some((field) => field.name === name));
  if (!existing.length) return listed;
  const answer = await server("values", { ...ask, fields: existing });
  return isFailure(answer) ? answer.error : answer;
}
