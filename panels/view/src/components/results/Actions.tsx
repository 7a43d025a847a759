import React from "react";
import type { Server } from "../../app/server.ts";
import type { PanelIndex, OtherIndex } from "../../generated.ts";
import { cutoffOf } from "../../state/cutoff.ts";
import type { ShownNeighbors } from "../../state/searchState.ts";
import type { Target } from "../../state/target.ts";
import type { TilePrefs } from "../../state/tilePrefs.ts";
import type { Tagging } from "../../state/useTagging.ts";
import type { Search } from "../../state/useSearch.ts";
import { IconButton } from "../Icon.tsx";
import { OptionsChanged, Status } from "../Status.tsx";
import { CompareSelect } from "./CompareSelect.tsx";
import { SaveMenu } from "./SaveMenu.tsx";
import { TagForm } from "./TagForm.tsx";
import { ViewMenu } from "./ViewMenu.tsx";
import { WhyMenu } from "./WhyMenu.tsx";

interface ActionsProps {
  search: Search;
  neighbors: ShownNeighbors;
  server: Server;
  indexes: PanelIndex[];
  others: OtherIndex[];
  dataset: string;
  /** What tagging applies to. */
  target: Target;
  tagging: Tagging;
  prefs: TilePrefs;
}

/** The bar above the results: what can be done with them, and how many there are. */
export function Actions(props: ActionsProps) {
  const { search, neighbors, server, indexes, others, dataset, target, tagging } = props;
  const { included } = cutoffOf(search);
  const hasResults = neighbors.results.length > 0;
  return (
    <div className="ffs-actions" role="toolbar" aria-label="Results" data-cy="faiss-actions">
      {hasResults && <TagForm {...{ search, neighbors, server, target, tagging }} />}
      {hasResults && <SaveMenu {...{ search, neighbors, server }} results={included} />}
      {hasResults && <CompareSelect {...{ search, indexes, others, dataset }} />}
      <WhyMenu sentences={neighbors.explanation} />
      <ViewMenu {...{ search, neighbors, server, dataset }} prefs={props.prefs} />
      <IconButton
        icon="remove"
        size={16}
        label="Clear"
        data-cy="faiss-clear"
        onClick={search.clear}
      />
      <Status status={search.status} />
      <OptionsChanged search={search} />
    </div>
  );
}
