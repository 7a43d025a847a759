import React, { type ComponentType } from "react";
import type { Server } from "../app/server.ts";
import type { Job, PanelIndex } from "../generated.ts";
import type { DrawerName } from "../state/searchState.ts";
import type { RefreshJobs } from "../state/useJobs.ts";
import type { Search } from "../state/useSearch.ts";
import { Facets } from "./query/Facets.tsx";
import { MoreOptions } from "./query/MoreOptions.tsx";
import { Help } from "./Help.tsx";
import { History } from "./History.tsx";
import { Icon, type IconName } from "./Icon.tsx";
import { Health } from "./indexes/Health.tsx";

export interface DrawerProps {
  search: Search;
  server: Server;
  jobs: Job[];
  refreshJobs: RefreshJobs;
  /** Whether an orchestrator can do long work. */
  canDelegate: boolean;
}

interface DrawerContent {
  label: string;
  component: ComponentType<DrawerProps>;
}

interface DrawerButton extends DrawerContent {
  name: DrawerName;
  icon?: IconName;
  text?: string;
}

const BUTTONS: DrawerButton[] = [
  { name: "filters", label: "Filters", icon: "filter", component: Facets },
  { name: "history", label: "History", icon: "history", component: History },
  { name: "health", label: "Index", icon: "health", component: Health },
  { name: "help", label: "Help", text: "?", component: Help },
];

// Its button is beside the other options.
const OPTIONS: DrawerContent = { label: "More options", component: MoreOptions };

/** The buttons that open a drawer; at most one is open. */
export function DrawerButtons({ search: { drawer, update, index } }: { search: Search }) {
  return (
    <span className="ffs-drawer-buttons">
      {BUTTONS.filter(({ name }) => isAvailable(name, index)).map(({ name, label, icon, text }) => (
        <button
          key={name}
          type="button"
          className="ffs-button ffs-quiet"
          data-cy={`faiss-${name}`}
          aria-label={label}
          title={text ? `${label} (key: ${text})` : label}
          aria-expanded={drawer === name}
          aria-controls="ffs-drawer"
          onClick={() => update({ drawer: drawer === name ? null : name })}
        >
          {icon && <Icon name={icon} size={16} />}
          {text || <span className="ffs-button-label">{label}</span>}
        </button>
      ))}
    </span>
  );
}

/** Other Brain backends keep their indexes themselves: the panel does not maintain them. */
function isAvailable(name: DrawerName, index: PanelIndex): boolean {
  return name !== "health" || index.backend === "faiss";
}

export function Drawer(props: DrawerProps) {
  const { drawer: name, index } = props.search;
  const drawer = name === "options" ? OPTIONS : BUTTONS.find((button) => button.name === name);
  if (!name || !drawer || !isAvailable(name, index)) return null;
  const { label, component: Content } = drawer;
  return (
    <div className="ffs-drawer-place">
      <section id="ffs-drawer" className="ffs-drawer" aria-label={label} tabIndex={0}>
        <Content {...props} />
      </section>
    </div>
  );
}
