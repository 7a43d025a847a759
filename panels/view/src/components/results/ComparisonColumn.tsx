import React from "react";
import type { Server } from "../../app/server.ts";
import { counted } from "../../format/numbers.ts";
import type { Comparison, ShownNeighbors } from "../../state/searchState.ts";
import type { UpdateState } from "../../state/useSearchState.ts";
import { countShared } from "../../state/comparison.ts";
import { IconButton } from "../Icon.tsx";
import type { OpenResult } from "./ResultColumns.tsx";
import { ResultGrid } from "./ResultGrid.tsx";
import { Skeletons } from "./Skeletons.tsx";

interface ComparisonColumnProps {
  comparison: Comparison;
  neighbors: ShownNeighbors;
  server: Server;
  dataset: string;
  open: (ids: string[]) => OpenResult;
  update: UpdateState;
}

/** The results of another index. */
export function ComparisonColumn(props: ComparisonColumnProps) {
  const { comparison, neighbors, server, dataset, open, update } = props;
  const { brain_key, error, busy } = comparison;
  const isElsewhere = comparison.dataset !== dataset;
  const name = isElsewhere ? `${comparison.dataset} · ${brain_key}` : brain_key;
  const results = comparison.neighbors?.results;
  const elsewhere = isElsewhere ? { otherDataset: comparison.dataset } : {};
  return (
    <section className="ffs-column ffs-compared" aria-label={`Results of ${name}`} data-cy="faiss-compared">
      <header className="ffs-heading">
        <h3>{name}</h3>
        {results && !isElsewhere && (
          <span>{counted(countShared(results, neighbors.results))} in both</span>
        )}
        <IconButton
          icon="remove"
          size={16}
          label={`Stop comparing with ${name}`}
          data-cy="faiss-compare-stop"
          onClick={() => update({ comparison: null })}
        />
      </header>
      {error && (
        <p className="ffs-error" role="alert">
          {error}
        </p>
      )}
      {comparison.neighbors?.notes.map((note) => (
        <p key={note} className="ffs-note">
          {note}
        </p>
      ))}
      {busy && !results && <Skeletons />}
      {results && (
        <ResultGrid
          server={server}
          patches_field={comparison.neighbors?.patches_field ?? null}
          terms={comparison.neighbors?.terms}
          results={results}
          total={results.length}
          label={`Results of ${name}`}
          cutoff={null}
          isStale={busy}
          {...elsewhere}
          open={(result) => open(results.map(({ id }) => id))(result, elsewhere.otherDataset)}
        />
      )}
    </section>
  );
}
