import React, { type CSSProperties } from "react";
import type { TileField } from "../../generated.ts";

interface TileFieldsProps {
  /** The chosen fields. */
  fields: TileField[];
  /** The texts of this result's values, by the names of the fields. */
  values: Record<string, string[]> | undefined;
}

/** The lines with the values of the chosen fields, in the colors of the App. */
export function TileFields({ fields, values }: TileFieldsProps) {
  if (!fields.length || !values) return null;
  return (
    <span className="ffs-lines" data-cy="faiss-lines" aria-hidden="true">
      {fields.map((field) => (
        <Line key={field.name} field={field} texts={values[field.name] ?? []} />
      ))}
    </span>
  );
}

function Line({ field: { name, path }, texts }: { field: TileField; texts: string[] }) {
  const colors = window.recoil.useRecoilValueLoadable(window.__fos__.valueColor(path));
  const colorOf = colors.state === "hasValue" ? colors.contents : null;
  return (
    <span className="ffs-line" data-field={name} title={`${name}: ${texts.join(", ") || "none"}`}>
      {texts.map((text) => (
        <React.Fragment key={text}>
          <span
            className="ffs-value"
            style={{ "--ffs-value": colorOf?.(text) } as CSSProperties}
          >
            {text}
          </span>{" "}
        </React.Fragment>
      ))}
    </span>
  );
}
