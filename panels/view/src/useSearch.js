import { useCallback, useEffect, useRef, useState } from "./app.js";

// What was found outlives the page's component, which the App drops when its tab is hidden.
const memory = new Map();

const NOTHING = { query: "", image: null, found: null, status: { kind: "idle", text: "" } };

/** The state of a search, and what can be done with it. */
export function useSearch(server, dataset, brainKey) {
  const [state, setState] = useState(() => memory.get(dataset) || NOTHING);
  const newest = useRef(0);
  const update = useCallback(
    (change) =>
      setState((old) => {
        const next = { ...old, ...change };
        memory.set(dataset, next);
        return next;
      }),
    [dataset]
  );
  const say = useCallback((kind, text, notes = []) => update({ status: { kind, text, notes } }), [
    update,
  ]);

  const warming = useWarmModel(server, dataset, brainKey, say);

  // The newest search wins: the answer of an older one comes too late and is dropped.
  const search = useCallback(
    async (params) => {
      const mine = ++newest.current;
      const searching = params.query_type === "image" ? "Embedding the image…" : "Searching…";
      say("busy", warming ? "Loading the model, then searching…" : searching);
      const { base, shown } = memory.get(dataset)?.found || {};
      const answer = await server("search", { ...params, base, shown });
      if (mine !== newest.current) return;
      if (answer.error) {
        say("error", answer.error);
        return;
      }
      const text = `${counted(answer.count)} in ${Math.round(answer.milliseconds)} ms`;
      update({ found: answer, status: { kind: "done", text, notes: answer.notes } });
    },
    [dataset, server, say, update, warming]
  );

  const clear = useCallback(async () => {
    newest.current++;
    const { base, shown } = memory.get(dataset)?.found || {};
    update(NOTHING);
    await server("clear", { base, shown });
  }, [dataset, server, update]);

  return { ...state, update, say, search, clear };
}

export function counted(n) {
  return n === 1 ? "1 result" : `${n.toLocaleString()} results`;
}

/** Loads the index's model before the first search needs it; tells whether it is at that. */
function useWarmModel(server, dataset, brainKey, say) {
  const asked = useRef(null);
  const [warming, setWarming] = useState(false);
  useEffect(() => {
    if (asked.current === brainKey) return;
    asked.current = brainKey;
    // A person who searches meanwhile wants to read of that search.
    const isQuiet = () => !["busy", "done", "error"].includes(memory.get(dataset)?.status.kind);
    setWarming(true);
    server("warm", { brain_key: brainKey }).then((answer) => {
      if (asked.current !== brainKey) return;
      setWarming(false);
      if (!isQuiet()) return;
      if (answer.error) say("error", answer.error);
      else say("idle", answer.model ? `Ready: ${answer.model}` : "Ready");
    });
    if (isQuiet()) say("warming", "Loading the model…");
  }, [server, dataset, brainKey, say]);
  return warming;
}
