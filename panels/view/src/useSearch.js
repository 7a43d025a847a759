import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "./app.js";

const NOTHING = { query: "", image: null, found: null, status: { kind: "idle", text: "" } };

// What was typed and found, by dataset. It outlives the page's component, which the App drops when
// its tab is hidden and makes anew when the dataset is reloaded, perhaps while a search runs.
const memory = new Map();
const searches = new Map();
const listeners = new Set();

function recall(dataset) {
  return memory.get(dataset) || NOTHING;
}

function remember(dataset, change) {
  memory.set(dataset, { ...recall(dataset), ...change });
  listeners.forEach((listener) => listener());
}

function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Counts a dataset's searches: the newest wins, and the answer of an older one is dropped. */
function nextSearch(dataset) {
  searches.set(dataset, (searches.get(dataset) || 0) + 1);
  return searches.get(dataset);
}

/** The state of a search, and what can be done with it. */
export function useSearch(server, dataset, brainKey) {
  const state = useSyncExternalStore(subscribe, () => recall(dataset));
  const update = useCallback((change) => remember(dataset, change), [dataset]);
  const say = useCallback(
    (kind, text, notes = []) => update({ status: { kind, text, notes } }),
    [update]
  );
  const warming = useWarmModel(server, dataset, brainKey, say);

  const search = useCallback(
    async (params) => {
      const mine = nextSearch(dataset);
      const searching = params.query_type === "image" ? "Embedding the image…" : "Searching…";
      say("busy", warming ? "Loading the model, then searching…" : searching);
      const { base, shown } = recall(dataset).found || {};
      const answer = await server("search", { ...params, base, shown });
      if (mine !== searches.get(dataset)) return;
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
    nextSearch(dataset);
    const { base, shown } = recall(dataset).found || {};
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
    const isQuiet = () => !["busy", "done", "error"].includes(recall(dataset).status.kind);
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
