import type { Failure, PanelMethod, PanelMethods } from "../generated.ts";

export type Params<M extends PanelMethod> = PanelMethods[M]["params"];
export type Answer<M extends PanelMethod> = PanelMethods[M]["answer"] | Failure;

/** Calls a method of the panel's Python half; the promise never rejects. */
export type Server = <M extends PanelMethod>(method: M, params: Params<M>) => Promise<Answer<M>>;

export function isFailure(answer: object): answer is Failure {
  return Boolean((answer as Partial<Failure>).error);
}
