import React from "react";
import { disabledIf } from "../../keyboard/disabled.ts";
import { IndexSelect } from "../shared/IndexSelect.tsx";
import { ScopeSelect } from "../shared/ScopeSelect.tsx";
import { indexOf, linesOf } from "../state/clusterForm.ts";
import { type TextTagsForm as Form, textTagsParams } from "../state/textTags.ts";
import type { Curate } from "../state/useCurate.ts";

interface TextTagsFormProps {
  curate: Curate;
  form: Form;
  change: (part: Partial<Form>) => void;
}

/** The texts, where to look for them, and the button that starts it. */
export function TextTagsForm({ curate, form, change }: TextTagsFormProps) {
  const { view, start, isFinding } = curate;
  const indexes = curate.indexes.filter(({ supports_text }) => supports_text);
  const index = indexOf(indexes, form.brainKey);
  if (!index) {
    return (
      <p className="ffs-note" data-cy="curate-no-text-index">
        No index of this dataset is of a model that embeds text. Build one with a CLIP model in the
        panel FAISS Search, or with the operator “FAISS: build index”.
      </p>
    );
  }
  const isIncomplete = !linesOf(form.prompts).length;
  return (
    <form
      className="ffs-curate-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (isFinding || isIncomplete) return;
        void start("tag_by_text", textTagsParams(form, index, view.grid));
      }}
    >
      <label className="ffs-curate-prompts">
        Texts, one on each line; “dog: a photo of a dog” gives the tag “dog”
        <textarea
          className="ffs-field ffs-curate-texts"
          data-cy="curate-prompts"
          placeholder={"a dog\ncar: a red car\nin the park"}
          rows={4}
          value={form.prompts}
          onChange={({ target }) => change({ prompts: target.value })}
        />
      </label>
      <div className="ffs-options">
        <IndexSelect
          label="Compare with"
          indexes={indexes}
          value={index.brain_key}
          choose={(brainKey) => change({ brainKey })}
        />
        <ScopeSelect value={form.scope} choose={(scope) => change({ scope })} />
        <label title="The probability of each sample is mixed with those of its neighbors">
          <input
            type="checkbox"
            data-cy="curate-propagate"
            checked={form.propagate}
            onChange={({ target }) => change({ propagate: target.checked })}
          />
          Share tags with neighbors
        </label>
      </div>
      <div className="ffs-inline">
        <button
          type="submit"
          className="ffs-button ffs-primary"
          data-cy="curate-find"
          {...disabledIf(isFinding || isIncomplete, () => undefined)}
        >
          {isFinding ? "Finding…" : "Find samples"}
        </button>
        {isIncomplete && (
          <span className="ffs-note" data-cy="curate-incomplete">
            Enter at least one text.
          </span>
        )}
      </div>
    </form>
  );
}
