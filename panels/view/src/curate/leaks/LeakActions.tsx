import React, { useState } from "react";
import { isFailure } from "../../app/server.ts";
import { counted } from "../../format/numbers.ts";
import type { LeaksRun } from "../../generated.ts";
import { NamedAction } from "../shared/NamedAction.tsx";
import type { Curate } from "../state/useCurate.ts";

/** Tags the samples in a leak, and shows the samples without those of the training side. */
export function LeakActions({ curate, run }: { curate: Curate; run: LeaksRun }) {
  const { server, take, setMessage } = curate;
  const [tag, setTag] = useState("leak");
  const noun = run.patches_field === null ? "sample" : "label";
  const showClean = async () => {
    const answer = await server("show_clean", { run: run.id });
    const text = `The grid shows the samples without ${counted(run.training, `training ${noun}`)}.`;
    setMessage(
      isFailure(answer) ? { kind: "error", text: answer.error } : { kind: "done", text }
    );
  };
  return (
    <div className="ffs-curate-actions" role="group" aria-label="Actions">
      <div className="ffs-curate-buttons">
        <NamedAction
          name="curate-tag-leaks"
          label={`Tag ${counted(run.leaking, noun)}`}
          fieldLabel="Tag"
          value={tag}
          setValue={setTag}
          isIdle={false}
          act={async () => void take(await server("tag_leaks", { run: run.id, name: tag }))}
        />
        <button
          type="button"
          className="ffs-button"
          data-cy="curate-clean"
          title="Samples that are used earlier, such as those of the training split, are dropped; never those of the test split"
          onClick={() => void showClean()}
        >
          Show {run.patches_field === null && (run.size - run.training).toLocaleString("en-US")}{" "}
          samples, without {counted(run.training, `training ${noun}`)}
        </button>
      </div>
    </div>
  );
}
