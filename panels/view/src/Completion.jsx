import { React, useEffect, useState } from "./app.js";
import { typedMention } from "./terms.js";

/**
 * What may follow the "@" that a person has just typed.
 *
 * @param insert called with the token that was chosen and the mention it takes the place of
 * @returns {options, place, choose, onKeyDown}; `onKeyDown` tells whether it used the key
 */
export function useCompletion({ query, caret, selection, uploads, insert }) {
  const mention = typedMention(query, caret);
  const typed = mention?.typed.toLowerCase();
  const [place, setPlace] = useState(0);
  const [closed, setClosed] = useState(null);
  useEffect(() => setPlace(0), [typed]);

  const options = mention
    ? listOptions(selection, uploads).filter(({ token }) => token.startsWith(typed))
    : [];
  const isDone = options.some(({ token }) => token === mention.typed);
  const isOpen = options.length > 0 && !isDone && closed !== mention.start;

  const choose = (option) => insert(option.token, mention);
  const onKeyDown = (event) => {
    if (!isOpen) {
      if (!mention) setClosed(null);
      return false;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const isChoice = event.key === "Enter" || (event.key === "Tab" && !event.shiftKey);
    if (step) setPlace((place + step + options.length) % options.length);
    else if (isChoice) choose(options[place]);
    else if (event.key === "Escape") setClosed(mention.start);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
  return { options: isOpen ? options : [], place, choose, onKeyDown };
}

function listOptions({ selected, alt }, uploads) {
  const count = selected.length + alt.length;
  return [
    { token: "@selected", hint: count ? `${count} selected in the grid` : "select samples first" },
    ...Object.entries(uploads).map(([name, one]) => ({ token: `@${name}`, hint: one.name })),
    { token: "@upload…", hint: "choose a picture" },
  ];
}

export function Completion({ id, completion }) {
  const { options, place, choose } = completion;
  if (!options.length) return null;
  return (
    <ul id={id} className="ffs-completion" role="listbox" data-cy="faiss-completion">
      {options.map((option, i) => (
        <li
          key={option.token}
          id={`${id}-${i}`}
          role="option"
          aria-selected={i === place}
          // Before the line loses its focus.
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
