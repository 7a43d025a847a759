import { React, useCallback, useEffect, useState } from "./app.js";

const PERIOD = 500;

/**
 * The long work on a dataset, asked of the server for as long as there is some.
 *
 * @param listed the jobs as the panel's data lists them
 * @param expecting whether work may begin that this page does not start itself
 */
export function useJobs(server, listed, expecting) {
  const [jobs, setJobs] = useState(listed || []);
  const running = jobs.some((job) => job.state === "running");
  const ask = useCallback(
    async (isBegun = false) => {
      // Work that was just begun may have ended before anybody saw it run.
      const answer = await server("jobs", { watched: running || isBegun });
      if (!answer.error) setJobs(answer.jobs);
    },
    [server, running]
  );
  useEffect(() => {
    if (!running && !expecting) return undefined;
    const timer = setInterval(() => ask(), running ? PERIOD : 4 * PERIOD);
    return () => clearInterval(timer);
  }, [ask, running, expecting]);
  return { jobs, ask, running };
}

/** How far each piece of work is, with a button to cancel it; how it ended, until it is dismissed. */
export function Jobs({ jobs, server }) {
  const [dismissed, setDismissed] = useState([]);
  const shown = jobs.filter((job) => !dismissed.includes(job.id));
  return shown.map((job) => (
    <div key={job.id} className={`ffs-job ffs-job-${job.state}`} data-cy="faiss-job">
      <div className="ffs-job-text">
        <span data-cy="faiss-job-label" role="status">
          <b>{job.name}</b>: {job.state === "running" ? job.label : job.message}
        </span>
        {job.state === "running" ? (
          <button
            type="button"
            className="ffs-button"
            data-cy="faiss-job-cancel"
            onClick={() => server("cancel", { id: job.id })}
          >
            Cancel
          </button>
        ) : (
          <button
            type="button"
            className="ffs-icon"
            data-cy="faiss-job-dismiss"
            aria-label={`Dismiss the message about ${job.name}`}
            onClick={() => setDismissed([...dismissed, job.id])}
          >
            ×
          </button>
        )}
      </div>
      {job.state === "running" && (
        <div
          className="ffs-track"
          role="progressbar"
          aria-label={`Progress of ${job.name}`}
          aria-valuenow={Math.round(100 * job.fraction)}
          aria-valuemin="0"
          aria-valuemax="100"
        >
          <span style={{ width: `${100 * job.fraction}%` }} />
        </div>
      )}
    </div>
  ));
}

/** What an index lacks, with a button to embed it. */
export function Lacking({ index, size, jobs, server, ask, say }) {
  const lacking = index.patches_field ? 0 : size - index.size - index.failures;
  const busy = jobs.some((job) => job.name === index.brain_key && job.state === "running");
  if (lacking <= 0 || busy || index.problem) return null;
  const update = async () => {
    const answer = await server("update", { brain_key: index.brain_key });
    if (answer.error) say("error", answer.error);
    ask(true);
  };
  return (
    <div className="ffs-lacking" data-cy="faiss-lacking">
      <span>
        {lacking === 1 ? "1 sample is" : `${lacking.toLocaleString()} samples are`} not in this index
        yet.
      </span>
      <button type="button" className="ffs-button" data-cy="faiss-update" onClick={update}>
        Update
      </button>
    </div>
  );
}
