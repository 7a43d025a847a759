import React from "react";
import { disabledIf } from "../../keyboard/disabled.ts";

interface NamedActionProps {
  /** The `data-cy` name of the button. */
  name: string;
  label: string;
  /** The accessible name of the field. */
  fieldLabel: string;
  value: string;
  setValue: (value: string) => void;
  isIdle: boolean;
  /** Why it cannot be done, if it cannot. */
  reason?: string;
  act: () => void;
}

/** A button with the name of the tag, or the field, that it writes. */
export function NamedAction(props: NamedActionProps) {
  const { name, label, fieldLabel, value, setValue, isIdle, reason, act } = props;
  return (
    <span className="ffs-curate-named">
      <button
        type="button"
        className="ffs-button"
        data-cy={name}
        title={reason}
        {...disabledIf(isIdle || reason !== undefined || !value.trim(), act)}
      >
        {label}
      </button>
      <input
        className="ffs-field ffs-tag-name"
        data-cy={`${name}-name`}
        aria-label={fieldLabel}
        value={value}
        onChange={({ target }) => setValue(target.value)}
      />
    </span>
  );
}
