import React from "react";
import type { CompletionList as Completion } from "../../query/useCompletion.ts";

/** The options that complete an "@" in the query line. */
export function CompletionList({ id, completion }: { id: string; completion: Completion }) {
  const { options, position, choose } = completion;
  if (!options.length) return null;
  return (
    <ul id={id} className="ffs-completion" role="listbox" data-cy="faiss-completion">
      {options.map((option, i) => (
        <li
          key={option.token}
          id={`${id}-${i}`}
          role="option"
          aria-selected={i === position}
          // A click would take the focus from the query line.
          onMouseDown={(event) => {
            event.preventDefault();
            choose(option);
          }}
        >
          <b>{option.token}</b> <span>{option.hint}</span>
        </li>
      ))}
    </ul>
  );
}
