import { useEffect, useState } from "./app.js";

/**
 * Loads an index's model before the first search needs it.
 *
 * @returns {kind, text}, a status: "warming" for as long as it is at that
 */
export function useModel(server, { brain_key, problem }) {
  const [known, setKnown] = useState({});
  useEffect(() => {
    if (problem) return undefined;
    let isCurrent = true;
    server("warm", { brain_key }).then(({ model, error }) => {
      if (isCurrent) setKnown({ brain_key, model, error });
    });
    return () => {
      isCurrent = false;
    };
  }, [server, brain_key, problem]);
  if (problem) return { kind: "idle", text: "" };
  if (known.brain_key !== brain_key) return { kind: "warming", text: "Loading the model…" };
  if (known.error) return { kind: "error", text: known.error };
  return { kind: "idle", text: known.model ? `Ready: ${known.model}` : "Ready" };
}
