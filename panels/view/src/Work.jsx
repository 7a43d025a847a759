import { React, useCallback, useEffect, useState } from "./app.js";
import { unless } from "./keys.js";

const PERIOD = 500;

/**
 * The long work on a dataset, asked of the server for as long as there is some.
 *
 * @param listed the jobs as the panel's data lists them
 * @param expecting whether work may begin that this page does not start itself
 */
export function useJobs(server, listed, expecting) {
  const [jobs, setJobs] = useState(listed || []);
  useEffect(() => {
    // What the page knows of others is newer.
    setJobs((known) => {
      const ids = known.map((job) => job.id);
      return [...known, ...(listed || []).filter((job) => !ids.includes(job.id))];
    });
  }, [listed]);
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
    let isOver = false;
    let timer = null;
    const wait = () => {
      if (!isOver) timer = setTimeout(() => ask().then(wait), running ? PERIOD : 4 * PERIOD);
    };
    wait();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [ask, running, expecting]);
  return { jobs, ask, running };
}

/** How far each piece of work is, with a button to cancel it; how it ended, until it is dismissed. */
export function Jobs({ jobs, server }) {
  const [dismissed, setDismissed] = useState([]);
  return jobs
    .filter((job) => !dismissed.includes(job.id))
    .map((job) => (
      <Job
        key={job.id}
        {...{ job, server }}
        dismiss={() => setDismissed([...dismissed, job.id])}
      />
    ));
}

function Job({ job, server, dismiss }) {
  const isRunning = job.state === "running";
  const message = `${job.name}: ${job.message}`;
  return (
    <div className={`ffs-job ffs-job-${job.state}`} data-cy="faiss-job">
      <div className="ffs-job-text">
        <span data-cy="faiss-job-label">
          {isRunning && `${job.name}: ${job.label}`}
          {/* Only the end is read out by itself. */}
          <span role="status">{isRunning ? "" : message}</span>
        </span>
        {isRunning ? (
          <Cancel {...{ job, server }} />
        ) : (
          <button
            type="button"
            className="ffs-icon"
            data-cy="faiss-job-dismiss"
            aria-label={`Dismiss the message about ${job.name}`}
            onClick={dismiss}
          >
            ×
          </button>
        )}
      </div>
      {isRunning && (
        <div
          className="ffs-track"
          role="progressbar"
          aria-label={`Progress of ${job.name}`}
          aria-valuenow={Math.round(100 * job.fraction)}
          aria-valuemin="0"
          aria-valuemax="100"
          aria-valuetext={job.label}
        >
          <span style={{ width: `${100 * job.fraction}%` }} />
        </div>
      )}
    </div>
  );
}

function Cancel({ job, server }) {
  const [isAsked, setAsked] = useState(false);
  const cancel = async () => {
    setAsked(true);
    const { error } = await server("cancel", { id: job.id });
    if (error) setAsked(false);
  };
  return (
    <button
      type="button"
      className="ffs-button"
      data-cy="faiss-job-cancel"
      {...unless(isAsked, cancel)}
    >
      {isAsked ? "Cancelling…" : "Cancel"}
    </button>
  );
}

/** What an index lacks, with a button to embed it. */
export function Lacking({ index, dataset, size, jobs, server, ask, say }) {
  const key = index.brain_key;
  const isBusy = jobs.some((job) => job.name === key && job.state === "running");
  const missing = useMissing(server, index, size, isBusy);
  // An index of a view lacks the rest of the dataset for good.
  const kept = `fiftyone-faiss.lacking/${dataset}/${key}`;
  const [, setDismissed] = useState(0);
  if (!missing || localStorage.getItem(kept) === String(missing)) return null;
  const dismiss = () => {
    localStorage.setItem(kept, missing);
    setDismissed(missing);
  };
  const update = async () => {
    const answer = await server("update", { brain_key: key });
    if (answer.error) say("error", answer.error);
    ask(true);
  };
  return (
    <div className="ffs-lacking" data-cy="faiss-lacking">
      <span>
        {missing === 1 ? "1 sample is" : `${missing.toLocaleString()} samples are`} not in this index
        yet.
      </span>
      <button type="button" className="ffs-button" data-cy="faiss-update" onClick={update}>
        Update
      </button>
      <button
        type="button"
        className="ffs-icon"
        data-cy="faiss-lacking-dismiss"
        aria-label="Dismiss what the index lacks"
        onClick={dismiss}
      >
        ×
      </button>
    </div>
  );
}

/** How many of the dataset's samples an index lacks; 0 while that is not known. */
function useMissing(server, index, size, isBusy) {
  const { brain_key, failures, patches_field, problem } = index;
  const [known, setKnown] = useState({});
  // To count takes some time where there is much.
  const mayLack = !isBusy && !problem && !patches_field && size !== index.size + failures;
  useEffect(() => {
    setKnown({});
    if (!mayLack) return undefined;
    let isCurrent = true;
    server("missing", { brain_key }).then(({ missing }) => {
      if (isCurrent) setKnown({ brain_key, missing });
    });
    return () => {
      isCurrent = false;
    };
  }, [server, brain_key, mayLack, size, index.size, failures]);
  return known.brain_key === brain_key ? known.missing : 0;
}
