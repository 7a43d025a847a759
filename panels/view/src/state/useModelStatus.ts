import { useEffect, useState } from "react";
import { isFailure, type Server } from "../app/server.ts";
import type { PanelIndex } from "../generated.ts";
import type { StatusMessage } from "./searchState.ts";

/** Loads the model of an index before the first search needs it, and tells its status. */
export function useModelStatus(server: Server, { brain_key, problem }: PanelIndex): StatusMessage {
  const [loaded, setLoaded] = useState<{ brain_key: string; status: StatusMessage } | null>(null);
  useEffect(() => {
    if (problem) return undefined;
    let isCurrent = true;
    server("warm", { brain_key }).then((answer) => {
      if (!isCurrent) return;
      const status: StatusMessage = isFailure(answer)
        ? { kind: "error", text: answer.error }
        : { kind: "idle", text: answer.model ? `Ready: ${answer.model}` : "Ready" };
      setLoaded({ brain_key, status });
    });
    return () => {
      isCurrent = false;
    };
  }, [server, brain_key, problem]);
  if (problem) return { kind: "idle", text: "" };
  if (loaded?.brain_key === brain_key) return loaded.status;
  return { kind: "warming", text: "Loading the model…" };
}
