import React, { useCallback, useId, useRef } from "react";
import { isFailure, type Server } from "../app/server.ts";
import type { PanelIndex, Job, OtherIndex } from "../generated.ts";
import { onPanelKey } from "../keyboard/panelKeys.ts";
import { useFocusRestore } from "../keyboard/useFocusRestore.ts";
import { useExplanation } from "../query/useExplanation.ts";
import { useImageQueries } from "../query/useImageQueries.ts";
import { countSelected } from "../state/selection.ts";
import { useJobs } from "../state/useJobs.ts";
import { type Search, useSearch } from "../state/useSearch.ts";
import { Drawer, DrawerButtons } from "./Drawers.tsx";
import { JobList } from "./indexes/JobList.tsx";
import { MissingSamples } from "./indexes/MissingSamples.tsx";
import { Chips } from "./query/Chips.tsx";
import { Options } from "./query/Options.tsx";
import { SearchBar } from "./query/SearchBar.tsx";
import { Actions } from "./results/Actions.tsx";
import { Feedback } from "./results/Feedback.tsx";
import { Heading } from "./results/Heading.tsx";
import { type OpenResult, ResultColumns } from "./results/ResultColumns.tsx";
import { Hints, Verdict } from "./Status.tsx";

interface SearchPageProps {
  server: Server;
  dataset: string;
  size: number;
  indexes: [PanelIndex, ...PanelIndex[]];
  listedJobs: Job[];
  savedViews: string[];
  others: OtherIndex[];
  canDelegate: boolean;
}

/** The page for a dataset with indexes. */
export function SearchPage(props: SearchPageProps) {
  const { server, dataset, size, indexes, listedJobs, savedViews, others, canDelegate } = props;
  const search = useSearch(server, dataset, indexes);
  const { neighbors, index, status, query, setStatus } = search;
  const { jobs, refresh: refreshJobs } = useJobs(server, listedJobs, false);
  const images = useImageQueries(dataset, search);
  const explanation = useExplanation(server, query);
  const open = useOpenResult(server, setStatus);
  const errorId = useId();
  const root = useRef<HTMLDivElement>(null);
  useFocusRestore(root);
  const isBusy = status.kind === "busy";
  return (
    <div
      ref={root}
      className="ffs-panel"
      tabIndex={-1}
      onKeyDown={(event) => onPanelKey(event, keyActions(search))}
      {...images.handlers}
    >
      <div className="ffs-page">
        <SearchBar {...{ search, server, images }} errorId={explanation.error && errorId} />
        <div className="ffs-below-query">
          <Chips {...{ explanation, search, errorId }} />
          <DrawerButtons search={search} />
        </div>
        <div className="ffs-options">
          <UseSelection search={search} />
          <Options {...{ search, indexes, savedViews }} />
        </div>
        <Drawer {...{ search, server, jobs, refreshJobs, canDelegate }} />
        <JobList jobs={jobs} server={server} />
        {index.problem && (
          <p className="ffs-error" data-cy="faiss-problem" role="alert">
            {index.problem}
          </p>
        )}
        <MissingSamples {...{ index, dataset, size, jobs, server, refreshJobs, setStatus }} />
        <Heading search={search} />
        <Verdict verdict={neighbors?.verdict ?? null} />
        {neighbors && <Feedback {...{ search, neighbors, server }} />}
        {neighbors && <Actions {...{ search, neighbors, server, indexes, others, dataset }} />}
        <ResultColumns {...{ search, dataset, isBusy, open }} />
        {!neighbors && !isBusy && <Hints supportsText={index.supports_text} />}
      </div>
    </div>
  );
}

function useOpenResult(server: Server, setStatus: Search["setStatus"]): OpenResult {
  return useCallback<OpenResult>(
    async ({ id, sample_id }, dataset) => {
      const answer = await server("open_sample", { id, sample_id, ...(dataset && { dataset }) });
      if (isFailure(answer)) setStatus("error", answer.error);
    },
    [server, setStatus]
  );
}

function keyActions({ drawer, update, rerank }: Search) {
  return {
    close: () => {
      update({ drawer: null });
      return drawer !== null;
    },
    toggleHelp: () => update({ drawer: drawer === "help" ? null : "help" }),
    rerank,
  };
}

function UseSelection({ search }: { search: Search }) {
  const count = countSelected(search.selection);
  if (!count) return null;
  return (
    <button
      type="button"
      className="ffs-button"
      data-cy="faiss-use-selection"
      onClick={search.searchSelected}
    >
      Use the {count === 1 ? "selected sample" : `${count} selected samples`}
    </button>
  );
}
