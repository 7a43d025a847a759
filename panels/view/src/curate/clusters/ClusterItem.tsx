import React from "react";
import { NameForm } from "../../components/results/NameForm.tsx";
import { Menu } from "../../components/Menu.tsx";
import { counted, percent } from "../../format/numbers.ts";
import type { ClusterRow, ClustersRun } from "../../generated.ts";
import { ImageRow } from "../shared/ImageRow.tsx";
import { reasonText } from "../state/clusterTexts.ts";
import { nounOf } from "../state/nouns.ts";
import { ClusterName } from "./ClusterName.tsx";
import type { ClusterActs } from "./useClusterActs.ts";

interface ClusterItemProps {
  run: ClustersRun;
  row: ClusterRow;
  acts: ClusterActs;
  frames: ReadonlyMap<string, string | null>;
}

/** A cluster: its name and why, how stable it is, typical members and border cases. */
export function ClusterItem({ run, row, acts, frames }: ClusterItemProps) {
  const { number, label, size, stability, medoids, borders } = row;
  const members = counted(size, nounOf(run));
  return (
    <li className="ffs-curate-group" data-cy="curate-cluster" data-number={number}>
      <div className="ffs-curate-cluster-head">
        <ClusterName row={row} rename={(name) => acts.rename(number, name)} />
        <span data-cy="curate-cluster-size">{members}</span>
        {run.runs > 1 && (
          <span
            data-cy="curate-cluster-stability"
            title="The mean overlap with the same cluster of the other runs: 1 is the same members"
          >
            stability {stability.toFixed(2)}
          </span>
        )}
        <span className="ffs-curate-cluster-acts">
          <button
            type="button"
            className="ffs-button"
            data-cy="curate-show-cluster"
            aria-label={`Show in the grid: ${label}`}
            onClick={() => void acts.show([number])}
          >
            Show in the grid
          </button>
          <Menu
            name="curate-tag-cluster"
            label="Tag"
            title={`Tag ${label}`}
            dialogLabel={`Tag ${label}`}
          >
            {(close) => (
              <NameForm
                label="Tag"
                name="curate-tag-members"
                suggestion={label}
                button={`Tag ${members}`}
                autoFocus
                save={(name) => {
                  close();
                  void acts.tag([number], name);
                }}
              />
            )}
          </Menu>
        </span>
      </div>
      {run.params.vocabulary !== "none" && (
        <p className="ffs-note" data-cy="curate-cluster-reason">
          {reasonText(row)}
        </p>
      )}
      <ImageRow
        label={`Typical members of ${label}`}
        name="curate-medoid"
        frames={frames}
        images={medoids.map((file) => ({ file }))}
      />
      {borders.length > 0 && (
        <>
          <p className="ffs-note">Border cases, with the cluster that they might belong to:</p>
          <ImageRow
            label={`Border cases of ${label}`}
            name="curate-border"
            frames={frames}
            images={borders.map(({ file, other_label, confidence }) => ({
              file,
              caption: `${percent(confidence)} sure, else ${other_label}`,
              title: `Another run puts it into ${label} again with ${percent(confidence)}; the next cluster is ${other_label}`,
            }))}
          />
        </>
      )}
    </li>
  );
}
