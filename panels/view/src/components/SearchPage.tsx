import React, { useId, useRef } from "react";
import type { Server } from "../app/server.ts";
import type { PanelIndex, Job, OtherIndex } from "../generated.ts";
import { onPanelKey } from "../keyboard/panelKeys.ts";
import { useFocusRestore } from "../keyboard/useFocusRestore.ts";
import { useExplanation } from "../query/useExplanation.ts";
import { useImageQueries } from "../query/useImageQueries.ts";
import { jobsAbout } from "../state/jobTopics.ts";
import { countSelected } from "../state/selection.ts";
import { useJobs } from "../state/useJobs.ts";
import { useNewIndex } from "../state/useNewIndex.ts";
import { usePending } from "../state/usePending.ts";
import { useScrollMemory } from "../state/useScrollMemory.ts";
import { type Search, useSearch } from "../state/useSearch.ts";
import { Drawer, DrawerButtons } from "./Drawers.tsx";
import { JobList } from "./indexes/JobList.tsx";
import { MissingSamples } from "./indexes/MissingSamples.tsx";
import { Chips } from "./query/Chips.tsx";
import { FilterChips } from "./query/FilterChips.tsx";
import { Options } from "./query/Options.tsx";
import { ScopeBar } from "./query/ScopeBar.tsx";
import { SearchBar } from "./query/SearchBar.tsx";
import { Suggestions } from "./query/Suggestions.tsx";
import { Actions } from "./results/Actions.tsx";
import { Feedback } from "./results/Feedback.tsx";
import { GridNotes } from "./results/GridNotes.tsx";
import { PinnedSamples } from "./results/PinnedSamples.tsx";
import { ResultColumns } from "./results/ResultColumns.tsx";
import { ResultExplanation } from "./results/ResultExplanation.tsx";
import { ExclusionBar, SelectionBar } from "./results/SelectionBar.tsx";
import { useResultsPage } from "./results/useResultsPage.ts";
import { ViewerBar } from "./results/ViewerBar.tsx";
import { Hints, Status, Verdict } from "./Status.tsx";

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
  const page = useResultsPage(search, server, dataset);
  const { target, tagging, chosen } = page;
  const errorId = useId();
  const root = useRef<HTMLDivElement>(null);
  useFocusRestore(root);
  useScrollMemory(root, dataset);
  useNewIndex(root, indexes, search);
  usePending(search, explanation);
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
        <div className="ffs-top">
          <SearchBar {...{ search, server, images }} errorId={explanation.error && errorId} />
          <DrawerButtons search={search} />
        </div>
        <div className="ffs-setup">
          <Chips {...{ explanation, search, server, errorId }} />
          <div className="ffs-options">
            {!chosen.length && <UseSelection search={search} />}
            <Options {...{ search, indexes, savedViews }} />
          </div>
        </div>
        <div className="ffs-narrowing">
          <FilterChips search={search} />
          <ScopeBar search={search} />
        </div>
        <Suggestions {...{ explanation, search }} />
        <JobList jobs={jobsAbout(jobs, ["index"])} server={server} />
        <Drawer {...{ search, server, jobs, refreshJobs, canDelegate }} />
        {index.problem && (
          <p className="ffs-error" data-cy="faiss-problem" role="alert">
            {index.problem}
          </p>
        )}
        <MissingSamples {...{ index, dataset, size, jobs, server, refreshJobs, setStatus }} />
        {neighbors ? (
          <Actions
            {...{ search, neighbors, server, indexes, others, dataset, target, tagging }}
            prefs={page.prefs}
          />
        ) : (
          <header className="ffs-heading">
            <Status status={status} />
          </header>
        )}
        <GridNotes search={search} />
        <Verdict verdict={neighbors?.verdict ?? null} />
        {neighbors && (
          <PinnedSamples {...{ neighbors, server }} fit={page.prefs.fit} open={page.open} />
        )}
        <ResultColumns
          {...{ search, server, dataset, isBusy }}
          open={page.open}
          selected={page.selected}
          tagged={page.tagged}
          fields={page.fields}
          texts={page.read.values}
          actions={page.actions}
        />
        {!neighbors && !isBusy && (
          <Hints supportsText={index.supports_text} {...{ server, search }} />
        )}
        {neighbors && (
          <div className="ffs-dock">
            <Feedback {...{ search, neighbors, server }} />
            <ExclusionBar search={search} />
            <SelectionBar
              {...{ search, tagging }}
              ids={chosen}
              changeSelection={page.changeSelection}
            />
          </div>
        )}
        <ViewerBar {...{ search, tagging }} show={page.show} />
        <ResultExplanation {...{ search, server }} />
      </div>
    </div>
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
