import React from "react";

interface NumberFieldProps {
  name: string;
  label: string;
  title?: string;
  /** The text of the field; empty for the default. */
  value: string;
  placeholder?: string;
  change: (value: string) => void;
  min?: number;
  max?: number;
  step?: number | "any";
}

/** A number that may be left empty. */
export function NumberField(props: NumberFieldProps) {
  const { name, label, title, value, placeholder, change, min, max, step = "any" } = props;
  return (
    <label title={title}>
      {label}
      <input
        type="number"
        className="ffs-number"
        data-cy={name}
        {...{ value, placeholder, min, max, step }}
        onChange={({ target }) => change(target.value)}
      />
    </label>
  );
}

/** The number of a field; null if it is empty. */
export function numberOf(text: string): number | null {
  return text.trim() ? Number(text) : null;
}

interface NumberInputProps extends Omit<NumberFieldProps, "value" | "change"> {
  /** null while the field is empty */
  value: number | null;
  change: (value: number | null) => void;
}

/** The same for a number instead of its text. */
export function NumberInput({ value, change, ...others }: NumberInputProps) {
  const text = value === null ? "" : String(value);
  return <NumberField {...others} value={text} change={(next) => change(numberOf(next))} />;
}
