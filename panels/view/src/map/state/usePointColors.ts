import { useEffect, useState } from "react";
import { type Answer, isFailure } from "../../app/server.ts";
import type { ColorChoice } from "../../generated.ts";
import type { ShownNeighbors } from "../../state/searchState.ts";
import { type ColorBy, colorValue } from "./mapState.ts";
import { type Values, valuesOf } from "./pointColors.ts";
import type { MapPageState } from "./useMapPage.ts";
import type { OpenMap } from "./useOpenMap.ts";

/** The values that color the points of a map; null without a choice, and until they are read. */
export function usePointColors(
  { server }: MapPageState,
  { vis_key, version }: OpenMap,
  color: ColorBy,
  neighbors: ShownNeighbors | null
): { values: Values | null; error: string | null; isReading: boolean } {
  const [read, setRead] = useState<{ key: string; answer: Answer<"point_colors"> } | null>(null);
  const search = color === "query" ? (neighbors?.params ?? null) : null;
  const key = `${version} ${colorValue(color)} ${search ? neighbors?.searchedAt : ""}`;
  const isNothing = color === null || (color === "query" && !search);
  useEffect(() => {
    if (isNothing) return undefined;
    let isCurrent = true;
    const map = { vis_key, version };
    const asked = search
      ? server("point_scores", { ...map, search })
      : server("point_colors", { ...map, ...(color as ColorChoice) });
    void asked.then((answer) => {
      if (isCurrent) setRead({ key, answer });
    });
    return () => {
      isCurrent = false;
    };
  }, [server, key, isNothing]);
  const [values, setValues] = useState<{ key: string; values: Values } | null>(null);
  useEffect(() => {
    if (read && !isFailure(read.answer)) setValues({ key: read.key, values: valuesOf(read.answer) });
  }, [read]);
  const isRead = read?.key === key;
  const error = !isNothing && isRead && read && isFailure(read.answer) ? read.answer.error : null;
  const known = !isNothing && values?.key === key ? values.values : null;
  return { values: known, error, isReading: !isNothing && !known && !error };
}

/** What points can be colored by. */
export function useColorChoices({ server }: MapPageState, { vis_key, version }: OpenMap): ColorChoice[] {
  const [choices, setChoices] = useState<ColorChoice[]>([]);
  useEffect(() => {
    let isCurrent = true;
    void server("color_choices", { vis_key, version }).then((answer) => {
      if (isCurrent && !isFailure(answer)) setChoices(answer.choices);
    });
    return () => {
      isCurrent = false;
    };
  }, [server, vis_key, version]);
  return choices;
}
