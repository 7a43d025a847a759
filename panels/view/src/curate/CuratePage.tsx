import React, { type ComponentType, type KeyboardEvent, useRef } from "react";
import type { Server } from "../app/server.ts";
import { JobList } from "../components/indexes/JobList.tsx";
import type { Job, PanelIndex } from "../generated.ts";
import { keepPress } from "../keyboard/panelKeys.ts";
import { useFocusRestore } from "../keyboard/useFocusRestore.ts";
import { useScrollMemory } from "../state/useScrollMemory.ts";
import { ClustersTab } from "./clusters/ClustersTab.tsx";
import { DuplicatesTab } from "./duplicates/DuplicatesTab.tsx";
import { LabelsTab } from "./labels/LabelsTab.tsx";
import { LeaksTab } from "./leaks/LeaksTab.tsx";
import { ModelsTab } from "./models/ModelsTab.tsx";
import { ScoresTab } from "./scores/ScoresTab.tsx";
import { SelectTab } from "./select/SelectTab.tsx";
import { type Curate, useCurate } from "./state/useCurate.ts";
import { TextTagsTab } from "./textTags/TextTagsTab.tsx";
import type { TabName } from "./state/curateState.ts";
import { MessageBar } from "./shared/MessageBar.tsx";

/** The tabs, in their order. */
const TABS: { name: TabName; label: string; Tab: ComponentType<{ curate: Curate }> }[] = [
  { name: "duplicates", label: "Duplicates", Tab: DuplicatesTab },
  { name: "leaks", label: "Leaks", Tab: LeaksTab },
  { name: "scores", label: "Scores", Tab: ScoresTab },
  { name: "selection", label: "Select", Tab: SelectTab },
  { name: "clusters", label: "Clusters", Tab: ClustersTab },
  { name: "text_tags", label: "Text tags", Tab: TextTagsTab },
  { name: "labels", label: "Labels", Tab: LabelsTab },
  { name: "models", label: "Models", Tab: ModelsTab },
];

/** A job with the label of its tab instead of the kind of its result. */
function named(job: Job): Job {
  const tab = TABS.find(({ name }) => name === job.name);
  return tab ? { ...job, name: tab.label } : job;
}

interface CuratePageProps {
  server: Server;
  dataset: string;
  indexes: PanelIndex[];
  listedJobs: Job[];
}

/** The page for a dataset with an index. */
export function CuratePage({ server, dataset, indexes, listedJobs }: CuratePageProps) {
  const curate = useCurate(server, dataset, indexes, listedJobs);
  const { view, update, jobs } = curate;
  const root = useRef<HTMLDivElement>(null);
  useFocusRestore(root);
  useScrollMemory(root, `${dataset}/curate`);
  const chosen = TABS.find(({ name }) => name === view.tab) ?? TABS[0];
  const choose = (name: TabName) => {
    curate.setMessage(null);
    update({ tab: name });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const place = TABS.findIndex(({ name }) => name === view.tab) + step;
    const next = TABS[(place + TABS.length) % TABS.length];
    if (!next) return;
    choose(next.name);
    root.current?.querySelector<HTMLElement>(`[data-cy="curate-tab-${next.name}"]`)?.focus();
  };
  if (!chosen) return null;
  const { Tab } = chosen;
  return (
    <div
      ref={root}
      className="ffs-panel"
      tabIndex={-1}
      data-cy="curate-panel"
      onKeyDown={keepPress}
    >
      <div className="ffs-page ffs-curate">
        <div className="ffs-curate-tabs" role="tablist" aria-label="Curate" onKeyDown={onKeyDown}>
          {TABS.map(({ name, label }) => (
            <button
              key={name}
              type="button"
              role="tab"
              id={`curate-tab-${name}`}
              aria-selected={name === view.tab}
              aria-controls="curate-tab"
              tabIndex={name === view.tab ? 0 : -1}
              data-cy={`curate-tab-${name}`}
              onClick={() => choose(name)}
            >
              {label}
            </button>
          ))}
        </div>
        <JobList jobs={jobs.map(named)} server={server} />
        <MessageBar curate={curate} />
        <div id="curate-tab" role="tabpanel" aria-labelledby={`curate-tab-${view.tab}`}>
          {curate.state ? (
            <Tab key={view.tab} curate={curate} />
          ) : (
            <p className="ffs-note" role="status" data-cy="curate-loading">
              Loading the last results…
            </p>
          )}
        </div>
      </div>
    </div>
  );
}
