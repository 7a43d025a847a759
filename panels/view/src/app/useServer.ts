import { useCallback, useRef } from "react";
import type { PanelMethod } from "../generated.ts";
import type { Answer, Server } from "./server.ts";

/** The operators of the panel's methods, as the panel's view lists them. */
export type MethodOperators = { [M in PanelMethod]: string };

/** A stable function that calls the panel's methods. */
export function useServer(operators: MethodOperators): Server {
  const send = window.__foo__.usePanelEvent();
  const panelId = window.__fosp__.usePanelId();
  const latest = useRef({ send, operators });
  latest.current = { send, operators };
  return useCallback<Server>(
    (method, params) =>
      new Promise((resolve) => {
        const { send, operators } = latest.current;
        send(panelId, {
          operator: operators[method],
          params,
          panelId,
          callback: (outcome) => resolve(answerOf<typeof method>(outcome)),
        });
      }),
    [panelId]
  );
}

function answerOf<M extends PanelMethod>(outcome: PanelOutcome | undefined): Answer<M> {
  // The types of both halves agree by construction.
  if (outcome?.result) return outcome.result as Answer<M>;
  const message = outcome?.errorMessage || outcome?.error;
  return { error: message ? String(message) : "The server did not answer. Check that it runs." };
}
