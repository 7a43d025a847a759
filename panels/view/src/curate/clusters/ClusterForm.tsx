import React from "react";
import type { VocabularyChoice } from "../../generated.ts";
import { disabledIf } from "../../keyboard/disabled.ts";
import { IndexSelect } from "../shared/IndexSelect.tsx";
import { ScopeSelect } from "../shared/ScopeSelect.tsx";
import {
  type ClusterForm as Form,
  clusterParams,
  indexOf,
  linesOf,
  namingIndexes,
} from "../state/clusterForm.ts";
import type { Curate } from "../state/useCurate.ts";

const VOCABULARIES: Record<VocabularyChoice, string> = {
  general: "1,000 things and places",
  wordnet: "11,000 nouns (slow the first time)",
  own: "your own texts",
  none: "no names",
};

interface ClusterFormProps {
  curate: Curate;
  form: Form;
  change: (part: Partial<Form>) => void;
}

/** What to cluster and how to name it, and the button that starts it. */
export function ClusterForm({ curate, form, change }: ClusterFormProps) {
  const { indexes, view, start, isFinding } = curate;
  const index = indexOf(indexes, form.brainKey);
  const isDense = form.method === "density";
  const isIncomplete = form.vocabulary === "own" && !linesOf(form.texts).length;
  return (
    <form
      className="ffs-curate-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (isFinding || isIncomplete) return;
        void start("find_clusters", clusterParams(form, indexes, view.grid));
      }}
    >
      <div className="ffs-options">
        <IndexSelect
          label="Cluster"
          indexes={indexes}
          value={index?.brain_key ?? ""}
          choose={(brainKey) => change({ brainKey })}
        />
        <ScopeSelect value={form.scope} choose={(scope) => change({ scope })} />
        <label title="k-means puts everything into a cluster; density leaves out what is similar to nothing else">
          by
          <select
            data-cy="curate-method"
            value={form.method}
            onChange={({ target }) => change({ method: target.value as Form["method"] })}
          >
            <option value="kmeans">k-means</option>
            <option value="density">density</option>
          </select>
        </label>
        <label title="Leave it empty for a proposal">
          {isDense ? "Smallest size" : "Number"}
          <input
            type="number"
            min={2}
            className="ffs-field ffs-curate-number"
            data-cy="curate-number"
            placeholder="propose"
            value={isDense ? form.minSize : form.number}
            onChange={({ target: { value } }) =>
              change(isDense ? { minSize: value } : { number: value })
            }
          />
        </label>
      </div>
      <NamesPart {...{ curate, form, change }} />
      <div className="ffs-inline">
        <button
          type="submit"
          className="ffs-button ffs-primary"
          data-cy="curate-find"
          {...disabledIf(isFinding || isIncomplete, () => undefined)}
        >
          {isFinding ? "Finding…" : "Find clusters"}
        </button>
        {isIncomplete && (
          <span className="ffs-note" data-cy="curate-incomplete">
            Enter the texts, one on each line.
          </span>
        )}
      </div>
    </form>
  );
}

/** The texts that name clusters, and the index whose model compares them. */
function NamesPart({ curate: { indexes }, form, change }: ClusterFormProps) {
  const index = indexOf(indexes, form.brainKey);
  const naming = namingIndexes(indexes, index);
  const chosen = naming.find(({ brain_key }) => brain_key === form.namesKey) ?? naming[0];
  return (
    <>
      <div className="ffs-options">
        <label title="A cluster gets no name if none of the texts fits">
          Name them by
          <select
            data-cy="curate-vocabulary"
            value={form.vocabulary}
            onChange={({ target }) => change({ vocabulary: target.value as VocabularyChoice })}
          >
            {Object.entries(VOCABULARIES).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
        {form.vocabulary !== "none" && chosen && (
          <label title="Another index of the same samples whose model embeds text">
            compared by
            <select
              data-cy="curate-names-index"
              value={chosen.brain_key}
              onChange={({ target }) => change({ namesKey: target.value })}
            >
              {naming.map(({ brain_key }) => (
                <option key={brain_key}>{brain_key}</option>
              ))}
            </select>
          </label>
        )}
        {form.vocabulary !== "none" && !chosen && (
          <span className="ffs-note" data-cy="curate-no-names">
            No index of these samples embeds text, so the clusters get no names.
          </span>
        )}
      </div>
      {form.vocabulary === "own" && (
        <textarea
          className="ffs-field ffs-curate-texts"
          data-cy="curate-texts"
          aria-label="Your own texts, one on each line"
          placeholder={"beach\nforest\ncity"}
          rows={4}
          value={form.texts}
          onChange={({ target }) => change({ texts: target.value })}
        />
      )}
    </>
  );
}
