// The keyboard, wherever in the panel the focus is; the line and the results have keys of their own.

const inPanel = (element, name) =>
  element.closest(".ffs-panel").querySelector(`[data-cy="${name}"]`);

/** Puts the focus on the result that had it last, or else on the first; tells whether there is one. */
export function focusResults(element) {
  const result = element.closest(".ffs-panel").querySelector('.ffs-open[tabindex="0"]');
  result?.focus();
  return Boolean(result);
}

export function focusLine(element) {
  const line = inPanel(element, "faiss-query");
  line?.focus();
  line?.select();
}

/** Puts the caret at the line's end. */
export function editLine(element) {
  const line = inPanel(element, "faiss-query");
  line?.focus();
  line?.setSelectionRange(line.value.length, line.value.length);
}

/** What a button does, unless it is off; it keeps the focus then, unlike one that is `disabled`. */
export function unless(isOff, onClick) {
  return { "aria-disabled": Boolean(isOff), onClick: isOff ? undefined : onClick };
}

/** Acts on a key, and keeps it from the App, which has some of the same. */
export function onPanelKey(event, { search, close, toggleHelp }) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { target, key } = event;
  // Or else the App prevents what the browser does: to press the button.
  if (["Enter", " "].includes(key) && target.matches("button")) return event.stopPropagation();
  if (key === "Escape") {
    if (!close()) focusLine(target);
  } else if (target.matches("input:not([type=checkbox], [type=range]), textarea, select")) {
    return;
  } else if (key === "/") focusLine(target);
  else if (key === "ArrowDown" && target === event.currentTarget) focusResults(target);
  else if (key === "?") toggleHelp();
  else if (key === "r") search.rerank();
  else if (key === "t") {
    const tag = inPanel(target, "faiss-tag-name");
    tag?.focus();
    tag?.select();
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

/** The element to go to from one in a grid by an arrow key, Home or End; null where there is none. */
export function neighbourOf(element, all, key) {
  const place = all.indexOf(element);
  if (key === "ArrowLeft") return all[place - 1];
  if (key === "ArrowRight") return all[place + 1];
  if (key === "Home") return all[0];
  if (key === "End") return all[all.length - 1];
  if (key !== "ArrowUp" && key !== "ArrowDown") return null;
  const from = element.getBoundingClientRect();
  const way = key === "ArrowDown" ? 1 : -1;
  const ahead = all
    .map((one) => ({ one, box: one.getBoundingClientRect() }))
    .map(({ one, box }) => ({ one, down: way * (box.top - from.top), aside: Math.abs(box.left - from.left) }))
    .filter(({ down }) => down > from.height / 2);
  const row = Math.min(...ahead.map(({ down }) => down));
  const inRow = ahead.filter(({ down }) => down < row + from.height / 2);
  return inRow.sort((a, b) => a.aside - b.aside)[0]?.one;
}
