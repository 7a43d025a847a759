import React, { useState } from "react";
import { isFailure, type Server } from "../../app/server.ts";
import type { Job } from "../../generated.ts";
import { useJobs } from "../../state/useJobs.ts";
import { JobList } from "./JobList.tsx";

interface NoIndexProps {
  server: Server;
  size: number;
  listedJobs: Job[];
  purpose?: string;
}

const SEARCH = "to search by text and by image";

/** The page for a dataset without an index. */
export function NoIndex({ server, size, listedJobs, purpose = SEARCH }: NoIndexProps) {
  // The App's own form builds the index; its job shows here.
  const { jobs, isRunning } = useJobs(server, listedJobs, size > 0);
  const [error, setError] = useState<string | null>(null);
  const build = async () => {
    const answer = await server("build", {});
    setError(isFailure(answer) ? answer.error : null);
  };
  return (
    <div className="ffs-panel ffs-empty">
      <JobList jobs={jobs} server={server} />
      <h3>{size ? "No index yet" : "No samples yet"}</h3>
      <p data-cy="faiss-status">
        {size
          ? `This dataset has no FAISS index. Build one ${purpose}.`
          : "This dataset has no samples. Add images, then build an index here."}
      </p>
      {size > 0 && !isRunning && (
        <button
          type="button"
          className="ffs-button ffs-primary"
          data-cy="faiss-build"
          onClick={() => void build()}
        >
          Build an index
        </button>
      )}
      {error && (
        <p className="ffs-error" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}
