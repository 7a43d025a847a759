import React, { useRef, useState } from "react";
import type { MatchExplanation } from "../generated.ts";
import {
  aboveMean,
  partnersOf,
  type Side,
  type Region,
  sizesOf,
  sumOf,
} from "./heat.ts";
import { Lines } from "./Lines.tsx";
import { MapImage } from "./MapImage.tsx";

interface PairProps {
  explanation: MatchExplanation;
  queryLabel: string;
  matchLabel: string;
  showsLines: boolean;
}

/** The pictures of a match; pointing at a region of one shows its partners in the other. */
export function Pair({ explanation, queryLabel, matchLabel, showsLines }: PairProps) {
  const { pairs, query_image, query_map, lines } = explanation;
  const [pointed, setPointed] = useState<{ which: Side; at: Region } | null>(null);
  const area = useRef<HTMLDivElement>(null);
  const sizes = pairs && sizesOf(pairs);
  const partners = pairs && pointed ? partnersOf(pairs, pointed.which, pointed.at) : null;
  const shared = (which: Side) => ({
    which,
    regions: pairs && sizes ? { box: pairs[`${which}_box`], size: sizes[which] } : null,
    at: pointed?.which === which ? pointed.at : null,
    partners: partners && pointed?.which !== which ? aboveMean(partners) : null,
    point: (at: Region | null) => setPointed(at && { which, at }),
  });
  return (
    <div className="ffs-why-area">
      <div className="ffs-why-pair" ref={area}>
        {query_image && (
          <MapImage {...shared("query")} image={query_image} label={queryLabel} map={query_map} />
        )}
        <MapImage
          {...shared("match")}
          image={explanation.image}
          label={matchLabel}
          map={explanation.map}
        />
        {showsLines && query_image && <Lines lines={lines} area={area} />}
      </div>
      {pairs && (
        <p className="ffs-note" role="status" data-cy="why-pointed">
          {partners && pointed
            ? `This region of the ${pointed.which === "query" ? "query" : "result"} adds ` +
              `${sumOf(partners).toFixed(3)} of the score of ${explanation.score.toFixed(3)}.`
            : "Point at a region to see what it goes with."}
        </p>
      )}
    </div>
  );
}
