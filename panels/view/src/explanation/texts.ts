// What the page says about an explanation.
import type { ExplanationMethod, MatchExplanation } from "../generated.ts";
import { isWhole } from "./heat.ts";

export const METHODS: Record<ExplanationMethod, string> = {
  occlusion: "Removing parts",
  patches: "Sum of patches",
  gradient: "Gradients",
};

const MEANINGS: Record<ExplanationMethod, string> = {
  occlusion: "The map shows how much the score drops when a part of the picture is removed.",
  patches: "The map shows what each patch adds to the score, above the mean of all patches.",
  gradient: "The map shows where the network's features raise the score (LayerCAM).",
};

/** How far to trust the map, in a sentence. */
export function faithfulnessText({ faithfulness }: MatchExplanation): string {
  const { has_badge, problem, beaten, deletion, random } = faithfulness;
  if (!has_badge) return `Not verified: ${problem}.`;
  return (
    `Removing what the map marks lowers the mean score to ${deletion.toFixed(2)}; ` +
    `random parts lower it to ${random.toFixed(2)} (better than ${percent(beaten)} of them).`
  );
}

/** The sentences below the pictures. */
export function notesOf(explanation: MatchExplanation): string[] {
  const { method, fits, map, query_map, notes } = explanation;
  const sentences = [MEANINGS[method]];
  if (Object.keys(fits).length > 1) {
    const others = Object.entries(fits)
      .sort(([, a], [, b]) => b - a)
      .map(([name, fit]) => `${METHODS[name as ExplanationMethod]} ${fit.toFixed(2)}`);
    sentences.push(`It measures best for this model: ${others.join(", ")}.`);
  }
  if ([map, query_map].some((shown) => shown && !isWhole(shown))) {
    sentences.push("The model does not look outside the dashed frame.");
  }
  return [...sentences, ...sumText(explanation), ...linesText(explanation), ...notes];
}

function sumText({ pairs, remainder, is_exact, method, score }: MatchExplanation): string[] {
  if (remainder === null) return [];
  if (pairs?.method === "occlusion") {
    return ["Hover over a region: blue regions of the other picture matter only together with it."];
  }
  const what = pairs ? "pairs of patches" : "patches";
  const sentences = pairs
    ? ["Hover over a region: blue regions of the other picture go with it."]
    : method === "patches"
      ? []
      : null;
  if (sentences === null) return [];
  sentences.push(
    is_exact
      ? `The ${what} sum to the score of ${score.toFixed(4)}.`
      : `The ${what} sum to ${(score - remainder).toFixed(4)}; the rest of the score, ` +
          `${remainder.toFixed(4)}, belongs to no patch.`
  );
  return sentences;
}

function linesText({ lines, is_mirrored }: MatchExplanation): string[] {
  if (!lines.length) return [];
  const mirrored = is_mirrored ? ", of which one is mirrored" : "";
  return [`Near-duplicates${mirrored}: ${lines.length} local features (SIFT) agree.`];
}

export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
