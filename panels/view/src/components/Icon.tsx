import React, { type ButtonHTMLAttributes } from "react";

// Line drawings of 24 by 24.
const IMAGE = "M4 5h16v14H4zM4 16l5-5 4 4 2-2 5 5M15.5 9.5h.01";
const PATHS = {
  image: IMAGE,
  upload: IMAGE,
  text: "M5 7h14M5 12h14M5 17h8",
  url: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  path: "M3 7h6l2 2h10v10H3z",
  selected: "M4 4h16v16H4zM8 12l3 3 5-6",
  id: "M12 3v4M12 17v4M3 12h4M17 12h4M12 12m-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0",
  like: "M7 11v9H4v-9zM7 11l4-8c2 0 3 1 2.5 3L13 9h6c1 0 2 1 1.7 2l-2 7c-.3 1-1 2-2 2H7",
  dislike: "M7 13V4H4v9zM7 13l4 8c2 0 3-1 2.5-3L13 15h6c1 0 2-1 1.7-2l-2-7c-.3-1-1-2-2-2H7",
  history: "M4 5v5h5M4.5 10a8 8 0 1 1-.5 4M12 8v4l3 2",
  health: "M3 12h4l3-7 4 14 3-7h4",
  options:
    "M4 8h9M17 8h3M4 16h3M11 16h9M13 8a2 2 0 1 0 4 0a2 2 0 1 0 -4 0M7 16a2 2 0 1 0 4 0a2 2 0 1 0 -4 0",
  filter: "M4 5h16l-6 8v6l-4-2v-4z",
  pin: "M9 4h6l-1 6 3 3v2H7v-2l3-3zM12 15v5",
  edit: "M5 19v-3L16 5l3 3L8 19z",
  remove: "M6 6l12 12M18 6L6 18",
  delete: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  rename: "M4 19h16M7 15l5-11 5 11M9 11h6",
  more: "M6 10l6 6 6-6",
  tag: "M4 4h8l8 8-8 8-8-8zM8 8h.01",
  keep: "M5 12l5 5 9-11",
  undo: "M9 6L4 11l5 5M4 11h10a6 6 0 0 1 0 12",
  why: "M9 9.5a3 3 0 1 1 4.2 2.7c-.8.4-1.2 1-1.2 2M12 17.3h.01M3 12a9 9 0 1 0 18 0a9 9 0 1 0 -18 0",
  compare: "M4 5h7v14H4zM13 5h7v14h-7z",
  view: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
};

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      viewBox="0 0 24 24"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  icon: IconName;
  label: string;
  size?: number;
  "data-cy"?: string;
}

/** A button with an icon; its label is for screen readers and the tooltip. */
export function IconButton({ icon, label, size = 18, ...others }: IconButtonProps) {
  return (
    <button type="button" className="ffs-icon" aria-label={label} title={label} {...others}>
      <Icon name={icon} size={size} />
    </button>
  );
}
