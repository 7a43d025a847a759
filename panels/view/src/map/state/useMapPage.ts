import { useState } from "react";
import type { Server } from "../../app/server.ts";
import type { Job, PanelIndex } from "../../generated.ts";
import { type Jobs, useJobs } from "../../state/useJobs.ts";
import type { MapView } from "./mapState.ts";
import { useMapView } from "./mapStore.ts";

export interface Message {
  kind: "done" | "error";
  text: string;
}

/** What the tabs share. */
export interface MapPageState extends Jobs {
  server: Server;
  dataset: string;
  indexes: PanelIndex[];
  view: MapView;
  update: (change: Partial<MapView>) => void;
  /** What the last action did, or why it failed. */
  message: Message | null;
  setMessage: (message: Message | null) => void;
}

export function useMapPage(
  server: Server,
  dataset: string,
  indexes: PanelIndex[],
  listedJobs: Job[]
): MapPageState {
  const [view, update] = useMapView(dataset);
  const [message, setMessage] = useState<Message | null>(null);
  const jobs = useJobs(server, listedJobs, false);
  return { server, dataset, indexes, view, update, message, setMessage, ...jobs };
}
