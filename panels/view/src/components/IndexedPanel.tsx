import React, { type ComponentType } from "react";
import type { Server } from "../app/server.ts";
import { useServer } from "../app/useServer.ts";
import type { Job, PanelIndex } from "../generated.ts";
import { NoIndex } from "./indexes/NoIndex.tsx";
import { Loading, type SearchPanelProps } from "./SearchPanel.tsx";

export type IndexedPanelProps = SearchPanelProps;

/** What the page of a panel gets. */
export interface IndexedPageProps {
  server: Server;
  dataset: string;
  /** The FAISS indexes, at least one. */
  indexes: PanelIndex[];
  listedJobs: Job[];
}

interface Props extends SearchPanelProps {
  Page: ComponentType<IndexedPageProps>;
  /** What an index is needed for. */
  purpose: string;
}

// One array, so that it is no change from one rendering to the next.
const NO_ITEMS: never[] = [];

/** A panel whose page needs a FAISS index. */
export function IndexedPanel({ data = {}, schema, Page, purpose }: Props) {
  const server = useServer(schema.view);
  const { error = null, dataset = "", size = 0, indexes, jobs = NO_ITEMS } = data;
  if (error || !indexes) return <Loading error={error} server={server} />;
  const own = indexes.filter(({ backend }) => backend === "faiss");
  const shared = { server, dataset, listedJobs: jobs };
  if (!own.length) return <NoIndex key={dataset} {...shared} size={size} purpose={purpose} />;
  return <Page key={dataset} {...shared} indexes={own} />;
}
