import { React } from "./app.js";
import { counted } from "./format.js";
import { IconButton } from "./icons.jsx";
import { Results, Skeletons } from "./Results.jsx";

/** Chooses another index, of this dataset or another, to answer the same query. */
export function CompareWith({ search, indexes, others, dataset }) {
  const { index, compared, compare, update } = search;
  const own = indexes
    .filter((one) => one.brain_key !== index.brain_key)
    .map((one) => ({ ...one, dataset }));
  const choices = [...own, ...others];
  if (!choices.length) return null;
  const placeOf = (wanted) =>
    choices.findIndex(
      (one) => one.dataset === wanted?.dataset && one.brain_key === wanted?.brain_key
    );
  const choose = ({ target }) => {
    if (target.value === "-1") return update({ compared: null });
    const { dataset, brain_key } = choices[target.value];
    return compare({ dataset, brain_key });
  };
  return (
    <select
      className="ffs-button"
      data-cy="faiss-compare"
      aria-label="Compare with another index"
      value={placeOf(compared)}
      onChange={choose}
    >
      <option value="-1">{compared ? "Compare with nothing" : "Compare with…"}</option>
      {choices.map((one, i) => (
        <option key={`${one.dataset}/${one.brain_key}`} value={i}>
          {one.dataset === dataset ? "" : `${one.dataset} · `}
          {one.brain_key} · {one.model || "given vectors"}
        </option>
      ))}
    </select>
  );
}

/** What the other index answers, beside the results. */
export function Compared({ search, dataset, open }) {
  const { compared, found, update } = search;
  const { brain_key, answer, busy } = compared;
  const elsewhere = compared.dataset === dataset ? undefined : compared.dataset;
  const name = elsewhere ? `${elsewhere} · ${brain_key}` : brain_key;
  const results = answer?.results;
  return (
    <section className="ffs-column" aria-label={`Results of ${name}`} data-cy="faiss-compared">
      <header className="ffs-heading">
        <h3>{name}</h3>
        {results && !elsewhere && <span>{alike(results, found.results)}</span>}
        <IconButton
          icon="remove"
          size={16}
          label={`Stop comparing with ${name}`}
          data-cy="faiss-compare-stop"
          onClick={() => update({ compared: null })}
        />
      </header>
      {answer?.error && (
        <p className="ffs-error" role="alert">
          {answer.error}
        </p>
      )}
      {(answer?.notes || []).map((note) => (
        <p key={note} className="ffs-note">
          {note}
        </p>
      ))}
      {busy && !results && <Skeletons />}
      {results && (
        <Results
          results={results}
          total={results.length}
          label={`Results of ${name}`}
          cut={null}
          isStale={busy}
          elsewhere={elsewhere}
          open={(one) => open(one, elsewhere)}
        />
      )}
    </section>
  );
}

/** How many results both have. */
function alike(results, others) {
  const known = new Set(others.map((one) => one.sample_id ?? one.id));
  const both = results.filter((one) => known.has(one.sample_id ?? one.id)).length;
  return `${counted(both)} in both`;
}
