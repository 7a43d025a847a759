import React, { type KeyboardEvent, useLayoutEffect, useRef, useState } from "react";
import type { Server } from "../app/server.ts";
import { IconButton } from "../components/Icon.tsx";
import type { ExplanationMethod, ExplanationState } from "../generated.ts";
import { keepPress } from "../keyboard/panelKeys.ts";
import { Pair } from "./Pair.tsx";
import { SaveHeatmap } from "./SaveHeatmap.tsx";
import { faithfulnessText, METHODS, notesOf } from "./texts.ts";
import { type MatchRequest, type MethodChoice, useExplained } from "./useExplained.ts";
import { useRemembered } from "./useRemembered.ts";

interface ExplanationProps {
  server: Server;
  /** The match: the query of a search; or for a pair `query_type: "samples", sample_ids: [a]`. */
  request: MatchRequest;
  queryLabel: string;
  matchLabel: string;
  close: () => void;
}

/** A dialog over the App that shows why a sample matches: its map, partners, badge and method. */
export function Explanation({ server, request, queryLabel, matchLabel, close }: ExplanationProps) {
  const match = JSON.stringify(request);
  const [method, setMethod] = useRemembered<MethodChoice>(`method ${match}`, null);
  const { job, state, error } = useExplained(server, request, method);
  const [showsLines, setShowsLines] = useState(true);
  const dialog = useRef<HTMLDialogElement>(null);
  // A dialog that is closed while it is on the page returns the focus.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  const explanation = state?.explanation ?? null;
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    // The App and the panel have other uses for keys.
    keepPress(event);
    event.stopPropagation();
    if (event.key === "Escape") close();
  };
  return (
    <dialog
      ref={dialog}
      className="ffs-why"
      data-cy="why"
      data-state={error ? "failed" : explanation ? "done" : "running"}
      aria-label="Why this matches"
      onKeyDown={onKeyDown}
      onCancel={(event) => event.preventDefault()}
      onPointerDown={(event) => event.target === dialog.current && close()}
    >
      <div className="ffs-why-content">
        <header className="ffs-why-head">
          <h3>Why this matches</h3>
          {explanation && (
            <span className="ffs-note" data-cy="why-score">
              Score {explanation.score.toFixed(4)}
            </span>
          )}
          {explanation && <Badge has={explanation.faithfulness.has_badge} />}
          <span className="ffs-why-space" />
          <MethodSelect {...{ method, setMethod }} used={explanation?.method ?? null} />
          {Boolean(explanation?.lines.length) && (
            <label className="ffs-why-check">
              <input
                type="checkbox"
                data-cy="why-show-lines"
                checked={showsLines}
                onChange={(event) => setShowsLines(event.target.checked)}
              />
              Lines
            </label>
          )}
          <IconButton icon="remove" size={16} label="Close (Esc)" data-cy="why-close" onClick={close} />
        </header>
        {error && (
          <p className="ffs-error" role="alert" data-cy="why-error">
            {error}
          </p>
        )}
        {!error && !explanation && <Running state={state} />}
        {explanation && (
          <>
            <Pair {...{ explanation, queryLabel, matchLabel, showsLines }} />
            <p data-cy="why-faithfulness">{faithfulnessText(explanation)}</p>
            <ul className="ffs-why-notes" data-cy="why-notes">
              {notesOf(explanation).map((note) => (
                <li key={note}>{note}</li>
              ))}
            </ul>
            {job && (
              <footer className="ffs-options">
                <SaveHeatmap key={job} {...{ server, job }} />
              </footer>
            )}
          </>
        )}
      </div>
    </dialog>
  );
}

function Badge({ has }: { has: boolean }) {
  return (
    <span className={has ? "ffs-why-badge" : "ffs-why-badge ffs-why-none"} data-cy="why-badge">
      {has ? "✓ Faithful" : "Not verified"}
    </span>
  );
}

interface MethodSelectProps {
  method: MethodChoice;
  setMethod: (method: MethodChoice) => void;
  /** The method of the shown explanation. */
  used: ExplanationMethod | null;
}

function MethodSelect({ method, setMethod, used }: MethodSelectProps) {
  const best = method === null && used ? `Best: ${METHODS[used].toLowerCase()}` : "Best method";
  return (
    <select
      className="ffs-button"
      data-cy="why-method"
      aria-label="Method"
      value={method ?? ""}
      onChange={(event) => setMethod((event.target.value || null) as MethodChoice)}
    >
      <option value="">{best}</option>
      {(Object.keys(METHODS) as ExplanationMethod[]).map((name) => (
        <option key={name} value={name}>
          {METHODS[name]}
        </option>
      ))}
    </select>
  );
}

function Running({ state }: { state: ExplanationState | null }) {
  const share = Math.round(100 * (state?.fraction ?? 0));
  return (
    <div className="ffs-why-running" data-cy="why-running">
      <p className="ffs-note" role="status">
        Embedding versions of the picture with parts removed…
      </p>
      <div
        className="ffs-track"
        role="progressbar"
        aria-label="Progress of the explanation"
        aria-valuenow={share}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuetext={state?.label ?? "Starting"}
      >
        <span style={{ width: `${share}%` }} />
      </div>
      <span className="ffs-note">{state?.label ?? "Starting…"}</span>
    </div>
  );
}
