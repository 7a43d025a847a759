import React, { type ReactNode, useRef, useState } from "react";
import type { Server } from "../../app/server.ts";
import { useInfiniteScroll } from "../../browser/useInfiniteScroll.ts";
import type { ResultRow, TileField } from "../../generated.ts";
import { disabledIf } from "../../keyboard/disabled.ts";
import { cutoffOf } from "../../state/cutoff.ts";
import { ratingsOf, type ShownNeighbors } from "../../state/searchState.ts";
import type { Search } from "../../state/useSearch.ts";
import type { TileTexts } from "../../state/useTileValues.ts";
import { isNarrowed } from "../../state/scope.ts";
import { NoResults } from "../Status.tsx";
import { ComparisonColumn } from "./ComparisonColumn.tsx";
import { CutoffDivider } from "./CutoffControl.tsx";
import { ResultGrid } from "./ResultGrid.tsx";
import { Skeletons } from "./Skeletons.tsx";
import type { GridActions } from "./tileActions.ts";

/** Opens a result in the sample viewer, or the dataset that it belongs to if that is another. */
export type OpenResult = (
  result: Pick<ResultRow, "id" | "sample_id">,
  dataset?: string
) => void;

interface ResultColumnsProps {
  search: Search;
  server: Server;
  dataset: string;
  isBusy: boolean;
  /** Opens one of the results with these ids, in whose order the viewer goes on. */
  open: (ids: string[]) => OpenResult;
  selected: ReadonlySet<string>;
  tagged: ReadonlySet<string>;
  fields: TileField[];
  texts: TileTexts;
  actions: GridActions;
}

/** The results, and those of another index: beside them, or on a narrow panel as a second tab. */
export function ResultColumns(props: ResultColumnsProps) {
  const { search, server, dataset, isBusy, open } = props;
  const { neighbors, comparison } = search;
  const [shown, setShown] = useState<"own" | "other">("own");
  if (!neighbors) return isBusy ? <Skeletons /> : null;
  if (!comparison) return <MainColumn {...props} neighbors={neighbors} />;
  const tab = (name: "own" | "other", label: string) => (
    <button
      type="button"
      className="ffs-button ffs-quiet"
      data-cy={`faiss-show-${name}`}
      aria-pressed={shown === name}
      onClick={() => setShown(name)}
    >
      {label}
    </button>
  );
  return (
    <>
      <div className="ffs-tabs" role="group" aria-label="Results to show">
        {tab("own", neighbors.brain_key)}
        {tab("other", comparison.brain_key)}
      </div>
      <div className="ffs-columns" data-shown={shown}>
        <MainColumn {...props} neighbors={neighbors}>
          <header className="ffs-heading">
            <h3>{neighbors.brain_key}</h3>
          </header>
        </MainColumn>
        <ComparisonColumn
          {...{ comparison, neighbors, server, dataset, open }}
          update={search.update}
        />
      </div>
    </>
  );
}

interface MainColumnProps extends ResultColumnsProps {
  neighbors: ShownNeighbors;
  children?: ReactNode;
}

function MainColumn({ search, neighbors, isBusy, open, children, ...others }: MainColumnProps) {
  const { position, isManual, included } = cutoffOf(search);
  const { selected, tagged, server, fields, texts, actions } = others;
  const { results, patches_field, terms } = neighbors;
  const below = results.length - position;
  return (
    <section className="ffs-column" aria-label="Results">
      {children}
      <ResultGrid
        {...{ server, patches_field, terms, fields, texts, actions }}
        results={included}
        total={results.length}
        label="Results"
        cutoff={search.hidesBelowCutoff ? null : position}
        divider={<CutoffDivider key="cutoff" {...{ isManual, below }} />}
        isStale={isBusy && !search.isPaging}
        marks={{ ratings: ratingsOf(search), selected, tagged }}
        open={open(included.map(({ id }) => id))}
      />
      {!results.length && <NoResults params={neighbors.params} isNarrowed={isNarrowed(search)} />}
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
  const button = useRef<HTMLButtonElement>(null);
  useInfiniteScroll(button, hasMore && !isBusy && !hidesBelowCutoff, showMore);
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
      ref={button}
      {...disabledIf(isBusy, showMore)}
    >
      {isBusy && isPaging ? "Loading…" : "Show more"}
    </button>
  );
}
