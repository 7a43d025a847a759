import React, { useState } from "react";
import { counted } from "../../format/numbers.ts";
import type { ModelsRun } from "../../generated.ts";
import { disabledIf } from "../../keyboard/disabled.ts";
import { RestoreGrid } from "../shared/RestoreGrid.tsx";
import { useGrid } from "../shared/useGrid.ts";
import { countOnly } from "../state/comparisons.ts";
import type { Curate } from "../state/useCurate.ts";

/** Shows in the grid what one index retrieves right and another one wrong. */
export function DifferenceChoice({ curate, run }: { curate: Curate; run: ModelsRun }) {
  const { server, view } = curate;
  const keys = run.models.map(({ brain_key }) => brain_key);
  const [right, setRight] = useState(keys[0] ?? "");
  const [wrong, setWrong] = useState(keys[1] ?? "");
  const grid = useGrid(curate, run.patches_field);
  const count = countOnly(run.pairs, right, wrong);
  const noun = run.patches_field === null ? "sample" : "label";
  const show = async () => {
    const answer = await server("show_difference", { ...view.grid, run: run.id, right, wrong });
    const what = `that “${right}” retrieves right and “${wrong}” wrong`;
    grid.take(answer, `The grid shows the ${counted(count, noun)} ${what}.`);
  };
  const choice = (name: string, label: string, value: string, set: (key: string) => void) => (
    <label>
      {label}
      <select
        className="ffs-field"
        data-cy={name}
        value={value}
        onChange={({ target }) => set(target.value)}
      >
        {keys.map((key) => (
          <option key={key}>{key}</option>
        ))}
      </select>
    </label>
  );
  return (
    <div className="ffs-curate-actions" role="group" aria-label="Differences in the grid">
      <div className="ffs-curate-buttons">
        {choice("curate-right", "Right by", right, setRight)}
        {choice("curate-wrong", "and wrong by", wrong, setWrong)}
        <button
          type="button"
          className="ffs-button"
          data-cy="curate-show-difference"
          title="Right: most of the nearest neighbors have the class of the sample"
          {...disabledIf(!count, () => void show())}
        >
          Show {counted(count, noun)} in the grid
        </button>
        {grid.isShown && <RestoreGrid restore={grid.restore} />}
      </div>
    </div>
  );
}
