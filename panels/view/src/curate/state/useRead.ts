import { useEffect, useState } from "react";
import { type Answer, isFailure, type Params } from "../../app/server.ts";
import type { Failure, PanelMethod, PanelMethods } from "../../generated.ts";
import type { Curate } from "./useCurate.ts";

/**
 * What a method of the server returns, read again when a job has ended, when the data or the
 * parameters change; null until it has answered.
 *
 * @param revision a number that grows with each further change after which it is read again
 */
export function useRead<M extends PanelMethod>(
  { server, version }: Curate,
  method: M,
  params: Params<M>,
  revision = 0
): { answer: PanelMethods[M]["answer"] | null; error: string | null } {
  const [read, setRead] = useState<Answer<M> | null>(null);
  const key = JSON.stringify(params);
  useEffect(() => {
    let isCurrent = true;
    void server(method, JSON.parse(key) as Params<M>).then((answer) => {
      if (isCurrent) setRead(answer);
    });
    return () => {
      isCurrent = false;
    };
  }, [server, version, method, key, revision]);
  if (read && isFailure(read)) return { answer: null, error: (read as Failure).error };
  return { answer: read, error: null };
}
