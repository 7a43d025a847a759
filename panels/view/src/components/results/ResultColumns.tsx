import React from "react";
import type { ResultRow } from "../../generated.ts";
import { disabledIf } from "../../keyboard/disabled.ts";
import { cutoffOf } from "../../state/cutoff.ts";
import { ratingsOf, type ShownNeighbors } from "../../state/searchState.ts";
import type { Search } from "../../state/useSearch.ts";
import { NoResults } from "../Status.tsx";
import { ComparisonColumn } from "./ComparisonColumn.tsx";
import { CutoffDivider } from "./CutoffControl.tsx";
import { ResultGrid, Skeletons } from "./ResultGrid.tsx";

/** Opens a result in the sample viewer, or the dataset that it belongs to if that is another. */
export type OpenResult = (result: ResultRow, dataset?: string) => void;

interface ResultColumnsProps {
  search: Search;
  dataset: string;
  isBusy: boolean;
  open: OpenResult;
}

/** The results, and beside them those of another index. */
export function ResultColumns({ search, dataset, isBusy, open }: ResultColumnsProps) {
  const { neighbors, comparison } = search;
  if (!neighbors) return isBusy ? <Skeletons /> : null;
  return (
    <div className="ffs-columns">
      <MainColumn {...{ search, neighbors, isBusy, open }} />
      {comparison && (
        <ComparisonColumn {...{ comparison, neighbors, dataset, open }} update={search.update} />
      )}
    </div>
  );
}

interface MainColumnProps {
  search: Search;
  neighbors: ShownNeighbors;
  isBusy: boolean;
  open: OpenResult;
}

function MainColumn({ search, neighbors, isBusy, open }: MainColumnProps) {
  const { comparison, hidesBelowCutoff } = search;
  const { position, isManual, included } = cutoffOf(search);
  const count = neighbors.results.length;
  const below = count - position;
  return (
    <section className="ffs-column" aria-label="Results">
      {comparison && (
        <header className="ffs-heading">
          <h3>{neighbors.brain_key}</h3>
        </header>
      )}
      <ResultGrid
        results={included}
        total={count}
        label="Results"
        cutoff={hidesBelowCutoff ? null : position}
        divider={<CutoffDivider key="cutoff" {...{ isManual, below }} />}
        isStale={isBusy && !search.isPaging}
        ratings={ratingsOf(search)}
        open={open}
        rate={search.rate}
      />
      {!count && <NoResults params={neighbors.params} />}
      <MoreButton {...{ search, isBusy, below }} hasMore={neighbors.has_more} />
    </section>
  );
}

interface MoreButtonProps {
  search: Search;
  isBusy: boolean;
  below: number;
  hasMore: boolean;
}

function MoreButton({ search, isBusy, below, hasMore }: MoreButtonProps) {
  const { hidesBelowCutoff, isPaging, showMore, update } = search;
  if (hidesBelowCutoff && below > 0) {
    return (
      <button
        type="button"
        className="ffs-button ffs-centered"
        data-cy="faiss-cutoff-show"
        onClick={() => update({ hidesBelowCutoff: false })}
      >
        Show {below} below the score cutoff
      </button>
    );
  }
  if (!hasMore) return null;
  return (
    <button
      type="button"
      className="ffs-button ffs-centered"
      data-cy="faiss-more"
      {...disabledIf(isBusy, showMore)}
    >
      {isBusy && isPaging ? "Loading…" : "Show more"}
    </button>
  );
}
