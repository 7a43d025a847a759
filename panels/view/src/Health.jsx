import { React, useEffect, useState } from "./app.js";
import { bytes } from "./format.js";
import { unless } from "./keys.js";

/** How an index is, and what can be done about it. */
export function Health({ search, server, jobs, ask }) {
  const { index, say } = search;
  const key = index.brain_key;
  const own = jobs.filter((job) => job.name === key);
  const isBusy = own.some((job) => job.state === "running");
  const ended = own.map((job) => job.id + job.state).join();
  const health = useHealth({ server, key, say, isBusy, ended });

  const begin = async (method) => {
    const answer = await server(method, { brain_key: key });
    if (answer.error) say("error", answer.error);
    ask(true);
  };
  if (!health) return <p className="ffs-note">Looking at the index…</p>;
  return (
    <div data-cy="faiss-health-shown">
      {!health.error && (
        <dl className="ffs-facts">
          {factsOf(health).map(([name, value, isBad]) => (
            <div key={name} className={isBad ? "ffs-bad" : ""}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      <div className="ffs-inline">
        {Object.entries(WORK).map(([method, { name, title }]) => (
          <button
            key={method}
            type="button"
            className="ffs-button"
            data-cy={method === "update" ? "faiss-health-update" : `faiss-${method}`}
            title={title}
            {...unless(isBusy, () => begin(method))}
          >
            {name}
          </button>
        ))}
      </div>
    </div>
  );
}

/** What the server tells of an index, now and when work on it ends; null while that is not known. */
function useHealth({ server, key, say, isBusy, ended }) {
  const [known, setKnown] = useState({});
  useEffect(() => {
    if (isBusy) return undefined;
    let isCurrent = true;
    server("health", { brain_key: key }).then((health) => {
      if (!isCurrent) return;
      if (health.error) say("error", health.error);
      setKnown({ key, health });
    });
    return () => {
      isCurrent = false;
    };
  }, [server, key, say, isBusy, ended]);
  return known.key === key ? known.health : null;
}

const WORK = {
  update: { name: "Update", title: "Embeds what is missing, and forgets what was deleted" },
  rebuild: { name: "Rebuild", title: "Embeds everything again" },
  tune: { name: "Tune", title: "Builds and tunes the FAISS index anew from the vectors" },
};

/** Name, value, and whether that calls for something. */
function factsOf(health) {
  const number = (n) => (n === null || n === undefined ? "not checked" : n.toLocaleString());
  const { size, missing, orphaned, failed, changed, unindexed, recall, latency_ms } = health;
  const isAnother = health.model_matches === false;
  const model = health.model_matches ? "the same" : "not known";
  const isMeasured = recall !== null && recall !== undefined;
  return [
    ["Vectors", health.dim ? `${number(size)} × ${health.dim}` : number(size)],
    ["Missing", number(missing), missing > 0],
    ["Of deleted samples", number(orphaned), orphaned > 0],
    ["Failed", number(failed), failed > 0],
    ["Changed since", number(changed), changed > 0],
    ["Not in the FAISS index yet", number(unindexed)],
    ["Model", isAnother ? "has changed" : model, isAnother],
    ["Type", `${health.factory || "exact"}, ${health.metric}`],
    ["Recall", isMeasured ? `${(100 * recall).toFixed(1)} % of the 10 nearest` : "not measured"],
    ["A query takes", latency_ms == null ? "not measured" : `${latency_ms.toPrecision(2)} ms`],
    ["On the disk", health.disk_bytes == null ? "not checked" : bytes(health.disk_bytes)],
  ];
}
