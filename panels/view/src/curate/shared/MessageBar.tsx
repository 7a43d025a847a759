import React from "react";
import type { Curate } from "../state/useCurate.ts";

/** What the last action did, and a button that undoes the newest action. */
export function MessageBar({ curate }: { curate: Curate }) {
  const { message, state, view, server, take } = curate;
  const last = state?.undo.filter(({ kind }) => kind === view.tab).at(-1);
  if (!message && !last) return null;
  const isError = message?.kind === "error";
  return (
    <div className={`ffs-curate-message ${isError ? "ffs-error" : ""}`}>
      <span data-cy="curate-message" role={isError ? "alert" : "status"}>
        {message?.text ?? last?.text}
      </span>
      {last && (
        <button
          type="button"
          className="ffs-button"
          data-cy="curate-undo-action"
          title={`Undo: ${last.text}`}
          onClick={async () => take(await server("undo", { id: last.id }))}
        >
          Undo
        </button>
      )}
    </div>
  );
}
