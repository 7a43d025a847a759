import React from "react";
import type { ShownNeighbors } from "../../state/searchState.ts";
import { queryText } from "../state/mapTexts.ts";
import type { LocatedSearch } from "../state/useLocated.ts";
import type { OpenMap } from "../state/useOpenMap.ts";

interface SearchNoteProps {
  neighbors: ShownNeighbors | null;
  located: LocatedSearch | null;
  map: OpenMap;
  noun: string;
}

/** What the last search of the search panel is on this map. */
export function SearchNote({ neighbors, located, map, noun }: SearchNoteProps) {
  if (!neighbors) {
    return (
      <p className="ffs-note" data-cy="map-search">
        Search in the panel “FAISS Search” to see the query and its hits here.
      </p>
    );
  }
  if (neighbors.patches_field !== map.patches_field) {
    const held = neighbors.patches_field ?? "samples";
    return (
      <p className="ffs-note" data-cy="map-search">
        The last search found {held}, and this map shows {map.patches_field ?? "samples"}.
      </p>
    );
  }
  if (!located) return null;
  const { query, hits, answer } = located;
  const isOther = neighbors.brain_key !== map.brain_key;
  return (
    <p className="ffs-note" role="status" data-cy="map-search" data-hits={located.places.join(" ")}>
      {queryText(query, hits, answer, noun)}
      {isOther && ` It searched the index “${neighbors.brain_key}”.`}
    </p>
  );
}
