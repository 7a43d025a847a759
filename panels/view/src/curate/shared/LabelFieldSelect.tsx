import React from "react";
import type { Curate } from "../state/useCurate.ts";
import { useRead } from "../state/useRead.ts";

export interface LabelField {
  fields: string[];
  /** The chosen field, or the first one; empty until the server has answered. */
  field: string;
  /** Why no field can be chosen, in a sentence. */
  problem: string | null;
}

/** The fields that may hold labels of what an index holds. */
export function useLabelField(curate: Curate, brainKey: string, chosen: string | null): LabelField {
  const { answer, error } = useRead(curate, "label_fields", { brain_key: brainKey });
  const fields = answer?.fields ?? [];
  const field = fields.find((name) => name === chosen) ?? fields[0] ?? "";
  const isEmpty = answer && !fields.length;
  const none = "There is no field of labels for this index; label some samples first.";
  return { fields, field, problem: error ?? (isEmpty ? none : null) };
}

interface LabelFieldSelectProps {
  known: LabelField;
  choose: (field: string) => void;
}

/** A choice of the field with the labels. */
export function LabelFieldSelect({ known, choose }: LabelFieldSelectProps) {
  return (
    <label>
      Labels
      <select
        data-cy="curate-label-field"
        value={known.field}
        onChange={({ target }) => choose(target.value)}
      >
        {known.fields.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}
