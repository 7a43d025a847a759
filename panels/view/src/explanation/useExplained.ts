import { useEffect, useRef } from "react";
import { isFailure, type Params, type Server } from "../app/server.ts";
import type { ExplanationState } from "../generated.ts";
import { useRemembered } from "./useRemembered.ts";

/** A match to explain: a query as in a search, or one sample of a pair, and the match. */
export type MatchRequest = Omit<Params<"explain_match">, "method">;
export type MethodChoice = Params<"explain_match">["method"];

export interface Explained {
  /** The key of the work on the server; null before it has started. */
  job: string | null;
  state: ExplanationState | null;
  error: string | null;
}

const PERIOD_MS = 250;
const NOTHING: Explained = { job: null, state: null, error: null };

/** Explains a match on the server, and follows the progress; ends it if nobody waits any more. */
export function useExplained(server: Server, request: MatchRequest, method: MethodChoice): Explained {
  // The key stands for the request, which is a new object at each rendering.
  const key = JSON.stringify([request, method]);
  const [explained, setExplained] = useRemembered(key, NOTHING);
  const latest = useRef({ request, isDone: false });
  latest.current = { request, isDone: Boolean(explained.state?.explanation) };
  useEffect(() => {
    if (latest.current.isDone) return undefined;
    let job: string | null = null;
    let isOver = false;
    let timer: ReturnType<typeof setTimeout>;
    const poll = async (job: string) => {
      const state = await server("explanation", { job });
      if (isOver) return;
      if (isFailure(state)) return setExplained({ job, state: null, error: state.error });
      setExplained({ job, state, error: null });
      if (state.state === "running") timer = setTimeout(() => void poll(job), PERIOD_MS);
    };
    const start = async () => {
      setExplained(NOTHING);
      const answer = await server("explain_match", { ...latest.current.request, method });
      if (!isFailure(answer)) job = answer.job;
      if (isOver) return cancel();
      if (isFailure(answer)) setExplained({ ...NOTHING, error: answer.error });
      else await poll(answer.job);
    };
    const cancel = () => {
      if (job) void server("cancel_explanation", { job });
    };
    void start();
    return () => {
      isOver = true;
      clearTimeout(timer);
      cancel();
    };
  }, [server, key, method, setExplained]);
  return explained;
}
