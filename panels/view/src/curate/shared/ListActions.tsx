import React, { useState } from "react";
import { counted } from "../../format/numbers.ts";
import { disabledIf } from "../../keyboard/disabled.ts";
import type { Answer } from "../../app/server.ts";
import type { Curate } from "../state/useCurate.ts";
import { NamedAction } from "./NamedAction.tsx";
import { RestoreGrid } from "./RestoreGrid.tsx";
import { useGrid } from "./useGrid.ts";

const NO_TAGS_OF_FRAMES =
  "Frames of videos cannot be tagged. Show them in the grid, and save the view.";

interface ListActionsProps {
  curate: Curate;
  /** How many the actions concern. */
  total: number;
  noun: string;
  /** Whether they are frames of videos. */
  areFrames: boolean;
  defaultTag: string;
  tag: (name: string) => Promise<Answer<"act">>;
  show: () => Promise<Answer<"show_ids">>;
}

/** Tags the images of a list, and shows them in the App's grid. */
export function ListActions(props: ListActionsProps) {
  const { curate, total, noun, areFrames, defaultTag, tag, show } = props;
  const [name, setName] = useState(defaultTag);
  const results = useGrid(curate, null);
  return (
    <div className="ffs-curate-actions" role="group" aria-label="Actions">
      <div className="ffs-curate-buttons">
        <NamedAction
          name="curate-tag"
          label={`Tag ${counted(total, noun)}`}
          fieldLabel="Tag"
          value={name}
          setValue={setName}
          isIdle={!total}
          reason={areFrames ? NO_TAGS_OF_FRAMES : undefined}
          act={async () => void curate.take(await tag(name))}
        />
        <button
          type="button"
          className="ffs-button"
          data-cy="curate-show"
          {...disabledIf(!total, async () => results.take(await show()))}
        >
          Show {counted(total, noun)} in the grid
        </button>
        {results.isShown && <RestoreGrid restore={results.restore} />}
      </div>
    </div>
  );
}
