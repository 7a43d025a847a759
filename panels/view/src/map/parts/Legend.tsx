import React from "react";
import { Icon } from "../../components/Icon.tsx";
import type { LayerName } from "../cloud/PointCloud.ts";
import type { OpenMap } from "../state/useOpenMap.ts";
import { type Color, cssColor, type Look, rampColor } from "../state/palette.ts";
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
  /** How many points have an outline, and in which color. */
  outlined: Record<LayerName, number>;
  outlines: Record<LayerName, Color>;
}

const OUTLINED: Record<LayerName, string> = {
  hits: "hits of the last search",
  selected: "selected in the grid",
};

/** What the colors and the shapes of points mean; a click on a class dims the others. */
export function Legend(props: LegendProps) {
  const { map, title, values, look, only, setOnly, act, actText, outlined, outlines } = props;
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
      <Shape name="placed" label="placed later" count={map.placed_count} />
      {(["hits", "selected"] as const).map((name) => (
        <Shape
          key={name}
          name={name}
          label={OUTLINED[name]}
          count={outlined[name]}
          outline={outlines[name]}
        />
      ))}
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

interface ShapeProps {
  name: string;
  label: string;
  count: number;
  /** The color of the outline; without one, it is a ring in the color of its class. */
  outline?: Color;
}

/** What a shape of points means, if there are such points. */
function Shape({ name, label, count, outline }: ShapeProps) {
  if (!count) return null;
  const style = outline && { borderColor: cssColor(outline), background: "var(--ffs-muted)" };
  return (
    <span className="ffs-map-class" title={label} data-cy={`map-${name}`}>
      <span className="ffs-map-placed" style={style} />
      <span className="ffs-map-name">{label}</span>
      <span className="ffs-map-count">{count.toLocaleString("en-US")}</span>
    </span>
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
