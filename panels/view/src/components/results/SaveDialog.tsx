import React, { useState } from "react";
import { type Answer, isFailure, type Params } from "../../app/server.ts";
import { copyText } from "../../browser/clipboard.ts";
import { download } from "../../browser/files.ts";
import type { ExportFormat, Failure, PanelMethod } from "../../generated.ts";
import { counted } from "../../format/numbers.ts";
import { CopyLink } from "./CopyLink.tsx";
import { NameForm } from "./NameForm.tsx";
import type { SaveMenuProps } from "./SaveMenu.tsx";

const FORMATS: [ExportFormat, string][] = [
  ["csv", "CSV"],
  ["json", "JSON"],
  ["stages", "View stages"],
];

interface SaveDialogProps extends SaveMenuProps {
  close: () => void;
}

/** Saves the results with the dataset, exports them, or copies the code of the search. */
export function SaveDialog(props: SaveDialogProps) {
  const [isWholeIndex, setWholeIndex] = useState(false);
  const [code, setCode] = useState<string | null>(null);
  const { saveView, saveScores, exportAs, copyCode } = saveActions(props);
  return (
    <>
      <NameForm
        label="View"
        name="faiss-save-view"
        suggestion={viewNameOf(props.neighbors.query)}
        button="Save as a view"
        save={saveView}
        autoFocus
      />
      <NameForm
        label="Field"
        name="faiss-save-scores"
        suggestion="similarity"
        button="Save scores"
        save={(field) => saveScores(field, isWholeIndex)}
      />
      <label>
        <input
          type="checkbox"
          data-cy="faiss-save-scores-everywhere"
          checked={isWholeIndex}
          onChange={(event) => setWholeIndex(event.target.checked)}
        />
        for the whole index, not only for these results
      </label>
      <div className="ffs-inline" role="group" aria-label="Download and copy">
        {FORMATS.map(([format, label]) => (
          <button
            key={format}
            type="button"
            className="ffs-button"
            data-cy={`faiss-export-${format}`}
            onClick={() => exportAs(format)}
          >
            {label}
          </button>
        ))}
        <button
          type="button"
          className="ffs-button"
          data-cy="faiss-copy-code"
          onClick={() => void copyCode().then(setCode)}
        >
          Copy as Python
        </button>
        <CopyLink search={props.search} neighbors={props.neighbors} />
      </div>
      {code && (
        <pre className="ffs-code" data-cy="faiss-code" tabIndex={0} aria-label="Python code">
          {code}
        </pre>
      )}
    </>
  );
}

function saveActions({ search, neighbors, results, server, close }: SaveDialogProps) {
  const { grid, setStatus } = search;
  const { params, patches_field } = neighbors;
  const ids = results.map(({ id }) => id);
  // The search for exactly these results.
  const sameSearch = { ...params, ...grid, k: results.length };

  /** Calls a method, shows what it did, and closes the dialog; an error leaves it open. */
  async function call<M extends PanelMethod>(
    method: M,
    given: Params<M>,
    describe: (answer: Exclude<Answer<M>, Failure>) => string
  ): Promise<void> {
    const answer = await server(method, given);
    if (isFailure(answer)) return setStatus("error", answer.error);
    setStatus("done", describe(answer as Exclude<Answer<M>, Failure>));
    close();
  }
  return {
    saveView: (name: string) =>
      void call("save_view", { ids, name, patches_field }, (answer) => {
        // Lists the view as a place to search in.
        void server("refresh", {});
        return `Saved as the view “${answer.name}”`;
      }),
    saveScores: (field: string, everywhere: boolean) => {
      const scores = results.map(({ score }) => score);
      const given = { ...sameSearch, ids, scores, field, patches_field, everywhere };
      void call("save_scores", given, (answer) => {
        return `${counted(answer.count, "score")} saved in the field “${answer.field}”`;
      });
    },
    exportAs: (format: ExportFormat) => {
      const given = { ...sameSearch, format };
      void call("export", given, ({ name, content }) => {
        download(name, content);
        return `Downloaded ${name}`;
      });
    },
    copyCode: async (): Promise<string | null> => {
      const answer = await server("code", sameSearch);
      if (isFailure(answer)) {
        setStatus("error", answer.error);
        return null;
      }
      const isCopied = await copyText(answer.code);
      setStatus("done", isCopied ? "Copied the Python code" : "Copy the Python code by hand");
      return answer.code;
    },
  };
}

function viewNameOf(query: string): string {
  return query.replace(/[^\p{L}\p{N}]+/gu, " ").trim().slice(0, 60);
}
