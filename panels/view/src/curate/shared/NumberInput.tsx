import React from "react";

interface NumberInputProps {
  label: string;
  name: string;
  /** null while the field is empty */
  value: number | null;
  min?: number;
  max?: number;
  step?: number | "any";
  title?: string;
  change: (value: number | null) => void;
}

/** A number with its label. */
export function NumberInput(props: NumberInputProps) {
  const { label, name, value, min, max, step = "any", title, change } = props;
  return (
    <label title={title}>
      {label}
      <input
        type="number"
        className="ffs-number"
        data-cy={name}
        value={value ?? ""}
        min={min}
        max={max}
        step={step}
        onChange={({ target }) => change(target.value === "" ? null : Number(target.value))}
      />
    </label>
  );
}
