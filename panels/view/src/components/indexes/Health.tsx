import React, { useEffect, useRef, useState } from "react";
import { isFailure, type Server } from "../../app/server.ts";
import type { IndexHealth } from "../../generated.ts";
import { ageText, healthRows } from "../../format/health.ts";
import { disabledIf } from "../../keyboard/disabled.ts";
import { RebuildQuestion } from "./RebuildQuestion.tsx";
import type { SetStatus } from "../../state/useSearch.ts";
import type { DrawerProps } from "../Drawers.tsx";

type Maintenance = "update" | "rebuild" | "tune";

const MAINTENANCE: { method: Maintenance; cy: string; name: string; title: string }[] = [
  {
    method: "update",
    cy: "faiss-health-update",
    name: "Update",
    title: "Embed missing samples, and remove vectors of deleted samples",
  },
  { method: "rebuild", cy: "faiss-rebuild", name: "Rebuild", title: "Embed all samples again" },
  {
    method: "tune",
    cy: "faiss-tune",
    name: "Tune",
    title: "Build the FAISS index again from the vectors, and tune its search parameters",
  },
];

/** The health of the index, and its maintenance. */
export function Health({ search, server, jobs, refreshJobs, canDelegate }: DrawerProps) {
  const [isDelegated, setDelegated] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const { index, setStatus } = search;
  const key = index.brain_key;
  const own = jobs.filter(({ name }) => name === key);
  const isBusy = own.some(({ state }) => state === "running");
  const jobStates = own.map(({ id, state }) => id + state).join();
  const { health, checkAgain } = useHealth({ server, key, setStatus, isBusy, jobStates });

  const start = async (method: Maintenance) => {
    const answer = await server(method, { brain_key: key });
    if (isFailure(answer)) setStatus("error", answer.error);
    void refreshJobs(true);
  };
  const delegate = async (work: Maintenance) => {
    const answer = await server("delegate", { brain_key: key, work });
    if (isFailure(answer)) setStatus("error", answer.error);
    else setStatus("done", `Scheduled; see the App's Runs page (${answer.operation_id}).`);
  };
  const run = (method: Maintenance) => void (isDelegated ? delegate(method) : start(method));
  const isCurrent = health !== null && health !== "failed" && health.is_current;
  if (!health) return <p className="ffs-note">Checking the index…</p>;
  return (
    <div data-cy="faiss-health-shown">
      {health !== "failed" && (
        <>
          <dl className="ffs-health">
            {healthRows(health).map(({ name, value, isProblem }) => (
              <div key={name} className={isProblem ? "ffs-bad" : ""}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
          <div className="ffs-inline">
            <span className="ffs-note" data-cy="faiss-health-age">
              {ageText(health)}
            </span>
            <button
              type="button"
              className="ffs-button ffs-quiet"
              data-cy="faiss-health-check"
              title="Compare the index with the samples and their files again"
              {...disabledIf(isBusy, checkAgain)}
            >
              Check again
            </button>
          </div>
        </>
      )}
      {isAsking && (
        <RebuildQuestion
          index={index}
          health={health === "failed" ? null : health}
          answer={(isWanted) => {
            setAsking(false);
            if (isWanted) run("rebuild");
          }}
        />
      )}
      <div className="ffs-inline">
        {MAINTENANCE.map(({ method, cy, name, title }) => (
          <button
            key={method}
            type="button"
            className="ffs-button"
            data-cy={cy}
            title={reasonAgainst(method, isBusy, isCurrent) ?? title}
            {...disabledIf(reasonAgainst(method, isBusy, isCurrent) !== null, () =>
              method === "rebuild" ? setAsking(true) : run(method)
            )}
          >
            {name}
          </button>
        ))}
        {canDelegate && (
          <label title="Run the work in FiftyOne's orchestrator instead of the App's server">
            <input
              type="checkbox"
              data-cy="faiss-delegate"
              checked={isDelegated}
              onChange={(event) => setDelegated(event.target.checked)}
            />
            Schedule
          </label>
        )}
      </div>
    </div>
  );
}

/** Why an action cannot apply now; null if it can. */
function reasonAgainst(method: Maintenance, isBusy: boolean, isCurrent: boolean): string | null {
  if (isBusy) return "Work on this index is running";
  return method === "update" && isCurrent ? "Nothing is missing, orphaned or changed" : null;
}

interface HealthQuery {
  server: Server;
  key: string;
  setStatus: SetStatus;
  isBusy: boolean;
  /** Changes when a job ends. */
  jobStates: string;
}

interface KnownHealth {
  /** Null until it is known. */
  health: IndexHealth | "failed" | null;
  /** Compares the index again, although the server may know its health. */
  checkAgain: () => void;
}

/** The health of an index, read again when a job on it ends. */
function useHealth(query: HealthQuery): KnownHealth {
  const { server, key, setStatus, isBusy, jobStates } = query;
  const [read, setRead] = useState<{ key: string; health: IndexHealth | "failed" } | null>(null);
  // The number of times that the person asked for a new comparison.
  const [checks, setChecks] = useState(0);
  const checked = useRef(0);
  useEffect(() => {
    if (isBusy) return undefined;
    let isCurrent = true;
    const refresh = checks > checked.current;
    checked.current = checks;
    server("health", { brain_key: key, refresh }).then((answer) => {
      if (!isCurrent) return;
      if (isFailure(answer)) setStatus("error", answer.error);
      setRead({ key, health: isFailure(answer) ? "failed" : answer });
    });
    return () => {
      isCurrent = false;
    };
  }, [server, key, setStatus, isBusy, jobStates, checks]);
  const checkAgain = () => {
    setRead(null);
    setChecks((count) => count + 1);
  };
  return { health: read?.key === key ? read.health : null, checkAgain };
}
