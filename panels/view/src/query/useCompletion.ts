import { type KeyboardEvent, useEffect, useState } from "react";
import type { Upload } from "../state/searchState.ts";
import type { Selection } from "../state/selection.ts";
import { type CompletionOption, type Mention, mentionBefore, optionsFor } from "./completion.ts";

export interface CompletionList {
  options: CompletionOption[];
  position: number;
  choose: (option: CompletionOption) => void;
  /** Tells whether it used the key. */
  onKeyDown: (event: KeyboardEvent) => boolean;
}

interface CompletionParams {
  query: string;
  caret: number;
  selection: Selection;
  uploads: Record<string, Upload>;
  insert: (token: string, mention: Mention) => void;
}

/** The list of names that may complete the "@" before the caret. */
export function useCompletion(params: CompletionParams): CompletionList {
  const { query, caret, selection, uploads, insert } = params;
  const mention = mentionBefore(query, caret);
  const [position, setPosition] = useState(0);
  const [closedAt, setClosedAt] = useState<number | null>(null);
  useEffect(() => setPosition(0), [mention?.typed.toLowerCase()]);
  if (!mention || closedAt === mention.start) {
    const onKeyDown = () => {
      if (!mention) setClosedAt(null);
      return false;
    };
    return { options: [], position, choose: () => {}, onKeyDown };
  }

  const options = optionsFor(mention, selection, uploads);
  const choose = (option: CompletionOption) => insert(option.token, mention);
  const onKeyDown = (event: KeyboardEvent) => {
    const option = options[position];
    if (!option) return false;
    const isChoice = event.key === "Enter" || (event.key === "Tab" && !event.shiftKey);
    if (event.key === "ArrowDown") setPosition((position + 1) % options.length);
    else if (event.key === "ArrowUp") setPosition((position || options.length) - 1);
    else if (isChoice) choose(option);
    else if (event.key === "Escape") setClosedAt(mention.start);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
  return { options, position, choose, onKeyDown };
}
