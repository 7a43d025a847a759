import { useEffect, useMemo, useState } from "react";
import { isFailure } from "../../app/server.ts";
import { useSelection } from "../../app/useSelection.ts";
import type { MapPlaces } from "../../generated.ts";
import type { ShownNeighbors } from "../../state/searchState.ts";
import type { MapPageState } from "./useMapPage.ts";
import type { OpenMap } from "./useOpenMap.ts";

/** A search on a map. */
export interface LocatedSearch {
  query: string;
  hits: number;
  answer: MapPlaces;
  /** The hits that are on the map, nearest first. */
  places: Uint32Array;
}

/** The last search of the search panel on a map; null without one, and while it is located. */
export function useLocatedSearch(
  { server }: MapPageState,
  { vis_key, version, patches_field }: OpenMap,
  neighbors: ShownNeighbors | null
): LocatedSearch | null {
  const [located, setLocated] = useState<{ key: string; search: LocatedSearch } | null>(null);
  const isSameKind = neighbors !== null && neighbors.patches_field === patches_field;
  const results = isSameKind ? neighbors.results : [];
  const key = `${version} ${neighbors?.searchedAt} ${results.length}`;
  useEffect(() => {
    if (!neighbors || !results.length) return undefined;
    let isCurrent = true;
    const ids = results.map(({ id }) => id);
    const distances = results.map(({ distance }) => distance);
    const asked = { vis_key, version, ids, distances, pinned: queryId(neighbors) };
    void server("locate", asked).then((answer) => {
      if (!isCurrent || isFailure(answer)) return;
      const places = Uint32Array.from(answer.places.filter((place) => place >= 0));
      setLocated({ key, search: { query: neighbors.query, hits: ids.length, answer, places } });
    });
    return () => {
      isCurrent = false;
    };
  }, [server, vis_key, version, key]);
  return results.length && located?.key === key ? located.search : null;
}

/** The id of the sample that is the query, if it is one sample and nothing else. */
export function queryId({ pinned, terms, params }: ShownNeighbors): string | null {
  const isAlone = pinned.length === 1 && (terms?.length ?? 1) === 1;
  const isRated = params.liked.length + params.disliked.length > 0;
  return isAlone && !isRated ? (pinned[0]?.id ?? null) : null;
}

const NOTHING = new Uint32Array();

/** The samples, or labels, that are selected in the grid and on the map. */
export function useSelectedPlaces({ server }: MapPageState, { vis_key, version }: OpenMap): Uint32Array {
  const selection = useSelection();
  const [places, setPlaces] = useState(NOTHING);
  const ids = useMemo(() => [...selection.selected, ...selection.alt], [selection]);
  useEffect(() => {
    let isCurrent = true;
    if (!ids.length) setPlaces(NOTHING);
    else {
      void server("locate", { vis_key, version, ids, distances: null, pinned: null }).then((answer) => {
        if (!isCurrent || isFailure(answer)) return;
        setPlaces(Uint32Array.from(answer.places.filter((place) => place >= 0)));
      });
    }
    return () => {
      isCurrent = false;
    };
  }, [server, vis_key, version, ids]);
  return places;
}
