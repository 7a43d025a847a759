// Where the focus goes within the panel that an element belongs to.

function findInPanel<E extends HTMLElement>(element: Element, selector: string): E | null {
  return element.closest(".ffs-panel")?.querySelector<E>(selector) ?? null;
}

/** Focuses the result that had the focus last, or the first one; tells whether there is one. */
export function focusResults(element: Element): boolean {
  const result = findInPanel(element, '.ffs-open[tabindex="0"]');
  result?.focus();
  return Boolean(result);
}

/** Focuses the query line and selects its text. */
export function focusQuery(element: Element): void {
  selectField(element, "faiss-query");
}

/** Focuses the tag field and selects its text. */
export function focusTag(element: Element): void {
  selectField(element, "faiss-tag-name");
}

function selectField(element: Element, name: string): void {
  const field = findInPanel<HTMLInputElement>(element, `[data-cy="${name}"]`);
  field?.focus();
  field?.select();
}

/** Puts the caret at the end of the query line. */
export function editQuery(element: Element): void {
  const field = findInPanel<HTMLInputElement>(element, '[data-cy="faiss-query"]');
  field?.focus();
  field?.setSelectionRange(field.value.length, field.value.length);
}

/** Focuses a result by its id. */
export function focusResult(id: string): void {
  document.querySelector<HTMLElement>(`.ffs-panel .ffs-open[data-id="${id}"]`)?.focus();
}
