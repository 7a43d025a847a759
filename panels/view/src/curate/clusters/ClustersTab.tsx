import React from "react";
import { isFailure } from "../../app/server.ts";
import { counted } from "../../format/numbers.ts";
import type { ClusterRow, ClustersRun } from "../../generated.ts";
import { useFrameImages } from "../../state/useFrameImages.ts";
import { NamedAction } from "../shared/NamedAction.tsx";
import { RestoreGrid } from "../shared/RestoreGrid.tsx";
import { useGrid } from "../shared/useGrid.ts";
import { CLUSTER_FORM, type ClusterForm as Form } from "../state/clusterForm.ts";
import { nounOf } from "../state/nouns.ts";
import { type Curate, usePages } from "../state/useCurate.ts";
import { useTabState } from "../state/useTabState.ts";
import { ClusterForm } from "./ClusterForm.tsx";
import { ClusterList } from "./ClusterList.tsx";
import { ClusterSummary } from "./ClusterSummary.tsx";
import { useClusterActs } from "./useClusterActs.ts";

const PAGE = 10;
const UNCLUSTERED = -1;

/** Finds clusters, names them, and lists them. */
export function ClustersTab({ curate }: { curate: Curate }) {
  const run = curate.state?.clusters ?? null;
  const [form, change] = useTabState(curate, "clusters", CLUSTER_FORM);
  return (
    <>
      <ClusterForm {...{ curate, form, change }} />
      {run ? (
        <Results key={run.id} {...{ curate, run, form, change }} />
      ) : (
        <p className="ffs-note" data-cy="curate-nothing">
          {curate.view.runs.clusters
            ? "The server was restarted, so its result is gone: find clusters again. The names " +
              "that you gave are kept, and so are saved fields and tags."
            : "Find clusters to see which kinds of samples the dataset consists of, how many there " +
              "are of each, and how sure that is. Nothing is changed before you save or tag."}
        </p>
      )}
    </>
  );
}

interface ResultsProps {
  curate: Curate;
  run: ClustersRun;
  form: Form;
  change: (part: Partial<Form>) => void;
}

function Results({ curate, run, form, change }: ResultsProps) {
  const { server, version } = curate;
  const acts = useClusterActs(curate, run);
  const grid = useGrid(curate, run.patches_field);
  const pages = usePages<ClusterRow>(`${run.id}/${version}`, PAGE, async (start, count) => {
    const answer = await server("clusters", { run: run.id, start, count });
    return isFailure(answer) ? answer.error : { items: answer.clusters, total: answer.total };
  });
  const rows = pages.items ?? [];
  const files = rows.flatMap(({ medoids, borders }) => [...medoids, ...borders.map((b) => b.file)]);
  const frames = useFrameImages(server, files, run);
  const place = run.patches_field === null ? "field" : "attribute";
  const clustered = counted(run.compared - run.unclustered, nounOf(run));
  return (
    <section aria-label="Clusters">
      <ClusterSummary run={run} />
      {run.count > 0 && (
        <div className="ffs-curate-actions" role="group" aria-label="Actions">
          <div className="ffs-curate-buttons">
            <NamedAction
              name="curate-save-clusters"
              label={`Save ${clustered} in the ${place}`}
              fieldLabel={`The ${place} that gets the clusters`}
              value={form.field}
              setValue={(field) => change({ field })}
              isIdle={false}
              act={() => void acts.save(form.field)}
            />
            {run.unclustered > 0 && (
              <button
                type="button"
                className="ffs-button"
                data-cy="curate-show-unclustered"
                onClick={() => void acts.show([UNCLUSTERED])}
              >
                Show {counted(run.unclustered, nounOf(run))} in no cluster
              </button>
            )}
            {grid.isShown && <RestoreGrid restore={grid.restore} />}
          </div>
        </div>
      )}
      {pages.error && (
        <p className="ffs-error" role="alert" data-cy="curate-error">
          {pages.error}
        </p>
      )}
      {!pages.items && !pages.error && run.count > 0 && (
        <p className="ffs-note" role="status">
          Loading the clusters…
        </p>
      )}
      <ClusterList {...{ run, rows, acts, frames }} more={pages.more} />
    </section>
  );
}
