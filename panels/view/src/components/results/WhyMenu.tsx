import React from "react";
import { Menu } from "../Menu.tsx";

/** On request, how the results were computed. */
export function WhyMenu({ sentences }: { sentences: string[] }) {
  if (!sentences.length) return null;
  return (
    <Menu
      name="faiss-explain"
      label="Why"
      title="Why these results"
      dialogLabel="Why these results"
    >
      {() => (
        <ul className="ffs-explanation" data-cy="faiss-explanation">
          {sentences.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
    </Menu>
  );
}
