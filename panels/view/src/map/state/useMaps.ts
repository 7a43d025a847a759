import { useCallback, useEffect, useState } from "react";
import { type Answer, isFailure } from "../../app/server.ts";
import type { MapEntry } from "../../generated.ts";
import type { MapPageState } from "./useMapPage.ts";

export interface Maps {
  /** null until the server has answered */
  maps: MapEntry[] | null;
  error: string | null;
  /** Takes the list of an answer; returns whether there is one. */
  take: (answer: Answer<"maps">) => boolean;
}

/** The maps of the dataset, listed again when a job has ended. */
export function useMaps({ server, isRunning }: MapPageState): Maps {
  const [maps, setMaps] = useState<MapEntry[] | null>(null);
  const [error, setError] = useState<string | null>(null);
  const take = useCallback((answer: Answer<"maps">) => {
    const isList = !isFailure(answer);
    setError(isList ? null : answer.error);
    if (isList) setMaps(answer.maps);
    return isList;
  }, []);
  useEffect(() => void server("maps", {}).then(take), [server, isRunning, take]);
  return { maps, error, take };
}
