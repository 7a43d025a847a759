import React from "react";
import { counted } from "../../format/numbers.ts";
import type { TagsSaveKind, TextTagsRun } from "../../generated.ts";
import { disabledIf } from "../../keyboard/disabled.ts";
import type { TextTagsForm } from "../state/textTags.ts";
import type { Curate } from "../state/useCurate.ts";

const KINDS: Record<TagsSaveKind, string> = {
  tags: "FiftyOne tags",
  classifications: "labels with confidence (Classifications)",
  single: "only the surest label (Classification)",
};

interface SaveTagsProps {
  curate: Curate;
  run: TextTagsRun;
  form: TextTagsForm;
  change: (part: Partial<TextTagsForm>) => void;
  /** The tags that are saved. */
  tags: string[];
}

/** Saves the chosen tags as FiftyOne's tags, or as labels in a field. */
export function SaveTags({ curate, run, form, change, tags }: SaveTagsProps) {
  const { server, take } = curate;
  const { how } = form;
  const key = { tags: "prefix", classifications: "field", single: "singleField" }[how] as
    | "prefix"
    | "field"
    | "singleField";
  const name = form[key];
  const gtField = run.label_fields.includes(form.gtField ?? "") ? form.gtField : null;
  const isIdle = !tags.length || (how !== "tags" && !name.trim());
  const save = async () => {
    const other = how === "single" ? form.other : "";
    const gt_field = how === "single" ? gtField : null;
    take(await server("save_text_tags", { run: run.id, how, name, tags, other, gt_field }));
  };
  return (
    <div className="ffs-curate-actions" role="group" aria-label="Save the tags">
      <div className="ffs-curate-buttons">
        <label>
          Save as
          <select
            className="ffs-field"
            data-cy="curate-save-kind"
            value={how}
            onChange={({ target }) => change({ how: target.value as TagsSaveKind })}
          >
            {Object.entries(KINDS).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <label>
          {how === "tags" ? "Tags begin with" : run.patches_field === null ? "Field" : "Attribute"}
          <input
            className="ffs-field ffs-tag-name"
            data-cy="curate-save-tags-name"
            placeholder={how === "tags" ? "nothing" : undefined}
            value={name}
            onChange={({ target }) => change({ [key]: target.value })}
          />
        </label>
        {how === "single" && (
          <label title="The label of samples without a tag; empty for no label">
            Label of others
            <input
              className="ffs-field ffs-tag-name"
              data-cy="curate-other"
              placeholder="none"
              value={form.other}
              onChange={({ target }) => change({ other: target.value })}
            />
          </label>
        )}
        {how === "single" && run.label_fields.length > 0 && (
          <label title="The panel Model Evaluation shows the result">
            Evaluate against
            <select
              className="ffs-field"
              data-cy="curate-gt-field"
              value={gtField ?? ""}
              onChange={({ target }) => change({ gtField: target.value || null })}
            >
              <option value="">nothing</option>
              {run.label_fields.map((field) => (
                <option key={field}>{field}</option>
              ))}
            </select>
          </label>
        )}
        <button
          type="button"
          className="ffs-button"
          data-cy="curate-save-tags"
          {...disabledIf(isIdle, () => void save())}
        >
          Save {counted(tags.length, "tag")}
        </button>
      </div>
    </div>
  );
}
