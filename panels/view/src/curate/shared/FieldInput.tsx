import React, { useId } from "react";

interface FieldInputProps {
  label: string;
  name: string;
  value: string;
  fields: string[];
  title?: string;
  placeholder?: string;
  change: (value: string) => void;
}

/** The name of a field, with the known ones to choose from: attributes of labels are typed. */
export function FieldInput(props: FieldInputProps) {
  const { label, name, value, fields, title, placeholder = "none", change } = props;
  const list = useId();
  return (
    <label title={title}>
      {label}
      <input
        className="ffs-field ffs-curate-field"
        data-cy={name}
        list={list}
        value={value}
        placeholder={placeholder}
        onChange={({ target }) => change(target.value)}
      />
      <datalist id={list}>
        {fields.map((field) => (
          <option key={field} value={field} />
        ))}
      </datalist>
    </label>
  );
}
