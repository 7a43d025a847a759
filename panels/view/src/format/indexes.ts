import type { PanelIndex } from "../generated.ts";

/** An index in the picker: its key, its backend unless it is FAISS, its model, its size. */
export function describeIndex({ brain_key, backend, model, size }: PanelIndex): string {
  const parts = [brain_key];
  if (backend !== "faiss") parts.push(backend);
  parts.push(model ?? "no model");
  if (size !== null) parts.push(size.toLocaleString("en-US"));
  return parts.join(" · ");
}
