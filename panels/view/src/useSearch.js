import { useCallback, useRef, useSelection } from "./app.js";
import { counted } from "./format.js";
import { forget, isNewest, nextSearch, recall, useMemory } from "./memory.js";
import { meantSelection, ratingsOf, searchParams, stateFrom } from "./params.js";
import { hasName, withTerm } from "./terms.js";
import { useModel } from "./useModel.js";

// Which page numbers the searches: others may have other clocks.
const PAGE = Math.random().toString(36).slice(2);

/** The state of a search, and what can be done with it. */
export function useSearch(server, dataset, indexes) {
  const [state, update] = useMemory(dataset);
  const index = indexes.find((one) => one.brain_key === state.options.brain_key) || indexes[0];
  const selection = useSelection();
  const model = useModel(server, index);
  const say = useCallback(
    (kind, text, notes = []) => update({ status: { kind, text, notes } }),
    [update]
  );
  // So that the functions below need not be made anew whenever one of these changes.
  const now = useRef();
  now.current = { selection, index, first: indexes[0], model };

  const compare = useCallback(
    async ({ dataset: where, brain_key, answer: old }) => {
      const other = { dataset: where, brain_key };
      const { params } = recall(dataset).found;
      update({ compared: { ...other, answer: old?.error ? null : old, busy: true } });
      const asked = { ...params, ...recall(dataset).grid, dataset: where, other_key: brain_key };
      const answer = await server("compare", asked);
      const { compared, found } = recall(dataset);
      const isWanted = compared?.dataset === where && compared.brain_key === brain_key;
      if (!isWanted || found?.params !== params) return;
      update({ compared: { ...other, answer, busy: false } });
    },
    [server, dataset, update]
  );

  const ask = useCallback(
    async (params, doing) => {
      const id = nextSearch(dataset);
      const isWarming = now.current.model.kind === "warming";
      say("busy", isWarming ? "Loading the model, then searching…" : doing);
      const asked = { ...params, ...recall(dataset).grid, page: PAGE, search_id: id };
      const answer = await server("search", asked);
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
      const { base, shown, ...found } = answer;
      update({
        found: { ...found, params },
        grid: { base, shown },
        cut: null,
        taggings: [],
        status: done(answer, answer.count),
      });
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
    const params = searchParams(recall(dataset), now.current.index.brain_key, meant);
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
      found: { ...found, has_more, results, cut },
      grid: { base, shown },
      status: done(answer, results.length),
    });
  }, [dataset, ask, update]);

  const rerank = useCallback(() => {
    const state = recall(dataset);
    if (state.found) run({ ...state.found.params, ...ratingsOf(state) });
  }, [dataset, run]);

  const rate = useCallback(
    (id, rating) => {
      const state = recall(dataset);
      const ratings = ratingsOf(state);
      const others = (ids) => ids.filter((one) => one !== id);
      const change = {
        rated: state.found.params.query,
        liked: others(ratings.liked),
        disliked: others(ratings.disliked),
      };
      if (!ratings[rating].includes(id)) change[rating] = [...change[rating], id];
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
      const brainKey = params.brain_key || now.current.first.brain_key;
      if (isSearched) run({ ...searchParams(recall(dataset), brainKey, {}), ...params });
    },
    [dataset, update, run]
  );

  const clear = useCallback(async () => {
    const id = nextSearch(dataset);
    forget(dataset);
    const asked = { ...recall(dataset).grid, page: PAGE, search_id: id };
    const { error } = await server("clear", asked);
    if (error && isNewest(dataset, id)) say("error", error);
  }, [dataset, server, say]);

  const verbs = { update, say, search, more, rerank, rate, useSelected, apply, clear, compare };
  // How the model is shows where there is nothing newer to tell.
  const status = state.status.text ? state.status : model;
  return { ...state, ...verbs, index, selection, status };
}

function done({ milliseconds, notes }, count) {
  return { kind: "done", text: `${counted(count)} in ${Math.round(milliseconds)} ms`, notes };
}
