import React from "react";
import { FieldInput } from "../shared/FieldInput.tsx";
import { NumberInput } from "../shared/NumberField.tsx";
import type { SelectChoice } from "../state/selection.ts";

interface WeightsPartProps {
  choice: SelectChoice;
  change: (part: Partial<SelectChoice>) => void;
  fields: string[];
  supportsText: boolean;
}

/** What the selection is near to or far from, clusters, and the weights of all terms. */
export function WeightsPart({ choice, change, fields, supportsText }: WeightsPartProps) {
  const weight = (name: "balance" | "clusters" | "diversity" | "typicality", label: string, title: string) => (
    <NumberInput
      {...{ label, title }}
      name={`select-${name}`}
      value={choice[name]}
      min={0}
      max={100}
      step={0.5}
      change={(value) => change({ [name]: value })}
    />
  );
  const isNear = Boolean((supportsText && choice.near.trim()) || choice.nearTag.trim());
  return (
    <details className="ffs-curate-details" data-cy="select-weights">
      <summary>Near to, clusters and weights</summary>
      <div className="ffs-options">
        {supportsText && (
          <label title="Samples that are similar to this query are preferred">
            Near to
            <input
              className="ffs-field ffs-curate-field"
              data-cy="select-near"
              value={choice.near}
              placeholder="a query"
              onChange={({ target }) => change({ near: target.value })}
            />
          </label>
        )}
        <label title="Samples that are similar to those with this tag are preferred">
          {supportsText ? "or to the tag" : "Near to the tag"}
          <input
            className="ffs-field ffs-tag-name"
            data-cy="select-near-tag"
            value={choice.nearTag}
            placeholder="none"
            onChange={({ target }) => change({ nearTag: target.value })}
          />
        </label>
        {isNear && (
          <NumberInput
            label="weight (negative: far from it)"
            name="select-nearness"
            value={choice.nearness}
            min={-100}
            max={100}
            step={0.5}
            change={(nearness) => change({ nearness })}
          />
        )}
      </div>
      <div className="ffs-options">
        {weight("diversity", "Diversity", "Far from what is selected or labeled already")}
        {weight("typicality", "Typicality", "In the middle of many similar samples")}
        {weight("clusters", "Clusters", "Equal numbers from each cluster")}
        <FieldInput
          label="of the field"
          name="select-cluster-field"
          title="The field with the cluster of each sample; without one, clusters are made"
          placeholder="made here"
          value={choice.clusterField}
          fields={fields}
          change={(clusterField) => change({ clusterField })}
        />
        {choice.balanceField.trim() &&
          weight("balance", "Balance", "The weight of the field whose values occur equally often")}
        <label>
          <input
            type="checkbox"
            data-cy="select-outliers"
            checked={choice.excludeOutliers}
            onChange={({ target }) => change({ excludeOutliers: target.checked })}
          />
          Leave out outliers
        </label>
        <label title="What you tagged here before, and labels that you checked in an audit, count as labeled; what you disliked in searches for the same query is not selected">
          <input
            type="checkbox"
            data-cy="select-judgments"
            checked={choice.judgments}
            onChange={({ target }) => change({ judgments: target.checked })}
          />
          Use earlier judgments
        </label>
      </div>
    </details>
  );
}
