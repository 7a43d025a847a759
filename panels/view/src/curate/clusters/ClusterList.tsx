import React from "react";
import type { ClusterRow, ClustersRun } from "../../generated.ts";
import { percent } from "../../format/numbers.ts";
import { headingText, segmentsOf } from "../state/clusterTexts.ts";
import { nounOf } from "../state/nouns.ts";
import { ClusterItem } from "./ClusterItem.tsx";
import type { ClusterActs } from "./useClusterActs.ts";
import { MoreButton } from "../shared/MoreButton.tsx";

interface ClusterListProps {
  run: ClustersRun;
  rows: ClusterRow[];
  acts: ClusterActs;
  frames: ReadonlyMap<string, string | null>;
  more: () => Promise<void>;
}

/** The clusters, under the headings of their groups. */
export function ClusterList({ run, rows, acts, frames, more }: ClusterListProps) {
  return (
    <>
      {segmentsOf(rows).map(({ heading, rows: own }) => (
        <div key={heading?.number ?? "all"} role="group" aria-label={heading?.label ?? "All clusters"}>
          {heading && (
            <h3 className="ffs-curate-heading" data-cy="curate-cluster-group">
              {headingText(heading, nounOf(run))}
              {heading.evidence && !heading.name && (
                <span className="ffs-note">
                  best text “{heading.evidence.text}”, {percent(heading.evidence.confidence)} sure
                </span>
              )}
              <button
                type="button"
                className="ffs-link"
                data-cy="curate-show-group"
                aria-label={`Show in the grid: ${heading.label}`}
                onClick={() => void acts.show(heading.clusters)}
              >
                Show in the grid
              </button>
            </h3>
          )}
          <ol className="ffs-curate-groups">
            {own.map((row) => (
              <ClusterItem key={row.number} {...{ run, row, acts, frames }} />
            ))}
          </ol>
        </div>
      ))}
      <MoreButton shown={rows.length} total={run.count} things="clusters" more={more} />
    </>
  );
}
