import React from "react";
import { Icon } from "../../components/Icon.tsx";
import type { OpenMap } from "../state/useOpenMap.ts";
import { cssColor, type Look, rampColor } from "../state/palette.ts";
import { codeColor, legendOf, type Values } from "../state/pointColors.ts";

interface LegendProps {
  map: OpenMap;
  title: string;
  values: Values | null;
  look: Look;
  /** The classes that are not dimmed; none for all. */
  only: ReadonlySet<number>;
  setOnly: (only: ReadonlySet<number>) => void;
  /** Shows or selects the points of the classes that are not dimmed. */
  act: () => void;
  actText: string;
}

/** What the colors and the shapes of points mean; a click on a class dims the others. */
export function Legend({ map, title, values, look, only, setOnly, act, actText }: LegendProps) {
  const entries = values ? legendOf(values) : [];
  const toggle = (code: number) => {
    const next = new Set(only);
    if (!next.delete(code)) next.add(code);
    setOnly(next);
  };
  return (
    <div className="ffs-map-legend" role="group" aria-label="Legend" data-cy="map-legend">
      {values?.numbers && <Ramp {...{ values, look, title }} />}
      {entries.map(({ code, label, count }) => (
        <button
          key={code}
          type="button"
          className="ffs-map-class"
          aria-pressed={only.has(code)}
          data-cy="map-class"
          data-code={code}
          title={label}
          onClick={() => toggle(code)}
        >
          <span className="ffs-map-dot" style={{ background: cssColor(codeColor(code, look)) }} />
          <span className="ffs-map-name">{label}</span>
          <span className="ffs-map-count">{count.toLocaleString("en-US")}</span>
        </button>
      ))}
      {map.placed_count > 0 && (
        <span className="ffs-map-class" data-cy="map-placed">
          <span className="ffs-map-placed" />
          <span className="ffs-map-name">placed later by its neighbors</span>
          <span className="ffs-map-count">{map.placed_count.toLocaleString("en-US")}</span>
        </span>
      )}
      {only.size > 0 && (
        <span className="ffs-inline">
          <button type="button" className="ffs-button" data-cy="map-classes-act" onClick={act}>
            <Icon name="view" size={14} /> {actText}
          </button>
          <button
            type="button"
            className="ffs-link"
            data-cy="map-classes-all"
            onClick={() => setOnly(new Set())}
          >
            All
          </button>
        </span>
      )}
    </div>
  );
}

interface RampProps {
  values: Values;
  look: Look;
  title: string;
}

/** The range of numbers as a bar of their colors. */
function Ramp({ values, look, title }: RampProps) {
  const { low, high, missing } = values;
  const stops = Array.from({ length: 11 }, (_, i) => cssColor(rampColor(i / 10, look))).join(", ");
  const [from, to] = [low, high].map((value) => Number(value.toPrecision(3)).toString());
  return (
    <span className="ffs-map-ramp" data-cy="map-ramp">
      <span>{title}</span>
      <span className="ffs-map-bar" role="img" aria-label={`Colors from ${from} to ${to}`}>
        <span style={{ background: `linear-gradient(90deg, ${stops})` }} />
      </span>
      <span>
        <span>{from}</span>
        <span>{to}</span>
      </span>
      {missing > 0 && <span>gray: no value ({missing.toLocaleString("en-US")})</span>}
    </span>
  );
}
