import React from "react";

interface ZoomButtonsProps {
  zoom: (factor: number) => void;
  fit: () => void;
}

const STEP = 1.5;

/** Buttons for those who have no wheel. */
export function ZoomButtons({ zoom, fit }: ZoomButtonsProps) {
  const buttons = [
    { name: "map-zoom-in", label: "Zoom in", text: "+", act: () => zoom(STEP) },
    { name: "map-zoom-out", label: "Zoom out", text: "−", act: () => zoom(1 / STEP) },
    { name: "map-fit", label: "Show the whole map", text: "⤢", act: fit },
  ];
  return (
    <div className="ffs-map-zoom">
      {buttons.map(({ name, label, text, act }) => (
        <button
          key={name}
          type="button"
          className="ffs-button"
          aria-label={label}
          title={label}
          data-cy={name}
          onClick={act}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
