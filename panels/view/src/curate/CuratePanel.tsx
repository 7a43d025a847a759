import React from "react";
import { useServer } from "../app/useServer.ts";
import { NoIndex } from "../components/indexes/NoIndex.tsx";
import { Loading, type SearchPanelProps } from "../components/SearchPanel.tsx";
import { CuratePage } from "./CuratePage.tsx";

// One array, so that it is no change from one rendering to the next.
const NO_ITEMS: never[] = [];

/** The page of the panel "FAISS Curate". */
export function CuratePanel({ data = {}, schema }: SearchPanelProps) {
  const server = useServer(schema.view);
  const { error = null, dataset = "", size = 0, indexes, jobs = NO_ITEMS } = data;
  if (error || !indexes) return <Loading error={error} server={server} />;
  const own = indexes.filter(({ backend }) => backend === "faiss");
  const shared = { server, dataset, size, listedJobs: jobs };
  if (!own.length) {
    return <NoIndex key={dataset} {...shared} purpose="to find duplicates, outliers, wrong labels and clusters" />;
  }
  return <CuratePage key={dataset} {...shared} indexes={own} />;
}
