import { React, useId, useState } from "./app.js";
import { Icon } from "./icons.jsx";
import { scopeOfView } from "./params.js";

const KEPT_OPEN = "fiftyone-faiss.more-options";

/** Where and how much to search; and behind a button, how. */
export function Options({ search, indexes, views }) {
  const { options, update, index } = search;
  const places = views.map((name) => [scopeOfView(name), name]);
  const isGone = !["dataset", "view", ...places.map(([scope]) => scope)].includes(options.scope);
  const searchByEnter = (event) => {
    if (event.key === "Enter") search.search();
  };
  const set = (change) => update({ options: { ...options, ...change } });
  const [isOpen, setOpen] = useState(() => localStorage.getItem(KEPT_OPEN) === "yes");
  const more = useId();
  const toggle = () => {
    localStorage.setItem(KEPT_OPEN, isOpen ? "no" : "yes");
    setOpen(!isOpen);
  };
  return (
    <>
      <label>
        Index
        <select
          data-cy="faiss-index"
          value={index.brain_key}
          onChange={(event) => set({ brain_key: event.target.value })}
        >
          {indexes.map((one) => (
            <option key={one.brain_key} value={one.brain_key}>
              {one.brain_key} · {one.model || "given vectors"} · {one.size.toLocaleString()}
            </option>
          ))}
        </select>
      </label>
      <label title="How many results">
        Results
        <input
          type="number"
          className="ffs-number"
          data-cy="faiss-k"
          value={options.k}
          onChange={(event) => set({ k: event.target.value })}
          onKeyDown={searchByEnter}
        />
      </label>
      <label>
        Search in
        <select
          data-cy="faiss-scope"
          value={options.scope}
          onChange={(event) => set({ scope: event.target.value })}
        >
          <option value="dataset">the dataset</option>
          <option value="view">the current view</option>
          {places.map(([scope, name]) => (
            <option key={scope} value={scope}>
              {name}
            </option>
          ))}
          {isGone && <option value={options.scope}>{options.scope} (deleted)</option>}
        </select>
      </label>
      <button
        type="button"
        className="ffs-button ffs-quiet"
        data-cy="faiss-options-more"
        aria-expanded={isOpen}
        aria-controls={more}
        aria-label={`More options${countOf(options)}`}
        title="More options"
        onClick={toggle}
      >
        <Icon name="options" size={16} />
        <span className="ffs-word">More options</span>
        {countOf(options)}
      </button>
      {isOpen && (
        <div id={more} className="ffs-more-options">
          <MoreOptions {...{ options, set, searchByEnter }} hasWords={index.supports_text} />
        </div>
      )}
    </>
  );
}

/** How many of the options behind the button are not as they were, for it may be closed. */
function countOf({ reverse, templates, diversity, fold, hubness, thresh }) {
  const changed = [reverse, templates !== "off", diversity > 0, fold, hubness, thresh !== ""];
  const count = changed.filter(Boolean).length;
  return count ? ` (${count})` : "";
}

function MoreOptions({ options, set, searchByEnter, hasWords }) {
  return (
    <>
      <Check name="reverse" {...{ options, set }} title="The results least like the query first">
        Least similar first
      </Check>
      <Check name="fold" {...{ options, set }} title="Near-copies show as one result">
        Fold near-copies
      </Check>
      <Check
        name="hubness"
        {...{ options, set }}
        title="Pictures that are close to every query count for less"
      >
        Correct for hubs
      </Check>
      <label title="Words go to the model inside a sentence, such as “a photo of …”">
        Prompt template
        <select
          data-cy="faiss-templates"
          value={options.templates}
          disabled={!hasWords}
          onChange={(event) => set({ templates: event.target.value })}
        >
          <option value="off">off</option>
          <option value="one">one</option>
          <option value="ensemble">mean of several</option>
        </select>
      </label>
      <label title="0 gives the most similar results, 1 the most different among similar ones">
        Diversity
        <input
          type="range"
          min="0"
          max="1"
          step="0.05"
          data-cy="faiss-diversity"
          value={options.diversity}
          onChange={(event) => set({ diversity: Number(event.target.value) })}
        />
        <output>{options.diversity ? options.diversity.toFixed(2) : "off"}</output>
      </label>
      <label title="Leaves out what is farther from the query">
        Largest distance
        <input
          type="number"
          step="any"
          placeholder="any"
          className="ffs-number"
          data-cy="faiss-thresh"
          value={options.thresh}
          onChange={(event) => set({ thresh: event.target.value })}
          onKeyDown={searchByEnter}
        />
      </label>
    </>
  );
}

function Check({ name, options, set, title, children }) {
  return (
    <label title={title}>
      <input
        type="checkbox"
        data-cy={`faiss-${name}`}
        checked={options[name]}
        onChange={(event) => set({ [name]: event.target.checked })}
      />
      {children}
    </label>
  );
}
