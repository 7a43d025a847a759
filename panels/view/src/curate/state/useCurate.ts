import { useCallback, useEffect, useRef, useState } from "react";
import { type Answer, isFailure, type Params, type Server } from "../../app/server.ts";
import type {
  CurateState,
  FindParams,
  Job,
  PanelIndex,
  PanelMethod,
  PanelMethods,
  Started,
} from "../../generated.ts";
import { useJobs } from "../../state/useJobs.ts";
import { type CurateView, type Form, type PairsTab, runIds } from "./curateState.ts";
import { getView, type UpdateView, useCurateView } from "./curateStore.ts";
import { knownIndex } from "./indexes.ts";

export interface Message {
  kind: "done" | "error";
  text: string;
}

/** A method that starts the job of a tab. */
export type StartMethod = {
  [M in PanelMethod]: PanelMethods[M]["answer"] extends Started ? M : never;
}[PanelMethod];

/** What the tabs share. */
export interface Curate {
  server: Server;
  dataset: string;
  indexes: PanelIndex[];
  view: CurateView;
  update: UpdateView;
  /** null until the server has answered */
  state: CurateState | null;
  jobs: Job[];
  isFinding: boolean;
  message: Message | null;
  setMessage: (message: Message | null) => void;
  /** Grows with each change of the data, so that lists are read again. */
  version: number;
  /** Starts the job of the current tab. */
  start: <M extends StartMethod>(method: M, params: Params<M>) => Promise<void>;
  /** Shows the answer of an action; returns whether it succeeded. */
  take: (answer: Answer<"act">) => boolean;
}

/** The parameters of a search, or of the distances of pairs. */
export function findParams(
  form: Form,
  tab: PairsTab,
  indexes: PanelIndex[],
  grid: CurateView["grid"]
): FindParams {
  return {
    ...grid,
    equal_files: tab === "duplicates" && form.equalFiles,
    brain_key: knownIndex(indexes, form.brainKey),
    scope: form.scope,
    thresh: form.thresh,
    verify: form.verify,
    split_field: form.splitField,
    rules: form.rules ?? [],
  };
}

export function useCurate(
  server: Server,
  dataset: string,
  indexes: PanelIndex[],
  listedJobs: Job[]
): Curate {
  const [view, update] = useCurateView(dataset);
  const [state, setState] = useState<CurateState | null>(null);
  const [message, setMessage] = useState<Message | null>(null);
  const [version, setVersion] = useState(0);
  const { jobs, refresh, isRunning } = useJobs(server, listedJobs, false);
  const receive = useCallback(
    (next: CurateState) => {
      setState(next);
      setVersion((number) => number + 1);
      update({ runs: { ...getView(dataset).runs, ...runIds(next) } });
    },
    [dataset, update]
  );
  const load = useCallback(async () => {
    const answer = await server("curate_state", {});
    if (isFailure(answer)) setMessage({ kind: "error", text: answer.error });
    else receive(answer);
  }, [server, receive]);
  // Also when a job has ended.
  useEffect(() => void load(), [load, isRunning]);
  const { tab } = view;
  const isFinding = jobs.some(({ name, state }) => name === tab && state === "running");
  const start = async <M extends StartMethod>(method: M, params: Params<M>) => {
    setMessage(null);
    const answer = await server(method, params);
    if (isFailure(answer)) setMessage({ kind: "error", text: answer.error });
    else {
      await refresh(true);
      await load();
    }
  };
  const take = (answer: Answer<"act">) => {
    const isDone = !isFailure(answer);
    setMessage({ kind: isDone ? "done" : "error", text: isDone ? answer.text : answer.error });
    if (isDone) receive(answer.state);
    return isDone;
  };
  return {
    server, dataset, indexes, view, update, state, jobs, isFinding,
    message, setMessage, version, start, take,
  };
}

/** A list that the server sends page by page, read again when its key changes. */
export function usePages<Item>(
  key: string,
  size: number,
  read: (start: number, count: number) => Promise<{ items: Item[]; total: number } | string>
) {
  const [pages, setPages] = useState<{ key: string; items: Item[]; total: number } | null>(null);
  const [error, setError] = useState<string | null>(null);
  const latest = useRef({ read, shown: 0, key });
  latest.current = { read, shown: pages?.items.length ?? 0, key };
  const isLoading = useRef(false);
  const load = useCallback(
    async (start: number, count: number) => {
      const asked = latest.current.key;
      const answer = await latest.current.read(start, count);
      if (latest.current.key !== asked) return;
      setError(typeof answer === "string" ? answer : null);
      if (typeof answer === "string") return;
      setPages((known) => ({
        key: asked,
        total: answer.total,
        items: start && known ? [...known.items.slice(0, start), ...answer.items] : answer.items,
      }));
    },
    []
  );
  useEffect(() => {
    // As many as were shown, so that the page keeps its height.
    void load(0, Math.min(200, Math.max(size, latest.current.shown)));
  }, [key, size, load]);
  const more = async () => {
    if (isLoading.current || !pages || pages.items.length >= pages.total) return;
    isLoading.current = true;
    await load(pages.items.length, size);
    isLoading.current = false;
  };
  return { items: pages?.items ?? null, total: pages?.total ?? 0, error, more };
}
