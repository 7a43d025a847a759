export const RESULT_STYLES = `
.ffs-columns { display: grid; gap: 20px; margin-top: 10px; }
.ffs-column { min-width: 0; }
@container (min-width: 800px) { .ffs-columns { grid-auto-flow: column; grid-auto-columns: 1fr; } }
.ffs-heading { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 12px; min-height: 32px;
  color: var(--ffs-soft); font-size: 13px; }
.ffs-page > .ffs-heading { margin-top: 6px; }
.ffs-heading h3 { flex: 0 1 auto; min-width: 0; overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; color: var(--fo-palette-text-primary); }
.ffs-heading > .ffs-icon { margin-left: auto; }
.ffs-explanation { order: 1; flex: 1 1 100%; margin: 0 0 4px; padding-left: 18px; }
.ffs-cut-control { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 12px;
  margin-left: auto; }

.ffs-grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(116px, 1fr)); gap: 10px;
  margin: 8px 0 0; padding: 0; list-style: none; }
@container (max-width: 420px) { .ffs-grid { grid-template-columns: repeat(auto-fill,
  minmax(98px, 1fr)); gap: 8px; } }
.ffs-stale { opacity: 0.5; }
.ffs-tile { position: relative; min-width: 0; }
.ffs-open { display: block; width: 100%; padding: 0; overflow: hidden; border-radius: 8px;
  border: 1px solid transparent; background: var(--fo-palette-background-level1); color: inherit;
  text-align: left; cursor: pointer; }
.ffs-open:hover { border-color: var(--ffs-accent); }
.ffs-picture { position: relative; display: block; overflow: hidden; aspect-ratio: 1;
  background: var(--ffs-field); }
.ffs-picture img { display: block; width: 100%; height: 100%; object-fit: cover; }
.ffs-picture .ffs-cropped { position: absolute; max-width: none; }
.ffs-copies { position: absolute; left: 5px; bottom: 5px; padding: 0 6px; border-radius: 9px;
  background: rgba(0, 0, 0, 0.72); color: #fff; font-size: 11px; }
.ffs-caption { display: grid; grid-template-columns: 1fr auto; gap: 0 6px; padding: 4px 7px 5px;
  min-height: 28px; font-size: 12px; line-height: 1.4; }
.ffs-score { grid-column: 2; font-variant-numeric: tabular-nums; }
.ffs-share { grid-column: 1 / -1; color: var(--ffs-soft); font-variant-numeric: tabular-nums; }
.ffs-band { display: flex; align-items: center; gap: 5px; font-weight: 600; }
.ffs-band::before { content: ""; flex: none; width: 9px; height: 9px; border-radius: 50%;
  border: 2px solid var(--ffs-band); background: var(--ffs-band); }
.ffs-band-strong { --ffs-band: var(--fo-palette-success-main); }
.ffs-band-likely { --ffs-band: var(--fo-palette-warning-main); }
.ffs-band-weak { --ffs-band: var(--ffs-soft); color: var(--ffs-soft); font-weight: 400; }
.ffs-band-weak::before { background: transparent; }

.ffs-thumbs { position: absolute; top: 5px; right: 5px; display: flex; gap: 4px; }
.ffs-thumbs .ffs-icon { width: 26px; height: 26px; border-radius: 50%; opacity: 0; color: #fff;
  background: rgba(0, 0, 0, 0.62); }
.ffs-thumbs .ffs-icon:hover { color: #fff; }
.ffs-tile:hover .ffs-icon, .ffs-tile:focus-within .ffs-icon,
.ffs-thumbs .ffs-icon[aria-pressed=true] { opacity: 1; }
.ffs-thumbs .ffs-icon[aria-pressed=true] { color: #fff; background: var(--fo-palette-success-dark); }
.ffs-disliked .ffs-icon[aria-pressed=true] { background: var(--fo-palette-error-dark); }
.ffs-liked .ffs-open { border-color: var(--fo-palette-success-main); }
.ffs-disliked .ffs-open { border-color: var(--fo-palette-error-main); }
.ffs-disliked .ffs-picture img { opacity: 0.55; }
@media (hover: none) { .ffs-thumbs .ffs-icon { opacity: 1; } }

.ffs-divider { display: flex; grid-column: 1 / -1; align-items: center; gap: 10px;
  color: var(--ffs-soft); font-size: 12px; }
.ffs-divider::before, .ffs-divider::after { content: ""; flex: 1; height: 1px;
  background: var(--fo-palette-text-tertiary); opacity: 0.5; }
.ffs-more { display: flex; margin: 14px auto 0; }
.ffs-skeleton { overflow: hidden; border-radius: 8px; background: var(--fo-palette-background-level1);
  animation: ffs-pulse 1.2s ease-in-out infinite alternate; }
@keyframes ffs-pulse { from { opacity: 0.35; } to { opacity: 0.8; } }
.ffs-feedback { padding: 8px 12px; border-radius: 8px; background: var(--ffs-field);
  border: 1px solid var(--ffs-edge); }
`;
