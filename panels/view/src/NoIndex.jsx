import { React, useState } from "./app.js";
import { Jobs, useJobs } from "./Work.jsx";

/** What there is to do before anything can be searched. */
export function NoIndex({ server, size, listed }) {
  // The form that builds an index is the App's own; what it begins is shown here.
  const { jobs, running } = useJobs(server, listed, size > 0);
  const [error, setError] = useState(null);
  const build = async () => setError((await server("build")).error);
  return (
    <div className="ffs-panel ffs-empty">
      <Jobs jobs={jobs} server={server} />
      <h3>{size ? "No index yet" : "No samples yet"}</h3>
      <p data-cy="faiss-status">
        {size
          ? "This dataset has no FAISS index. Build one, and it can be searched by words and images."
          : "This dataset has no samples. Add images first, then build an index here."}
      </p>
      {size > 0 && !running && (
        <button type="button" className="ffs-button ffs-main" data-cy="faiss-build" onClick={build}>
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
