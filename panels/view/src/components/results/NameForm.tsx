import React, { useState } from "react";

interface NameFormProps {
  label: string;
  /** The `data-cy` name of the button. */
  name: string;
  suggestion: string;
  button: string;
  save: (value: string) => void;
  autoFocus?: boolean;
}

/** A field for a name, and a button that saves something under it. */
export function NameForm({ label, name, suggestion, button, save, autoFocus }: NameFormProps) {
  const [value, setValue] = useState(suggestion);
  return (
    <form
      className="ffs-inline"
      onSubmit={(event) => {
        event.preventDefault();
        save(value);
      }}
    >
      <label>
        {label}
        <input
          className="ffs-field"
          data-cy={`${name}-name`}
          value={value}
          onChange={(event) => setValue(event.target.value)}
          autoFocus={autoFocus}
        />
      </label>
      <button type="submit" className="ffs-button" data-cy={name}>
        {button}
      </button>
    </form>
  );
}
