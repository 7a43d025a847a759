// Colours come from the App's theme, so that dark and light are right by themselves.
export const STYLES = `
.ffs-panel { box-sizing: border-box; height: 100%; overflow: hidden auto; padding: 16px;
  color: var(--fo-palette-text-primary); background: var(--fo-palette-background-mediaSpace);
  font-size: 14px; line-height: 1.45; }
.ffs-panel *, .ffs-panel *::before { box-sizing: border-box; font-family: inherit; }
.ffs-line { display: flex; align-items: center; gap: 8px; padding: 6px; border-radius: 8px;
  background: var(--fo-palette-background-level3);
  border: 1px solid var(--fo-palette-primary-plainBorder); }
.ffs-line:focus-within, .ffs-dragging { border-color: var(--fo-palette-primary-main); }
.ffs-dragging { border-style: dashed; }
.ffs-query { flex: 1; min-width: 60px; height: 32px; padding: 0 8px; border: 0; outline: 0;
  background: transparent; color: inherit; font-size: 15px; }
.ffs-query::placeholder { color: var(--fo-palette-text-tertiary); }
.ffs-button, .ffs-icon { height: 32px; padding: 0 12px; border-radius: 6px; cursor: pointer;
  border: 1px solid var(--fo-palette-primary-plainBorder); font-size: 13px; white-space: nowrap;
  background: var(--fo-palette-background-level1); color: inherit; }
.ffs-icon { display: grid; place-items: center; padding: 0 6px; border-color: transparent;
  background: transparent; color: var(--fo-palette-text-secondary); }
.ffs-button:hover, .ffs-icon:hover { border-color: var(--fo-palette-primary-main); }
.ffs-main { background: var(--fo-palette-primary-main); border-color: transparent; color: #fff;
  font-weight: 600; }
.ffs-main:hover { filter: brightness(1.1); }
.ffs-panel :focus-visible { outline: 2px solid var(--fo-palette-primary-main); outline-offset: 1px; }
.ffs-query:focus-visible { outline: 0; }
.ffs-options, .ffs-actions { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 14px;
  margin-top: 10px; }
.ffs-options label { display: flex; align-items: center; gap: 6px; min-width: 0;
  color: var(--fo-palette-text-secondary); font-size: 13px; }
.ffs-options select, .ffs-number, .ffs-tag-name { height: 28px; min-width: 0; max-width: 100%;
  padding: 0 6px; border-radius: 6px; font-size: 13px; color: var(--fo-palette-text-primary);
  background: var(--fo-palette-background-level3);
  border: 1px solid var(--fo-palette-primary-plainBorder); }
.ffs-number { width: 72px; }
.ffs-tag-name { width: 130px; height: 32px; }
.ffs-actions { gap: 8px; }
.ffs-status { display: flex; align-items: center; gap: 8px; min-height: 22px; margin-top: 10px;
  color: var(--fo-palette-text-secondary); overflow-wrap: anywhere; }
.ffs-error { padding: 6px 10px; border-radius: 6px; color: var(--fo-palette-text-primary);
  background: rgba(214, 56, 56, 0.16); border-left: 3px solid #d63838; }
.ffs-job, .ffs-lacking { width: 100%; margin-top: 10px; padding: 8px 10px; border-radius: 6px;
  background: var(--fo-palette-background-level3); text-align: left; }
.ffs-job-text, .ffs-lacking { display: flex; flex-wrap: wrap; align-items: center;
  justify-content: space-between; gap: 4px 12px; }
.ffs-job-text span, .ffs-lacking span { flex: 1 1 200px; overflow-wrap: anywhere;
  font-variant-numeric: tabular-nums; }
.ffs-job-failed { border-left: 3px solid #d63838; }
.ffs-job .ffs-button, .ffs-lacking .ffs-button { height: 28px; }
.ffs-track { height: 6px; margin-top: 8px; overflow: hidden; border-radius: 3px;
  background: var(--fo-palette-background-level1); }
.ffs-track span { display: block; height: 100%; border-radius: 3px;
  background: var(--fo-palette-primary-main); transition: width 0.3s; }
.ffs-note { display: block; color: var(--fo-palette-text-secondary); }
.ffs-spinner { flex: none; width: 14px; height: 14px; border-radius: 50%;
  border: 2px solid var(--fo-palette-primary-main); border-right-color: transparent;
  animation: ffs-turn 0.8s linear infinite; }
@keyframes ffs-turn { to { transform: rotate(1turn); } }
.ffs-grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(120px, 1fr)); gap: 8px;
  margin-top: 12px; }
.ffs-stale { opacity: 0.5; }
.ffs-result { position: relative; aspect-ratio: 1; padding: 0; overflow: hidden; border-radius: 6px;
  border: 1px solid transparent; background: var(--fo-palette-background-level3); cursor: pointer; }
.ffs-result img { display: block; width: 100%; height: 100%; object-fit: cover; }
.ffs-result:hover { border-color: var(--fo-palette-primary-main); }
.ffs-score { position: absolute; right: 4px; bottom: 4px; padding: 0 6px; border-radius: 4px;
  background: rgba(0, 0, 0, 0.65); color: #fff; font-size: 12px;
  font-variant-numeric: tabular-nums; }
.ffs-skeleton { cursor: default; animation: ffs-pulse 1.2s ease-in-out infinite alternate; }
@keyframes ffs-pulse { from { opacity: 0.35; } to { opacity: 0.8; } }
.ffs-chip { display: flex; align-items: center; gap: 6px; max-width: 45%; padding: 2px 6px 2px 2px;
  border-radius: 6px; background: var(--fo-palette-background-level1); font-size: 13px; }
.ffs-chip img { width: 28px; height: 28px; border-radius: 4px; object-fit: cover; }
.ffs-chip-name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.ffs-chip button { border: 0; background: transparent; color: inherit; font-size: 16px;
  cursor: pointer; }
.ffs-hints { margin: 20px 0 0; padding: 0; list-style: none; color: var(--fo-palette-text-secondary); }
.ffs-hints li { margin: 4px 0; }
.ffs-empty { display: flex; flex-direction: column; align-items: center; justify-content: center;
  text-align: center; }
.ffs-empty h3 { margin: 16px 0 4px; font-size: 16px; }
.ffs-empty p { max-width: 420px; margin: 0 0 16px; color: var(--fo-palette-text-secondary); }
@media (prefers-reduced-motion: reduce) { .ffs-panel * { animation: none !important; } }
`;
