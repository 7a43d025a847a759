import React from "react";
import { IconButton } from "../../components/Icon.tsx";
import type { DuplicatesGroup } from "../../generated.ts";
import { FileImage } from "../shared/FileImage.tsx";
import { type Decisions, decidedMembers, type ShownMember } from "../state/decisions.ts";
import { memberReason, memberStatus } from "../state/memberTexts.ts";

interface GroupRowProps {
  group: DuplicatesGroup;
  decisions: Decisions;
  current: string | null;
  isSelected: boolean;
  frames: ReadonlyMap<string, string | null>;
  select: () => void;
  setCurrent: (id: string) => void;
  choose: (id: string, choice: "keep" | "remove") => void;
  compare: (id: string) => void;
  open: (id: string) => void;
}

/** A group: its members as large pictures, the kept ones marked. */
export function GroupRow(props: GroupRowProps) {
  const { group, decisions, current, isSelected, select } = props;
  const shown = decidedMembers(group, decisions);
  const kept = shown.filter(({ isKept }) => isKept).length;
  const isCurrent = group.members.some(({ id }) => id === current);
  return (
    <li
      className={`ffs-curate-group ${isCurrent ? "ffs-current" : ""}`}
      data-cy="curate-group"
      data-number={group.number}
    >
      <label className="ffs-curate-group-name">
        <input
          type="checkbox"
          data-cy="curate-select"
          aria-label={`Select group ${group.number + 1}`}
          checked={isSelected}
          onChange={select}
        />
        Group {group.number + 1}: {kept} kept, {shown.length - kept} redundant
      </label>
      <ul>
        {shown.map((row) => (
          <MemberTile key={row.member.id} {...props} row={row} />
        ))}
      </ul>
    </li>
  );
}

function MemberTile(props: GroupRowProps & { row: ShownMember }) {
  const { row, current, frames, setCurrent, choose, compare, open } = props;
  const { member, isKept, decision } = row;
  const { id, file } = member;
  return (
    <li className={`ffs-tile ${isKept ? "ffs-kept" : "ffs-redundant"}`} data-kept={isKept}>
      <button
        type="button"
        className="ffs-open"
        data-cy="curate-member"
        data-id={id}
        tabIndex={id === current ? 0 : -1}
        title={memberReason(row)}
        aria-current={id === current}
        onFocus={() => setCurrent(id)}
        onClick={({ currentTarget }) => currentTarget.focus()}
        onDoubleClick={() => open(id)}
      >
        <FileImage file={file} frame={frames.get(id) ?? null} />
        <span className="ffs-curate-caption">
          <strong className="ffs-curate-state" data-cy="curate-member-state">
            {memberStatus(row)}
          </strong>
          <span className="ffs-curate-reason">{memberReason(row)}</span>
        </span>
      </button>
      <span className="ffs-curate-controls">
        {(["keep", "remove"] as const).map((choice) => (
          <IconButton
            key={choice}
            icon={choice}
            label={choice === "keep" ? "Keep (k)" : "Remove (x)"}
            data-cy={`curate-${choice}`}
            tabIndex={-1}
            aria-pressed={decision === choice}
            onClick={() => choose(id, choice)}
          />
        ))}
        <IconButton
          icon="compare"
          label="Compare (c)"
          data-cy="curate-compare-button"
          tabIndex={-1}
          onClick={() => compare(id)}
        />
      </span>
    </li>
  );
}
