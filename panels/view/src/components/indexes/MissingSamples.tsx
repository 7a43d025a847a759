import React, { useEffect, useState } from "react";
import { isFailure, type Server } from "../../app/server.ts";
import type { PanelIndex, Job } from "../../generated.ts";
import { counted } from "../../format/numbers.ts";
import type { RefreshJobs } from "../../state/useJobs.ts";
import type { SetStatus } from "../../state/useSearch.ts";

interface MissingSamplesProps {
  index: PanelIndex;
  dataset: string;
  size: number;
  jobs: Job[];
  server: Server;
  refreshJobs: RefreshJobs;
  setStatus: SetStatus;
}

/** How many samples are missing in the index, with a button to update it. */
export function MissingSamples(props: MissingSamplesProps) {
  const { index, dataset, size, jobs, server, refreshJobs, setStatus } = props;
  const key = index.brain_key;
  const isBusy = jobs.some(({ name, state }) => name === key && state === "running");
  const missing = useMissingCount(server, index, size, isBusy);
  // In an index of a view, the rest of the dataset is always missing.
  const dismissedKey = `fiftyone-faiss.lacking/${dataset}/${key}`;
  const [, setDismissed] = useState(0);
  if (!missing || localStorage.getItem(dismissedKey) === String(missing)) return null;
  const dismiss = () => {
    localStorage.setItem(dismissedKey, String(missing));
    setDismissed(missing);
  };
  const update = async () => {
    const answer = await server("update", { brain_key: key });
    if (isFailure(answer)) setStatus("error", answer.error);
    void refreshJobs(true);
  };
  return (
    <div className="ffs-missing" data-cy="faiss-missing">
      <span>
        {counted(missing, "sample")} {missing === 1 ? "is" : "are"} missing in this index.
      </span>
      <button
        type="button"
        className="ffs-button"
        data-cy="faiss-update"
        onClick={() => void update()}
      >
        Update
      </button>
      <button
        type="button"
        className="ffs-icon"
        data-cy="faiss-missing-dismiss"
        aria-label="Dismiss the message about missing samples"
        onClick={dismiss}
      >
        ×
      </button>
    </div>
  );
}

/** How many of the dataset's samples are missing in an index; 0 until that is known. */
function useMissingCount(server: Server, index: PanelIndex, size: number, isBusy: boolean): number {
  const { brain_key, backend, failures, patches_field, problem } = index;
  const [known, setKnown] = useState<{ brain_key: string; missing: number } | null>(null);
  // Counting takes time in a large dataset.
  const isComplete = size === (index.size ?? 0) + failures;
  const mayBeMissing =
    !isBusy && backend === "faiss" && !problem && !patches_field && !isComplete;
  useEffect(() => {
    setKnown(null);
    if (!mayBeMissing) return undefined;
    let isCurrent = true;
    server("missing", { brain_key }).then((answer) => {
      if (isCurrent && !isFailure(answer)) setKnown({ brain_key, missing: answer.missing });
    });
    return () => {
      isCurrent = false;
    };
  }, [server, brain_key, mayBeMissing, size, index.size, failures]);
  return known?.brain_key === brain_key ? known.missing : 0;
}
