import React, { useState } from "react";
import { isFailure, type Server } from "../../app/server.ts";
import type { Job } from "../../generated.ts";
import { disabledIf } from "../../keyboard/disabled.ts";

/** The jobs: the progress of each, then how it ended until that is dismissed. */
export function JobList({ jobs, server }: { jobs: Job[]; server: Server }) {
  const [dismissed, setDismissed] = useState<string[]>([]);
  return (
    <>
      {jobs
        .filter(({ id }) => !dismissed.includes(id))
        .map((job) => (
          <JobItem
            key={job.id}
            {...{ job, server }}
            dismiss={() => setDismissed([...dismissed, job.id])}
          />
        ))}
    </>
  );
}

interface JobItemProps {
  job: Job;
  server: Server;
  dismiss: () => void;
}

function JobItem({ job, server, dismiss }: JobItemProps) {
  const { name, label, state, message } = job;
  const isRunning = state === "running";
  return (
    <div className={`ffs-job ffs-job-${state}`} data-cy="faiss-job">
      <div className="ffs-job-text">
        <span data-cy="faiss-job-label">
          {isRunning && `${name}: ${label}`}
          {/* Screen readers announce only how the job ends. */}
          <span role="status">{isRunning ? "" : `${name}: ${message}`}</span>
        </span>
        {isRunning ? (
          <CancelButton {...{ job, server }} />
        ) : (
          <button
            type="button"
            className="ffs-icon"
            data-cy="faiss-job-dismiss"
            aria-label={`Dismiss the message about ${name}`}
            onClick={dismiss}
          >
            ×
          </button>
        )}
      </div>
      {isRunning && <ProgressBar job={job} />}
    </div>
  );
}

function ProgressBar({ job: { name, label, fraction } }: { job: Job }) {
  return (
    <div
      className="ffs-track"
      role="progressbar"
      aria-label={`Progress of ${name}`}
      aria-valuenow={Math.round(100 * fraction)}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuetext={label}
    >
      <span style={{ width: `${100 * fraction}%` }} />
    </div>
  );
}

function CancelButton({ job, server }: { job: Job; server: Server }) {
  const [isCanceling, setCanceling] = useState(false);
  const cancel = async () => {
    setCanceling(true);
    if (isFailure(await server("cancel", { id: job.id }))) setCanceling(false);
  };
  return (
    <button
      type="button"
      className="ffs-button"
      data-cy="faiss-job-cancel"
      {...disabledIf(isCanceling, () => void cancel())}
    >
      {isCanceling ? "Canceling…" : "Cancel"}
    </button>
  );
}
