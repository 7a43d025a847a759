import React from "react";
import { movedRule, ruleLabel } from "../state/rules.ts";
import type { Form } from "../state/curateState.ts";

interface RulesOrderProps {
  form: Form;
  all: string[];
  change: (part: Partial<Form>) => void;
}

/** The rules that choose whom to keep; buttons move them. */
export function RulesOrder({ form, all, change }: RulesOrderProps) {
  const rules = form.rules ?? all;
  return (
    <ol className="ffs-curate-rules">
      {rules.map((rule, place) => (
        <li key={rule} data-cy="curate-rule">
          <span>{ruleLabel(rule)}</span>
          {([-1, 1] as const).map((step) => (
            <button
              key={step}
              type="button"
              className="ffs-icon"
              data-cy={step < 0 ? "curate-rule-up" : "curate-rule-down"}
              aria-label={`Move “${ruleLabel(rule)}” ${step < 0 ? "up" : "down"}`}
              aria-disabled={place + step < 0 || place + step >= rules.length}
              onClick={() => change({ rules: movedRule(rules, place, step) })}
            >
              {step < 0 ? "↑" : "↓"}
            </button>
          ))}
        </li>
      ))}
    </ol>
  );
}
