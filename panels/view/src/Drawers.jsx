import { React } from "./app.js";
import { Health } from "./Health.jsx";
import { Help } from "./Help.jsx";
import { History } from "./History.jsx";
import { Icon } from "./icons.jsx";

const DRAWERS = {
  history: { label: "History", icon: "history", component: History },
  health: { label: "Index", icon: "health", component: Health },
  help: { label: "Help", text: "?", component: Help },
};

/** The buttons that open what is needed now and then; one at a time is open. */
export function DrawerButtons({ search }) {
  const { drawer, update } = search;
  return (
    <span className="ffs-drawer-buttons">
      {Object.entries(DRAWERS).map(([name, { label, icon, text }]) => (
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
          {text || <span className="ffs-word">{label}</span>}
        </button>
      ))}
    </span>
  );
}

export function Drawer(props) {
  const name = props.search.drawer;
  if (!name) return null;
  const { label, component: Content } = DRAWERS[name];
  return (
    <section id="ffs-drawer" className="ffs-drawer" aria-label={label}>
      <Content {...props} />
    </section>
  );
}
