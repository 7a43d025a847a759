import React, { type ComponentType, useRef } from "react";
import type { IndexedPageProps } from "../components/IndexedPanel.tsx";
import { JobList } from "../components/indexes/JobList.tsx";
import { TabList } from "../components/TabList.tsx";
import { keepPress } from "../keyboard/panelKeys.ts";
import { useFocusRestore } from "../keyboard/useFocusRestore.ts";
import { jobsAbout } from "../state/jobTopics.ts";
import { MapTab } from "./MapTab.tsx";
import { MatrixTab } from "./matrix/MatrixTab.tsx";
import type { MapTabName } from "./state/mapState.ts";
import { type MapPageState, useMapPage } from "./state/useMapPage.ts";

/** The tabs, in their order. */
const TABS: { name: MapTabName; label: string; Tab: ComponentType<{ page: MapPageState }> }[] = [
  { name: "map", label: "Map", Tab: MapTab },
  { name: "matrix", label: "Matrix", Tab: MatrixTab },
];

/** The page for a dataset with an index. */
export function MapPage({ server, dataset, indexes, listedJobs }: IndexedPageProps) {
  const page = useMapPage(server, dataset, indexes, listedJobs);
  const { view, update, message, setMessage, jobs } = page;
  const root = useRef<HTMLDivElement>(null);
  useFocusRestore(root);
  const choose = (tab: MapTabName) => {
    setMessage(null);
    update({ tab });
  };
  const Tab = TABS.find(({ name }) => name === view.tab)?.Tab ?? MapTab;
  return (
    <div ref={root} className="ffs-panel" tabIndex={-1} data-cy="map-panel" onKeyDown={keepPress}>
      <div className="ffs-page ffs-curate ffs-map-page">
        <TabList label="Similarity" prefix="map-tab" tabs={TABS} chosen={view.tab} choose={choose} />
        <JobList jobs={jobsAbout(jobs, ["index", "map"])} server={server} />
        {message && (
          <p
            className={message.kind === "error" ? "ffs-error" : "ffs-note"}
            role={message.kind === "error" ? "alert" : "status"}
            data-cy="map-message"
          >
            {message.text}
          </p>
        )}
        <div id="map-tab" role="tabpanel" aria-labelledby={`map-tab-${view.tab}`}>
          <Tab key={view.tab} page={page} />
        </div>
      </div>
    </div>
  );
}
