import React, { type KeyboardEvent } from "react";

interface TabListProps<Name extends string> {
  /** The accessible name. */
  label: string;
  /** The tab panel has this id; each tab has it with its own name. */
  prefix: string;
  tabs: { name: Name; label: string }[];
  chosen: Name;
  choose: (name: Name) => void;
}

/** The tabs of a page; the arrow keys move between them. */
export function TabList<Name extends string>(props: TabListProps<Name>) {
  const { label, prefix, tabs, chosen, choose } = props;
  const onKeyDown = ({ key, currentTarget }: KeyboardEvent<HTMLElement>) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (!step) return;
    const place = tabs.findIndex(({ name }) => name === chosen) + step;
    const next = tabs[(place + tabs.length) % tabs.length];
    if (!next) return;
    choose(next.name);
    currentTarget.querySelector<HTMLElement>(`#${prefix}-${next.name}`)?.focus();
  };
  return (
    <div className="ffs-curate-tabs" role="tablist" aria-label={label} onKeyDown={onKeyDown}>
      {tabs.map(({ name, label }) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={`${prefix}-${name}`}
          aria-selected={name === chosen}
          aria-controls={prefix}
          tabIndex={name === chosen ? 0 : -1}
          data-cy={`${prefix}-${name}`}
          onClick={() => choose(name)}
        >
          {label}
        </button>
      ))}
    </div>
  );
}
