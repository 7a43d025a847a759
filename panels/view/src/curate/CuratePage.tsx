import React, { type ComponentType, useRef } from "react";
import type { IndexedPageProps } from "../components/IndexedPanel.tsx";
import { JobList } from "../components/indexes/JobList.tsx";
import { TabList } from "../components/TabList.tsx";
import type { Job } from "../generated.ts";
import { keepPress } from "../keyboard/panelKeys.ts";
import { useFocusRestore } from "../keyboard/useFocusRestore.ts";
import { jobsAbout } from "../state/jobTopics.ts";
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

/** The page for a dataset with an index. */
export function CuratePage({ server, dataset, indexes, listedJobs }: IndexedPageProps) {
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
        <TabList label="Curate" prefix="curate-tab" tabs={TABS} chosen={view.tab} choose={choose} />
        <JobList jobs={jobsAbout(jobs, ["index", "curation"]).map(named)} server={server} />
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
