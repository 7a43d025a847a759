import { React, useEffect, useState, useServer } from "./app.js";
import { Actions } from "./Actions.jsx";
import { Results } from "./Results.jsx";
import { SearchBar } from "./SearchBar.jsx";
import { useSearch } from "./useSearch.js";
import { Jobs, Lacking, useJobs } from "./Work.jsx";

/** The panel's page. */
export function Panel(props) {
  const server = useServer(props.schema.view);
  const { dataset, size, indexes, jobs } = props.data || {};
  if (!indexes) return <div className="ffs-panel">Looking for indexes…</div>;
  const shared = { server, dataset, size, listed: jobs };
  if (!indexes.length) return <NoIndex key={dataset} {...shared} />;
  return <Search key={dataset} {...shared} indexes={indexes} />;
}

function Search({ server, dataset, size, indexes, listed }) {
  const [brainKey, setIndex] = useState(indexes[0].brain_key);
  const [k, setK] = useState("25");
  const [scope, setScope] = useState("dataset");
  const index = indexes.find((one) => one.brain_key === brainKey) || indexes[0];
  const search = useSearch(server, dataset, index.brain_key);
  const { jobs, ask } = useJobs(server, listed, false);
  useEffect(() => {
    if (index.problem) search.say("error", index.problem);
  }, [index.problem]);
  const busy = search.status.kind === "busy";
  return (
    <div className="ffs-panel">
      <SearchBar {...{ search, indexes, index, setIndex, k, setK, scope, setScope }} />
      <Jobs jobs={jobs} server={server} />
      <Lacking {...{ index, size, jobs, server, ask }} say={search.say} />
      <Status status={search.status} />
      <Actions search={search} server={server} />
      <Results found={search.found} busy={busy} open={(id) => server("open_sample", { id })} />
      {!search.found && !busy && <Hints words={index.supports_text} />}
    </div>
  );
}

function Status({ status }) {
  return (
    <div
      className={`ffs-status ffs-${status.kind}`}
      data-cy="faiss-status"
      role={status.kind === "error" ? "alert" : "status"}
      aria-live="polite"
    >
      {["busy", "warming"].includes(status.kind) && <span className="ffs-spinner" />}
      <span>
        {status.text}
        {(status.notes || []).map((note) => (
          <span key={note} className="ffs-note">
            {note}
          </span>
        ))}
      </span>
    </div>
  );
}

function Hints({ words }) {
  return (
    <ul className="ffs-hints">
      {words && <li>Type what you look for and press Enter.</li>}
      <li>Drop an image on the bar, or choose one, to find what looks like it.</li>
      <li>Select samples in the grid to find more of their kind.</li>
    </ul>
  );
}

function NoIndex({ server, size, listed }) {
  // The form that builds an index is the App's own; what it begins is shown here.
  const { jobs, running } = useJobs(server, listed, size > 0);
  const build = () => server("build");
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
    </div>
  );
}
