import React, { useState } from "react";
import { isFailure, type Server } from "../app/server.ts";
import { disabledIf } from "../keyboard/disabled.ts";
import { useRemembered } from "./useRemembered.ts";

const FIELD = "why_similar";

interface Saved {
  isSaved: boolean;
  message: { text: string; isError: boolean } | null;
}

const NOT_SAVED: Saved = { isSaved: false, message: null };

/** Saves the heatmap in a field of the dataset, and undoes that. */
export function SaveHeatmap({ server, job }: { server: Server; job: string }) {
  const [{ isSaved, message }, setSaved] = useRemembered<Saved>(`saved ${job}`, NOT_SAVED);
  const [isBusy, setBusy] = useState(false);
  const act = async () => {
    setBusy(true);
    const answer = isSaved
      ? await server("undo_heatmap", { job })
      : await server("save_heatmap", { job, field: FIELD });
    setBusy(false);
    const failed = isFailure(answer);
    const text = failed ? answer.error : answer.text;
    setSaved({ isSaved: failed ? isSaved : !isSaved, message: { text, isError: failed } });
  };
  return (
    <>
      <button
        type="button"
        className="ffs-button"
        data-cy={isSaved ? "why-undo" : "why-save"}
        title={isSaved ? "Undo: restore the field" : `Save the heatmap in the field ${FIELD}`}
        {...disabledIf(isBusy, () => void act())}
      >
        {isSaved ? "Undo" : "Save as heatmap"}
      </button>
      {message && (
        <span
          className={message.isError ? "ffs-error" : "ffs-note"}
          role={message.isError ? "alert" : "status"}
          data-cy="why-message"
        >
          {message.text}
        </span>
      )}
    </>
  );
}
