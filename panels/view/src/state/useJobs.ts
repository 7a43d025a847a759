import { useCallback, useEffect, useState } from "react";
import { isFailure, type Server } from "../app/server.ts";
import type { Job } from "../generated.ts";

const PERIOD_MS = 500;

/** Updates the jobs; `isStarted` tells that the page has just started one. */
export type RefreshJobs = (isStarted?: boolean) => Promise<void>;

export interface Jobs {
  jobs: Job[];
  refresh: RefreshJobs;
  isRunning: boolean;
}

/**
 * The jobs of a dataset, requested regularly while one runs.
 *
 * @param listed the jobs in the panel's data
 * @param isExpecting whether a job may start that this page does not start itself
 */
export function useJobs(server: Server, listed: Job[], isExpecting: boolean): Jobs {
  const [jobs, setJobs] = useState(listed);
  useEffect(() => {
    // The page's own copy of a job is newer.
    setJobs((known) => {
      const ids = known.map(({ id }) => id);
      return [...known, ...listed.filter(({ id }) => !ids.includes(id))];
    });
  }, [listed]);
  const isRunning = jobs.some(({ state }) => state === "running");
  const refresh = useCallback<RefreshJobs>(
    async (isStarted = false) => {
      // A job that has just started may end before the page sees it run.
      const answer = await server("jobs", { tracked: isRunning || isStarted });
      if (!isFailure(answer)) setJobs(answer.jobs);
    },
    [server, isRunning]
  );
  useEffect(() => {
    if (!isRunning && !isExpecting) return undefined;
    return repeat(refresh, isRunning ? PERIOD_MS : 4 * PERIOD_MS);
  }, [refresh, isRunning, isExpecting]);
  return { jobs, refresh, isRunning };
}

/** Repeats a call, with a pause after each, until the returned function is called. */
function repeat(act: () => Promise<void>, pause: number): () => void {
  let isOver = false;
  let timer: ReturnType<typeof setTimeout>;
  const wait = () => {
    if (!isOver) timer = setTimeout(() => void act().then(wait), pause);
  };
  wait();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
