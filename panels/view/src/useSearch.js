import { useCallback, useEffect, useRef, useSelection, useState } from "./app.js";
import { counted } from "./format.js";
import { forget, isNewest, nextSearch, recall, useMemory } from "./memory.js";
import { meantSelection, searchParams, stateFrom } from "./params.js";
import { hasName, withTerm } from "./terms.js";

// Which page numbers the searches: others may have other clocks.
const PAGE = Math.random().toString(36).slice(2);

/** The state of a search, and what can be done with it. */
export function useSearch(server, dataset, indexes) {
  const [state, update] = useMemory(dataset);
  const index = indexes.find((one) => one.brain_key === state.options.brain_key) || indexes[0];
  const brainKey = index.brain_key;
  const selection = useSelection();
  const say = useCallback(
    (kind, text, notes = []) => update({ status: { kind, text, notes } }),
    [update]
  );
  const warming = useWarmModel(server, dataset, brainKey, say);
  // So that the functions below need not be made anew whenever one of these changes.
  const now = useRef();
  now.current = { selection, brainKey, warming };

  const compare = useCallback(
    async (other) => {
      const { found } = recall(dataset);
      update({ compared: { ...other, busy: true } });
      const { base, shown, params } = found;
      const answer = await server("compare", {
        ...params,
        base,
        shown,
        dataset: other.dataset,
        other_key: other.brain_key,
      });
      const wanted = recall(dataset).compared;
      const isStale = recall(dataset).found?.params !== params;
      if (isStale || !isSame(wanted, other)) return;
      update({ compared: { ...other, ...answer, dataset: other.dataset, busy: false } });
    },
    [server, dataset, update]
  );

  const ask = useCallback(
    async (params, doing) => {
      const id = nextSearch(dataset);
      say("busy", now.current.warming ? "Loading the model, then searching…" : doing);
      const { base, shown } = recall(dataset).found || {};
      const answer = await server("search", { ...params, base, shown, page: PAGE, search_id: id });
      if (!isNewest(dataset, id)) return null;
      if (answer.superseded) say("idle", "Another search was begun elsewhere; search again.");
      else if (answer.error) say("error", answer.error);
      else return answer;
      return null;
    },
    [server, dataset, say]
  );

  const run = useCallback(
    async (params, doing = "Searching…") => {
      update({ paging: false });
      const answer = await ask(params, doing);
      if (!answer) return;
      update({ found: { ...answer, params }, cut: null, status: done(answer, answer.count) });
      const { compared } = recall(dataset);
      if (compared) compare(compared);
    },
    [ask, dataset, update, compare]
  );

  const search = useCallback(() => {
    const { rated, query } = recall(dataset);
    // What was liked was so for another query.
    if (rated !== query) update({ liked: [], disliked: [] });
    const meant = meantSelection(recall(dataset), now.current.selection);
    update({ selection: hasName(query, "@selected") ? meant : null });
    const params = searchParams(recall(dataset), now.current.brainKey, meant);
    run(params, Object.keys(params.uploads).length ? "Embedding the image…" : "Searching…");
  }, [dataset, update, run]);

  const more = useCallback(async () => {
    const { found } = recall(dataset);
    update({ paging: true });
    const before = found.results.map((one) => one.id);
    const page = { ...found.params, skip: before.length, before };
    const answer = await ask(page, "Looking for more…");
    if (!answer) return;
    const results = [...found.results, ...answer.results];
    const { base, shown, has_more } = answer;
    const cut = found.cut < before.length ? found.cut : before.length + answer.cut;
    update({
      paging: false,
      found: { ...found, base, shown, has_more, results, cut },
      status: done(answer, results.length),
    });
  }, [dataset, ask, update]);

  const rerank = useCallback(() => {
    const { found, liked, disliked } = recall(dataset);
    if (found) run({ ...found.params, liked, disliked });
  }, [dataset, run]);

  const rate = useCallback(
    (id, rating) => {
      const state = recall(dataset);
      const others = (ids) => ids.filter((one) => one !== id);
      const change = {
        rated: state.found.params.query,
        liked: others(state.liked),
        disliked: others(state.disliked),
      };
      if (!state[rating].includes(id)) change[rating] = [...change[rating], id];
      update(change);
    },
    [dataset, update]
  );

  const useSelected = useCallback(() => {
    const { query } = recall(dataset);
    if (!hasName(query, "@selected")) update({ query: withTerm(query, "@selected") });
    search();
  }, [dataset, update, search]);

  const apply = useCallback(
    (params, isSearched) => {
      update({ ...stateFrom(params), uploads: {} });
      if (isSearched) run({ ...searchParams(recall(dataset), params.brain_key, {}), ...params });
    },
    [dataset, update, run]
  );

  const clear = useCallback(async () => {
    nextSearch(dataset);
    const { base, shown } = recall(dataset).found || {};
    forget(dataset);
    await server("clear", { base, shown });
  }, [dataset, server]);

  const verbs = { update, say, search, more, rerank, rate, useSelected, apply, clear, compare };
  return { ...state, ...verbs, index, selection };
}

function done({ milliseconds, notes }, count) {
  return { kind: "done", text: `${counted(count)} in ${Math.round(milliseconds)} ms`, notes };
}

function isSame(one, other) {
  return one?.dataset === other.dataset && one?.brain_key === other.brain_key;
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
