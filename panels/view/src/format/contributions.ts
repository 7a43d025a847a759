// What each term contributes to a score, as bars.
import type { AnswerTerm } from "../generated.ts";

export interface Bar {
  text: string;
  sign: "+" | "-";
  value: number;
  /** The start and the length of the bar, in percent of the width of all. */
  start: number;
  length: number;
}

/** The bars of a result's terms: all on one scale, negative values to the left of zero. */
export function barsOf(terms: AnswerTerm[], values: number[]): Bar[] {
  const low = Math.min(0, ...values);
  const range = Math.max(0, ...values) - low || 1;
  return terms.map(({ text, sign }, i) => {
    const value = values[i] ?? 0;
    return {
      text,
      sign,
      value,
      start: (100 * (Math.min(0, value) - low)) / range,
      length: (100 * Math.abs(value)) / range,
    };
  });
}
