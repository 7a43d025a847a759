// Colours come from the App's theme, so that dark and light are right by themselves.
export const STYLES = `
.ffs-panel { --ffs-edge: var(--fo-palette-divider); --ffs-accent: var(--fo-palette-primary-main);
  --ffs-soft: var(--fo-palette-text-secondary); --ffs-field: var(--fo-palette-background-level3);
  container-type: inline-size; box-sizing: border-box; height: 100%; overflow: hidden auto;
  color: var(--fo-palette-text-primary); background: var(--fo-palette-background-mediaSpace);
  font-size: 14px; line-height: 1.45; outline: 0; }
.ffs-panel *, .ffs-panel *::before { box-sizing: border-box; font-family: inherit; }
.ffs-page { padding: 16px; }
@container (max-width: 420px) { .ffs-page { padding: 10px; } }
.ffs-panel :focus-visible { outline: 2px solid var(--ffs-accent); outline-offset: 1px; }
.ffs-panel h3 { margin: 0; font-size: 14px; font-weight: 600; }
.ffs-panel input[type=range] { width: 110px; min-width: 40px; accent-color: var(--ffs-accent); }
.ffs-panel input[type=checkbox] { width: 15px; height: 15px; margin: 0;
  accent-color: var(--ffs-accent); }
.ffs-panel output { min-width: 26px; font-variant-numeric: tabular-nums; white-space: nowrap; }

.ffs-bar { position: relative; margin: 0; }
.ffs-line { display: flex; align-items: center; gap: 6px; padding: 6px; border-radius: 8px;
  background: var(--ffs-field); border: 1px solid var(--ffs-edge); }
.ffs-line:focus-within, .ffs-dragging { border-color: var(--ffs-accent); }
.ffs-dragging { border-style: dashed; }
.ffs-query { flex: 1; min-width: 60px; height: 34px; padding: 0 8px; border: 0; outline: 0;
  background: transparent; color: inherit; font-size: 15px; }
.ffs-query:focus-visible { outline: 0 !important; }
.ffs-query::placeholder, .ffs-number::placeholder { color: var(--fo-palette-text-tertiary); }
.ffs-completion { position: absolute; z-index: 20; left: 0; right: 0; max-width: 420px;
  margin: 4px 0 0; padding: 4px; list-style: none; border-radius: 8px;
  background: var(--fo-palette-background-popup); border: 1px solid var(--ffs-edge);
  box-shadow: 0 6px 20px rgba(0, 0, 0, 0.35); }
.ffs-completion li { padding: 5px 8px; border-radius: 5px; cursor: pointer; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; }
.ffs-completion li[aria-selected=true], .ffs-completion li:hover {
  background: var(--fo-palette-action-selected); }
.ffs-completion span { margin-left: 6px; color: var(--ffs-soft); font-size: 13px; }

.ffs-button, .ffs-icon { display: inline-flex; align-items: center; justify-content: center; gap: 5px;
  min-width: 0; max-width: 100%; height: 32px; padding: 0 12px; border-radius: 6px; cursor: pointer;
  border: 1px solid var(--ffs-edge); font-size: 13px; white-space: nowrap; color: inherit;
  background: var(--fo-palette-background-level1); }
.ffs-icon { flex: none; width: 32px; padding: 0; border-color: transparent; background: transparent;
  color: var(--ffs-soft); }
.ffs-quiet { padding: 0 8px; border-color: transparent; background: transparent;
  color: var(--ffs-soft); }
.ffs-button:hover:not([aria-disabled=true]), .ffs-icon:hover { border-color: var(--ffs-accent);
  color: var(--fo-palette-text-primary); }
.ffs-panel button[aria-disabled=true] { opacity: 0.5; cursor: default; }
.ffs-quiet[aria-expanded=true] { background: var(--fo-palette-action-selected);
  color: var(--fo-palette-text-primary); }
.ffs-main, .ffs-main:hover:not([aria-disabled=true]) { background: var(--ffs-accent);
  border-color: transparent;
  color: var(--fo-palette-primary-contrastText); font-weight: 600; }
.ffs-main:hover { filter: brightness(1.1); }
.ffs-link { padding: 0; border: 0; background: transparent; color: var(--ffs-soft); font-size: 13px;
  cursor: pointer; text-decoration: underline; text-underline-offset: 3px; }

.ffs-under-line { display: flex; align-items: flex-start; gap: 8px; margin-top: 8px; }
.ffs-chips { display: flex; flex: 1; flex-wrap: wrap; gap: 6px; min-width: 0; padding-top: 2px; }
.ffs-chip { display: inline-flex; align-items: center; gap: 5px; max-width: 100%; height: 28px;
  padding: 0 2px 0 8px; border-radius: 14px; font-size: 13px;
  background: var(--fo-palette-background-level1); border: 1px solid var(--ffs-edge); }
.ffs-old .ffs-chip { opacity: 0.5; }
.ffs-minus { border-style: dashed; border-color: var(--fo-palette-error-main); }
.ffs-sign { font-weight: 700; color: var(--fo-palette-success-main); }
.ffs-minus .ffs-sign { color: var(--fo-palette-danger-plainColor); }
.ffs-chip b { font-variant-numeric: tabular-nums; white-space: nowrap; }
.ffs-chip svg { flex: none; color: var(--ffs-soft); }
.ffs-chip img { width: 22px; height: 22px; border-radius: 4px; object-fit: cover; }
.ffs-chip-text { overflow: hidden; max-width: 260px; text-overflow: ellipsis; white-space: nowrap; }
.ffs-chip button { flex: none; width: 24px; height: 24px; margin-left: -3px; padding: 0; border: 0;
  border-radius: 50%; background: transparent; color: var(--ffs-soft); font-size: 15px;
  line-height: 1; cursor: pointer; }
.ffs-chip button:hover { background: var(--fo-palette-action-selected); color: inherit; }
.ffs-mistake { flex: 1 1 100%; color: var(--ffs-soft); font-size: 13px; overflow-wrap: anywhere;
  animation: ffs-appear 0s 0.6s both; }
.ffs-mistake code { display: block; font-family: monospace !important; white-space: pre-wrap; }
.ffs-mistake mark { background: transparent; color: inherit;
  text-decoration: underline wavy var(--fo-palette-error-main); text-underline-offset: 3px; }
@keyframes ffs-appear { from { visibility: hidden; } to { visibility: visible; } }

.ffs-options, .ffs-actions, .ffs-inline, .ffs-feedback, .ffs-more-options { display: flex;
  flex-wrap: wrap; align-items: center; gap: 8px 14px; margin: 8px 0 0; }
.ffs-panel label { display: inline-flex; align-items: center; gap: 6px; min-width: 0;
  max-width: 100%; color: var(--ffs-soft); font-size: 13px; white-space: nowrap; }
.ffs-panel select { max-width: 240px; text-overflow: ellipsis; }
.ffs-panel select.ffs-button { max-width: 170px; }
.ffs-options select, .ffs-number, .ffs-field { height: 28px; min-width: 0; padding: 0 6px;
  border-radius: 6px; font-size: 13px; color: var(--fo-palette-text-primary);
  background: var(--ffs-field); border: 1px solid var(--ffs-edge); }
.ffs-number { width: 68px; }
.ffs-field { height: 32px; flex: 1 1 120px; }
.ffs-tag-name { flex: none; width: 110px; }
.ffs-inline { flex-wrap: nowrap; gap: 8px; margin: 0; }
.ffs-more-options { order: 1; flex: 1 1 100%; margin: 0; padding: 10px 12px; border-radius: 8px;
  background: var(--ffs-field); border: 1px solid var(--ffs-edge); }
.ffs-drawer-buttons { display: inline-flex; gap: 2px; margin-left: auto; }
.ffs-actions, .ffs-feedback { gap: 8px; }
@container (max-width: 960px) { .ffs-drawer-buttons .ffs-word { display: none; } }
@container (max-width: 720px) { .ffs-word { display: none; } .ffs-options { gap: 8px; }
  .ffs-panel select.ffs-button { max-width: 130px; padding: 0 6px; }
  .ffs-panel input[type=range] { width: 90px; } }
@container (max-width: 420px) { .ffs-options label { gap: 4px; }
  .ffs-number { width: 48px; } .ffs-quiet { padding: 0 6px; } }

.ffs-status { display: flex; align-items: center; gap: 8px; min-width: 0; color: var(--ffs-soft);
  overflow-wrap: anywhere; }
.ffs-status.ffs-error { flex: 1 1 100%; }
.ffs-status.ffs-error, .ffs-error { padding: 6px 10px; border-radius: 6px;
  color: var(--fo-palette-text-primary); background: rgba(214, 56, 56, 0.16);
  border-left: 3px solid #d63838; }
.ffs-note { display: block; color: var(--ffs-soft); }
p.ffs-note, p.ffs-error { margin: 8px 0 0; }
.ffs-verdict { margin: 8px 0 0; padding: 8px 12px; border-radius: 6px; font-size: 15px;
  background: rgba(255, 167, 38, 0.16); border-left: 3px solid var(--fo-palette-warning-main); }
.ffs-spinner { flex: none; width: 14px; height: 14px; border-radius: 50%;
  border: 2px solid var(--ffs-accent); border-right-color: transparent;
  animation: ffs-turn 0.8s linear infinite; }
@keyframes ffs-turn { to { transform: rotate(1turn); } }

.ffs-job, .ffs-lacking { width: 100%; margin-top: 10px; padding: 8px 10px; border-radius: 6px;
  background: var(--ffs-field); text-align: left; }
.ffs-job-text, .ffs-lacking { display: flex; flex-wrap: wrap; align-items: center;
  justify-content: space-between; gap: 4px 12px; }
.ffs-job-text span, .ffs-lacking span { flex: 1 1 200px; overflow-wrap: anywhere;
  font-variant-numeric: tabular-nums; }
.ffs-job-failed { border-left: 3px solid #d63838; }
.ffs-job .ffs-button, .ffs-lacking .ffs-button { height: 28px; }
.ffs-track { height: 6px; margin-top: 8px; overflow: hidden; border-radius: 3px;
  background: var(--fo-palette-background-level1); }
.ffs-track span { display: block; height: 100%; border-radius: 3px; background: var(--ffs-accent);
  transition: width 0.3s; }

.ffs-menu { position: relative; }
.ffs-popover { position: absolute; z-index: 20; top: calc(100% + 4px); left: 0; display: grid; gap: 10px;
  width: 400px; max-width: calc(100cqw - 20px); padding: 12px; border-radius: 8px;
  background: var(--fo-palette-background-popup); border: 1px solid var(--ffs-edge);
  box-shadow: 0 6px 20px rgba(0, 0, 0, 0.35); }
.ffs-popover .ffs-inline { flex-wrap: wrap; }
.ffs-popover .ffs-button { background: var(--ffs-field); }
.ffs-popover form label { flex: 1 1 160px; }
@container (max-width: 620px) { .ffs-menu { position: static; } .ffs-actions { position: relative; } }
.ffs-code { max-height: 240px; margin: 0; padding: 8px; overflow: auto; border-radius: 6px;
  background: var(--ffs-field); font: 12px/1.5 monospace !important; }

.ffs-drawer { margin-top: 10px; padding: 10px 12px; border-radius: 8px; background: var(--ffs-field);
  border: 1px solid var(--ffs-edge); }
.ffs-history { max-height: 300px; margin: -4px -6px; padding: 0; overflow: auto; list-style: none; }
.ffs-history li { display: flex; align-items: center; gap: 8px; border-radius: 6px; }
.ffs-history li:hover { background: var(--fo-palette-action-hover); }
.ffs-history-apply { flex: 1; min-width: 0; padding: 5px 6px; border: 0; background: transparent;
  color: inherit; font-size: 14px; text-align: left; cursor: pointer; }
.ffs-history-apply b, .ffs-history-apply .ffs-note { display: block; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; font-weight: 500; }
.ffs-history-apply .ffs-note { font-size: 12px; font-weight: 400; }
.ffs-history-buttons { display: flex; flex: none; }
.ffs-history-buttons .ffs-icon { width: 28px; height: 28px; }
.ffs-icon[aria-pressed=true] { color: var(--ffs-accent); }
.ffs-icon[aria-pressed=true] svg { fill: currentColor; }
.ffs-facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 10px;
  margin: 0 0 12px; }
.ffs-facts dt { color: var(--ffs-soft); font-size: 12px; }
.ffs-facts dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.ffs-bad dd::before { content: "! "; font-weight: 700; color: var(--fo-palette-danger-plainColor); }
.ffs-help { display: grid; grid-template-columns: repeat(auto-fit, minmax(220px, 1fr)); gap: 16px; }
.ffs-help dl { margin: 6px 0 0; }
.ffs-help dl { display: grid; grid-template-columns: fit-content(50%) 1fr; gap: 4px 12px; }
.ffs-help dl div { display: contents; }
.ffs-help dd { margin: 0; color: var(--ffs-soft); }
.ffs-help kbd, .ffs-hints code { padding: 1px 5px; border-radius: 4px; font-size: 12px;
  font-family: monospace !important; overflow-wrap: anywhere;
  background: var(--fo-palette-background-level1); border: 1px solid var(--ffs-edge); }
.ffs-hints { margin: 20px 0 0; padding: 0; list-style: none; color: var(--ffs-soft); }
.ffs-hints li { margin: 6px 0; }
.ffs-empty { display: flex; flex-direction: column; align-items: center; justify-content: center;
  padding: 16px; text-align: center; }
.ffs-empty h3 { margin: 16px 0 4px; font-size: 16px; }
.ffs-empty p { max-width: 420px; margin: 0 0 16px; color: var(--ffs-soft); }
@media (prefers-reduced-motion: reduce) { .ffs-panel * { animation: none !important; } }
`;
