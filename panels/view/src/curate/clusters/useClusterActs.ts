import type { ClustersRun } from "../../generated.ts";
import type { Curate } from "../state/useCurate.ts";
import { useGrid } from "../shared/useGrid.ts";

/** What can be done with clusters, by their numbers; -1 is what is in no cluster. */
export interface ClusterActs {
  show: (clusters: number[]) => Promise<void>;
  tag: (clusters: number[], name: string) => Promise<void>;
  rename: (cluster: number, name: string | null) => Promise<boolean>;
  save: (name: string) => Promise<void>;
}

export function useClusterActs(curate: Curate, run: ClustersRun): ClusterActs {
  const { server, take, view } = curate;
  const grid = useGrid(curate, run.patches_field);
  return {
    show: async (clusters) =>
      grid.take(await server("show_clusters", { ...view.grid, run: run.id, clusters })),
    tag: async (clusters, name) =>
      void take(await server("tag_clusters", { run: run.id, clusters, name })),
    rename: async (cluster, name) =>
      take(await server("rename_cluster", { run: run.id, cluster, name })),
    save: async (name) => void take(await server("save_clusters", { run: run.id, name })),
  };
}
